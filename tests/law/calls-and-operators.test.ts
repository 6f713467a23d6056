/** What calls, operators and clauses are given beside plain columns of built-in types. */
import type pg from 'pg'
import { beforeAll, expect, test } from 'vitest'
import { expectExact } from '../oracle/oracle.ts'
import { freshDatabase } from '../support/server.ts'

let client: pg.Client

beforeAll(async () => {
  const database = await freshDatabase()
  client = database.client
  for (const sql of [
    'CREATE TABLE lots (id int PRIMARY KEY, shelf int, kind text, price numeric, weight int)',
    `INSERT INTO lots SELECT i, nullif(i % 4, 3), 'k' || i % 3, i * 1.5, nullif(i % 6, 5) FROM generate_series(1, 24) AS i`,
    `CREATE FUNCTION added(state int, amount int, times int) RETURNS int LANGUAGE sql IMMUTABLE RETURN coalesce(state, 0) + coalesce(amount * times, 0)`,
    'CREATE AGGREGATE weighted(amount int, times int) (SFUNC = added, STYPE = int)',
    // Compared with bigint, and without an operator class of its own.
    'CREATE TYPE label',
    `CREATE FUNCTION label_in(cstring) RETURNS label IMMUTABLE STRICT LANGUAGE internal AS 'int8in'`,
    `CREATE FUNCTION label_out(label) RETURNS cstring IMMUTABLE STRICT LANGUAGE internal AS 'int8out'`,
    'CREATE TYPE label (INPUT = label_in, OUTPUT = label_out, LIKE = bigint)',
    ...['bigint', 'label'].flatMap((left) => [
      `CREATE FUNCTION is_label(${left}, label) RETURNS boolean IMMUTABLE STRICT LANGUAGE internal AS 'int8eq'`,
      `CREATE FUNCTION below_label(${left}, label) RETURNS boolean IMMUTABLE STRICT LANGUAGE internal AS 'int8lt'`,
      `CREATE FUNCTION beside_label(${left}, label) RETURNS int IMMUTABLE STRICT LANGUAGE internal AS 'btint8cmp'`,
      `CREATE OPERATOR = (FUNCTION = is_label, LEFTARG = ${left}, RIGHTARG = label)`,
      `CREATE OPERATOR < (FUNCTION = below_label, LEFTARG = ${left}, RIGHTARG = label)`,
      `ALTER OPERATOR FAMILY integer_ops USING btree ADD OPERATOR 3 = (${left}, label), OPERATOR 1 < (${left}, label), FUNCTION 1 beside_label(${left}, label)`,
    ]),
    'CREATE TABLE labels (id int PRIMARY KEY, code bigint, tag label)',
    `INSERT INTO labels SELECT i, i % 4, (i % 3)::text::label FROM generate_series(1, 7) AS i`,
  ])
    await client.query(sql)
  return () => database.close()
})

const QUERIES: Readonly<Record<string, string>> = {
  'a direct argument that is grouped by':
    'SELECT shelf, rank(shelf) WITHIN GROUP (ORDER BY weight) AS r FROM lots GROUP BY shelf',
  'the same over sets that leave it out': `SELECT shelf, kind, rank(shelf) WITHIN GROUP (ORDER BY weight) AS r, dense_rank(shelf + 1, kind) WITHIN GROUP (ORDER BY weight, kind) AS d,
    percentile_cont(1.0 / (1 + coalesce(shelf, 3))) WITHIN GROUP (ORDER BY price) AS p FROM lots GROUP BY CUBE (shelf, kind)`,
  'expressions that are grouped by': `SELECT shelf % 2 AS s, rank(shelf % 2) WITHIN GROUP (ORDER BY weight) AS r FROM lots GROUP BY ROLLUP (shelf % 2)`,
  'arguments by their names':
    'SELECT id, weighted(times => weight, amount => shelf) OVER (PARTITION BY kind ORDER BY id) AS w FROM lots',
  'OFFSET 0, which leaves nothing out':
    'SELECT l.id, s.n FROM lots l LEFT JOIN LATERAL (SELECT count(*) AS n FROM lots o WHERE o.shelf = l.shelf OFFSET 0) AS s ON true WHERE EXISTS (SELECT FROM lots o WHERE o.weight > l.weight OFFSET 0)',
  'the same of rows that are sorted':
    'SELECT kind, array_agg(id) AS ids FROM (SELECT * FROM lots ORDER BY price DESC, id OFFSET 0) AS q GROUP BY kind',
  'a row among rows that it makes itself':
    'SELECT id FROM lots l WHERE l IN (VALUES (l.*::lots), (NULL)) AND l.shelf > 0',
  'an operator between types of which one has no equality':
    'SELECT a.id, b.id AS other FROM labels a LEFT JOIN labels b ON a.code = b.tag',
  'the same in EXISTS and IN':
    'SELECT a.id, a.code IN (SELECT b.tag FROM labels b) AS i FROM labels a WHERE NOT EXISTS (SELECT FROM labels b WHERE b.code = a.tag AND b.id > 4)',
}

test('rows that came, moved and went', async () => {
  const names = Object.keys(QUERIES)
  for (const name of names)
    await client.query(`SELECT pgstream.create_stream_table($1, $2, '1h', 'DIFFERENTIAL')`, [
      `"${name}"`,
      QUERIES[name],
    ])
  for (const change of [
    `INSERT INTO lots VALUES (30, 1, 'k1', 7, 4), (31, NULL, NULL, NULL, NULL), (32, 9, 'k9', 1.50, 0)`,
    'UPDATE lots SET weight = 5 - weight, shelf = shelf + 1 WHERE id % 5 = 0',
    'DELETE FROM lots WHERE shelf = 2',
    'DELETE FROM lots',
    `INSERT INTO labels VALUES (10, 7, '2'), (11, NULL, NULL), (12, 1, '7')`,
    `UPDATE labels SET tag = '3' WHERE id < 5`,
    'DELETE FROM labels WHERE id % 2 = 0',
  ]) {
    await client.query(change)
    for (const name of names)
      expect(await expectExact(client, `"${name}"`), name).toMatch(/^(DIFFERENTIAL|NO_DATA)$/)
  }
})

test('lists of vectors, of which no array is made, are refused', async () => {
  await expect(
    client.query(
      `SELECT pgstream.create_stream_table('lists', 'SELECT ARRAY(SELECT id::text::int2vector FROM lots) AS a', '1h', 'DIFFERENTIAL')`,
    ),
  ).rejects.toThrow('ARRAY over a subquery of this type')
})
