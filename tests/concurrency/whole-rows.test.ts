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
    CREATE TABLE lettered (id int PRIMARY KEY, r int, q int, x int, s int);
    INSERT INTO lettered SELECT i, 10 * i, i, NULL, 7 FROM generate_series(1, 3) AS i;
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
  ['a row of a subquery, counted', 'SELECT count(q) AS n FROM (SELECT id, age FROM person) AS q'],
  [
    'a row of a subquery that may be missing',
    'SELECT v.id, q IS NULL AS none, count(q) AS n FROM visit v LEFT JOIN (SELECT id, name FROM person WHERE age > 17) AS q ON q.id = v.person GROUP BY v.id, q IS NULL',
  ],
  [
    'a row of a subquery as JSON, with its names',
    'SELECT v.id, row_to_json(q) AS j FROM visit v LEFT JOIN (SELECT id AS "the Id", name, age * 2 AS twice FROM person) AS q ON q."the Id" = v.person',
  ],
  [
    'a row of a subquery over columns of one letter',
    'SELECT v.id, row_to_json(q) AS j, q::text AS t FROM visit v LEFT JOIN (SELECT l.id, r + 1 AS s, x FROM lettered AS l) AS q ON q.id = v.person',
  ],
  [
    'rows of subqueries gathered as JSON',
    `SELECT q.name, jsonb_agg(q ORDER BY q.note) AS j, count(DISTINCT q) AS n FROM (SELECT p.name, v.note FROM person p JOIN visit v ON v.person = p.id) AS q GROUP BY q.name`,
  ],
  [
    'rows in rows as JSON',
    `SELECT p.id, (SELECT json_agg(v ORDER BY v.id) FROM (SELECT id, note FROM visit WHERE person = p.id) AS v) AS visits FROM person p`,
  ],
  [
    'a row of WITH and of VALUES, as text',
    `WITH w AS (SELECT id, name FROM person) SELECT w.id, w::text AS t, x::text AS y FROM w, (VALUES (1, 'a'), (2, NULL)) AS x(k, l) WHERE x.k = w.id`,
  ],
  [
    'rows of subqueries, compared',
    'SELECT a.id, b.id AS other FROM (SELECT id, age FROM person) AS a JOIN (SELECT id, age FROM person) AS b ON a <= b',
  ],
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
      expect(await expectExact(client, 'rows', { image: true })).toMatch(/^(DIFFERENTIAL|NO_DATA)$/)
    }
  } finally {
    await client.query(`SELECT pgstream.drop_stream_table('rows')`)
  }
})
