/** What a refresh reads of large tables when one row changed: counted by PostgreSQL, not timed. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type FreshDatabase, freshDatabase } from '../support/server.ts'
import { changesThatReadMore } from './rows-read.ts'

let database: FreshDatabase

/** Rows that one refresh may read or fetch, of all tables together; the smallest table has 20,000. */
const FEW = 400

const DIMENSIONS = Array.from({ length: 9 }, (_, i) => `d${i}`)

/** Its arms are no tables, so the planner would compute it whole before it joins it. */
const UNION =
  '(SELECT o.id, c.name, c.back FROM o JOIN c ON c.id = o.c UNION ALL SELECT c.id, o.kind, o.c FROM c JOIN o ON o.id = c.id)'

/** To the planner an arm with a condition is no table either. */
const BOTH_WAYS =
  '(SELECT c AS a, id AS b FROM o WHERE amount >= 0 UNION ALL SELECT id, c FROM o WHERE amount >= 0)'

const QUERIES: Readonly<Record<string, string>> = {
  'left join': 'SELECT c.id, c.name, o.id AS oid, o.amount FROM c LEFT JOIN o ON o.c = c.id',
  'left join to a key': 'SELECT o.id, o.amount, c.name FROM o LEFT JOIN c ON c.id = o.c',
  'right join under a condition':
    'SELECT c.id, o.id AS oid FROM o RIGHT JOIN c ON o.c = c.id AND o.amount > c.region',
  'full join': 'SELECT c.id, c.name, o.id AS oid, o.amount FROM c FULL JOIN o ON o.c = c.id',
  'left joins in a chain':
    'SELECT o.id, c.name, p.name AS other FROM o LEFT JOIN c ON c.id = o.c LEFT JOIN c AS p ON p.id = c.back',
  'left join of an aggregate':
    'SELECT c.id, t.n, t.s FROM c LEFT JOIN (SELECT c, count(*) AS n, sum(amount) AS s FROM o GROUP BY c) AS t ON t.c = c.id',
  'aggregate of a left join':
    'SELECT c.region, count(o.id) AS n, sum(o.amount) AS s FROM c LEFT JOIN o ON o.c = c.id GROUP BY c.region',
  'distinct over columns that may be NULL': 'SELECT DISTINCT kind, tag, c FROM o',
  'left join to distinct rows':
    'SELECT c.id, d.kind FROM c LEFT JOIN (SELECT DISTINCT c, kind FROM o) AS d ON d.c = c.id',
  'more left joins than PostgreSQL orders together by default': `SELECT o.id, c.name FROM o ${DIMENSIONS.map((d) => `LEFT JOIN ${d} ON ${d}.id = o.c`).join(' ')} LEFT JOIN c ON c.id = o.c`,
  exists: 'SELECT c.id, c.name FROM c WHERE EXISTS (SELECT FROM o WHERE o.c = c.id AND o.amount > 3)',
  'not exists under OR':
    'SELECT c.id, c.name FROM c WHERE region = 1 OR NOT EXISTS (SELECT FROM o WHERE o.c = c.id)',
  'exists twice in the select list':
    'SELECT c.id, EXISTS (SELECT FROM o WHERE o.c = c.id AND o.amount > 3) AS a, EXISTS (SELECT FROM o WHERE o.c = c.id AND kind = tag) AS b FROM c',
  'in and not in':
    'SELECT c.id, c.name FROM c WHERE id IN (SELECT c FROM o WHERE amount > 3) AND region NOT IN (SELECT c FROM o WHERE o.c = c.back)',
  'subqueries under OR, one by more than an equality': `SELECT o.id, o.kind FROM o WHERE c NOT IN (SELECT id FROM c WHERE region < 50)
      OR tag NOT IN (SELECT p.tag FROM o AS p WHERE p.c = o.c) OR EXISTS (SELECT FROM c WHERE c.back = o.c AND c.region > o.amount) OR id IN (SELECT back FROM c)`,
  'a scalar subquery': 'SELECT c.id, (SELECT sum(amount) FROM o WHERE o.c = c.id) AS s FROM c',
  'a scalar subquery compared':
    'SELECT o.id, o.amount FROM o WHERE amount < (SELECT 0.9 * avg(p.amount) FROM o AS p WHERE p.c = o.c)',
  'a scalar subquery that is no aggregate':
    'SELECT o.id, (SELECT name FROM c WHERE c.id = o.c) AS name, (SELECT amount FROM o AS p WHERE p.tag = c.name) AS a FROM o JOIN c ON c.id = o.c',
  'a lateral subquery':
    'SELECT c.id, s.id AS o FROM c LEFT JOIN LATERAL (SELECT o.id FROM o WHERE o.c = c.id ORDER BY amount DESC, o.id LIMIT 2) AS s ON true',
  'first rows beside first rows':
    'SELECT c.id, s.id AS o, t.amount, u.id AS d FROM c LEFT JOIN LATERAL (SELECT o.id FROM o WHERE o.c = c.id ORDER BY amount DESC, o.id LIMIT 1) AS s ON true LEFT JOIN LATERAL (SELECT o.amount FROM o WHERE o.c = c.back ORDER BY id LIMIT 3) AS t ON true LEFT JOIN LATERAL (SELECT d.id FROM c AS d WHERE d.back = c.id ORDER BY d.region, d.id LIMIT 1) AS u ON true',
  'a lateral subquery over a domain':
    'SELECT c.id, s.n FROM c, LATERAL (SELECT count(*) AS n FROM o WHERE o.c = c.id AND o.amount <> c.region) AS s',
  'subqueries in subqueries':
    'SELECT c.id FROM c WHERE EXISTS (SELECT FROM o WHERE o.c = c.id AND o.amount > (SELECT avg(amount) FROM o AS p WHERE p.c = o.c) AND EXISTS (SELECT FROM c AS d WHERE d.id = o.c AND d.name = c.name))',
  'an aggregate over groups that are compared with a scalar subquery': `SELECT c.id, (SELECT string_agg(tag || n, ',' ORDER BY tag) FROM (SELECT tag, count(*) AS n FROM o WHERE o.c = c.id GROUP BY tag
      HAVING count(*) >= (SELECT min(region) FROM c)) AS g) AS tags FROM c`,
  'the groups whose sum is the greatest':
    'WITH t AS (SELECT c, sum(amount) AS s FROM o GROUP BY c) SELECT c, s FROM t WHERE s = (SELECT max(s) FROM t)',
  'a sum over groups of which few pass':
    'SELECT sum(o.amount) AS s FROM o JOIN c ON c.id = o.c WHERE c.name = $$n9$$ AND o.amount < (SELECT 2 * avg(p.amount) FROM o AS p WHERE p.c = c.id)',
  union: 'SELECT name FROM c UNION SELECT tag FROM o',
  'a join of a union of joins': `SELECT u.id, u.name, d.name AS other FROM ${UNION} AS u JOIN c AS d ON d.id = u.back`,
  'left join to a union of joins': `SELECT d.id, d.name, u.name AS other FROM c AS d LEFT JOIN ${UNION} AS u ON d.id = u.back`,
  'not exists over a union of joins': `SELECT d.id, d.name FROM c AS d WHERE NOT EXISTS (SELECT FROM ${UNION} AS u WHERE d.id = u.back)`,
  'a union of filtered tables between two tables': `SELECT x.id, x.name, y.region FROM c AS x JOIN ${BOTH_WAYS} AS u ON u.a = x.id JOIN c AS y ON y.id = u.b`,
  'such a union joined with itself': `SELECT x.id, x.name, v.b FROM c AS x JOIN ${BOTH_WAYS} AS u ON u.a = x.id JOIN ${BOTH_WAYS} AS v ON v.a = u.b`,
  'full joins with USING':
    'SELECT id, c.name, o.amount, d.n FROM c FULL JOIN o USING (id) FULL JOIN d0 AS d USING (id)',
  'left join of a full join with USING':
    'SELECT id, o.amount, d.name FROM (c FULL JOIN o USING (id)) LEFT JOIN (SELECT id, name FROM c) AS d USING (id)',
  'left join of a full join':
    'SELECT c.id, o.id AS o, d.name FROM (c FULL JOIN o ON o.id = c.id) LEFT JOIN c AS d ON d.id = c.back',
  'a join whose equality stands in every branch of an OR':
    'SELECT c.id, c.name, o.id AS oid FROM c, o WHERE (c.id = o.c AND c.region < 50 AND o.amount > 3) OR (c.id = o.c AND o.kind = $$k1$$)',
  'a left join with such a condition, and a subquery with one':
    'SELECT c.id, o.id AS oid FROM c LEFT JOIN o ON (c.id = o.c AND o.amount > 3) OR (c.id = o.c AND c.region = 7) WHERE NOT EXISTS (SELECT FROM o AS p WHERE (p.c = c.back AND p.amount = 8) OR (p.c = c.back AND p.kind = $$k2$$))',
  'left join to the next':
    'SELECT a.id, b.id AS next, b.amount FROM o AS a LEFT JOIN o AS b ON b.id = a.id + 1',
  'left join of groups to the next':
    'WITH a AS (SELECT c, sum(amount) AS s FROM o GROUP BY c), b AS (SELECT c, count(*) AS n, max(id) AS m FROM o GROUP BY c) SELECT a.c, a.s, b.n FROM a LEFT JOIN b ON b.c - 2 = a.c - 1 AND b.m <> a.s',
  'groups with rows of a table, joined to such with a later key':
    'WITH t AS (SELECT c AS k, sum(amount) AS s FROM o GROUP BY c) SELECT y.k, y.s, z.s AS later FROM (SELECT k, s FROM t JOIN c ON c.id = k AND c.region < 60) AS y JOIN (SELECT k, s FROM t JOIN c ON c.id = k AND c.region >= 20) AS z ON y.k = z.k - 53',
  'the first of joined groups, of which none changes':
    'SELECT t.c, t.s, u.m FROM (SELECT c, sum(amount) AS s FROM o GROUP BY c) AS t LEFT JOIN (SELECT back, max(region) AS m FROM c GROUP BY back) AS u ON u.back = t.c WHERE u.m + t.s < 0 ORDER BY t.s DESC, t.c LIMIT 10',
  'a lateral aggregate over what another one says':
    'SELECT c.id, x.s, y.m FROM c LEFT JOIN LATERAL (SELECT sum(amount) AS s, max(o.id) AS last FROM o WHERE o.c = c.id) AS x ON true LEFT JOIN LATERAL (SELECT max(p.region) AS m FROM c AS p WHERE p.back = x.last) AS y ON true',
  'groups found by what they say, of one table by their key, of another by an extreme':
    'SELECT c.id, t.n, t.m, p.name FROM c JOIN (SELECT c, kind, count(*) AS n, max(o.id) AS m FROM o GROUP BY c, kind) AS t ON t.c = c.id LEFT JOIN c AS p ON p.id = t.m',
  'what a window says is looked for':
    'SELECT w.c, p.name FROM (SELECT c, id, lag(id) OVER (PARTITION BY c ORDER BY id) AS before FROM o) AS w LEFT JOIN c AS p ON p.id = w.before',
  'lateral aggregates by an inequality with what a left join may lack':
    'SELECT c.id, o.id AS o, x.n, (SELECT max(p.amount) FROM o AS p WHERE p.c = o.c AND p.id < o.amount) AS m FROM c LEFT JOIN o ON o.c = c.id LEFT JOIN LATERAL (SELECT count(*) AS n FROM c AS d WHERE d.back = o.id AND d.region > o.amount) AS x ON true',
  'a left join to lateral grouping sets':
    'SELECT c.id, l.kind, l.p FROM c LEFT JOIN LATERAL (SELECT kind, percentile_disc(0.5) WITHIN GROUP (ORDER BY amount) AS p FROM o WHERE o.c = c.id GROUP BY ROLLUP (kind)) AS l ON true',
  'a lateral set operation over values that are written in several ways':
    'SELECT c.id, l.v FROM c LEFT JOIN LATERAL (SELECT o.kind::bpchar AS v FROM o WHERE o.c = c.id EXCEPT SELECT p.kind::bpchar FROM o AS p WHERE p.c = c.back + 1) AS l ON true',
  'a window over lateral grouping sets':
    'SELECT c.id, l.* FROM c LEFT JOIN LATERAL (SELECT kind, amount, count(*) AS n, rank() OVER (ORDER BY count(*)) AS r FROM o WHERE o.c = c.id GROUP BY CUBE (kind, amount)) AS l ON true',
  'a window over grouping sets, by their second column':
    'SELECT tag, c, count(*) AS n, rank() OVER (PARTITION BY c ORDER BY count(*)) AS r FROM o GROUP BY GROUPING SETS ((tag, c), (c))',
  'variances of numerics of any scale, in one group':
    'SELECT variance(amount / 3) AS v, stddev_pop(amount / 7) AS s, stddev(amount) FILTER (WHERE c > 5) AS f FROM o',
  'in, of columns that may be NULL': 'SELECT o.id, o.c IN (SELECT back FROM c WHERE region <> 5) AS f FROM o',
  'not in, of columns that may be NULL':
    'SELECT id FROM o WHERE c NOT IN (SELECT back FROM c WHERE region < 90 AND back IS NOT NULL)',
  'not in, of such a column of a join':
    'SELECT c.id, c.back NOT IN (SELECT p.region FROM o JOIN c AS p ON p.id = o.c WHERE o.amount < 400) AS f FROM c',
  'exists beside not exists, of which one asks the same of all':
    'SELECT c.id FROM c WHERE c.name <> $$n7$$ AND NOT EXISTS (SELECT FROM o WHERE o.c = c.id) AND EXISTS (SELECT FROM o WHERE amount > 40)',
  'except all': 'SELECT id FROM c EXCEPT ALL SELECT c FROM o',
  'rows of which one column is NULL in many': 'SELECT tag, id FROM o EXCEPT SELECT name, id FROM c',
  'partitions by a column that is NULL in many rows':
    'SELECT id, lag(amount) OVER w AS before, row_number() OVER w AS n FROM o WINDOW w AS (PARTITION BY tag ORDER BY id)',
  'groups by a column that is NULL in many rows, computed anew':
    'SELECT tag, array_agg(amount ORDER BY id) AS amounts FROM o GROUP BY tag',
  'groups by values that may be written in several ways':
    'SELECT to_jsonb(kind) AS k, count(*) AS n, sum(amount) AS s FROM o GROUP BY to_jsonb(kind)',
  'distinct arrays, and distinct floats':
    'SELECT DISTINCT ARRAY[kind] AS a, (amount % 3)::float8 AS f FROM o',
  'a union of values that may be written in several ways':
    'SELECT to_jsonb(id) AS k FROM o UNION SELECT to_jsonb(region) FROM c',
  'groups of distinct rows, by a column that is NULL in many':
    'SELECT tag, array_agg(amount ORDER BY amount, kind) AS amounts FROM (SELECT DISTINCT tag, kind, amount FROM o) AS d GROUP BY tag',
  'partitions of groups, by a column that is NULL in many':
    'SELECT tag, c, sum(amount) AS s, rank() OVER (PARTITION BY tag ORDER BY sum(amount)) AS r FROM o GROUP BY tag, c',
  'groups of a union of joins, computed anew': `SELECT back, array_agg(name ORDER BY name) AS names FROM ${UNION} AS u GROUP BY back`,
  'partitions of a union of joins': `SELECT back, name, lead(name) OVER w AS next, count(*) OVER w AS n FROM ${UNION} AS u WINDOW w AS (PARTITION BY back ORDER BY name)`,
}

const CHANGES = [
  `UPDATE o SET amount = amount + 7, kind = kind || 9 WHERE id = 77`,
  `UPDATE c SET name = name || 'z', region = (region + 3) % 100 WHERE id = 500`,
  'DELETE FROM o WHERE id = 20001',
  `INSERT INTO c VALUES (1000001, 1, 'q', 2)`,
  'UPDATE o SET amount = amount + 9000 WHERE id = 79',
  `UPDATE o SET amount = amount + 8, c = c + 1 WHERE id = 78; UPDATE c SET name = name || 'y' WHERE id = 501`,
]

beforeAll(async () => {
  database = await freshDatabase()
  await database.client.query(`SET client_min_messages = warning;
    CREATE TABLE c (id int PRIMARY KEY, region int, name text, back int);
    CREATE TABLE o (id int PRIMARY KEY, c int, amount numeric(10, 2), kind text, tag text);
    CREATE INDEX ON o (c); CREATE INDEX ON c (region); CREATE INDEX ON c (back); CREATE INDEX ON c (name); CREATE INDEX ON o (tag);
    ${DIMENSIONS.map((d) => `CREATE TABLE ${d} (id int, n int); INSERT INTO ${d} SELECT i, i FROM generate_series(1, 2000) AS i; CREATE INDEX ON ${d} (id)`).join(';')};
    INSERT INTO c SELECT i, i % 100, 'n' || i, i FROM generate_series(1, 20000) AS i;
    INSERT INTO o SELECT i, i % 24000, i % 500, 'k' || i % 5, CASE WHEN i % 9 > 0 THEN 't' || i END FROM generate_series(1, 40000) AS i`)
})

afterAll(async () => {
  await database?.close()
})

test.each(Object.entries(QUERIES))('%s', async (_, query) => {
  const { client } = database
  const many = await changesThatReadMore(client, {
    query,
    changes: CHANGES,
    tables: ['c', 'o', ...DIMENSIONS],
    few: FEW,
  })
  await client.query(
    `DELETE FROM c WHERE id > 20000; INSERT INTO o (id, tag) SELECT 20001, 't20001' WHERE NOT EXISTS (SELECT FROM o WHERE id = 20001)`,
  )
  expect(many).toEqual([])
})

/** A part of TPC-H's q8: one large table, and what is looked up from it by keys, over several steps. */
const SNOWFLAKE = `
  SELECT year, count(*) AS n, sum(price) FILTER (WHERE n2.name = 'n3') AS s
  FROM part, supplier, line, head, customer, nation AS n1, nation AS n2, region
  WHERE part.id = line.part AND supplier.id = line.supplier AND head.id = line.head AND customer.id = head.customer
    AND n1.id = customer.nation AND region.id = n1.region AND region.name = 'r1' AND n2.id = supplier.nation
    AND year BETWEEN 1995 AND 1996 AND part.kind = 'k7' GROUP BY year`

test('a join of a large table with what is looked up from it, of which much has changed', async () => {
  const { client } = database
  await client.query(`
    CREATE TABLE region (id int PRIMARY KEY, name text);
    CREATE TABLE nation (id int PRIMARY KEY, region int, name text);
    CREATE TABLE customer (id int PRIMARY KEY, nation int);
    CREATE TABLE supplier (id int PRIMARY KEY, nation int);
    CREATE TABLE part (id int PRIMARY KEY, kind text);
    CREATE TABLE head (id int PRIMARY KEY, customer int, year int);
    CREATE TABLE line (id int PRIMARY KEY, head int, part int, supplier int, price int);
    INSERT INTO region SELECT i, 'r' || i FROM generate_series(1, 5) AS i;
    INSERT INTO nation SELECT i, 1 + i % 5, 'n' || i FROM generate_series(1, 25) AS i;
    INSERT INTO customer SELECT i, 1 + i % 25 FROM generate_series(1, 3000) AS i;
    INSERT INTO supplier SELECT i, 1 + i % 25 FROM generate_series(1, 1000) AS i;
    INSERT INTO part SELECT i, 'k' || i % 50 FROM generate_series(1, 4000) AS i;
    INSERT INTO head SELECT i, 1 + i * 7 % 3000, 1992 + i % 7 FROM generate_series(1, 10000) AS i;
    INSERT INTO line SELECT i, 1 + i % 10000, 1 + i * 31 % 4000, 1 + i * 17 % 1000, i FROM generate_series(1, 40000) AS i;
    CREATE INDEX ON nation (region); CREATE INDEX ON customer (nation); CREATE INDEX ON supplier (nation);
    CREATE INDEX ON head (customer); CREATE INDEX ON line (head); CREATE INDEX ON line (part); CREATE INDEX ON line (supplier)`)
  const changed = [1, 2, 3].map(
    (n) => `
    INSERT INTO head VALUES (${20000 + n}, ${n}, 1995); INSERT INTO line VALUES (${50000 + n}, ${20000 + n}, 7, ${n}, 1);
    UPDATE customer SET nation = 1 + nation % 25 WHERE id = ${n * 3};
    UPDATE supplier SET nation = 1 + nation % 25 WHERE id = ${n * 5};
    UPDATE part SET kind = 'k7' WHERE id = ${n * 11}`,
  )
  const more = await changesThatReadMore(client, {
    query: SNOWFLAKE,
    changes: changed,
    tables: ['region', 'nation', 'customer', 'supplier', 'part', 'head', 'line'],
    few: 400,
  })
  expect(more).toEqual([])
})

test('distinct values of large groups by columns that may be NULL', async () => {
  const { client } = database
  await client.query(`
    CREATE TABLE shop (id int, name text);
    CREATE TABLE visit (id int PRIMARY KEY, shop int, visitor text);
    INSERT INTO shop SELECT i, 's' || i FROM generate_series(1, 300) AS i;
    INSERT INTO visit SELECT i, 1 + i % 300, 'v' || i FROM generate_series(1, 90000) AS i;
    CREATE INDEX ON shop (id); CREATE INDEX ON visit (shop)`)
  const more = await changesThatReadMore(client, {
    query:
      'SELECT s.id, s.name, count(DISTINCT v.visitor) AS n, count(*) AS visits FROM shop AS s JOIN visit AS v ON v.shop = s.id GROUP BY 1, 2',
    changes: [
      `INSERT INTO visit VALUES (100001, 7, 'new')`,
      'UPDATE visit SET shop = 9 WHERE id = 77',
      'DELETE FROM visit WHERE id = 78',
    ],
    tables: ['shop', 'visit'],
    few: 50,
  })
  expect(more).toEqual([])
})

test('joins by varchar and by domains: indexes are used, and asked for', async () => {
  const { client } = database
  await client.query(`
    CREATE DOMAIN number AS int CHECK (value >= 0); CREATE DOMAIN code AS varchar(20);
    CREATE TABLE kind (id int PRIMARY KEY, name varchar(20), no number, mark code, above varchar(20));
    CREATE TABLE thing (id int PRIMARY KEY, kind varchar(20), no number, mark code);
    INSERT INTO kind SELECT i, 'k' || i, i, 'm' || i, 'k' || nullif(i / 3, 0) FROM generate_series(1, 300) AS i;
    INSERT INTO thing SELECT i, 'k' || i % 300, i % 300, 'm' || i % 300 FROM generate_series(1, 60000) AS i`)
  const recommended = async () => {
    const { rows } = await client.query<{ sql: string }>(
      `SELECT r.statement AS sql FROM pgstream.recommend_indexes('asked') AS r ORDER BY 1`,
    )
    return rows.map(({ sql }) => sql.replace(/^.* ON /, ''))
  }
  for (const column of ['kind', 'no', 'mark']) {
    const other = column === 'kind' ? 'name' : column === 'no' ? 'id' : 'mark'
    const query = `SELECT k.id, t.id AS thing FROM kind AS k JOIN thing AS t ON t.${column} = k.${other}`
    await client.query(`SELECT pgstream.create_stream_table('asked', $1, '1h', 'DIFFERENTIAL')`, [query])
    expect(await recommended()).toContain(`public.thing (${column})`)
    await client.query(`SELECT pgstream.drop_stream_table('asked'); CREATE INDEX ON thing (${column})`)
    await client.query(
      'CREATE INDEX IF NOT EXISTS kind_name ON kind (name); CREATE INDEX IF NOT EXISTS kind_mark ON kind (mark)',
    )
    const more = await changesThatReadMore(client, {
      query,
      changes: ['DELETE FROM kind WHERE id = 77', `INSERT INTO kind VALUES (77, 'k77', 77, 'm77', 'k25')`],
      tables: ['kind', 'thing'],
      few: 1000,
    })
    expect(more).toEqual([])
  }
})

test('neighbours that are joined with neighbours, without an index: no fill compares all pairs', async () => {
  const { client } = database
  await client.query(
    'CREATE TABLE place AS SELECT i AS n, i AS g FROM generate_series(1, 60000) AS i; ANALYZE place',
  )
  const pairs = 'SELECT a.n, b.g FROM place AS a JOIN place AS b ON b.n = a.n + 1'
  await client.query(`SELECT pgstream.create_stream_table('near', $1)`, [
    `SELECT x.n, y.n AS other FROM (${pairs}) AS x LEFT JOIN (${pairs}) AS y ON y.g = x.g`,
  ])
  await client.query('UPDATE place SET g = -g WHERE n <= 20')
  await client.query(`SELECT pgstream.refresh_stream_table('near')`)
  const { rows } = await client.query('SELECT count(*)::int AS n, count(other)::int AS others FROM near')
  expect(rows).toEqual([{ n: 59999, others: 59999 }])
})

test('many slices of a table side by side, all of which change: their rows before and after are not combined', async () => {
  const { client } = database
  await client.query(`
    CREATE TABLE slice (id int PRIMARY KEY, g int, x numeric);
    INSERT INTO slice SELECT i, i % 16, i FROM generate_series(1, 1600) AS i`)
  const averages = Array.from({ length: 16 }, (_, g) => `(SELECT avg(x) FROM slice WHERE g = ${g}) AS a${g}`)
  const more = await changesThatReadMore(client, {
    query: `SELECT ${averages.join(', ')}`,
    changes: ['UPDATE slice SET x = x + 1', 'UPDATE slice SET x = x + id WHERE id < 40'],
    tables: ['slice'],
    few: 2000,
  })
  expect(more).toEqual([])
})

test.each([
  ['the latest before', '<= e.day ORDER BY r.day DESC, r.id LIMIT 1'],
  ['the two before the latest', '<= e.day ORDER BY r.day DESC, r.id LIMIT 2 OFFSET 1'],
  ['the next, with ties', '> e.day ORDER BY r.day FETCH FIRST 2 ROWS WITH TIES'],
])('rates as of a day: %s is not asked for anew where something nearer is stored', async (_, which) => {
  const { client } = database
  await client.query(`DROP TABLE IF EXISTS rate, e;
    CREATE TABLE rate (id int PRIMARY KEY, cur int, day int, rate numeric);
    CREATE TABLE e (id int PRIMARY KEY, cur int, day int);
    INSERT INTO rate SELECT i, i % 5, i / 5 * 3, i % 7 FROM generate_series(1, 5000) AS i;
    INSERT INTO e SELECT i, i % 5, 1 + i * 7 % 3000 FROM generate_series(1, 5000) AS i;
    CREATE INDEX ON rate (cur, day); CREATE INDEX ON e (cur, day)`)
  const more = await changesThatReadMore(client, {
    query: `SELECT e.id, r.rate, r.id AS rid FROM e LEFT JOIN LATERAL (SELECT rate, r.id FROM rate AS r WHERE r.cur = e.cur AND r.day ${which}) AS r ON true`,
    changes: [
      'UPDATE rate SET rate = rate + 1 WHERE id = 2501',
      'DELETE FROM rate WHERE id = 2502',
      'INSERT INTO rate VALUES (2502, 2, 1501, 9)',
      'UPDATE rate SET day = day + 4 WHERE id = 2503',
      'UPDATE e SET day = day + 1 WHERE id = 1500',
    ],
    tables: ['rate', 'e'],
    few: 20000,
  })
  expect(more).toEqual([])
})

test('a range that holds the time: an index on each of its ends', async () => {
  const { client } = database
  await client.query(`CREATE TABLE lease (id int PRIMARY KEY, held tstzrange);
    INSERT INTO lease SELECT i, tstzrange(now() - i * interval '1 hour', now() + i * interval '1 hour') FROM generate_series(1, 5000) AS i`)
  const query = 'SELECT id FROM lease WHERE held @> now()'
  await client.query(`SELECT pgstream.create_stream_table('st', $1, '1h', 'DIFFERENTIAL')`, [query])
  const { rows } = await client.query(`SELECT statement FROM pgstream.recommend_indexes('st') ORDER BY 1`)
  expect(rows.map(({ statement }) => statement)).toEqual([
    'CREATE INDEX CONCURRENTLY ON public.lease ((lower(held)))',
    'CREATE INDEX CONCURRENTLY ON public.lease ((upper(held)))',
  ])
  await client.query(`SELECT pgstream.drop_stream_table('st')`)
  for (const { statement } of rows) await client.query(statement)
  const more = await changesThatReadMore(client, {
    query,
    changes: ['UPDATE lease SET held = NULL WHERE id = 7', 'DELETE FROM lease WHERE id = 8'],
    tables: ['lease'],
    few: 20,
  })
  expect(more).toEqual([])
})
