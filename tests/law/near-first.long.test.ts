/** The first rows of all, where no index has their order: a change behind the last of them reads nothing else. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { expectEqual } from '../oracle/oracle.ts'
import { type FreshDatabase, freshDatabase } from '../support/server.ts'
import { changesThatReadMore } from './rows-read.ts'

let database: FreshDatabase

beforeAll(async () => {
  database = await freshDatabase()
  await database.client.query(`SET client_min_messages = warning;
    CREATE TABLE doc (id int PRIMARY KEY, title text, x numeric);
    CREATE TABLE liked (doc int, usr int);
    CREATE INDEX ON liked (doc)`)
})

afterAll(async () => {
  await database?.close()
})

const LIKES = 'SELECT doc, count(*) AS n FROM liked GROUP BY doc'

test.each([
  [
    'of a join with groups',
    `SELECT d.id, coalesce(l.n, 0) AS n FROM doc AS d LEFT JOIN (${LIKES}) AS l ON l.doc = d.id ORDER BY n DESC, d.id LIMIT 5`,
  ],
  ['of a table', 'SELECT id, x FROM doc ORDER BY x DESC NULLS LAST, id LIMIT 5 OFFSET 2'],
  [
    'by an expression',
    'SELECT title, x + id AS s FROM doc ORDER BY x + id DESC NULLS LAST FETCH FIRST 4 ROWS WITH TIES',
  ],
  [
    'of a union',
    'SELECT id, x FROM doc UNION ALL SELECT doc, -usr FROM liked ORDER BY 2 DESC NULLS LAST, 1 LIMIT 7',
  ],
])('%s', async (_, query) => {
  const { client } = database
  await client.query(`TRUNCATE doc, liked;
    INSERT INTO doc SELECT i, 't' || i, nullif(i % 1000, 7) FROM generate_series(1, 20000) AS i;
    INSERT INTO liked SELECT 1 + i % 3000, i FROM generate_series(1, 9000) AS i;
    INSERT INTO liked SELECT i % 30, i FROM generate_series(1, 3000) AS i`)
  const more = await changesThatReadMore(client, {
    query,
    changes: [
      'INSERT INTO doc VALUES (30001, $$a$$, NULL), (30002, $$b$$, -30000)',
      'UPDATE doc SET x = x - 1 WHERE id = 300',
      'DELETE FROM doc WHERE id = 301',
      'INSERT INTO liked VALUES (400, 1)',
      'DELETE FROM liked WHERE doc = 401',
    ],
    tables: ['doc', 'liked'],
    few: 60,
  })
  expect(more).toEqual([])
})

test('whatever comes and goes among few rows', async () => {
  const { client } = database
  const queries = [
    'SELECT g, x FROM few ORDER BY x DESC NULLS LAST, g LIMIT 3',
    'SELECT id FROM few ORDER BY x, id OFFSET 2 LIMIT 2',
    'SELECT id, x FROM few ORDER BY x DESC FETCH FIRST 2 ROWS WITH TIES',
    'SELECT x FROM few ORDER BY x NULLS FIRST LIMIT 4',
    'SELECT g, 12 / x AS q FROM few WHERE x <> 0 ORDER BY 12 / x, g, id LIMIT 3',
    'SELECT g, count(*) AS n FROM few GROUP BY g ORDER BY n DESC, g DESC NULLS LAST LIMIT 2',
    'SELECT a.id, b.x FROM few AS a LEFT JOIN few AS b ON b.id = a.g ORDER BY b.x DESC, a.id LIMIT 3',
    'SELECT t FROM few ORDER BY t COLLATE "C" DESC, id LIMIT 3',
    'SELECT id FROM few ORDER BY x LIMIT 0',
    'SELECT q.id, q.x FROM (SELECT id, g, x FROM few ORDER BY g DESC, id LIMIT 6) AS q ORDER BY q.x, q.id LIMIT 3',
    'SELECT max(x) AS m, count(*) AS n FROM (SELECT x FROM few ORDER BY g, x, id LIMIT 4) AS q',
  ]
  await client.query('CREATE TABLE few (id int PRIMARY KEY, g int, x int, t text); SELECT setseed(0.3)')
  const names = queries.map((_, i) => `few_${i}`)
  for (const [i, query] of queries.entries())
    await client.query(`SELECT pgstream.create_stream_table($1, $2, '1h', 'DIFFERENTIAL')`, [names[i], query])
  const some = (of: string) => `CASE WHEN random() < 0.2 THEN NULL ELSE ${of} END`
  const row = `${some('floor(random() * 8)::int')}, ${some('floor(random() * 6)::int')}, ${some('chr(60 + floor(random() * 60)::int)')}`
  const kinds = [
    `INSERT INTO few SELECT floor(random() * 30)::int, ${row} FROM generate_series(1, 2) ON CONFLICT DO NOTHING`,
    'DELETE FROM few WHERE random() < 0.1',
    `UPDATE few SET (g, x, t) = (SELECT ${row} WHERE few.id > 0) WHERE random() < 0.15`,
    'UPDATE few SET x = 7 - x WHERE random() < 0.1',
    'INSERT INTO few VALUES (99, 1, 0, NULL); UPDATE few SET x = 1 WHERE id = 99; DELETE FROM few WHERE id = 99',
  ]
  for (let round = 0; round < 60; round++) {
    for (let i = 0; i <= round % 2; i++) await client.query(kinds[(round * 7 + i * 3) % kinds.length] ?? '')
    for (const name of names) {
      await client.query('SELECT pgstream.refresh_stream_table($1)', [name])
      await expectEqual(client, name)
    }
  }
})

test('<> ALL is NOT IN: indexes find what it is about', async () => {
  const { client } = database
  // PostgreSQL itself compares each with each.
  await client.query(`
    CREATE TABLE person (id int PRIMARY KEY, boss int); CREATE INDEX ON person (boss);
    CREATE TABLE booking (id int PRIMARY KEY, who int, room text); CREATE INDEX ON booking (who);
    INSERT INTO person SELECT i, nullif(i % 500, 0) FROM generate_series(1, 2000) AS i;
    INSERT INTO booking SELECT i, 2 * i, 'r' || i FROM generate_series(1, 2000) AS i`)
  for (const query of [
    'SELECT id FROM person WHERE id <> ALL (SELECT who FROM booking WHERE who IS NOT NULL)',
    'SELECT id, id <> ALL (SELECT who FROM booking) AS "free" FROM person',
    'SELECT id FROM person AS p WHERE (id, id) <> ALL (SELECT who, id FROM booking) OR boss = 7',
  ]) {
    const more = await changesThatReadMore(client, {
      query,
      changes: [
        'UPDATE booking SET who = who + 1 WHERE id = 30',
        'DELETE FROM booking WHERE id = 31',
        'INSERT INTO person VALUES (50001, 1)',
        'DELETE FROM person WHERE id IN (50001, 50)',
        'INSERT INTO booking VALUES (31, 62), (50000, 51)',
        'DELETE FROM booking WHERE id = 50000; INSERT INTO person VALUES (50, 1)',
      ],
      tables: ['person', 'booking'],
      few: 60,
    })
    expect([query, more]).toEqual([query, []])
  }
})
