/** Subqueries that read no table but the row around them: exact, and no row of another is read. */
import type pg from 'pg'
import { beforeAll, expect, test } from 'vitest'
import { freshDatabase } from '../support/server.ts'
import { changesThatReadMore } from './rows-read.ts'

const ROWS = 2000
/** Of the few rows that a change is about: in the tables, the stream table and their states. */
const FEW = 40

let client: pg.Client

beforeAll(async () => {
  const database = await freshDatabase()
  client = database.client
  for (const sql of [
    'CREATE TABLE t (id int PRIMARY KEY, k int, list int[], words text[], doc jsonb, raw json, p point, c1 int)',
    `INSERT INTO t SELECT i, i % 50, ARRAY[i % 7, i, NULL], ARRAY['a' || i % 3, 'b'], jsonb_build_object('l', ARRAY[i, 2]),
       json_build_array(i, i % 2), point(i, 1), i % 5 FROM generate_series(1, ${ROWS}) AS i`,
    'CREATE TABLE u (id int PRIMARY KEY, k int, list int[])',
    `INSERT INTO u SELECT i, i, ARRAY[i % 7, i] FROM generate_series(1, ${ROWS}) AS i`,
    'CREATE INDEX ON t (k)',
    'CREATE INDEX ON u (k)',
  ])
    await client.query(sql)
  return () => database.close()
})

const CHANGES = [
  `UPDATE t SET list = '{2,3}', raw = '[1, 2]', k = 77 WHERE id = 1`,
  `UPDATE t SET list = NULL, raw = NULL, words = '{a1}', doc = '{"l": [2]}' WHERE id = 2`,
  `INSERT INTO t VALUES (-1, 3, '{}', '{}', '{}', '[ 2]', '(0,0)', 2), (-2, NULL, '{0,NULL}', NULL, NULL, '[]', NULL, 1)`,
  `DELETE FROM t WHERE id IN (-2, -1); UPDATE t SET list = '{7}' WHERE id = 4`,
  `UPDATE u SET list = '{2,9}' WHERE id = 5`,
]

test.each<[what: string, query: string]>([
  ['an aggregate', 'SELECT id, (SELECT sum(x) FROM unnest(list) AS x) AS s FROM t'],
  [
    'of json',
    'SELECT id, (SELECT sum(e::text::int) FROM json_array_elements(raw) AS e WHERE e::text <> k::text) AS s FROM t',
  ],
  [
    'ARRAY',
    'SELECT id, ARRAY(SELECT DISTINCT x FROM unnest(list) AS x WHERE x > k ORDER BY x DESC) AS a FROM t',
  ],
  [
    'names that it has itself',
    'SELECT id, (SELECT max(r1.c1 + t.c1) FROM unnest(list) AS r1(c1)) AS m, c1 IN (SELECT c1 FROM unnest(list) AS r1(c1)) AS i FROM t',
  ],
  [
    'EXISTS',
    `SELECT id FROM t WHERE EXISTS (SELECT FROM unnest(words) AS w WHERE w = 'a1') OR k NOT IN (SELECT unnest(list))`,
  ],
  [
    'of several columns',
    'SELECT id, (k, c1) IN (SELECT x, x FROM unnest(list) AS x) AS i, k > ALL (SELECT x FROM unnest(list) AS x) AS a FROM t',
  ],
  [
    'values alone',
    'SELECT id, row_to_json((SELECT q FROM (SELECT t.id AS a, t.raw AS b, t.words[1] AS c) AS q))::text AS j, (SELECT t.raw WHERE t.k > 5)::text AS r, k IN (SELECT c1 UNION SELECT id) AS i FROM t',
  ],
  [
    'rows of functions as a whole',
    'SELECT t.id, (SELECT json_agg(e)::text FROM unnest(t.list, t.words) WITH ORDINALITY AS e(a, "b c", n)) AS j, to_json(f)::text AS o FROM t CROSS JOIN LATERAL unnest(t.list) WITH ORDINALITY AS f(x, n)',
  ],
  [
    'in groups',
    'SELECT k, sum((SELECT max(x) FROM unnest(list) AS x)) AS s, count(*) FILTER (WHERE 2 IN (SELECT unnest(list))) AS n FROM t GROUP BY k',
  ],
  [
    'of a group',
    'SELECT k, (SELECT sum(x) FROM generate_series(1, k) AS x) AS s, count(*) AS n FROM t GROUP BY k HAVING k IN (SELECT generate_series(2, k))',
  ],
  [
    'as a group',
    'SELECT (SELECT min(x) FROM unnest(list) AS x) AS m, max(id) AS last, count(*) AS n FROM t WHERE k < 3 GROUP BY 1',
  ],
  [
    'within a group',
    `SELECT NOT EXISTS (SELECT FROM unnest(list) AS x WHERE x > c1) AS e, k IN (VALUES (c1), (2)) OR NULL AS i, count(*) AS n FROM t
       WHERE k < 3 GROUP BY 1, 2 HAVING NOT EXISTS (SELECT FROM unnest(list) AS x WHERE x > c1) OR count(*) > 1`,
  ],
  [
    'within grouping sets',
    'SELECT 1 + (SELECT max(x) FROM unnest(list) AS x) AS m, c1, k IN (SELECT c1) AS i, count(*) AS n FROM t WHERE k < 3 GROUP BY GROUPING SETS ((1, c1, k), (1), (c1, k))',
  ],
  [
    'in ON',
    'SELECT t.id, u.id AS uid FROM t LEFT JOIN u ON u.k = t.k AND EXISTS (SELECT FROM unnest(u.list) AS x WHERE x = ANY (t.list))',
  ],
  [
    'under one that reads a table',
    'SELECT id, (SELECT (SELECT sum(x * t.k) FROM unnest(u.list) AS x) FROM u WHERE u.id = t.id) AS n FROM t',
  ],
  [
    'a type without order',
    'SELECT id, (SELECT min(q.x <-> t.p) FROM unnest(ARRAY[point(0,0), point(3,3)]) AS q(x)) AS d FROM t',
  ],
  [
    'LATERAL',
    'SELECT t.id, l.s, l.a FROM t, LATERAL (SELECT sum(x) AS s, array_agg(x ORDER BY x) AS a FROM unnest(t.list) AS x) AS l',
  ],
  [
    'LATERAL of json, in LEFT JOIN',
    'SELECT t.id, l.s FROM t LEFT JOIN LATERAL (SELECT sum(e::text::int) AS s FROM json_array_elements(t.raw) AS e) AS l ON l.s > 3',
  ],
  [
    'LATERAL that limits and unites',
    `SELECT t.id, l.x, m.y FROM t LEFT JOIN LATERAL (SELECT x FROM unnest(t.list) AS x ORDER BY x DESC NULLS LAST LIMIT 2) AS l ON true,
       LATERAL (SELECT unnest(t.words) AS y UNION SELECT l.x::text) AS m`,
  ],
  [
    'LATERAL on both sides',
    'SELECT t.id, u.id AS uid, l.s FROM t LEFT JOIN (u CROSS JOIN LATERAL (SELECT max(x) AS s FROM unnest(u.list) AS x) AS l) ON u.k = t.k',
  ],
])('%s', async (_, query) => {
  expect(
    await changesThatReadMore(client, { query, changes: CHANGES, tables: ['t', 'u'], few: FEW }),
  ).toEqual([])
})
