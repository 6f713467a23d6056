/** Aggregate functions as PostgreSQL computes them, to the last digit, while rows come, change and go. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { expectExact } from '../oracle/oracle.ts'
import { type FreshDatabase, freshDatabase } from '../support/server.ts'

let database: FreshDatabase

beforeAll(async () => {
  database = await freshDatabase()
  await database.client.query(
    `
    CREATE AGGREGATE product(int8) (sfunc = int8mul, stype = int8, initcond = '1');
    CREATE AGGREGATE most(VARIADIC numeric[]) (sfunc = most_of, stype = numeric);
  `.replace(
      'CREATE AGGREGATE most',
      `CREATE FUNCTION most_of(numeric, VARIADIC numeric[]) RETURNS numeric IMMUTABLE LANGUAGE sql
      AS 'SELECT max(x) FROM unnest($1 || $2) AS u(x)'; CREATE AGGREGATE most`,
    ),
  )
})

afterAll(async () => {
  await database?.close()
})

const SET_UP = (name: string) => `
  CREATE TABLE ${name} (id int PRIMARY KEY, g int, i2 smallint, i4 int, i8 bigint, n numeric, d numeric(12,3), f float8,
    t text, b bool, v varbit, at timestamp, j jsonb);
  CREATE INDEX ON ${name} (g);
  INSERT INTO ${name} SELECT i, nullif(i % 5, 4), i % 7 - 3, nullif(i * 7919 % 100003, 0), i * 1000000007::bigint, i / 8.0, i * 1.037, i / 3.0,
    chr(97 + i % 11), CASE i % 3 WHEN 0 THEN true WHEN 1 THEN false END, i::bit(4)::varbit, '2026-01-01'::timestamp + i * '1 hour'::interval,
    to_jsonb(i % 4) FROM generate_series(1, 40) AS i`

/** Each is a transaction. */
const CHANGES = (name: string): readonly string[] => [
  `INSERT INTO ${name} (id, g, i2, i4, i8, n, d, f, t, b) VALUES (101, 1, 3, -5, 9, 1.50, 99999.999, 0.1, 'zz', true), (102, 9, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)`,
  `UPDATE ${name} SET i2 = i2 + 1, i4 = i4 - 1000, i8 = i8 + 1, n = n * 1.1, d = -d, f = f + 0.1, t = t || 'x', b = NOT b, v = v || B'1', j = '{"a": [1]}' WHERE g = 2`,
  `DELETE FROM ${name} WHERE id % 4 = 1`,
  `UPDATE ${name} SET g = g + 1 WHERE id % 5 = 3`,
  `INSERT INTO ${name} (id, g, n, d) VALUES (103, 1, 'NaN', 'NaN')`,
  `DELETE FROM ${name} WHERE id = 103`,
  `INSERT INTO ${name} (id, g, i4) VALUES (104, 1, 5); UPDATE ${name} SET i4 = 6 WHERE id = 104; DELETE FROM ${name} WHERE id = 104`,
  `DELETE FROM ${name} WHERE g = 1 AND id > (SELECT min(id) FROM ${name} WHERE g = 1)`,
  `DELETE FROM ${name} WHERE g IS NULL`,
  `INSERT INTO ${name} (id, g, i4, b) SELECT i, i % 3, i, true FROM generate_series(200, 230) AS i`,
  `DELETE FROM ${name}`,
  `INSERT INTO ${name} (id, g, i4, d) VALUES (1, 1, 7, 0.000)`,
]

const CALLS: Readonly<Record<string, string>> = {
  'variances of integers': `var_pop(i2) AS a, var_samp(i2) AS b, stddev_pop(i4) AS c, stddev_samp(i4) AS d, variance(i8) AS e, stddev(i8) AS f,
    sum(i4) AS s, avg(i4) AS m, count(*) AS n, stddev(i4) FILTER (WHERE b) AS z`,
  'variances of numerics': `var_pop(d) AS a, var_samp(d) AS b, stddev_pop(d) AS c, stddev(d) AS d, variance(n) AS e, stddev(n) AS f, sum(d) AS s, sum(n) AS sn`,
  'variances of floats':
    'variance(f) AS a, stddev_pop(f) AS b, corr(f, i4) AS c, regr_slope(f, i8) AS d, covar_pop(f, f) AS e',
  'truth values':
    'bool_and(b) AS a, bool_or(b) AS o, every(b) AS e, bool_or(i4 > 5) FILTER (WHERE b) AS f, bool_and(DISTINCT b) AS d',
  bits: 'bit_xor(i2) AS a, bit_xor(i4) AS b, bit_xor(i8) FILTER (WHERE b) AS c, bit_and(i4) AS d, bit_or(i8) AS e',
  'DISTINCT inside': `count(DISTINCT i2) AS a, sum(DISTINCT i2) AS b, avg(DISTINCT i2) FILTER (WHERE b) AS c, max(DISTINCT i4) AS d,
    string_agg(DISTINCT t, ', ' ORDER BY t) AS e, array_agg(DISTINCT i2 ORDER BY i2 DESC NULLS LAST) AS f`,
  'DISTINCT values counted': `count(DISTINCT i2) AS a, sum(DISTINCT i2) AS b, avg(DISTINCT i2) FILTER (WHERE b) AS c`,
  'DISTINCT values of one column': 'count(DISTINCT i2) AS a',
  'DISTINCT values that FILTER counts': `count(DISTINCT t) FILTER (WHERE b) AS a, count(DISTINCT i4) FILTER (WHERE NOT b) AS b, sum(DISTINCT 10 / i2) FILTER (WHERE i2 <> 0) AS c`,
  'DISTINCT values beside others': `count(*) AS k, count(DISTINCT t) AS a, sum(DISTINCT n) AS b, avg(DISTINCT d) AS c, sum(DISTINCT i8 + i2) AS d, stddev(DISTINCT i2) AS e, var_pop(DISTINCT d) AS f,
    bit_xor(DISTINCT i4) AS g2, min(i4) AS h, max(t) AS i, sum(i4) FILTER (WHERE b) AS j, sum(1 / coalesce(i4, 1)) FILTER (WHERE i4 <> 0) AS l, avg(n) AS m`,
  'DISTINCT values of every kind': `count(DISTINCT f) AS a, count(DISTINCT b) AS b, count(DISTINCT v) AS c, count(DISTINCT at) AS d, count(DISTINCT j) AS e, count(DISTINCT (i2, b)) AS f2,
    count(DISTINCT (i2, b)) FILTER (WHERE i4 > 5) AS h, count(DISTINCT t COLLATE "C") AS i, count(DISTINCT t ORDER BY t) AS k, count(DISTINCT 5) AS l, sum(DISTINCT i4 ORDER BY i4 DESC) AS m`,
  'DISTINCT values beside what is computed anew': 'count(DISTINCT i2) AS a, sum(f) AS float',
  'ORDER BY inside': `string_agg(t, ',' ORDER BY i4 DESC NULLS FIRST, id) AS a, array_agg(i4 ORDER BY id) AS b, jsonb_agg(j ORDER BY id) AS c,
    jsonb_object_agg(id, i4 ORDER BY id) AS d, array_agg(at::date ORDER BY at, id) AS e, json_agg(t ORDER BY id) AS f`,
  'WITHIN GROUP': `percentile_cont(0.5) WITHIN GROUP (ORDER BY f) AS a, percentile_disc(ARRAY[0.1, 0.9]) WITHIN GROUP (ORDER BY i4) AS b,
    mode() WITHIN GROUP (ORDER BY i2) AS c, rank(5) WITHIN GROUP (ORDER BY i4) AS d, percentile_disc(0.3) WITHIN GROUP (ORDER BY t DESC) FILTER (WHERE b) AS e`,
  'of one’s own':
    'product(i2) AS a, most(i4, i8) AS b, most(VARIADIC ARRAY[i4, i2]::numeric[]) AS c, range_agg(int4range(id, id + 2)) AS d',
  'JSON and XML': `JSON_ARRAYAGG(id ORDER BY id) AS a, JSON_OBJECTAGG(id: i4 ABSENT ON NULL RETURNING jsonb) AS o, xmlagg(xmlelement(name e, id) ORDER BY id) AS x`,
  extremes: 'min(t) AS a, max(at) AS b, min(i8) AS c, max(t COLLATE "C") AS d, count(b) AS n',
}

/** JSON_ARRAYAGG and any_value came with PostgreSQL 16. */
async function isBefore16(): Promise<boolean> {
  const { rows } = await database.client.query(`SELECT current_setting('server_version_num')::int AS version`)
  return rows[0].version < 160000
}

test.each(Object.entries(CALLS))('%s', async (label, calls) => {
  const { client } = database
  if (label === 'JSON and XML' && (await isBefore16())) return
  const n = Object.keys(CALLS).indexOf(label)
  const name = `agg${n}`
  await client.query(SET_UP(name))
  for (const [stream, query] of [
    [`by_group${n}`, `SELECT g, ${calls} FROM ${name} GROUP BY g`],
    [`whole${n}`, `SELECT ${calls} FROM ${name}`],
    [
      `nested${n}`,
      `SELECT q.n1, count(*) AS k FROM (SELECT g, ${calls.replace(/AS n\b/, 'AS nn')}, count(*) AS n1 FROM ${name} GROUP BY g HAVING count(*) > 1) AS q GROUP BY q.n1`,
    ],
  ] as const)
    await client.query(`SELECT pgstream.create_stream_table($1, $2, '1h', 'DIFFERENTIAL')`, [stream, query])
  for (const change of CHANGES(name)) {
    await client.query(change)
    for (const stream of ['by_group', 'whole', 'nested'])
      expect(
        await expectExact(client, `${stream}${n}`, { image: !/float|JSON|computed anew/.test(label) }),
      ).toBe('DIFFERENTIAL')
  }
})

test('equal DISTINCT values that differ: one that is there stands for all', async () => {
  const { client } = database
  await client.query(`CREATE COLLATION any_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
    CREATE TABLE eq (id int PRIMARY KEY, g numeric, n numeric, f float8, t text COLLATE any_case, i interval);
    INSERT INTO eq VALUES (1, 1, 2, 0, 'a', '1 mon'), (2, 1.0, 2.000, '-0', 'A', '30 days'), (3, 1, 3.5, 1, 'b', '1 day')`)
  const streams = ['eq_keyed', 'eq_beside', 'eq_whole']
  const calls =
    'count(DISTINCT n) AS cn, sum(DISTINCT n) AS sn, avg(DISTINCT n) AS an, count(DISTINCT f) AS cf, count(DISTINCT t) AS ct, sum(DISTINCT i) AS si'
  for (const [i, query] of [
    `SELECT g, ${calls} FROM eq GROUP BY g`,
    `SELECT g, count(*) AS k, sum(n) AS s, ${calls} FROM eq GROUP BY g`,
    `SELECT ${calls}, sum(DISTINCT n) FILTER (WHERE f > 0) AS fn FROM eq`,
  ].entries())
    await client.query(`SELECT pgstream.create_stream_table($1, $2, '1h', 'DIFFERENTIAL')`, [
      streams[i],
      query,
    ])
  // Every value that is left is written in one way only: then it is shown in that way.
  const changes: readonly (readonly [string, boolean])[] = [
    ['UPDATE eq SET f = -f', false],
    ['DELETE FROM eq WHERE id = 1', false],
    ['UPDATE eq SET g = 1', true],
    [
      `INSERT INTO eq VALUES (4, 1, 2.0, '-0', 'a', '1 mon'), (5, 1, 2.00, NULL, 'a', NULL), (6, 2, 'NaN', 'NaN', NULL, NULL)`,
      false,
    ],
    ['DELETE FROM eq WHERE id = 2', false],
    ['DELETE FROM eq WHERE id = 5', true],
    [`UPDATE eq SET n = 2.0000, g = 1.000, t = 'A' WHERE id = 4; UPDATE eq SET g = 1.000 WHERE id = 3`, true],
    ['UPDATE eq SET n = 7.00 WHERE id = 6', true],
    ['DELETE FROM eq WHERE g = 1', true],
    ['DELETE FROM eq', true],
  ]
  for (const [change, image] of changes) {
    await client.query(change)
    for (const stream of streams) expect(await expectExact(client, stream, { image })).toBe('DIFFERENTIAL')
  }
})

test('a group shows its keys as one of its rows has them', async () => {
  const { client } = database
  await client.query(`CREATE TYPE pair AS (a numeric, b text);
    CREATE TABLE wr (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, n numeric, j jsonb, f float8, r float4, p pair, i interval);
    CREATE FUNCTION spread(k int, add int) RETURNS void LANGUAGE sql AS $$
      INSERT INTO wr (n, j, f, r, p, i) SELECT ('{1,1.0,1.00,2,NaN}'::text[])[x % 5 + 1]::numeric, ('{1,1.0,2,null}'::text[])[x / 2 % 4 + 1]::jsonb,
        ('{0,-0,1}'::text[])[x % 3 + 1]::float8, ('{-0,0,2}'::text[])[x / 3 % 3 + 1]::float4, ROW(('{1,1.0}'::text[])[x % 2 + 1], 'b')::pair,
        ('{1 day,24 hours,2 days}'::text[])[x / 2 % 3 + 1]::interval FROM generate_series(k, k + add) AS x $$;
    SELECT spread(0, 30)`)
  const keys = ['n', 'j', 'f', 'p', 'i', 'n, j', 'f, r', 'f, n', 'i, p, j']
  const streams: (readonly [string, string])[] = []
  for (const [k, key] of keys.entries())
    for (const [q, query] of [
      `SELECT ${key}, count(*) AS c FROM wr GROUP BY ${key}`,
      `SELECT ${key}, avg(r) AS x, count(DISTINCT id % 5) AS d FROM wr WHERE id % 3 > 0 GROUP BY ${key}`,
      `SELECT ${key} FROM wr WHERE id % 2 = 0 UNION SELECT ${key} FROM wr WHERE id % 3 = 0`,
      `SELECT ${key}, c + 1 AS c FROM (SELECT ${key}, count(*) AS c FROM wr GROUP BY ${key}) AS g WHERE c > 1`,
    ].entries()) {
      streams.push([`wr_${k}_${q}`, key])
      await client.query(`SELECT pgstream.create_stream_table($1, $2, '1h', 'DIFFERENTIAL')`, [
        `wr_${k}_${q}`,
        query,
      ])
    }
  for (const change of [
    // Each image of what is shown stays in some row, and both of them in none.
    `DELETE FROM wr WHERE (n::text, j::text) IN (SELECT (array_agg(n::text ORDER BY id))[1], (array_agg(j::text ORDER BY id))[1] FROM wr GROUP BY n, j)`,
    'SELECT spread(3, 24)',
    'DELETE FROM wr WHERE id % 4 = 1',
    'UPDATE wr SET n = 1.000, f = -f, p.a = 1.00 WHERE id % 5 = 0',
    'DELETE FROM wr WHERE id IN (SELECT min(id) FROM wr GROUP BY n, j::text)',
    'UPDATE wr SET j = $$1.0$$, r = -r WHERE id % 3 = 1',
    'SELECT spread(40, 9)',
    'DELETE FROM wr WHERE scale(n) = 0',
    'DELETE FROM wr WHERE id % 2 = 0',
    `DELETE FROM wr WHERE f::text = '-0' OR i::text = '1 day'`,
  ]) {
    await client.query(change)
    for (const [stream, key] of streams) {
      expect(await expectExact(client, stream)).toBe('DIFFERENTIAL')
      const written = (of: string) =>
        `ROW(${key
          .split(', ')
          .map((each) => `${of}.${each}::text`)
          .join(', ')})`
      const { rows } = await client.query(
        `SELECT * FROM ${stream} AS s WHERE NOT EXISTS (SELECT FROM wr AS w WHERE ${written('w')} IS NOT DISTINCT FROM ${written('s')})`,
      )
      expect(rows, `${stream} after ${change}`).toEqual([])
    }
  }
})

test('a value of any_value is one of its group', async () => {
  const { client } = database
  if (await isBefore16()) return
  await client.query(
    `CREATE TABLE av (id int PRIMARY KEY, g int, x int); INSERT INTO av SELECT i, i % 3, i FROM generate_series(1, 12) AS i`,
  )
  await client.query(
    `SELECT pgstream.create_stream_table('avs', 'SELECT g, any_value(x) AS x, any_value(x) FILTER (WHERE x > 6) AS y FROM av GROUP BY g', '1h', 'DIFFERENTIAL')`,
  )
  for (const change of [
    'INSERT INTO av VALUES (20, 1, NULL), (21, 7, NULL)',
    'DELETE FROM av WHERE id < 6',
    'UPDATE av SET x = x + 100',
    'UPDATE av SET x = NULL WHERE g = 1',
    'UPDATE av SET x = 8 WHERE id = 21',
  ]) {
    await client.query(change)
    await client.query(`SELECT pgstream.refresh_stream_table('avs')`)
    const { rows } =
      await client.query(`SELECT s.* FROM avs AS s FULL JOIN (SELECT g, array_agg(x) AS xs, count(x) AS n, array_agg(x) FILTER (WHERE x > 6) AS ys FROM av GROUP BY g) AS q USING (g)
      WHERE (n > 0 AND s.x = ANY (xs)) IS NOT TRUE AND (n > 0 OR s.x IS NOT NULL) OR (s.y = ANY (ys) OR (s.y IS NULL AND ys IS NULL)) IS NOT TRUE`)
    expect(rows).toEqual([])
  }
})

test('aggregates that no change of a source tells about are refused', async () => {
  const { client } = database
  await client.query(`CREATE TABLE ju (at timestamptz, x int);
    CREATE FUNCTION unstable(int8, int8) RETURNS int8 STABLE LANGUAGE sql AS 'SELECT $1 + $2';
    CREATE FUNCTION random_step(int8, int8) RETURNS int8 VOLATILE LANGUAGE sql AS 'SELECT $1 + $2';
    CREATE AGGREGATE unstable_sum(int8) (sfunc = unstable, stype = int8, initcond = '0');
    CREATE AGGREGATE random_sum(int8) (sfunc = random_step, stype = int8, initcond = '0')`)
  const create = (query: string, mode: string) =>
    client.query(`SELECT pgstream.create_stream_table('jus', $1, '1h', $2)`, [query, mode])
  for (const query of [
    'SELECT jsonb_agg(at ORDER BY at) AS j FROM ju',
    'SELECT unstable_sum(x) AS s FROM ju',
  ])
    await expect(create(query, 'DIFFERENTIAL')).rejects.toMatchObject({ code: '0A000' })
  await expect(create('SELECT random_sum(x) AS s FROM ju', 'AUTO')).rejects.toMatchObject({
    code: '0A000',
    message: expect.stringContaining('volatile'),
  })
})

test('an aggregation that calls no aggregate has one row, whatever there is to aggregate', async () => {
  const { client } = database
  await client.query('CREATE TABLE uncalled (id int PRIMARY KEY, k int)')
  const queries = [
    'SELECT 1 AS one FROM uncalled HAVING true',
    'SELECT 1 AS one FROM uncalled HAVING false',
    'SELECT 1 AS one FROM uncalled GROUP BY ()',
    'SELECT 1 AS one FROM uncalled GROUP BY () HAVING (SELECT count(*) FROM uncalled) <> 2',
    'SELECT 1 AS one FROM uncalled GROUP BY GROUPING SETS ((), ())',
    'SELECT k, 1 AS one FROM uncalled GROUP BY ROLLUP (k) HAVING true',
    'SELECT count(*) OVER () AS n FROM uncalled HAVING true',
    'SELECT u.id FROM uncalled AS u WHERE EXISTS (SELECT 1 FROM uncalled AS i WHERE i.id = -5 HAVING true)',
    'SELECT u.id FROM uncalled AS u WHERE EXISTS (SELECT 1 FROM uncalled AS i WHERE i.id = u.k HAVING true)',
    'SELECT q.one, u.id FROM (SELECT 1 AS one FROM uncalled HAVING true) AS q LEFT JOIN uncalled AS u ON u.k = q.one',
  ]
  for (const mode of ['DIFFERENTIAL', 'FULL'])
    for (const [i, query] of queries.entries())
      await client.query(`SELECT pgstream.create_stream_table($1, $2, '1h', $3)`, [
        `uncalled_${mode.toLowerCase()}${i}`,
        query,
        mode,
      ])
  const names = queries.flatMap((_, i) => [`uncalled_differential${i}`, `uncalled_full${i}`])
  for (const change of [
    'SELECT',
    'INSERT INTO uncalled VALUES (1, 1), (2, 1)',
    'INSERT INTO uncalled VALUES (3, NULL)',
    'DELETE FROM uncalled',
  ]) {
    await client.query(change)
    for (const name of names) {
      await expectExact(client, name)
      expect(
        (await client.query('SELECT * FROM pgstream.verify_stream_table($1)', [name])).rows,
        name,
      ).toEqual([])
    }
  }
})
