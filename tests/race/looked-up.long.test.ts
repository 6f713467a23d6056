/**
 * Joins that go by more than a plain index on columns (one of several ways, expressions, elements of arrays, varchar and domains, the
 * asked key of a union), with writers beside the refreshes, and with thousands of rows of all tables changed at once.
 */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { expectExact } from '../oracle/oracle.ts'
import { type FreshDatabase, freshDatabase } from '../support/server.ts'
import { sayWhoWaits } from './hang.ts'

let database: FreshDatabase

const EDGES = `(SELECT a AS src, b AS dst FROM links WHERE kind < 3 UNION ALL SELECT b, a FROM links WHERE kind < 3)`

const QUERIES: Readonly<Record<string, string>> = {
  either: 'SELECT m.id, u.id AS u FROM m JOIN u ON m.sender = u.id OR m.recipient = u.id',
  one_of_a_list:
    'SELECT u.id AS u, count(*) AS n FROM m JOIN u ON u.id IN (m.sender, m.recipient) GROUP BY u.id',
  neither:
    'SELECT u.id AS u FROM u WHERE NOT EXISTS (SELECT FROM m WHERE m.sender = u.id OR m.recipient = u.id)',
  not_distinct: 'SELECT m.id, u.id AS u FROM m LEFT JOIN u ON m.x IS NOT DISTINCT FROM u.x AND u.id < 200',
  lowered:
    'SELECT lower(u.name) AS name, count(m.id) AS n FROM u LEFT JOIN m ON lower(m.name) = lower(u.name) GROUP BY 1',
  by_varchar: 'SELECT m.v, count(*) AS n, max(u.id) AS u FROM m JOIN u ON u.v = m.v GROUP BY m.v',
  by_domain: 'SELECT m.id FROM m WHERE m.code NOT IN (SELECT u.code FROM u WHERE u.code IS NOT NULL)',
  tagged: 'SELECT p.id, t.id AS t, t.label FROM posts p JOIN tags t ON t.id = ANY (p.tags)',
  labels:
    'SELECT t.label, count(*) AS n FROM posts p, unnest(p.tags) AS tag JOIN tags t ON t.id = tag GROUP BY t.label',
  untagged: 'SELECT t.id FROM tags t LEFT JOIN posts p ON t.id = ANY (p.tags) WHERE p.id IS NULL',
  reached: `WITH RECURSIVE r(a, b) AS (SELECT id, id FROM tags WHERE owner % 40 = 0
    UNION SELECT DISTINCT r.a, e.dst FROM r JOIN ${EDGES} AS e ON e.src = r.b) SELECT a, count(*) AS n FROM r GROUP BY a`,
  placed: `WITH RECURSIVE r(id, label, owner) AS (SELECT id, label, owner FROM tags WHERE owner < 3
    UNION ALL SELECT t.id, t.label, t.owner FROM r JOIN tags t ON t.owner = r.id + 2 WHERE t.owner < 40)
    SEARCH DEPTH FIRST BY label, id SET seq CYCLE id SET met USING way
    SELECT id, row_number() OVER (ORDER BY seq, id) AS place, cardinality(way) AS depth FROM r WHERE NOT met`,
  nearest:
    'SELECT u.id, (SELECT l.b FROM links l WHERE l.a = u.x AND l.b <= u.id ORDER BY l.b DESC LIMIT 1) AS b FROM u',
  next_two: `SELECT m.id, q.b, q.kind FROM m LEFT JOIN LATERAL
    (SELECT l.b, l.kind FROM links l WHERE l.a = m.sender AND l.b > m.x ORDER BY l.b LIMIT 2) AS q ON true`,
  asked: `SELECT id, label FROM tags WHERE id IN (SELECT l.a FROM links l WHERE l.b IN (SELECT id FROM u WHERE name LIKE 'n1%')
    AND l.kind > (SELECT 0.2 * avg(e.kind) FROM links e JOIN posts p ON p.size = e.kind WHERE e.a = l.a AND e.b = l.b))`,
}

beforeAll(async () => {
  database = await freshDatabase()
  await database.client.query(`SET client_min_messages = warning; CREATE DOMAIN code AS text CHECK (VALUE <> '');
    CREATE TABLE u (id int PRIMARY KEY, name text, x int, v varchar(9), code code);
    CREATE TABLE m (id int PRIMARY KEY, sender int, recipient int, x int, v varchar(5), name text, code code);
    CREATE TABLE posts (id int PRIMARY KEY, size int, tags int[]);
    CREATE TABLE tags (id int PRIMARY KEY, label text, owner int);
    CREATE TABLE links (a int, b int, kind int, PRIMARY KEY (a, b));
    INSERT INTO u SELECT i, 'n' || i, nullif(i, 5), nullif(i % 90, 7), 'c' || i % 50 FROM generate_series(1, 300) AS i;
    INSERT INTO m SELECT i, i % 300, i * 7 % 300, nullif(i % 200, 5), nullif(i % 90, 7), 'N' || i % 300, 'c' || i % 60 FROM generate_series(1, 500) AS i;
    INSERT INTO posts SELECT i, i % 6, ARRAY[i % 150, (i * 7) % 150] FROM generate_series(1, 300) AS i;
    INSERT INTO tags SELECT i, 'l' || i % 40, i FROM generate_series(1, 150) AS i;
    INSERT INTO links SELECT i % 150 + 1, i * 7 % 150 + 1, i % 5 FROM generate_series(1, 170) AS i ON CONFLICT DO NOTHING`)
  for (const [name, query] of Object.entries(QUERIES))
    await database.client.query(`SELECT pgstream.create_stream_table($1, $2, '1h', 'DIFFERENTIAL')`, [
      name,
      query,
    ])
  const { rows } = await database.client.query(
    'SELECT DISTINCT r.statement FROM pgstream.pgs_stream_tables s, pgstream.recommend_indexes(s.pgs_name) AS r ORDER BY 1',
  )
  for (const { statement } of rows) await database.client.query(statement)
  await database.client.query('ANALYZE')
})

afterAll(async () => {
  await database?.close()
})

/** `n` rows of a table, which the number `k` picks. */
const CHANGES = (k: number, n: number): readonly string[] => [
  `UPDATE u SET name = (ARRAY['n', 'N', 'x'])[1 + id % 3] || (id + ${k}) % 300, x = nullif(x + ${k} % 5, 5) WHERE id % 300 BETWEEN ${k % 290} AND ${(k % 290) + n}`,
  `UPDATE u SET v = nullif((id * ${k}) % 90, 7), code = nullif('c' || (id + ${k}) % 61, 'c60') WHERE id % 300 BETWEEN ${k % 280} AND ${(k % 280) + n}`,
  `INSERT INTO m SELECT 1000 + ${k} * 10000 + i, (i + ${k}) % 310, (i * ${k}) % 310, nullif(i % 200, 5), nullif(i % 99, 7), 'n' || i % 320, nullif('c' || i % 62, 'c61')
    FROM generate_series(1, ${n}) AS i ON CONFLICT DO NOTHING`,
  `UPDATE m SET sender = recipient, recipient = nullif(sender + ${k}, 30), x = NULL, v = nullif(v, '3') WHERE id % 400 BETWEEN ${k % 390} AND ${(k % 390) + n}`,
  `DELETE FROM m WHERE id > 1000 AND id % 7 = ${k % 7}`,
  `UPDATE posts SET tags = tags || ${k % 160} WHERE cardinality(tags) < 6 AND id % 300 BETWEEN ${k % 290} AND ${(k % 290) + n}`,
  `UPDATE posts SET tags = tags[2:], size = size + 1 WHERE id % 300 BETWEEN ${k % 270} AND ${(k % 270) + n}`,
  `INSERT INTO posts SELECT 1000 + ${k} * 10000 + i, i % 6, ARRAY[i % 160, NULL, i % 160, ${k} % 160] FROM generate_series(1, ${n}) AS i ON CONFLICT DO NOTHING;
    DELETE FROM posts WHERE id > 1000 AND id % 5 = ${k % 5}`,
  `UPDATE tags SET label = 'l' || (id + ${k}) % 45, owner = (owner * 7 + ${k}) % 150 WHERE id % 150 BETWEEN ${k % 145} AND ${(k % 145) + n}`,
  `DELETE FROM tags WHERE id = ${1 + (k % 150)}; INSERT INTO tags SELECT i, 'l' || ${k % 40}, ${k % 150} FROM generate_series(1, 150) AS i ON CONFLICT DO NOTHING`,
  `UPDATE links SET kind = (kind + ${k}) % 6 WHERE a % 150 BETWEEN ${k % 145} AND ${(k % 145) + n}`,
  `DELETE FROM links WHERE b % 9 = ${k % 9} AND a % 3 = ${k % 3}; INSERT INTO links SELECT i % 150 + 1, (i * 11 + ${k}) % 150 + 1, i % 5 FROM generate_series(1, ${Math.min(n, 20)}) AS i ON CONFLICT DO NOTHING`,
]

test('writers beside refreshes', async () => {
  const stop = sayWhoWaits(await database.connect(), 120_000)
  let isOver = false
  const writer = async (own: number) => {
    const client = await database.connect()
    for (let k = own * 1000; !isOver; k++) {
      const changes = CHANGES(k, 1 + (k % 4))
      const some = [k, k * 5 + own, k * 3].map((i) => changes[i % changes.length])
      try {
        await client.query(`BEGIN; ${some.join('; ')}; COMMIT`)
      } catch (error) {
        await client.query('ROLLBACK')
        // Two writers may meet in two rows.
        if (!['40P01', '40001', '23505'].includes((error as { code?: string }).code ?? '')) throw error
      }
    }
  }
  const writers = [1, 2, 3, 4].map(writer)
  const reader = async (names: readonly string[]) => {
    const client = await database.connect()
    for (let round = 0; round < 12; round++) for (const name of names) await expectExact(client, name)
  }
  const names = Object.keys(QUERIES)
  try {
    await Promise.all([reader(names), reader([...names].reverse())])
  } finally {
    isOver = true
    await Promise.all(writers)
    stop()
  }
  for (const name of names) await expectExact(database.client, name)
})

test('thousands of rows of all tables at once', async () => {
  const { client } = database
  for (const [k, n] of [
    [3, 300],
    [17, 2000],
    [40, 3],
    [101, 1500],
  ] as const) {
    for (const change of CHANGES(k, n)) await client.query(change)
    for (const name of Object.keys(QUERIES))
      expect([name, await expectExact(client, name)]).toEqual([name, 'DIFFERENTIAL'])
  }
})
