/** Keys computed anew, of which some lack a column: the others are not looked for among all rows that lack it. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type FreshDatabase, freshDatabase } from '../support/server.ts'
import { changesThatReadMore } from './rows-read.ts'

let database: FreshDatabase

/** Of 3,000 users with ten rows each 300 change, and the 1,500 rows of none; of these rows each is read a few times. */
const FEW = 25_000

const QUERIES: Readonly<Record<string, string>> = {
  'first rows': `SELECT u.id, x.id AS e, x.at FROM u LEFT JOIN LATERAL
    (SELECT id, at FROM e WHERE e.usr = u.id ORDER BY at DESC, id LIMIT 3) AS x ON true`,
  'first rows by row_number()': `SELECT * FROM (SELECT id, usr, row_number() OVER (PARTITION BY usr ORDER BY at DESC, id) AS place FROM e) AS q
    WHERE place <= 2`,
  'first rows by two columns':
    'SELECT DISTINCT ON (usr, kind) usr, kind, id, at FROM e ORDER BY usr, kind, at DESC, id',
  'groups by two columns': 'SELECT usr, kind, array_agg(id ORDER BY at, id) AS ids FROM e GROUP BY usr, kind',
  'partitions by two columns':
    'SELECT id, usr, kind, lag(at) OVER (PARTITION BY usr, kind ORDER BY at, id) AS before FROM e',
  'groups by three columns':
    'SELECT usr, kind, tag, array_agg(id ORDER BY at, id) AS ids FROM e GROUP BY usr, kind, tag',
}

beforeAll(async () => {
  database = await freshDatabase()
  await database.client.query(`
    CREATE TABLE u (id int PRIMARY KEY);
    INSERT INTO u SELECT generate_series(1, 3000);
    CREATE TABLE e (id int PRIMARY KEY, usr int, kind text, tag text, at int);
    INSERT INTO e SELECT i, CASE WHEN i % 20 > 0 THEN 1 + i % 3000 END, CASE WHEN i % 15 > 0 THEN 'k' || i % 400 END,
      CASE WHEN i % 10 > 0 THEN 't' || i % 2 END, i * 37 % 30000 FROM generate_series(1, 30000) AS i;
    CREATE INDEX ON e (usr, at); CREATE INDEX ON e (usr, kind, at); CREATE INDEX ON e (kind)`)
})

afterAll(async () => {
  await database?.close()
})

test.each(Object.entries(QUERIES))('%s', async (_, query) => {
  const more = await changesThatReadMore(database.client, {
    query,
    changes: [
      'UPDATE e SET at = at + 1 WHERE id <= 300',
      'UPDATE e SET usr = CASE WHEN id % 7 > 0 THEN 5 + id END, kind = CASE WHEN id % 5 > 0 THEN kind END WHERE id BETWEEN 601 AND 900',
      'DELETE FROM e WHERE id BETWEEN 7001 AND 7005; UPDATE e SET usr = NULL, kind = NULL WHERE id = 1001',
      `INSERT INTO e SELECT i, NULL, NULL, NULL, 1 FROM generate_series(7001, 7002) AS i; INSERT INTO e SELECT i, 3, NULL, 't1', 2 FROM generate_series(7003, 7005) AS i`,
    ],
    tables: ['u', 'e'],
    few: FEW,
  })
  expect(more).toEqual([])
})
