/**
 * One small query per construct, over items of which each owner has ten, in groups of a hundred. What a construct looks at
 * is the same at every size, so that a refresh must cost the same.
 */
import type pg from 'pg'

export interface Construct {
  readonly query: string
  /** One row changes; `n` is another row at each round. */
  readonly change: (n: number) => string
  /** Why it grows, where it may. */
  readonly grows?: string
  /** What it reads besides the tables: views, stream tables. */
  readonly before?: string
  /** A stream table that is refreshed first, and what takes it away again. */
  readonly below?: string
  readonly after?: string
}

export const ONE_ITEM = (n: number) => `UPDATE item SET amount = amount + 1 WHERE id = ${n}`
export const ONE_OWNER = (n: number) =>
  `UPDATE owner SET rank = rank + 1 WHERE id = 1 + ${n} % (SELECT max(id) FROM owner)`
/** Conditions on the amount change their mind. */
const ONE_TURNED = (n: number) => `UPDATE item SET amount = 100 - amount WHERE id = ${n}`
const ONE_MOVED = (n: number) =>
  `UPDATE item SET owner = 1 + (owner + 1) % 50, bucket = 3 + bucket % 5 WHERE id = ${n}`
const ONE_PART = (n: number) => `UPDATE part SET amount = amount + 1 WHERE id = ${n}`
const ONE_BOSS = (n: number) =>
  `UPDATE owner SET boss = 1 + boss % 10 WHERE id = (SELECT max(id) FROM owner) - ${n} % 100`

const over = (query: string, change = ONE_ITEM): Construct => ({ query, change })

export const CONSTRUCTS: Readonly<Record<string, Construct>> = {
  // Rows and joins.
  filter: over('SELECT id, amount FROM item WHERE amount >= 0', ONE_TURNED),
  'inner join': over('SELECT i.id, i.amount, o.name FROM item i JOIN owner o ON o.id = i.owner'),
  'LEFT JOIN': over(
    'SELECT o.id, o.rank, i.id AS item, i.amount FROM owner o LEFT JOIN item i ON i.owner = o.id',
  ),
  'RIGHT JOIN': over(
    'SELECT o.id, o.rank, i.id AS item, i.amount FROM item i RIGHT JOIN owner o ON i.owner = o.id AND i.amount > o.rank',
  ),
  'FULL JOIN': over(
    'SELECT o.id, o.rank, i.id AS item, i.amount FROM owner o FULL JOIN item i ON i.owner = o.id',
    ONE_OWNER,
  ),
  'FULL JOIN ON a subquery over both sides': over(
    'SELECT o.id, o.rank, i.id AS item, i.amount FROM owner o FULL JOIN item i ON i.owner = o.id AND i.amount NOT IN (SELECT p.amount FROM part p WHERE p.owner = o.id AND p.id <> i.id)',
    ONE_TURNED,
  ),
  'LEFT JOIN ON subqueries over either side': over(
    'SELECT o.id, o.rank, i.id AS item, i.amount FROM owner o LEFT JOIN item i ON i.owner = o.id AND (o.rank > 50 OR i.amount IN (SELECT low FROM band) OR i.id <> (SELECT max(id) FROM part p WHERE p.owner = o.id))',
    ONE_TURNED,
  ),
  'outer joins, nested': over(
    'SELECT i.id, o.name, b.name AS boss FROM item i LEFT JOIN (owner o LEFT JOIN owner b ON b.id = o.boss) ON o.id = i.owner',
    (n) => `UPDATE owner SET name = 'owner ' || ${n} WHERE id = 1 + ${n} % (SELECT max(id) FROM owner)`,
  ),
  'a join by a range': over(
    'SELECT i.id, b.label FROM item i LEFT JOIN band b ON i.amount BETWEEN b.low AND b.high',
    ONE_TURNED,
  ),
  'USING, NATURAL': over(
    'SELECT id, amount, rank FROM item JOIN (SELECT id AS owner, rank FROM owner) AS o USING (owner) NATURAL LEFT JOIN (SELECT id, amount AS other FROM part) AS p',
  ),
  'self-join': over(
    'SELECT a.id, b.id AS other FROM item a JOIN item b ON b.owner = a.owner AND b.amount < a.amount',
  ),

  // Queries in conditions.
  EXISTS: over(
    'SELECT id, rank FROM owner o WHERE EXISTS (SELECT FROM item i WHERE i.owner = o.id AND i.amount > 50)',
    ONE_TURNED,
  ),
  'NOT EXISTS': over(
    'SELECT id, rank FROM owner o WHERE NOT EXISTS (SELECT FROM item i WHERE i.owner = o.id AND i.amount > 50)',
    ONE_TURNED,
  ),
  IN: over('SELECT id, rank FROM owner WHERE id IN (SELECT owner FROM item WHERE amount > 50)', ONE_TURNED),
  'NOT IN': over(
    'SELECT id, rank FROM owner WHERE id NOT IN (SELECT owner FROM item WHERE amount > 50)',
    ONE_TURNED,
  ),
  'IN of several columns': over(
    'SELECT id FROM owner o WHERE (id, rank) IN (SELECT owner, amount FROM item)',
    ONE_TURNED,
  ),
  '= ANY': over(
    'SELECT id, rank FROM owner o WHERE rank = ANY (SELECT amount FROM item WHERE owner = o.id)',
    ONE_TURNED,
  ),
  '> ALL': over(
    'SELECT id, rank FROM owner o WHERE rank > ALL (SELECT amount FROM item WHERE owner = o.id)',
    ONE_TURNED,
  ),
  'EXISTS under OR': over(
    'SELECT id, rank FROM owner o WHERE rank < 5 OR EXISTS (SELECT FROM item i WHERE i.owner = o.id AND i.amount > 50)',
    ONE_TURNED,
  ),
  'IN under NOT and CASE': over(
    'SELECT id FROM owner o WHERE CASE WHEN rank < 50 THEN NOT (id IN (SELECT owner FROM item WHERE amount > 90)) ELSE id IN (SELECT boss FROM owner) END',
    ONE_TURNED,
  ),
  'EXISTS in the select list': over(
    'SELECT id, EXISTS (SELECT FROM item i WHERE i.owner = o.id AND i.amount > 50) AS rich FROM owner o',
    ONE_TURNED,
  ),
  'NOT IN, four under OR': over(
    `SELECT id, amount FROM item i WHERE owner NOT IN (SELECT owner FROM part WHERE amount > 90) OR bucket NOT IN (SELECT rank FROM owner)
      OR amount NOT IN (SELECT amount FROM part p WHERE p.owner = i.owner) OR id NOT IN (SELECT boss FROM owner WHERE rank > 50)`,
    ONE_TURNED,
  ),
  'subqueries in the select list, four': over(
    `SELECT id, EXISTS (SELECT FROM item i WHERE i.owner = o.id AND i.amount > 50) AS rich, id IN (SELECT boss FROM owner) AS is_boss,
      rank NOT IN (SELECT amount FROM item i WHERE i.owner = o.id) AS apart, boss IN (SELECT owner FROM part WHERE amount > 50) AS a FROM owner o`,
    ONE_TURNED,
  ),
  'scalar subquery, correlated': over(
    'SELECT id, (SELECT sum(amount) FROM item i WHERE i.owner = o.id) AS total FROM owner o',
  ),
  'scalar subquery, not correlated': over(
    'SELECT id, amount FROM item WHERE amount > (SELECT max(rank) FROM owner)',
  ),
  'scalar subquery that changes with its source': {
    ...over('SELECT id, amount FROM item WHERE id = (SELECT max(rank) FROM owner)'),
    change: (n) => `UPDATE owner SET rank = 1000 + ${n} WHERE id = 1`,
  },
  'scalar subquery in WHERE, correlated': over(
    'SELECT id, amount FROM item i WHERE amount < (SELECT avg(amount) FROM item j WHERE j.owner = i.owner)',
  ),
  'scalar subquery in HAVING': over(
    'SELECT owner, sum(amount) AS s FROM item i GROUP BY owner HAVING sum(amount) > (SELECT 5 * rank FROM owner o WHERE o.id = i.owner)',
  ),
  'ARRAY(SELECT …)': over(
    'SELECT id, ARRAY(SELECT amount FROM item i WHERE i.owner = o.id ORDER BY i.id) AS amounts FROM owner o',
  ),

  // Sets.
  DISTINCT: over('SELECT DISTINCT owner, kind FROM item', ONE_MOVED),
  'DISTINCT ON': over(
    'SELECT DISTINCT ON (owner) owner, id, amount FROM item ORDER BY owner, amount DESC, id',
  ),
  UNION: over('SELECT owner AS id FROM item UNION SELECT id FROM owner', ONE_MOVED),
  'UNION ALL': over('SELECT owner AS id, amount FROM item UNION ALL SELECT id, rank FROM owner'),
  INTERSECT: over('SELECT owner AS id, amount FROM item INTERSECT SELECT id, rank FROM owner', ONE_TURNED),
  'INTERSECT ALL': over(
    'SELECT owner AS id, amount FROM item INTERSECT ALL SELECT id, rank FROM owner',
    ONE_OWNER,
  ),
  EXCEPT: over('SELECT owner AS id, amount FROM item EXCEPT SELECT id, rank FROM owner', ONE_TURNED),
  'EXCEPT ALL': over(
    'SELECT owner AS id, amount FROM item EXCEPT ALL SELECT id, rank FROM owner',
    ONE_TURNED,
  ),

  // Aggregates.
  'sum, count, avg': over(
    'SELECT bucket, sum(amount) AS s, count(*) AS n, avg(amount) AS a FROM item GROUP BY bucket',
  ),
  'sum, avg of numeric': over(
    'SELECT bucket, sum(price) AS s, avg(price) AS a FROM item GROUP BY bucket',
    (n) => `UPDATE item SET price = price + 1.5 WHERE id = ${n}`,
  ),
  'sum of floats': over('SELECT bucket, sum(amount::float8) AS s FROM item GROUP BY bucket'),
  'one group of all rows': over(
    'SELECT count(*) AS n, sum(amount) AS s, max(amount) AS m, min(price) AS p FROM item',
  ),
  FILTER: over(
    `SELECT bucket, count(*) FILTER (WHERE kind = 'k1') AS n, sum(amount) FILTER (WHERE amount > 50) AS s FROM item GROUP BY bucket`,
    ONE_TURNED,
  ),
  'min, max': over('SELECT bucket, min(amount) AS low, max(amount) AS high FROM item GROUP BY bucket'),
  'min, max by an index, of large groups': {
    ...over('SELECT kind, min(amount) AS low, max(amount) AS high FROM item GROUP BY kind'),
    change: (n) =>
      `UPDATE item SET amount = CASE WHEN amount < 1000 THEN 1000 + ${n} ELSE ${n} % 100 END WHERE id = 1 + ${n} % 2`,
  },
  'stddev, variance': over(
    'SELECT bucket, stddev(amount) AS d, variance(amount) AS v FROM item GROUP BY bucket',
  ),
  'bool_and, bool_or, bit_xor': over(
    'SELECT bucket, bool_and(amount > 5) AS a, bool_or(amount > 95) AS o, bit_xor(amount) AS x FROM item GROUP BY bucket',
    ONE_TURNED,
  ),
  'count, sum, avg (DISTINCT)': over(
    'SELECT bucket, count(DISTINCT amount) AS n, sum(DISTINCT amount) AS s, avg(DISTINCT amount) AS a FROM item GROUP BY bucket',
  ),
  'count(DISTINCT) of large groups': over(
    'SELECT kind, count(DISTINCT owner) AS n, count(DISTINCT amount) FILTER (WHERE amount > 50) AS m FROM item GROUP BY kind',
  ),
  'string_agg, percentile_cont': over(
    `SELECT bucket, string_agg(kind, ',' ORDER BY id) AS kinds, percentile_cont(0.5) WITHIN GROUP (ORDER BY amount) AS median FROM item GROUP BY bucket`,
  ),
  'an aggregate of your own': over('SELECT bucket, product(amount % 3 + 1) AS p FROM item GROUP BY bucket'),
  'GROUPING SETS': over(
    'SELECT bucket, kind, sum(amount) AS s FROM item GROUP BY GROUPING SETS ((bucket, kind), (bucket), (kind), ())',
  ),
  'ROLLUP, GROUPING()': over(
    'SELECT bucket, kind, grouping(bucket, kind) AS g, count(*) AS n FROM item WHERE amount > 50 GROUP BY ROLLUP (bucket, kind)',
    ONE_TURNED,
  ),
  CUBE: over('SELECT bucket, kind, max(amount) AS m FROM item GROUP BY CUBE (bucket, kind)'),
  HAVING: over(
    'SELECT bucket, sum(amount) AS s FROM item GROUP BY bucket HAVING sum(amount) > 4000',
    ONE_TURNED,
  ),
  'aggregate of an aggregate': over(
    'SELECT n, count(*) AS buckets FROM (SELECT bucket, count(*) AS n FROM item WHERE amount < 90 GROUP BY bucket) AS b GROUP BY n',
    ONE_TURNED,
  ),
  'max of sums': over(
    'SELECT max(s) AS most FROM (SELECT bucket, sum(amount) AS s FROM item GROUP BY bucket) AS b',
  ),
  'join of an aggregate': over(
    'SELECT o.id, o.name, t.s FROM owner o JOIN (SELECT owner, sum(amount) AS s FROM item GROUP BY owner) AS t ON t.owner = o.id',
  ),
  'DISTINCT below a join': over(
    'SELECT o.id, d.kind FROM owner o LEFT JOIN (SELECT DISTINCT owner, kind FROM item WHERE amount > 50) AS d ON d.owner = o.id',
    ONE_TURNED,
  ),

  // Windows and first rows.
  'window: rank': over('SELECT id, rank() OVER (PARTITION BY owner ORDER BY amount) AS r FROM item'),
  'window: a frame of rows': over(
    'SELECT id, sum(amount) OVER (PARTITION BY bucket ORDER BY id ROWS BETWEEN 2 PRECEDING AND CURRENT ROW) AS s FROM item',
  ),
  'window: a frame of rows in large partitions': over(
    'SELECT id, sum(amount) OVER (PARTITION BY kind ORDER BY created ROWS BETWEEN 2 PRECEDING AND CURRENT ROW) AS s FROM item',
  ),
  'window: lag, lead without PARTITION BY': over(
    'SELECT id, amount - lag(amount) OVER (ORDER BY created) AS d, lead(id) OVER (ORDER BY created) AS next FROM item',
  ),
  'window: RANGE': over(
    'SELECT id, count(*) OVER (PARTITION BY owner ORDER BY amount RANGE BETWEEN 10 PRECEDING AND 10 FOLLOWING) AS n FROM item',
  ),
  'window: GROUPS, EXCLUDE': over(
    'SELECT id, sum(amount) OVER (PARTITION BY owner ORDER BY amount GROUPS BETWEEN 1 PRECEDING AND CURRENT ROW EXCLUDE TIES) AS n FROM item',
  ),
  'windows: several partitions, named': over(
    'SELECT id, lag(amount) OVER o AS l, lead(id) OVER o AS n, count(*) OVER b AS c FROM item WINDOW o AS (PARTITION BY owner ORDER BY amount, id), b AS (PARTITION BY bucket)',
  ),
  'windows in expressions': over(
    'SELECT id, amount - coalesce(avg(amount) OVER (PARTITION BY owner), 0) AS apart FROM item',
  ),
  'window over an aggregate': over(
    'SELECT id, sum(s) OVER (PARTITION BY boss ORDER BY id) AS run FROM (SELECT o.id / 10 AS boss, o.id, sum(i.amount) AS s FROM owner o JOIN item i ON i.owner = o.id GROUP BY o.id) AS t',
  ),
  'window over grouping sets': over(
    'SELECT bucket, kind, sum(amount) AS s, rank() OVER (PARTITION BY bucket ORDER BY sum(amount)) AS r FROM item WHERE amount >= 0 GROUP BY GROUPING SETS ((bucket, kind), (bucket, owner))',
  ),
  'window without PARTITION BY': {
    ...over('SELECT id, rank() OVER (ORDER BY amount) AS r FROM item'),
    grows: 'one partition: the table',
  },
  'row_number() <= 3': over(
    'SELECT id, owner FROM (SELECT id, owner, row_number() OVER (PARTITION BY owner ORDER BY amount, id) AS n FROM item) AS r WHERE n <= 3',
  ),
  'row_number() <= 3 of large groups': over(
    'SELECT id, kind FROM (SELECT id, kind, row_number() OVER (PARTITION BY kind ORDER BY amount DESC, id) AS n FROM item) AS r WHERE n <= 3',
  ),
  'ORDER BY … LIMIT': over('SELECT id, amount FROM item ORDER BY amount DESC, id LIMIT 10'),
  'ORDER BY … OFFSET … LIMIT': over('SELECT id, amount FROM item ORDER BY amount DESC, id OFFSET 5 LIMIT 10'),
  'WITH TIES': over(
    'SELECT id, created FROM item ORDER BY created DESC FETCH FIRST 5 ROWS WITH TIES',
    (n) => `UPDATE item SET created = created + interval '1 second' WHERE id = ${n}`,
  ),
  'LIMIT of groups': over(
    'SELECT owner, sum(amount) AS s FROM item GROUP BY owner ORDER BY s DESC, owner LIMIT 10',
  ),

  // WITH, and recursion.
  'WITH, joined with itself': over(
    'WITH t AS (SELECT owner, sum(amount) AS s FROM item GROUP BY owner) SELECT o.id, a.s, b.s AS bosses FROM owner o JOIN t a ON a.owner = o.id JOIN t b ON b.owner = o.boss',
  ),
  'WITH RECURSIVE from row to row': over(
    'SELECT i.id, t.n FROM item i, LATERAL (WITH RECURSIVE up (id) AS (SELECT i.owner UNION SELECT o.boss FROM up JOIN owner o ON o.id = up.id WHERE o.boss IS NOT NULL) SELECT count(*) AS n FROM up) AS t',
    ONE_BOSS,
  ),
  'WITH RECURSIVE, UNION ALL': over(
    'WITH RECURSIVE up (id, top) AS (SELECT id, id FROM owner WHERE boss IS NULL UNION ALL SELECT o.id, up.top FROM owner o JOIN up ON o.boss = up.id) SELECT id, top FROM up',
    ONE_BOSS,
  ),
  'WITH RECURSIVE, UNION': over(
    'WITH RECURSIVE up (id, top) AS (SELECT id, boss FROM owner WHERE boss IS NOT NULL UNION SELECT up.id, o.boss FROM up JOIN owner o ON o.id = up.top WHERE o.boss IS NOT NULL) SELECT id, top FROM up',
    ONE_BOSS,
  ),
  SEARCH: over(
    'WITH RECURSIVE up (id, top) AS (SELECT id, id FROM owner WHERE boss IS NULL UNION ALL SELECT o.id, up.top FROM owner o JOIN up ON o.boss = up.id) SEARCH DEPTH FIRST BY id SET place SELECT id, top FROM up ORDER BY place',
    ONE_BOSS,
  ),
  CYCLE: over(
    'WITH RECURSIVE up (id, top) AS (SELECT id, id FROM owner WHERE boss IS NULL UNION ALL SELECT o.id, up.top FROM owner o JOIN up ON o.boss = up.id) CYCLE id SET met USING way SELECT id, top, met FROM up',
    ONE_BOSS,
  ),

  // Rows made of rows.
  'LATERAL subquery': over(
    'SELECT o.id, best.item, best.amount FROM owner o CROSS JOIN LATERAL (SELECT i.id AS item, i.amount FROM item i WHERE i.owner = o.id ORDER BY i.amount DESC, i.id LIMIT 1) AS best',
  ),
  'LATERAL aggregate': over(
    'SELECT o.id, s.n FROM owner o LEFT JOIN LATERAL (SELECT count(*) AS n FROM item i WHERE i.owner = o.id AND i.amount > o.rank) AS s ON true',
  ),
  'unnest WITH ORDINALITY': over(
    'SELECT i.id, t.tag, t.n FROM item i CROSS JOIN LATERAL unnest(i.tags) WITH ORDINALITY AS t (tag, n)',
    (n) => `UPDATE item SET tags = ARRAY['a', 'b', 'd'] WHERE id = ${n}`,
  ),
  'generate_series in FROM': over(
    'SELECT i.id, g FROM item i LEFT JOIN LATERAL generate_series(1, i.amount % 3) AS g ON true',
  ),
  'a function in the select list': over('SELECT id, generate_series(1, amount % 3) AS n FROM item'),
  jsonb_each: over(
    'SELECT i.id, e.key, e.value FROM item i, LATERAL jsonb_each(i.doc) AS e',
    (n) => `UPDATE item SET doc = '{"list": [${n}], "more": 1}' WHERE id = ${n}`,
  ),
  'ROWS FROM': over(
    'SELECT i.id, r.a, r.tag FROM item i, ROWS FROM (generate_series(1, i.amount % 4), unnest(i.tags)) AS r (a, tag)',
  ),
  JSON_TABLE: over(
    `SELECT i.id, i.amount, j.n FROM item i, JSON_TABLE(i.doc, '$.list[*]' COLUMNS (n int PATH '$')) AS j`,
  ),
  XMLTABLE: over(
    `SELECT i.id, x.n FROM item i, XMLTABLE('/rows/row' PASSING xmlelement(name rows, xmlelement(name row, i.amount)) COLUMNS n int PATH '.') AS x`,
  ),
  VALUES: over(
    'SELECT i.id, v.label FROM item i JOIN (VALUES (0, 49, $$low$$), (50, 99, $$high$$)) AS v (low, high, label) ON i.amount BETWEEN v.low AND v.high',
  ),

  // Sources.
  'partitioned table': over(
    'SELECT p.id, p.amount, o.name FROM part p JOIN owner o ON o.id = p.owner',
    ONE_PART,
  ),
  'partitioned table, grouped': over('SELECT owner, max(amount) AS m FROM part GROUP BY owner', ONE_PART),
  'table with children': over(
    'SELECT p.id, p.amount, o.name FROM parent p JOIN owner o ON o.id = p.owner',
    (n) => `UPDATE parent SET amount = amount + 1 WHERE id = ${n}`,
  ),
  'views on views': {
    ...over('SELECT o.id, v.s FROM owner o JOIN totals v ON v.owner = o.id WHERE v.s > 100'),
    before: `CREATE VIEW positive AS SELECT owner, amount FROM item WHERE amount > 0;
      CREATE VIEW totals AS SELECT owner, sum(amount) AS s FROM positive GROUP BY owner`,
    after: 'DROP VIEW totals, positive',
  },
  'stream table over stream table': {
    ...over('SELECT o.id, l.s FROM owner o JOIN lower l ON l.owner = o.id'),
    before: `SELECT pgstream.create_stream_table('lower', 'SELECT owner, sum(amount) AS s FROM item GROUP BY owner', '1h', 'DIFFERENTIAL')`,
    below: 'lower',
    after: `SELECT pgstream.drop_stream_table('lower')`,
  },
  'a materialized view, compared': {
    ...over(
      'SELECT id, name, rank FROM kept WHERE rank >= 0',
      (n) => `${ONE_OWNER(n)}; REFRESH MATERIALIZED VIEW kept`,
    ),
    before: `CREATE MATERIALIZED VIEW kept AS SELECT id, name, rank FROM owner;
      SELECT pgstream.compare_source('kept')`,
    after: 'DROP MATERIALIZED VIEW kept',
    grows: 'compared whole at each refresh',
  },

  // Types and time.
  'generated column': over('SELECT bucket, sum(twice) AS s FROM item GROUP BY bucket'),
  'json, which has no equality': over(
    'SELECT i.id, o.name, i.doc::json AS doc FROM item i JOIN owner o ON o.id = i.owner',
    (n) => `UPDATE item SET doc = '{"list": [${n}]}' WHERE id = ${n}`,
  ),
  'composites and arrays': over(
    'SELECT o.id, array_agg(i ORDER BY i.id) AS items FROM owner o JOIN item i ON i.owner = o.id GROUP BY o.id',
  ),
  'a collation without case': over('SELECT label, count(*) AS n, sum(amount) AS s FROM item GROUP BY label'),
  'temporal filter': over(`SELECT id, amount FROM item WHERE created > now() - interval '1 day'`),
}

/** The tables, with this many items. */
export async function createTables(client: pg.Client, size: number): Promise<void> {
  const owners = size / 10
  await client.query(`
    CREATE COLLATION blind (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
    CREATE FUNCTION times(a bigint, b int) RETURNS bigint IMMUTABLE STRICT LANGUAGE sql RETURN a * b % 1000003;
    CREATE AGGREGATE product(int) (sfunc = times, stype = bigint, initcond = '1');
    CREATE TABLE owner (id int PRIMARY KEY, name text NOT NULL, rank int NOT NULL, boss int);
    INSERT INTO owner SELECT i, 'owner ' || i, i % 100, CASE WHEN i > 10 THEN i / 10 END FROM generate_series(1, ${owners}) AS i;
    CREATE TABLE item (id int PRIMARY KEY, owner int NOT NULL, bucket int NOT NULL, kind text NOT NULL, amount int NOT NULL,
      price numeric NOT NULL, label text COLLATE blind NOT NULL, tags text[] NOT NULL, doc jsonb NOT NULL,
      created timestamptz NOT NULL, twice int GENERATED ALWAYS AS (2 * amount) STORED);
    INSERT INTO item
    SELECT i, 1 + i % ${owners}, i / 100, 'k' || i % 7, (i::bigint * 7919 % 101)::int, i % 1000 / 4.0,
      CASE WHEN i % 2 = 0 THEN 'L' ELSE 'l' END || i / 100, ARRAY['a', 'b', 'c'], jsonb_build_object('list', ARRAY[i, i + 1]),
      now() - i * interval '1 minute'
    FROM generate_series(1, ${size}) AS i;
    CREATE TABLE part (id int NOT NULL, owner int NOT NULL, amount int NOT NULL) PARTITION BY HASH (id);
    CREATE TABLE part_0 PARTITION OF part FOR VALUES WITH (MODULUS 2, REMAINDER 0);
    CREATE TABLE part_1 PARTITION OF part FOR VALUES WITH (MODULUS 2, REMAINDER 1);
    CREATE TABLE parent (id int PRIMARY KEY, owner int NOT NULL, amount int NOT NULL);
    CREATE TABLE child (PRIMARY KEY (id)) INHERITS (parent);
    INSERT INTO part SELECT id, owner, amount FROM item;
    INSERT INTO parent SELECT id, owner, amount FROM item WHERE id % 2 = 0;
    INSERT INTO child SELECT id, owner, amount FROM item WHERE id % 2 = 1;
    CREATE TABLE band (low int PRIMARY KEY, high int NOT NULL, label text NOT NULL);
    INSERT INTO band SELECT i * 20, i * 20 + 19, 'band ' || i FROM generate_series(0, 9) AS i;`)
  await client.query(`
    CREATE INDEX ON owner (boss); CREATE INDEX ON owner (rank);
    CREATE INDEX ON item (owner); CREATE INDEX ON item (bucket); CREATE INDEX ON item (kind, amount DESC, id);
    CREATE INDEX ON item (amount DESC, id); CREATE INDEX ON item (price); CREATE INDEX ON item (created);
    CREATE INDEX ON item (label); CREATE INDEX ON item (kind, created);
    CREATE UNIQUE INDEX ON part (id); CREATE INDEX ON part (owner);
    CREATE INDEX ON parent (owner); CREATE INDEX ON child (owner);`)
  await client.query('VACUUM ANALYZE')
}
