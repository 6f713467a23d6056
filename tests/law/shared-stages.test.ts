/** What stands in a query more than once is kept and computed once. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { expectExact } from '../oracle/oracle.ts'
import { type FreshDatabase, freshDatabase } from '../support/server.ts'

let database: FreshDatabase

beforeAll(async () => {
  database = await freshDatabase()
  await database.client.query(`
    CREATE TABLE t (id int PRIMARY KEY, g int, x int, y numeric);
    CREATE TABLE link (id int PRIMARY KEY, a int, b int);
    CREATE INDEX ON t (g); CREATE INDEX ON link (a); CREATE INDEX ON link (b)`)
})

afterAll(() => database.close())

const FILL = `TRUNCATE t, link;
  INSERT INTO t SELECT i, nullif(i % 5, 4), i * 7 % 11, i / 2.0 FROM generate_series(1, 30) AS i;
  INSERT INTO link SELECT i, i % 7, (i * 3) % 7 FROM generate_series(1, 10) AS i`

const CHANGES = [
  'INSERT INTO t VALUES (40, 1, 5, 2.50), (41, 9, NULL, NULL)',
  'UPDATE t SET g = NULL WHERE id % 6 = 1; UPDATE link SET b = 2 WHERE id = 3',
  'DELETE FROM t WHERE g = 2; DELETE FROM link WHERE a = 1',
  'UPDATE t SET x = x + 1; INSERT INTO link VALUES (20, 2, 5), (21, 5, 2)',
  'DELETE FROM t; DELETE FROM link',
  'INSERT INTO t VALUES (1, 1, 1, 1), (2, 2, 2, 2.0); INSERT INTO link VALUES (1, 1, 2)',
]

test.each([
  [
    'groups',
    1,
    'WITH w AS (SELECT g, count(*) AS n, sum(x) AS s FROM t GROUP BY g) SELECT a.g, b.g AS other, a.s FROM w AS a JOIN w AS b ON b.n = a.n WHERE a.s >= b.s',
  ],
  [
    'groups, in a subquery and outside',
    1,
    'WITH w AS (SELECT g, max(y) AS m FROM t GROUP BY g) SELECT g, m FROM w WHERE EXISTS (SELECT FROM w AS v WHERE v.g = w.g + 1 AND v.m > w.m)',
  ],
  [
    'groups of groups',
    2,
    'WITH v AS (SELECT g, count(*) AS n FROM t GROUP BY g), w AS (SELECT n, count(*) AS c FROM v GROUP BY n) SELECT a.n, b.c, v.g FROM w AS a JOIN w AS b ON b.c = a.c JOIN v ON v.n = a.n',
  ],
  [
    'windows',
    1,
    'WITH w AS (SELECT id, g, row_number() OVER (PARTITION BY g ORDER BY x, id) AS r FROM t) SELECT a.id, b.id AS next FROM w AS a LEFT JOIN w AS b ON b.g = a.g AND b.r = a.r + 1',
  ],
  [
    'a limit, whose ties are the same rows in both places',
    1,
    'WITH w AS (SELECT id, g FROM t ORDER BY g LIMIT 7) SELECT a.id, b.id AS other FROM w AS a JOIN w AS b ON a.g = b.g',
  ],
  [
    'a recursion',
    1,
    'WITH RECURSIVE r(a, b) AS (SELECT a, b FROM link UNION SELECT r.a, l.b FROM r JOIN link AS l ON l.a = r.b) SELECT x.a, y.b FROM r AS x JOIN r AS y ON y.a = x.b AND y.b <> x.a',
  ],
  [
    'views and subqueries that say the same',
    1,
    'SELECT a.g, b.s FROM (SELECT g, sum(x) AS s FROM t GROUP BY g) AS a JOIN (SELECT g, sum(x) AS s FROM t GROUP BY g) AS b ON a.g = b.g + 1',
  ],
  [
    'what differs by a number stays two',
    2,
    'SELECT a.id FROM (SELECT id, g FROM t ORDER BY id LIMIT 7) AS a JOIN (SELECT id, g FROM t ORDER BY id LIMIT 8) AS b ON a.g = b.g',
  ],
  [
    'what differs by a column stays two',
    2,
    'SELECT a.g, b.n FROM (SELECT g, count(*) AS n FROM t GROUP BY g) AS a JOIN (SELECT x AS g, count(*) AS n FROM t GROUP BY x) AS b ON a.g = b.g',
  ],
])('%s', async (_, tables, query) => {
  const { client } = database
  await client.query(FILL)
  await client.query(`SELECT pgstream.create_stream_table('shared', $1, '1h', 'DIFFERENTIAL')`, [query])
  try {
    const { rows } = await client.query(
      `SELECT jsonb_array_length(plan -> 'stateTables') AS n FROM pgstream.pgs_stream_tables WHERE pgs_name = 'shared'`,
    )
    expect(rows).toEqual([{ n: tables }])
    await expectExact(client, 'shared', { image: true })
    for (const change of CHANGES) {
      await client.query(change)
      expect(await expectExact(client, 'shared', { image: true })).toMatch(/^(DIFFERENTIAL|NO_DATA)$/)
    }
  } finally {
    await client.query(`SELECT pgstream.drop_stream_table('shared')`)
  }
})
