import { afterEach, expect, test } from 'vitest'
import { type FreshDatabase, freshDatabase } from '../support/server.ts'

/** What a constant names (a text search configuration, a table) is among what the query uses. */
let db: FreshDatabase

afterEach(() => db.close())

const query = (text: string) => db.client.query(text)
const rows = async (text: string) => (await query(text)).rows

const SETUP = `
  CREATE SCHEMA search; CREATE TEXT SEARCH CONFIGURATION search.mine (COPY = pg_catalog.simple);
  CREATE TEXT SEARCH DICTIONARY search.words (TEMPLATE = pg_catalog.simple);
  ALTER TEXT SEARCH CONFIGURATION search.mine ALTER MAPPING FOR numword WITH search.words;
  CREATE TABLE t (id int PRIMARY KEY, body text); INSERT INTO t VALUES (1, 'the runners were running 4you');
  SELECT pgstream.create_stream_table('st', $$SELECT id, to_tsvector('search.mine'::regconfig, body) AS v FROM t$$, '1h', 'DIFFERENTIAL');`

const CHANGES = {
  'another mapping':
    'ALTER TEXT SEARCH CONFIGURATION search.mine ALTER MAPPING FOR asciiword WITH english_stem',
  'a mapping dropped': 'ALTER TEXT SEARCH CONFIGURATION search.mine DROP MAPPING FOR asciiword',
  'a dictionary altered': 'ALTER TEXT SEARCH DICTIONARY search.words (Accept = false)',
}

const FORMS = [true, false].flatMap((watched) =>
  Object.entries(CHANGES).map(([name, ddl]) => ({ name, ddl, watched })),
)

test.each(FORMS)('$name, watched: $watched', async ({ ddl, watched }) => {
  db = await freshDatabase({ watched })
  await query(`${SETUP} ${ddl}`)
  await query(`SELECT pgstream.refresh_stream_table('st')`)
  expect(await rows(`SELECT * FROM pgstream.verify_stream_table('st')`)).toEqual([])
  expect(await rows('TABLE st')).toEqual(
    await rows(`SELECT id, to_tsvector('search.mine'::regconfig, body) AS v FROM t`),
  )
  await query(`INSERT INTO t VALUES (2, 'two runners')`)
  expect(await rows(`SELECT pgstream.refresh_stream_table('st') AS action`)).toEqual([
    { action: 'DIFFERENTIAL' },
  ])
})

test('renamed: the definition has the name of today and no oid', async () => {
  db = await freshDatabase()
  await query(`${SETUP} ALTER TEXT SEARCH CONFIGURATION search.mine RENAME TO ours;
    CREATE TABLE u (id int PRIMARY KEY); INSERT INTO u VALUES (1);
    SELECT pgstream.create_stream_table('named', $$SELECT id, 'u'::regclass AS r, ''' ''::regclass' AS s FROM u$$, '1h');
    ALTER TABLE u RENAME TO w; ALTER SCHEMA search RENAME TO find`)
  const exported = async (name: string): Promise<string> =>
    (await rows(`SELECT pgstream.export_definition('${name}') AS text`))[0]?.text
  expect(await exported('st')).toContain('find.ours')
  expect(await exported('named')).toContain('public.w')
  for (const name of ['st', 'named']) {
    const text = await exported(name)
    const before = await rows(`TABLE ${name}`)
    await query(`SELECT pgstream.drop_stream_table('${name}')`)
    await query(text)
    expect(await rows(`TABLE ${name}`)).toEqual(before)
  }
})

test('dropped: said', async () => {
  db = await freshDatabase()
  await query(`${SETUP} DROP TEXT SEARCH CONFIGURATION search.mine`)
  await expect(query(`SELECT pgstream.refresh_stream_table('st')`)).rejects.toMatchObject({
    detail: expect.stringContaining(
      'text search configuration search.mine, which the query uses, was dropped',
    ),
  })
})
