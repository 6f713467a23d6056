/** Types of extensions: their constants, whose bytes nobody but the extension can read, and their casts. */
import type pg from 'pg'
import { beforeAll, expect, test } from 'vitest'
import { expectExact } from '../oracle/oracle.ts'
import { freshDatabase } from '../support/server.ts'

let client: pg.Client
const run = async (...statements: string[]) => {
  for (const sql of statements) await client.query(sql)
}
const define = (name: string, query: string) =>
  client.query(`SELECT pgstream.create_stream_table($1, $2, '1h', 'DIFFERENTIAL')`, [name, query])

beforeAll(async () => {
  const database = await freshDatabase()
  client = database.client
  await run(
    'CREATE SCHEMA "of others"',
    'CREATE EXTENSION ltree SCHEMA "of others"',
    'CREATE EXTENSION hstore SCHEMA "of others"',
    'CREATE EXTENSION isn',
    'SET search_path = public, "of others"',
    `CREATE TABLE pages (id int PRIMARY KEY, path ltree, facts hstore, isbn ean13, "it's 'x'::public.ltree" text)`,
    `INSERT INTO pages SELECT i, ('top.x' || i % 3)::ltree, hstore('a', i::text), '9780393040029' FROM generate_series(1, 9) i`,
    `CREATE VIEW below AS SELECT id, path, facts FROM pages WHERE path <@ 'top' AND path <> 'top.x2'`,
  )
  return () => database.close()
})

test('constants of them, in the query and in views below it', async () => {
  const queries = {
    plain: `SELECT id, "it's 'x'::public.ltree" FROM pages WHERE path <@ 'top.x1'`,
    several: `SELECT id, facts || 'b=>"c\\\\d"' AS more FROM below
      WHERE path ~ '*.x1' OR path IN ('top.x0', 'top') OR path = ANY ('{top.x3,top}')`,
    'by value': `SELECT isbn, count(*) AS n FROM pages WHERE isbn = '978-0-393-04002-9' AND facts <> 'a=>"it''s"' GROUP BY isbn`,
  }
  for (const [name, query] of Object.entries(queries)) await define(`"${name}"`, query)
  await run(
    `INSERT INTO pages VALUES (50, 'top.x1', 'c=>1', '9780393040029'), (51, 'top.x0', '', NULL), (52, 'top', '', NULL), (53, 'bot.x1', '', NULL)`,
    `UPDATE pages SET path = 'top.x1' WHERE id = 2`,
    'DELETE FROM pages WHERE id = 4',
  )
  for (const name of Object.keys(queries))
    expect(await expectExact(client, `"${name}"`, { image: true })).toBe('DIFFERENTIAL')
})

test('another view, another schema of the type', async () => {
  await run(
    `CREATE OR REPLACE VIEW below AS SELECT id, path, facts FROM pages WHERE path <@ 'bot' OR path = 'top.x1'`,
    'ALTER EXTENSION ltree SET SCHEMA public',
  )
  for (const name of ['plain', 'several']) {
    await run(`INSERT INTO pages SELECT max(id) + 1, 'top.x1', 'd=>1' FROM pages`)
    expect(await expectExact(client, `"${name}"`)).toBe('REINITIALIZE')
    await run(`INSERT INTO pages SELECT max(id) + 1, 'bot.x1', 'd=>1' FROM pages`)
    expect(await expectExact(client, `"${name}"`)).toMatch(/DIFFERENTIAL|NO_DATA/)
  }
  const text = (await client.query(`SELECT pgstream.export_definition('several') AS sql`)).rows[0].sql
  await run(`SELECT pgstream.drop_stream_table('several')`, text, 'SET search_path = public, "of others"')
  await run(`UPDATE pages SET path = 'top' WHERE id < 3`)
  await run(`SELECT pgstream.refresh_stream_table('several')`)
  expect((await client.query(`SELECT * FROM pgstream.verify_stream_table('several')`)).rows).toEqual([])
})

test('casts of them, as their own functions say', async () => {
  await define(
    'casts',
    `SELECT id, path::text AS t, facts::text AS f, to_jsonb(path) AS j FROM pages WHERE path <@ 'top'::text::ltree`,
  )
  await run(`UPDATE pages SET path = 'top.z' WHERE id = 3`)
  expect(await expectExact(client, 'casts')).toBe('DIFFERENTIAL')
})
