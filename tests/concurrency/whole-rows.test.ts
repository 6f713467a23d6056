/** Rows as values: of tables and of views, also where an outer join has none. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { expectExact } from '../oracle/oracle.ts'
import { type FreshDatabase, freshDatabase } from '../support/server.ts'

let database: FreshDatabase

beforeAll(async () => {
  database = await freshDatabase()
  await database.client.query(`
    CREATE TABLE person (id int PRIMARY KEY, gone int, name text, age numeric);
    ALTER TABLE person DROP COLUMN gone;
    CREATE TABLE visit (id int PRIMARY KEY, person int, note text);
    CREATE VIEW adult AS SELECT id, name FROM person WHERE age >= 18;
    CREATE FUNCTION label(public.person) RETURNS text LANGUAGE sql IMMUTABLE RETURN $1.name || ' ' || $1.id;
  `)
})

afterAll(() => database.close())

test.each([
  ['a row', 'SELECT p FROM person p'],
  ['a row and its columns', 'SELECT p.id, p, (p).name AS n FROM person p WHERE p.age > 10'],
  ['a row given to a function', 'SELECT id, label(p) AS l FROM person p'],
  [
    'a row counted',
    'SELECT count(p) AS n, count(*) AS all FROM visit v LEFT JOIN person p ON p.id = v.person',
  ],
  [
    'a row that may be missing',
    'SELECT v.id, p, p IS NULL AS none FROM visit v LEFT JOIN person p ON p.id = v.person',
  ],
  [
    'a row asked for as a whole',
    'SELECT v.id, p IS DISTINCT FROM NULL AS some, p IS NOT DISTINCT FROM NULL AS none, p IS NOT NULL AS whole FROM visit v LEFT JOIN person p ON p.id = v.person',
  ],
  ['rows of both sides', 'SELECT v, p FROM visit v FULL JOIN person p ON p.id = v.person'],
  [
    'a row without NULLs',
    'SELECT p.id, p IS NOT NULL AS whole FROM person p WHERE p IS NOT NULL OR p.id > 1',
  ],
  ['a row of a view', 'SELECT a.id, a FROM adult a'],
  [
    'rows that are grouped',
    'SELECT p, count(*) AS n FROM person p JOIN visit v ON v.person = p.id GROUP BY p',
  ],
  ['the first rows', 'SELECT p FROM person p ORDER BY p DESC LIMIT 2'],
  ['distinct rows', 'SELECT DISTINCT p FROM person p JOIN visit v ON v.person = p.id'],
  ['a row that is compared', 'SELECT a.id, b.id AS other FROM person a JOIN person b ON a <= b'],
])('%s', async (_, query) => {
  const { client } = database
  await client.query(`
    TRUNCATE person, visit;
    INSERT INTO person VALUES (1, 'Ada', 36), (2, 'Bob', 17.0), (3, NULL, NULL);
    INSERT INTO visit VALUES (1, 1, 'a'), (2, 1, 'a'), (3, 3, NULL), (4, 9, NULL), (5, NULL, NULL);
  `)
  await client.query(`SELECT pgstream.create_stream_table('rows', $1, '1m', 'DIFFERENTIAL')`, [query])
  try {
    await expectExact(client, 'rows', { image: true })
    for (const change of [
      `UPDATE person SET age = 17.00 WHERE id = 2`,
      `UPDATE person SET name = 'x' WHERE id = 3; DELETE FROM visit WHERE id = 2`,
      `INSERT INTO person VALUES (9, 'Cleo', 40); DELETE FROM person WHERE id = 1`,
      `INSERT INTO visit VALUES (7, 2, 'z'), (8, 2, 'z'); UPDATE person SET age = NULL, name = NULL WHERE id = 9`,
    ]) {
      await client.query(change)
      expect(await expectExact(client, 'rows', { image: true })).toBe('DIFFERENTIAL')
    }
  } finally {
    await client.query(`SELECT pgstream.drop_stream_table('rows')`)
  }
})
