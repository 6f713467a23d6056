import { afterEach, describe, expect, test } from 'vitest'
import { type FreshDatabase, freshDatabase } from '../support/server.ts'

/** A definition that is read again means what it meant, whatever that is called by now. */
let db: FreshDatabase

afterEach(() => db.close())

const query = (text: string) => db.client.query(text)
const rows = async (text: string) => (await query(text)).rows

const SOURCES = `
  CREATE TABLE src (id int PRIMARY KEY, v int); INSERT INTO src VALUES (1, 1);
  SELECT pgstream.create_stream_table('copy', 'SELECT * FROM src', '1h');
  SELECT pgstream.create_stream_table('whole', 'SELECT id, v FROM src', '1h', 'FULL');
  SELECT pgstream.create_stream_table('over', 'SELECT id, v * 2 AS w FROM copy', '1h');`

/** Another table takes the name. */
const EXCHANGED = `
  ALTER TABLE src RENAME TO src_old; CREATE TABLE src (id int PRIMARY KEY, v int); INSERT INTO src VALUES (99, 99);
  ALTER TABLE copy RENAME TO duplicate; CREATE TABLE copy (id int, v int); INSERT INTO copy VALUES (99, 99);`

test('resumed after its column came back: from the table that it was defined on', async () => {
  db = await freshDatabase()
  await query(
    `${SOURCES} ${EXCHANGED} ALTER TABLE src_old DROP COLUMN v; ALTER TABLE src_old ADD COLUMN v int DEFAULT 7`,
  )
  await query(`SELECT pgstream.resume_stream_table('duplicate'), pgstream.resume_stream_table('whole')`)
  expect(await rows('TABLE duplicate')).toEqual([{ id: 1, v: 7 }])
  expect(await rows('TABLE whole')).toEqual([{ id: 1, v: 7 }])
})

test('another mode for one that is broken and renamed', async () => {
  db = await freshDatabase()
  await query(`${SOURCES} ${EXCHANGED} ALTER TABLE src_old DROP COLUMN v; ALTER TABLE src_old ADD COLUMN v int DEFAULT 7;
    SELECT pgstream.alter_stream_table('duplicate', refresh_mode => 'FULL')`)
  expect(await rows('TABLE duplicate')).toEqual([{ id: 1, v: 7 }])
})

test('renamed after it lost a column: refused, with the reason, until a query is given', async () => {
  db = await freshDatabase()
  await query(`${SOURCES} ALTER TABLE src DROP COLUMN v; ${EXCHANGED} ALTER TABLE src_old ADD COLUMN v int`)
  await expect(query(`SELECT pgstream.resume_stream_table('whole')`)).rejects.toMatchObject({
    code: '55000',
    message: 'the query of stream table "whole" cannot be read again',
    detail: expect.stringContaining('was renamed'),
  })
  expect(await rows('TABLE whole')).toEqual([{ id: 1, v: 1 }])
  await query(`SELECT pgstream.alter_stream_table('whole', query => 'SELECT id, v FROM src')`)
  expect(await rows('TABLE whole')).toEqual([{ id: 99, v: 99 }])
})

test.each([true, false])('before the first fill, and keys dropped (watched: %s)', async (watched) => {
  db = await freshDatabase({ watched })
  const queries = {
    keyed: 'SELECT id, v FROM src',
    joined: 'SELECT a.id, b.w FROM src AS a JOIN other AS b USING (id)',
    grouped: 'SELECT v, max(id) AS m, avg(id) AS mean FROM src GROUP BY v',
    over: 'SELECT k.id, g.m FROM keyed AS k JOIN grouped AS g ON g.v = k.v',
    unkeyed: 'SELECT id FROM third',
  }
  await query(`CREATE TABLE src (id int PRIMARY KEY, v int); INSERT INTO src VALUES (1, 1), (2, 1);
    CREATE TABLE other (id int PRIMARY KEY, w int); INSERT INTO other VALUES (1, 1), (2, 2);
    CREATE TABLE third (id int PRIMARY KEY)`)
  for (const mode of ['AUTO', 'FULL'])
    for (const [name, text] of Object.entries(queries))
      await query(
        `SELECT pgstream.create_stream_table('${name}${mode === 'FULL' ? '_full' : ''}', '${text}', '1h', '${mode}', false)`,
      )
  await query(`ALTER TABLE src DROP CONSTRAINT src_pkey; INSERT INTO src VALUES (1, 3); ALTER TABLE src RENAME v TO "new v";
    ALTER TABLE other RENAME TO others; ALTER TABLE others ALTER w TYPE bigint; ALTER TABLE keyed RENAME TO "new keyed";
    ALTER TABLE third DROP CONSTRAINT third_pkey; INSERT INTO third VALUES (1), (1)`)
  const names = ['"new keyed"', 'joined', 'grouped', 'over', 'unkeyed'].flatMap((name) => [
    name,
    name === '"new keyed"' ? 'keyed_full' : `${name}_full`,
  ])
  for (const change of ['SELECT', `UPDATE src SET id = id + 1; INSERT INTO others VALUES (3, 3)`]) {
    await query(change)
    for (const name of names.toReversed()) await query(`SELECT pgstream.refresh_stream_table('${name}')`)
    for (const name of names)
      expect(await rows(`SELECT * FROM pgstream.verify_stream_table('${name}')`), name).toEqual([])
  }
  expect(await rows('SELECT id, "new v" AS v FROM src ORDER BY 1, 2')).toEqual(
    await rows('SELECT id, v FROM "new keyed" ORDER BY 1, 2'),
  )
  expect(await rows(`SELECT name FROM pgstream.pgs_status() WHERE status <> 'ACTIVE'`)).toEqual([])
})

test('nobody watches: the refresh notices', async () => {
  db = await freshDatabase({ watched: false })
  await query(`${SOURCES} ${EXCHANGED}`)
  for (const name of ['duplicate', 'whole', 'over'])
    await query(`SELECT pgstream.refresh_stream_table('${name}')`)
  await query(`ALTER TABLE src_old DROP COLUMN v; ALTER TABLE src_old ADD COLUMN v int DEFAULT 7;
    SELECT pgstream.resume_stream_table('duplicate'), pgstream.resume_stream_table('whole')`)
  expect(await rows('TABLE duplicate')).toEqual([{ id: 1, v: 7 }])
  expect(await rows('TABLE whole')).toEqual([{ id: 1, v: 7 }])
})

test('exported: the own text while it holds, then the names of today', async () => {
  db = await freshDatabase()
  await query(SOURCES)
  const exported = async (name: string): Promise<string> =>
    (await rows(`SELECT pgstream.export_definition('${name}') AS text`))[0]?.text
  expect(await exported('copy')).toContain('SELECT * FROM src')
  await query(EXCHANGED)
  for (const [name, rest] of [
    ['duplicate', [{ id: 1, v: 1 }]],
    ['whole', [{ id: 1, v: 1 }]],
    ['over', [{ id: 1, w: 2 }]],
  ] as const) {
    const text = await exported(name)
    await query('BEGIN')
    await query(`SELECT pgstream.drop_stream_table('over')`)
    if (name !== 'over') await query(`SELECT pgstream.drop_stream_table('${name}')`)
    await query(text)
    expect(await rows(`TABLE "${name}"`)).toEqual(rest)
    await query('ROLLBACK')
  }
})

test('a table of the same name in a schema that is searched before', async () => {
  db = await freshDatabase()
  await query(`CREATE SCHEMA app; SET search_path = app, public; CREATE TABLE public.src (id int PRIMARY KEY, v int);
    INSERT INTO src VALUES (1, 1); SELECT pgstream.create_stream_table('public.st', 'SELECT * FROM src', '1h');
    CREATE TABLE app.src (id int PRIMARY KEY, v int); INSERT INTO app.src VALUES (99, 99);
    ALTER TABLE public.src DROP COLUMN v; ALTER TABLE public.src ADD COLUMN v int DEFAULT 7`)
  expect((await rows(`SELECT pgstream.export_definition('public.st') AS text`))[0]?.text).toContain(
    'public.src',
  )
  await query(`SELECT pgstream.resume_stream_table('public.st')`)
  expect(await rows('TABLE public.st')).toEqual([{ id: 1, v: 7 }])
})

test('functions, types, schemas and views are renamed: a broken definition finds them', async () => {
  db = await freshDatabase()
  await query(`CREATE SCHEMA app; CREATE TYPE app.mood AS ENUM ('sad', 'ok');
    CREATE FUNCTION app.twice(a int) RETURNS int LANGUAGE sql IMMUTABLE RETURN a * 2;
    CREATE TABLE app.t (id int PRIMARY KEY, m app.mood, lost int); INSERT INTO app.t VALUES (1, 'ok', 1), (2, 'sad', 2);
    CREATE VIEW app.v AS SELECT id, m FROM app.t;
    SELECT pgstream.create_stream_table('st',
      $$SELECT v.id, app.twice(v.id) AS w, t.lost FROM app.v JOIN app.t USING (id) WHERE v.m = 'ok'::app.mood$$, '1h');
    ALTER TYPE app.mood RENAME VALUE 'ok' TO 'fine'; ALTER TYPE app.mood RENAME TO feeling; ALTER FUNCTION app.twice RENAME TO double;
    ALTER VIEW app.v RENAME TO w; ALTER SCHEMA app RENAME TO shop;
    ALTER TABLE shop.t DROP COLUMN lost; ALTER TABLE shop.t ADD COLUMN lost int DEFAULT 7;
    SELECT pgstream.resume_stream_table('st')`)
  expect(await rows('TABLE st')).toEqual([{ id: 1, w: 2, lost: 7 }])
})

describe.each([
  { watched: true, noticed: 'as it happens' },
  { watched: false, noticed: 'by nobody' },
])('verify_stream_table before any refresh, where DDL is noticed $noticed', ({ watched }) => {
  const NAMES = ['summed', 'whole', 'viewed', 'above']
  const differences = async (name: string) =>
    Number((await rows(`SELECT count(*) AS n FROM pgstream.verify_stream_table('${name}')`))[0].n)
  const make = async () => {
    db = await freshDatabase({ watched })
    await query(`CREATE SCHEMA shop; CREATE TABLE shop.src (id int PRIMARY KEY, k int, v int);
      INSERT INTO shop.src VALUES (1, 1, 1), (2, 1, 5);
      CREATE VIEW shop.seen AS SELECT id, v AS worth FROM shop.src;
      SELECT pgstream.create_stream_table('summed', 'SELECT k, sum(v) AS s FROM shop.src GROUP BY k', '1h');
      SELECT pgstream.create_stream_table('whole', 'SELECT id, v FROM shop.src', '1h', 'FULL');
      SELECT pgstream.create_stream_table('viewed', 'SELECT id, worth FROM shop.seen', '1h');
      SELECT pgstream.create_stream_table('above', 'SELECT k, s * 2 AS d FROM summed', '1h');
      SELECT pgstream.alter_stream_table('whole', status => 'SUSPENDED')`)
  }

  test.each([
    ['a table', 'ALTER TABLE shop.src RENAME TO source'],
    ['a column', 'ALTER TABLE shop.src RENAME v TO w'],
    ['a schema', 'ALTER SCHEMA shop RENAME TO store'],
    ['a view', 'ALTER VIEW shop.seen RENAME TO looked'],
    ["a view's column", 'ALTER VIEW shop.seen RENAME COLUMN worth TO value'],
    ['a stream table', 'ALTER TABLE summed RENAME TO totals'],
  ])('%s was renamed', async (_, rename) => {
    await make()
    await query(`${rename}; SELECT pgstream.pause_all()`)
    const names = NAMES.map((name) => (rename.includes('totals') && name === 'summed' ? 'totals' : name))
    for (const name of names) expect([name, await differences(name)]).toEqual([name, 0])
    // Not only that it runs: it reads what it should.
    await query(`DO $$ BEGIN EXECUTE 'DELETE FROM ' || (SELECT c.oid::regclass FROM pg_class c WHERE c.relkind = 'r'
      AND c.relname IN ('src', 'source') AND c.relnamespace::regnamespace::text IN ('shop', 'store')) || ' WHERE id = 1'; END $$`)
    for (const name of names) expect([name, (await differences(name)) > 0]).toEqual([name, name !== 'above'])
    await query('BEGIN READ ONLY')
    for (const name of names) expect([name, (await differences(name)) > 0]).toEqual([name, name !== 'above'])
    await query('COMMIT; SELECT pgstream.resume_all()')
    for (const name of names.filter((name) => name !== 'whole')) {
      await query(`SELECT pgstream.refresh_stream_table('${name}')`)
      expect([name, await differences(name)]).toEqual([name, 0])
    }
  })

  test('of one that has lost what it reads: says so', async () => {
    await make()
    await query('DROP TABLE shop.src CASCADE')
    for (const name of ['summed', 'whole', 'viewed'])
      await expect(query(`SELECT * FROM pgstream.verify_stream_table('${name}')`)).rejects.toMatchObject({
        code: '55000',
        message: `cannot verify stream table "${name}"`,
        detail: expect.stringMatching(/^Its status is ERROR: .* was dropped\.$/),
        hint: expect.stringContaining('alter_stream_table'),
      })
  })
})

test('set operations keep the names of their columns when they are read again', async () => {
  db = await freshDatabase()
  await query(`CREATE TABLE src (id int PRIMARY KEY, v int); CREATE TABLE other (id int PRIMARY KEY, v int);
    INSERT INTO src VALUES (1, 1); INSERT INTO other VALUES (2, 2)`)
  const queries = {
    united: 'SELECT id AS "Id", v FROM src UNION ALL SELECT id, v FROM other',
    without: '(SELECT id AS "Id", v FROM src LIMIT 5) EXCEPT SELECT id, v FROM other',
  }
  for (const [name, text] of Object.entries(queries))
    await query(`SELECT pgstream.create_stream_table('${name}', '${text}', '1h')`)
  await query('ALTER TABLE src RENAME TO source; ALTER TABLE source ALTER v TYPE bigint')
  for (const name of Object.keys(queries)) {
    await query(`SELECT pgstream.refresh_stream_table('${name}')`)
    expect(Object.keys((await rows(`TABLE ${name}`))[0] ?? {})).toEqual(['Id', 'v'])
    await query(
      `${(await rows(`SELECT pgstream.export_definition('${name}') AS text`))[0]?.text.replace(`public.${name}`, `public.${name}_copy`)}`,
    )
    expect(await rows(`TABLE ${name}_copy`)).toEqual(await rows(`TABLE ${name}`))
  }
})
