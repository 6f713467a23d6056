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

/** A row of which a field is NULL is neither NULL nor NOT NULL. */
const ROWS: Readonly<Record<string, string>> = {
  lag: 'SELECT id, p, kind, lag(at) OVER (PARTITION BY p ORDER BY at, id) AS before FROM r',
  'lag by two': 'SELECT id, p, kind, lag(at) OVER (PARTITION BY p, kind ORDER BY at, id) AS before FROM r',
  'sums by two':
    'SELECT id, p, kind, sum(at) OVER (PARTITION BY p, kind ORDER BY at, id ROWS 2 PRECEDING) AS s FROM r',
  'groups by two':
    'SELECT p, kind, array_agg(id ORDER BY at, id) AS ids, max(at) AS m FROM r GROUP BY p, kind',
  'groups by three':
    'SELECT p, kind, tags, array_agg(id ORDER BY at, id) AS ids FROM r GROUP BY p, kind, tags',
  'first rows by two': 'SELECT DISTINCT ON (p, kind) p, kind, id, at FROM r ORDER BY p, kind, at DESC, id',
}

test.each(Object.entries(ROWS))('keys that are rows: %s', async (_, query) => {
  await database.client.query(`DROP TABLE IF EXISTS st, r; DROP TYPE IF EXISTS pair; CREATE TYPE pair AS (a int, b text);
    CREATE TABLE r (id int PRIMARY KEY, p pair, kind text, tags int[], at int);
    INSERT INTO r SELECT i, CASE i % 5 WHEN 0 THEN NULL WHEN 1 THEN ROW(1, NULL)::pair WHEN 2 THEN ROW(NULL, NULL)::pair ELSE ROW(i % 3, 'b')::pair END,
      CASE WHEN i % 3 > 0 THEN 'k' || i % 2 END, CASE WHEN i % 4 > 0 THEN ARRAY[i % 2, NULL] END, i * 7 % 100 FROM generate_series(1, 200) AS i;
    CREATE INDEX ON r (p, at); CREATE INDEX ON r (p, kind, at)`)
  const more = await changesThatReadMore(database.client, {
    query,
    changes: [
      'UPDATE r SET at = at + 1 WHERE id <= 30',
      'UPDATE r SET at = at + 3 WHERE id = 1',
      `UPDATE r SET p = ROW(1, NULL), kind = NULL WHERE id BETWEEN 40 AND 50`,
      `UPDATE r SET p = NULL, kind = NULL, tags = NULL WHERE id BETWEEN 60 AND 64; DELETE FROM r WHERE id = 41`,
      `UPDATE r SET p = ROW(NULL, NULL), kind = 'k1' WHERE id = 62; INSERT INTO r VALUES (500, ROW(1, NULL), NULL, '{}', 5)`,
    ],
    tables: ['r'],
    few: FEW,
  })
  expect(more).toEqual([])
})
