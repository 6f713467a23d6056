/** Tables joined with the elements of their arrays: by a GIN index one changed row leads to the rows whose arrays have it. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { expectEqual } from '../oracle/oracle.ts'
import { type FreshDatabase, freshDatabase } from '../support/server.ts'
import { changesThatReadMore } from './rows-read.ts'

let database: FreshDatabase

const INDEXES = ['posts USING gin (tags)', 'posts USING gin (words)']

const QUERIES: Readonly<Record<string, readonly [query: string, ...indexes: string[]]>> = {
  any: ['SELECT p.id, t.id AS t, t.label FROM posts p JOIN tags t ON t.id = ANY (p.tags)', INDEXES[0] ?? ''],
  'any, counted': [
    'SELECT t.label, count(*) AS n, max(p.id) AS p FROM posts p JOIN tags t ON t.id = ANY (p.tags) GROUP BY t.label',
    INDEXES[0] ?? '',
  ],
  'any, outer': [
    'SELECT t.id, t.label, p.id AS p FROM tags t LEFT JOIN posts p ON t.id = ANY (p.tags) AND p.size > 3',
    INDEXES[0] ?? '',
  ],
  'any exists': [
    'SELECT p.id FROM posts p WHERE NOT EXISTS (SELECT FROM tags t WHERE t.id = ANY (p.tags) AND t.label <> $$l7$$)',
    INDEXES[0] ?? '',
  ],
  unnest: [
    'SELECT p.id, t.label, u.n FROM posts p, unnest(p.tags) WITH ORDINALITY AS u(tag, n) JOIN tags t ON t.id = u.tag',
    INDEXES[0] ?? '',
  ],
  'unnest in the select list': [
    'SELECT t.label, count(*) AS n FROM (SELECT id, unnest(words) AS word FROM posts) AS p JOIN tags t ON t.label = p.word GROUP BY t.label',
    INDEXES[1] ?? '',
  ],
  'beside what is indexed': [
    'SELECT p.id, t.id AS t FROM posts p JOIN tags t ON t.owner = p.owner AND t.id = ANY (p.tags)',
  ],
}

const CHANGES = (n: number): readonly string[] => [
  `UPDATE tags SET label = label || 'x' WHERE id = ${n}`,
  `UPDATE tags SET id = 90000 + ${n}, label = 'w' || ${n} WHERE id = ${n + 1}`,
  `INSERT INTO posts VALUES (50000 + ${n}, 7, ARRAY[${n}, NULL, ${n}, ${n + 9}], ARRAY['w' || ${n}], ${n}), (60000 + ${n}, 7, NULL, NULL, ${n})`,
  `UPDATE posts SET tags = tags || ${n + 7}, words = '{}' WHERE id = ${n + 2}`,
  `DELETE FROM posts WHERE id = ${n + 3}; DELETE FROM tags WHERE id = ${n + 4}; INSERT INTO tags VALUES (10000 + ${n}, 'w' || ${n + 9}, ${n})`,
]

beforeAll(async () => {
  database = await freshDatabase()
  await database.client.query(`SET client_min_messages = warning;
    CREATE TABLE posts (id int PRIMARY KEY, size int, tags int[], words text[], owner int); CREATE INDEX ON posts (owner);
    CREATE TABLE tags (id int PRIMARY KEY, label text, owner int); CREATE INDEX ON tags (label); CREATE INDEX ON tags (owner);
    INSERT INTO posts SELECT i, i % 10, ARRAY[i % 1500, (i * 7) % 1500], ARRAY['w' || i % 1500, 'l' || i % 1000], i % 1500 FROM generate_series(1, 5000) AS i;
    INSERT INTO tags SELECT i, 'l' || i, i FROM generate_series(1, 1500) AS i; ANALYZE`)
})

afterAll(async () => {
  await database?.close()
})

test('the indexes are asked for, until they are there', async () => {
  const { client } = database
  const advice = async () =>
    (await client.query(`SELECT statement FROM pgstream.recommend_indexes('st')`)).rows.map(({ statement }) =>
      statement.replace('CREATE INDEX CONCURRENTLY ON public.', ''),
    )
  for (const made of [false, true]) {
    for (const [label, [query, ...indexes]] of Object.entries(QUERIES)) {
      await client.query(`SELECT pgstream.create_stream_table('st', $1, '1h', 'DIFFERENTIAL')`, [query])
      expect([label, ...(await advice())]).toEqual([label, ...(made ? [] : indexes)])
      await client.query(`SELECT pgstream.drop_stream_table('st')`)
    }
    if (!made) for (const each of INDEXES) await client.query(`CREATE INDEX ON ${each}`)
  }
})

test.each(Object.entries(QUERIES))('%s', async (label, [query]) => {
  const changes = CHANGES(100 + 50 * Object.keys(QUERIES).indexOf(label))
  const many = await changesThatReadMore(database.client, {
    query,
    changes,
    tables: ['posts', 'tags'],
    few: 400,
  })
  expect(many).toEqual([])
})

/** Elements that pass through more than a join, and conditions of which rows, not tables, are compared. */
test.each([
  'SELECT t.label, q.w FROM (SELECT DISTINCT unnest(tags) AS w FROM p) q JOIN t ON t.id = q.w',
  'SELECT t.label, q.w FROM (SELECT DISTINCT u.w FROM p, unnest(p.tags) AS u(w)) q JOIN t ON t.id = q.w',
  'SELECT t.label, q.w FROM (SELECT u.w FROM p, unnest(p.tags) AS u(w) ORDER BY p.id, u.w LIMIT 20) q JOIN t ON t.id = q.w',
  'SELECT t.label, q.w, q.r FROM (SELECT u.w, row_number() OVER (PARTITION BY u.w ORDER BY p.id) AS r FROM p, unnest(p.tags) AS u(w)) q JOIN t ON t.id = q.w',
  'SELECT t.label, q.w FROM t LEFT JOIN (SELECT p.id, u.w FROM p LEFT JOIN LATERAL unnest(p.tags) AS u(w) ON true) q ON t.id = q.w',
  'SELECT t.id FROM t WHERE t.id IN (SELECT unnest(tags) FROM p WHERE p.id < 50)',
  'SELECT t.id FROM t WHERE t.id NOT IN (SELECT u.w FROM p, unnest(p.tags) AS u(w) WHERE u.w IS NOT NULL)',
  'SELECT DISTINCT ON (u.w) u.w, t.label, p.id FROM p, unnest(p.tags) AS u(w) JOIN t ON t.id = u.w ORDER BY u.w, p.id',
  'SELECT u.w, t.label FROM p CROSS JOIN LATERAL (SELECT max(x) AS w FROM unnest(p.tags) AS x) u JOIN t ON t.id = u.w',
  'SELECT a.id, b.id AS b FROM p a JOIN p b ON a.id = ANY (b.tags)',
  'SELECT a.id FROM t a WHERE (SELECT max(b.y) FROM t b WHERE b.label = a.label) IS NOT DISTINCT FROM a.y',
  'SELECT a.label, max(a.y) AS m FROM t a GROUP BY a.label HAVING max(a.y) IS NOT DISTINCT FROM min(a.y)',
  'WITH RECURSIVE r(id, n) AS (SELECT id, 0 FROM t WHERE id < 3 UNION SELECT t.id, r.n + 1 FROM r JOIN p ON p.id = r.id JOIN t ON t.id = ANY (p.tags) WHERE r.n < 4) SELECT * FROM r',
  'SELECT t.id, EXISTS (SELECT FROM p WHERE t.id = ANY (p.tags)) AS e, t.y IS NOT DISTINCT FROM t.id AS s FROM t',
])('several tables changed at once, NULLs and duplicates among the elements: %s', async (query) => {
  const { client } = database
  await client.query(`DROP TABLE IF EXISTS st, p, t; CREATE TABLE p (id int PRIMARY KEY, tags int[]); CREATE INDEX ON p USING gin (tags);
    CREATE TABLE t (id int PRIMARY KEY, label text, y int);
    INSERT INTO p SELECT i, CASE WHEN i % 7 > 0 THEN ARRAY[i % 20, i % 9, NULL] END FROM generate_series(1, 100) AS i;
    INSERT INTO t SELECT i, 'l' || i % 5, nullif(i % 4, 0) FROM generate_series(1, 30) AS i`)
  await client.query(`SELECT pgstream.create_stream_table('st', $1, '1h', 'DIFFERENTIAL')`, [query])
  for (let i = 1; i < 6; i++) {
    await client.query(`BEGIN; UPDATE p SET tags = tags || ${i} WHERE id % 11 = ${i}; UPDATE t SET y = nullif(y + 1, 3) WHERE id % 5 = ${i % 5};
      DELETE FROM t WHERE id = ${i * 3}; INSERT INTO t VALUES (${i * 3}, 'l1', NULL); UPDATE p SET tags = NULL WHERE id = ${i * 9}; COMMIT`)
    await client.query(`SELECT pgstream.refresh_stream_table('st')`)
    await expectEqual(client, 'st')
  }
})
