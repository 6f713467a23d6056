/** Functions in FROM and in the select list: rows that are made of rows. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { expectExact } from '../oracle/oracle.ts'
import { type FreshDatabase, freshDatabase } from '../support/server.ts'

let database: FreshDatabase

beforeAll(async () => {
  database = await freshDatabase()
  await database.client.query(`
    CREATE TYPE pair AS (a int, b text);
    CREATE FUNCTION pairs(int) RETURNS SETOF pair LANGUAGE sql IMMUTABLE
      AS 'SELECT i, i::text FROM generate_series(1, $1) AS i';
    CREATE FUNCTION one_pair(int) RETURNS pair LANGUAGE sql IMMUTABLE AS 'SELECT ROW($1, $1::text)::public.pair';
    CREATE FUNCTION outs(int, OUT x int, OUT y text) RETURNS SETOF record LANGUAGE sql IMMUTABLE
      AS 'SELECT i, i::text FROM generate_series(1, $1) AS i';
    CREATE FUNCTION loose(int) RETURNS SETOF record LANGUAGE sql IMMUTABLE
      AS 'SELECT i, i::text FROM generate_series(1, $1) AS i';
    CREATE TABLE t (id int PRIMARY KEY, n int, ids int[], tags text[], doc jsonb);
    CREATE TABLE u (id int PRIMARY KEY, m int, name text);
    CREATE TABLE bag (n int, ids int[]);
    INSERT INTO u SELECT i, i % 4, 'u' || i FROM generate_series(0, 9) AS i;
  `)
  await fill()
})

afterAll(() => database.close())

async function fill(): Promise<void> {
  await database.client.query(`
    TRUNCATE t, bag;
    INSERT INTO t
    SELECT i, i % 4, ARRAY[i % 3, i % 5, i % 3], ARRAY['x' || i % 2, NULL], jsonb_build_object('k', i % 3, 'l', ARRAY[i, 7])
    FROM generate_series(1, 8) AS i;
    INSERT INTO t VALUES (20, NULL, NULL, '{}', NULL), (21, 0, '{}', NULL, '{}'), (22, -1, '{{1,2},{3,4}}', '{a,b,c}', '{"l": []}');
    INSERT INTO bag VALUES (1, '{1,1}'), (1, '{1,1}'), (2, NULL), (NULL, '{5}');
  `)
}

const CHANGES = [
  `INSERT INTO t VALUES (30, 3, '{1,2,9}', '{p,q}', '{"z": 1, "l": [5]}')`,
  `UPDATE t SET ids = ids || 4 WHERE id % 2 = 0 AND id <> 22`,
  `UPDATE t SET n = n + 1 WHERE id IN (1, 20, 22)`,
  `UPDATE t SET doc = doc || '{"n": 2}', tags = NULL WHERE id = 3`,
  `DELETE FROM t WHERE id IN (2, 21)`,
  `UPDATE u SET m = m + 1, id = id + 10 WHERE id < 4`,
  `INSERT INTO bag VALUES (1, '{1,1}'), (3, '{2}'); DELETE FROM bag WHERE n = 2`,
  `DELETE FROM bag WHERE ctid = (SELECT min(ctid) FROM bag); UPDATE t SET ids = '{}' WHERE id = 5; INSERT INTO u VALUES (99, 1, 'last')`,
  `INSERT INTO t VALUES (40, 2, '{1}', '{r}', '{}'); DELETE FROM t WHERE id = 40; UPDATE u SET name = upper(name)`,
]

const FROM_ITEMS: Readonly<Record<string, string>> = {
  unnest: 'SELECT t.id, x FROM t, unnest(t.ids) AS x',
  series: 'SELECT t.id, g FROM t CROSS JOIN LATERAL generate_series(1, t.n) AS g',
  alone: 'SELECT g FROM generate_series(1, 3) AS g',
  'beside a table': 'SELECT t.id, g FROM generate_series(1, 3) AS g, t WHERE t.n = g',
  'left join': 'SELECT t.id, x FROM t LEFT JOIN LATERAL unnest(t.ids) AS x ON true',
  'left join with a condition':
    'SELECT t.id, x FROM t LEFT JOIN LATERAL unnest(t.ids) AS x ON x > 1 AND t.id > 2',
  'left join of a bag': 'SELECT n, x FROM bag LEFT JOIN unnest(bag.ids) AS x ON x <> 5',
  ordinality: 'SELECT t.id, x, i FROM t, unnest(t.tags) WITH ORDINALITY AS a(x, i)',
  'ordinality, left': 'SELECT t.id, x, i FROM t LEFT JOIN unnest(t.tags) WITH ORDINALITY AS a(x, i) ON true',
  'rows from':
    'SELECT t.id, a, b, i FROM t, ROWS FROM (unnest(t.ids), generate_series(1, t.n)) WITH ORDINALITY AS r(a, b, i)',
  'unnest of two': 'SELECT t.id, a, b FROM t, unnest(t.ids, t.tags) AS r(a, b)',
  'a row type': 'SELECT t.id, p.b, p.a FROM t, pairs(t.n) AS p',
  'one row': 'SELECT t.id, p.b FROM t, one_pair(t.n) AS p',
  'out parameters': 'SELECT t.id, o.y FROM t, outs(t.n) AS o',
  'the row of a composite': 'SELECT t.id, p AS whole, (p).b FROM t, pairs(t.n) AS p',
  'the row of a composite, outer':
    'SELECT t.id, count(p) AS n, min(p.a) AS a FROM t LEFT JOIN pairs(t.n) AS p ON true GROUP BY t.id',
  'the row of OUT parameters':
    'SELECT t.id, count(DISTINCT o) AS n, count(o) AS c FROM t, outs(t.n) AS o(whole, y) GROUP BY t.id',
  'the row as JSON': 'SELECT t.id, to_jsonb(p) AS j FROM t, pairs(t.n) AS p(first)',
  'the row of several, numbered':
    'SELECT t.id, count(r) AS n FROM t, ROWS FROM (pairs(t.n), unnest(t.ids)) WITH ORDINALITY AS r GROUP BY t.id',
  'the row of column definitions': 'SELECT count(l) AS n FROM t, loose(t.n) AS l(a int, b text)',
  'the row of a function by itself': 'SELECT count(p) AS n FROM pairs(3) AS p',
  'column definitions': 'SELECT t.id, l.b, l.a FROM t, loose(t.n) AS l(a int, b text)',
  'a scalar function': 'SELECT t.id, l FROM t, length(t.tags[1]) AS l',
  'an expression': 'SELECT t.id, l FROM t, coalesce(t.n, 7) AS l',
  jsonb_each: 'SELECT t.id, key, value FROM t, jsonb_each(t.doc)',
  'of each other': 'SELECT t.id, x, y FROM t, unnest(t.ids) AS x, generate_series(1, x) AS y',
  'joined further': 'SELECT t.id, u.name FROM t, unnest(t.ids) AS x JOIN u ON u.id = x',
  'over two tables': 'SELECT t.id, u.id AS uid, g FROM t, u, generate_series(t.n, u.m) AS g WHERE t.n = u.id',
  'under a join': 'SELECT u.id, x FROM u JOIN (t CROSS JOIN unnest(t.ids) AS x) ON u.id = x',
  'right of a left join': 'SELECT u.id, x FROM u LEFT JOIN (t CROSS JOIN unnest(t.ids) AS x) ON u.id = x',
  'left of a full join': 'SELECT u.id, x FROM (t CROSS JOIN unnest(t.ids) AS x) FULL JOIN u ON u.id = x',
  grouped:
    'SELECT x, count(*) AS n, sum(t.id) AS s, array_length(x, 1) FROM (SELECT id, ARRAY[x] AS x FROM t, unnest(t.tags) AS x) AS t GROUP BY x',
  'grouped, largest': 'SELECT x, max(id) AS last FROM t, unnest(t.tags) AS x GROUP BY x',
  distinct: 'SELECT DISTINCT x FROM t, unnest(t.ids) AS x',
  'twice the same table': 'SELECT a.id, b.id AS other FROM t AS a, unnest(a.ids) AS x, t AS b WHERE b.n = x',
  'within the right side of an outer join, of the left one':
    'SELECT t.id, u.id AS uid, g FROM t LEFT JOIN (u CROSS JOIN LATERAL generate_series(1, t.n) AS g) ON u.m = g',
  'in EXISTS':
    'SELECT u.id FROM u WHERE EXISTS (SELECT FROM t, unnest(t.tags) AS x WHERE x = u.name OR t.id = u.m)',
  'of the query around': 'SELECT u.id, (SELECT sum(g) FROM generate_series(1, u.m) AS g) AS s FROM u',
  'IN a function': 'SELECT t.id FROM t WHERE t.n IN (SELECT x FROM unnest(t.ids) AS x)',
  'in a lateral subquery':
    'SELECT t.id, q.y FROM t, LATERAL (SELECT x + t.id AS y FROM unnest(t.ids) AS x WHERE x > 0) AS q',
  'grouped in a lateral subquery':
    'SELECT u.id, q.s, q.c FROM u, LATERAL (SELECT sum(g) AS s, count(*) AS c FROM generate_series(0, u.m) AS g) AS q',
  'lateral values': 'SELECT u.id, v.x FROM u, LATERAL (VALUES (u.m), (u.m + 1), (7)) AS v(x)',
  'a set in a lateral subquery':
    'SELECT u.id, q.g FROM u, LATERAL (SELECT generate_series(1, u.m) AS g) AS q',
  'with a subquery beside it':
    'SELECT t.id, x FROM t, unnest(t.ids) AS x WHERE x IN (SELECT m FROM u) AND t.n > (SELECT min(m) FROM u)',
  'rows that JSON is read as': 'SELECT t.id, r.k, r.l FROM t, jsonb_to_record(t.doc) AS r(k int, l int[])',
  'a set of them, left join':
    "SELECT t.id, r.k, r.i FROM t LEFT JOIN ROWS FROM (jsonb_to_recordset(jsonb_build_array(coalesce(t.doc, '{}'))) AS (k int, n numeric(3,1))) WITH ORDINALITY AS r(k, n, i) ON r.k > 0",
  'a row that JSON is read into': 'SELECT t.id, p.* FROM t, jsonb_populate_record(one_pair(t.n), t.doc) AS p',
  'of words': "SELECT u.id, w FROM u, regexp_split_to_table(u.name, '') AS w",
  'of a bag': 'SELECT n, x FROM bag, unnest(ids) AS x',
  'of a subquery': 'SELECT g FROM generate_series(1, (SELECT max(m) FROM u)) AS g',
  'of a correlated subquery':
    'SELECT t.id, g FROM t, generate_series(1, t.n + (SELECT count(*) FROM u WHERE u.m = t.n)::int) AS g',
  'of a subquery over two items':
    'SELECT t.id, u.id AS uid, g FROM t JOIN u ON u.id = t.n, generate_series(1, (SELECT count(*) FROM bag WHERE bag.n = t.n OR bag.n = u.m)) AS g',
  'of EXISTS':
    'SELECT t.id, g FROM t, generate_series(0, (EXISTS (SELECT FROM u WHERE u.m = t.n))::int) AS g',
  'of IN and ARRAY': `SELECT t.id, x FROM t LEFT JOIN unnest(CASE WHEN t.n IN (SELECT bag.n FROM bag) THEN ARRAY(SELECT u.name FROM u WHERE u.m = t.n ORDER BY u.id) END) AS x ON true`,
  'left join on a subquery of the left':
    'SELECT t.id, x FROM t LEFT JOIN unnest(t.ids) AS x ON x > (SELECT count(*) FROM bag WHERE bag.n = t.n)',
  'left join on a subquery of what is made':
    'SELECT t.id, x FROM t LEFT JOIN unnest(t.ids) AS x ON x IN (SELECT m FROM u WHERE id > 3) AND t.id > 2',
  'left join on EXISTS of what is made':
    'SELECT t.id, x FROM t LEFT JOIN unnest(t.ids) AS x ON EXISTS (SELECT FROM u WHERE u.m = x)',
  'an expression, numbered': 'SELECT t.id, x, i FROM t, coalesce(t.n, 7) WITH ORDINALITY AS c(x, i)',
  'expressions in step':
    'SELECT t.id, a, b, c, i FROM t, ROWS FROM (unnest(t.ids), coalesce(t.n, 7), greatest(t.id, 3)) WITH ORDINALITY AS r(a, b, c, i)',
  'an expression of a row':
    'SELECT t.id, a, b FROM t, ROWS FROM (coalesce(one_pair(t.n), one_pair(0))) AS r(a, b)',
  'values of subqueries':
    'SELECT v.x FROM (VALUES ((SELECT max(n) FROM t)), (2), ((SELECT min(id) FROM u))) AS v(x)',
  'values alone': 'VALUES (1, (SELECT count(*) FROM t)), (2, (SELECT count(*) FROM u))',
  'values of correlated subqueries':
    'SELECT t.id, v.x FROM t, LATERAL (VALUES ((SELECT max(u.id) FROM u WHERE u.m = t.n)), (t.n)) AS v(x)',
  'values in IN': 'SELECT t.id FROM t WHERE t.n IN (VALUES ((SELECT max(m) FROM u)), (1))',
}

const SELECT_LISTS: Readonly<Record<string, string>> = {
  one: 'SELECT id, unnest(ids) AS x FROM t',
  'in step': 'SELECT id, unnest(ids) AS x, generate_series(1, n) AS g FROM t',
  nested: 'SELECT id, generate_series(1, unnest(ids)) AS x FROM t',
  'nested unevenly': 'SELECT id, generate_series(1, unnest(ids)) AS x, generate_series(1, n) AS y FROM t',
  'in an expression': 'SELECT id, unnest(ids) * 10 + id AS x FROM t',
  'twice the same': 'SELECT unnest(ids) AS x, unnest(ids) + 1 AS y FROM t',
  'a row type': 'SELECT id, pairs(n) AS p FROM t',
  'fields of a row type': 'SELECT id, (pairs(n)).* FROM t',
  'fields of a record': 'SELECT id, (jsonb_each(doc)).*, generate_series(1, n) AS g FROM t',
  'without a table': 'SELECT generate_series(1, 3) AS g',
  distinct: 'SELECT DISTINCT unnest(tags) AS x FROM t',
  'grouped by': 'SELECT unnest(ids) AS x, count(*) AS c FROM t GROUP BY unnest(ids)',
  'grouped by, in an expression': 'SELECT unnest(ids) + 1 AS x, sum(id) AS c FROM t GROUP BY unnest(ids) + 1',
  'over a group': 'SELECT n, generate_series(1, count(*)) AS x FROM t GROUP BY n',
  'over a group, with a condition':
    'SELECT n, generate_series(1, max(id)) AS x, sum(id) AS s FROM t GROUP BY n HAVING count(*) > 1',
  'only ordered by': 'SELECT id FROM t ORDER BY generate_series(1, n)',
  'in a subquery': 'SELECT x, count(*) AS c FROM (SELECT unnest(ids) AS x FROM t) AS s GROUP BY x',
  'in a union': 'SELECT unnest(ids) AS x FROM t UNION SELECT m FROM u',
}

test.each([
  ...Object.entries(FROM_ITEMS).map(([name, query]) => [`in FROM: ${name}`, query] as const),
  ...Object.entries(SELECT_LISTS).map(([name, query]) => [`in the select list: ${name}`, query] as const),
])(
  '%s',
  async (_, query) => {
    const { client } = database
    await fill()
    await client.query(`SELECT pgstream.create_stream_table('made', $1, '1m', 'DIFFERENTIAL')`, [query])
    try {
      await expectExact(client, 'made', { image: true })
      for (const change of CHANGES) {
        await client.query(change)
        expect(await expectExact(client, 'made', { image: true })).toMatch(/^(DIFFERENTIAL|NO_DATA)$/)
      }
      await client.query('BEGIN')
      for (const change of CHANGES) await client.query(change.replace('(30', '(31').replace('(99', '(98'))
      expect(await expectExact(client, 'made', { image: true, within: true })).toMatch(
        /^(DIFFERENTIAL|NO_DATA)$/,
      )
      await client.query('ROLLBACK')
    } finally {
      await client.query('ROLLBACK')
      await client.query(`SELECT pgstream.drop_stream_table('made')`)
      await client.query(
        'TRUNCATE u; INSERT INTO u SELECT i, i % 4, $1 || i FROM generate_series(0, 9) AS i'.replace(
          '$1',
          `'u'`,
        ),
      )
    }
  },
  60_000,
)

test.each([
  [
    'stable functions by name',
    `SELECT g FROM generate_series(now(), now() + '1 hour', '1 hour') AS g`,
    /function now\(\)/,
  ],
  [
    'those by the time zone',
    `SELECT g FROM generate_series(timestamptz '2024-01-01 00:00+00', '2024-01-03 00:00+00', '1 day') AS g`,
    /generate_series\(timestamptz/,
  ],
])('refuses %s', async (_, query, message) => {
  await expect(
    database.client.query(`SELECT pgstream.create_stream_table('no', $1, '1m', 'DIFFERENTIAL')`, [query]),
  ).rejects.toThrow(message)
})
