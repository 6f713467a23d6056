/** Tables joined with the elements of their arrays: by a GIN index one changed row leads to the rows whose arrays have it. */
import { afterAll, beforeAll, expect, test } from 'vitest'
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
