import { beforeEach, expect, test } from 'vitest'
import { expectExactWhenQuiet } from '../oracle/oracle.ts'
import { type FreshDatabase, freshDatabase } from '../support/server.ts'

/** A composite type gets or loses an attribute: values that are stored already are compared and hashed by those it has now. */
let db: FreshDatabase
beforeEach(async () => {
  db = await freshDatabase()
  return () => db.close()
})

const sql = (text: string) => db.client.query(text)

const QUERIES: Readonly<Record<string, string>> = {
  bag: 'SELECT c FROM a',
  keyless: 'SELECT c FROM nk',
  keyed: 'SELECT id, c FROM a',
  by_itself: 'SELECT * FROM b',
  arrays: 'SELECT ca FROM a',
  nested: 'SELECT o FROM a',
  domain: 'SELECT d FROM a',
  row_of_table: 'SELECT r FROM a',
  whole: 'SELECT a FROM a',
  united: 'SELECT c FROM a UNION ALL SELECT c FROM nk',
  grouped: 'SELECT c, count(*) AS n, max(id) AS m FROM a GROUP BY c',
  distinct_rows: 'SELECT DISTINCT c FROM a',
  set_union: 'SELECT c FROM a UNION SELECT c FROM nk',
  less: 'SELECT c FROM a EXCEPT ALL SELECT c FROM nk',
  windowed: 'SELECT id, c, count(*) OVER (PARTITION BY c) AS n FROM a',
  shown_windowed: 'SELECT c, count(*) OVER (PARTITION BY c) AS n FROM a',
  counted: 'SELECT id % 3 AS g, count(DISTINCT c) AS n FROM a GROUP BY 1',
  hidden: 'SELECT count(*) AS n, sum(m) AS s FROM (SELECT c, max(id) AS m FROM a GROUP BY c) AS q',
  joined: 'SELECT a.id, b.v FROM a JOIN b ON a.c = b.c',
  recomputed: 'SELECT c, id FROM a ORDER BY c, id LIMIT 3',
}

/** What became of each, and what is wrong with it. */
async function refreshAll() {
  const actions: Record<string, string> = {}
  for (const name of Object.keys(QUERIES)) {
    actions[name] = await expectExactWhenQuiet(db.client, name).catch((error) => error.message)
    const { rows } = await sql(`SELECT * FROM pgstream.verify_stream_table('${name}')`)
    if (rows.length > 0) actions[name] += ', not verified'
  }
  return actions
}

const each = (action: unknown) => Object.fromEntries(Object.keys(QUERIES).map((name) => [name, action]))
const MAINTAINED = expect.stringMatching(/^(DIFFERENTIAL|FULL|NO_DATA)$/)

async function createAll() {
  await sql(`CREATE TYPE comp AS (n int, s text, z int); CREATE TYPE outer_comp AS (c comp, i int); CREATE DOMAIN dom AS comp;
    CREATE TABLE rt (x int, y text);
    CREATE TABLE a (id int PRIMARY KEY, c comp, ca comp[], o outer_comp, d dom, r rt);
    INSERT INTO a SELECT x, ROW(-x, 's', x % 3)::comp, ARRAY[ROW(x % 2, 'q', 1)::comp], ROW(ROW(x % 2, 'q', 1)::comp, 3)::outer_comp,
      ROW(x % 2, 'q', 1)::comp, ROW(x % 2, 'r')::rt FROM generate_series(1, 12) AS x;
    CREATE TABLE nk AS SELECT id, c, d FROM a WHERE id < 9;
    CREATE TABLE b (c comp PRIMARY KEY, v int, d dom); INSERT INTO b SELECT c, id, d FROM a WHERE id < 3`)
  for (const [name, query] of Object.entries(QUERIES))
    await db.client.query('SELECT pgstream.create_stream_table($1, $2, $3)', [name, query, '1h'])
}

test('an attribute is added: rows that were there are found', async () => {
  await createAll()
  await sql(`ALTER TYPE comp ADD ATTRIBUTE x int; ALTER TABLE rt ADD COLUMN z int`)
  await sql(`UPDATE a SET c.x = 1, ca[1].x = 2, o.c.x = 3, r.z = 4 WHERE id % 4 = 1; UPDATE nk SET c.x = 1 WHERE id = 2;
    INSERT INTO nk (id, c) VALUES (50, ROW(-7, 's', 1, NULL))`)
  expect(await refreshAll()).toEqual(each('REINITIALIZE'))
  await sql(`UPDATE a SET c.x = 7, ca[1].x = 8, o.c.x = 9, r.z = 5, d = ROW(1, 'q', 1, 5)::comp WHERE id % 4 = 2; DELETE FROM a WHERE id % 4 = 3;
    UPDATE nk SET c.x = 3 WHERE id = 4; DELETE FROM nk WHERE id = 5; DELETE FROM b WHERE v = 1; UPDATE b SET c.x = 7 WHERE v = 2`)
  expect(await refreshAll()).toEqual(each(MAINTAINED))
  await sql('DELETE FROM a; DELETE FROM nk; DELETE FROM b')
  expect(await refreshAll()).toEqual(each(MAINTAINED))
})

test('an attribute is dropped: rows that had differed in it alone are the same', async () => {
  await createAll()
  await sql(`ALTER TYPE comp DROP ATTRIBUTE n CASCADE; REINDEX TABLE b`)
  expect(await refreshAll()).toEqual({ ...each('REINITIALIZE'), row_of_table: 'NO_DATA' })
  await sql(`INSERT INTO a (id, c, d) SELECT x, ROW('s', x % 3)::comp, ROW('q', 1)::comp FROM generate_series(20, 25) AS x;
    DELETE FROM a WHERE id % 4 = 3; DELETE FROM nk WHERE id = 2; UPDATE a SET c.z = 100 WHERE id % 4 = 1; ALTER TABLE rt DROP COLUMN x`)
  expect(await refreshAll()).toEqual({
    ...each(MAINTAINED),
    row_of_table: 'REINITIALIZE',
    whole: 'REINITIALIZE',
  })
  await sql(`UPDATE a SET c.z = 101, r.y = 'w' WHERE id % 4 = 2; DELETE FROM a WHERE id = 20; DELETE FROM nk`)
  expect(await refreshAll()).toEqual(each(MAINTAINED))
})

test.each([true, false])(
  "an index of one's own on the stream table finds them too, DDL watched: %s",
  async (watched) => {
    const { client, close } = await freshDatabase({ watched })
    await client.query(`CREATE TYPE comp AS (n int, s text); CREATE TABLE rt (x int); CREATE TABLE a (id int PRIMARY KEY, c comp, r rt);
    INSERT INTO a SELECT x, ROW(x, 'q')::comp, ROW(x)::rt FROM generate_series(1, 3) AS x;
    SELECT pgstream.create_stream_table('st', 'SELECT id, c FROM a', '1h'); CREATE INDEX mine ON st USING hash (c);
    SELECT pgstream.create_stream_table('bag', 'SELECT c, r FROM a', '1h')`)
    await client.query('ALTER TYPE comp ADD ATTRIBUTE x int; SELECT pg_sleep(1.1)')
    for (const name of ['st', 'bag']) expect(await expectExactWhenQuiet(client, name)).toBe('REINITIALIZE')
    expect(
      (
        (await client.query(
          `SET enable_seqscan = off; SELECT id FROM st WHERE c = ROW(2, 'q', NULL)::comp`,
        )) as unknown as { rows: unknown }[]
      )[1]?.rows,
    ).toEqual([{ id: 2 }])
    await client.query(
      'RESET enable_seqscan; UPDATE a SET c.x = 1 WHERE id = 1; ALTER TABLE rt ADD COLUMN y int; SELECT pg_sleep(1.1)',
    )
    expect(await expectExactWhenQuiet(client, 'st')).toBe('DIFFERENTIAL')
    expect(await expectExactWhenQuiet(client, 'bag')).toBe('REINITIALIZE')
    await client.query('UPDATE a SET r.y = 1 WHERE id = 2; DELETE FROM a WHERE id = 1')
    expect(await expectExactWhenQuiet(client, 'bag')).toBe('DIFFERENTIAL')
    await close()
  },
)
