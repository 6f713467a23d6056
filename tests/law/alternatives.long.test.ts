/** Joins that hold in one of several ways, NULL with NULL among them: one changed row leads to the others by indexes. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type FreshDatabase, freshDatabase } from '../support/server.ts'
import { changesThatReadMore } from './rows-read.ts'

let database: FreshDatabase

const QUERIES: Readonly<Record<string, string>> = {
  either: 'SELECT m.id, u.id AS u FROM m JOIN u ON m.sender = u.id OR m.recipient = u.id',
  'one of a list, counted':
    'SELECT u.id AS u, count(*) AS n FROM m JOIN u ON u.id IN (m.sender, m.recipient) GROUP BY u.id',
  'either, outer': 'SELECT u.id AS u, m.id FROM u LEFT JOIN m ON m.sender = u.id OR m.recipient = u.id',
  'neither exists':
    'SELECT u.id AS u FROM u WHERE NOT EXISTS (SELECT FROM m WHERE m.sender = u.id OR m.recipient = u.id)',
  'with more conditions':
    'SELECT m.id, u.id AS u FROM m JOIN u ON (m.sender = u.id AND m.x > 5) OR (m.recipient = u.id AND u.x = m.x)',
  'by an expression':
    'SELECT u.x, count(*) AS n, max(m.id) AS a FROM m LEFT JOIN u ON m.sender = u.id OR lower(m.name) = lower(u.name) GROUP BY u.x',
  'not distinct': 'SELECT m.id, u.id AS u FROM m JOIN u ON m.x IS NOT DISTINCT FROM u.x',
  'not distinct, outer': 'SELECT m.id, u.id AS u FROM m LEFT JOIN u ON m.v IS NOT DISTINCT FROM u.v',
  'not distinct, none':
    'SELECT m.id FROM m WHERE NOT EXISTS (SELECT FROM u WHERE u.x IS NOT DISTINCT FROM m.x AND u.id < 1500)',
  'both NULL': 'SELECT m.id, u.id AS u FROM m JOIN u ON m.x = u.x OR (m.x IS NULL AND u.x IS NULL)',
  'and shown':
    'SELECT m.id, u.id AS u, m.x IS NOT DISTINCT FROM u.x AS same, NOT (m.v IS NOT DISTINCT FROM u.v) AS other FROM m FULL JOIN u ON u.id = m.sender AND u.v IS NOT DISTINCT FROM m.v',
}

const CHANGES = (n: number): readonly string[] => [
  `UPDATE u SET name = name || 'x' WHERE id = ${n}`,
  `UPDATE u SET x = nullif(x + 100000, 100005), v = NULL WHERE id = ${n + 1}`,
  `INSERT INTO m VALUES (50000 + ${n}, ${n}, ${n + 5}, ${n}, ${n}, 'n1')`,
  `UPDATE m SET sender = ${n + 9}, recipient = ${n + 7}, x = NULL, v = NULL WHERE id = ${n + 2}`,
  `DELETE FROM m WHERE id = ${n + 3}; DELETE FROM u WHERE id = ${n + 40}; INSERT INTO u VALUES (20000 + ${n}, 'x', ${n}, 'v')`,
]

beforeAll(async () => {
  database = await freshDatabase()
  await database.client.query(`SET client_min_messages = warning;
    CREATE TABLE u (id int PRIMARY KEY, name text, x int, v varchar(9));
    CREATE TABLE m (id int PRIMARY KEY, sender int, recipient int, x int, v varchar(5), name text);
    INSERT INTO u SELECT i, 'n' || i, nullif(i, 5), nullif(i, 7) FROM generate_series(1, 2000) AS i;
    INSERT INTO m SELECT i, i % 2000, i * 7 % 2000, nullif(i % 1500, 5), nullif(i % 1500, 7), 'N' || i % 2000 FROM generate_series(1, 4000) AS i`)
})

afterAll(async () => {
  await database?.close()
})

test('the indexes are asked for, one for each way', async () => {
  const { client } = database
  const statements = new Set<string>()
  for (const query of Object.values(QUERIES)) {
    await client.query(`SELECT pgstream.create_stream_table('st', $1, '1h', 'DIFFERENTIAL')`, [query])
    const { rows } = await client.query(`SELECT statement FROM pgstream.recommend_indexes('st')`)
    for (const { statement } of rows)
      statements.add(statement.replace('CREATE INDEX CONCURRENTLY ON public.', ''))
    await client.query(`SELECT pgstream.drop_stream_table('st')`)
  }
  expect([...statements].sort()).toEqual([
    'm ((lower(name)))',
    'm (recipient)',
    'm (recipient, x)',
    'm (sender)',
    'm (v)',
    'm (x)',
    'u ((lower(name)))',
    'u (v)',
    'u (x)',
  ])
  for (const each of statements) await client.query(`CREATE INDEX ON ${each}`)
})

test.each(Object.entries(QUERIES))('%s', async (label, query) => {
  const changes = CHANGES(100 + 50 * Object.keys(QUERIES).indexOf(label))
  const many = await changesThatReadMore(database.client, { query, changes, tables: ['u', 'm'], few: 400 })
  expect(many).toEqual([])
})
