import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import { type FreshDatabase, freshDatabase } from '../support/server.ts'

/** DDL of a session in which event triggers are off, by the setting (PostgreSQL 17) or for a while altogether. */
let db: FreshDatabase

afterEach(() => db.close())

const query = (text: string) => db.client.query(text)
const rows = async (text: string) => (await query(text)).rows

const SETUP = `
  CREATE TABLE t (id int PRIMARY KEY, a int, b int); INSERT INTO t VALUES (1, 10, 100), (2, 20, 200);
  SELECT pgstream.create_stream_table('st', 'SELECT id, a FROM t', '1h', 'DIFFERENTIAL');
  INSERT INTO t VALUES (3, 30, 300); SELECT pgstream.refresh_stream_table('st');`

const DDL = {
  'triggers disabled for a while': `ALTER TABLE t DISABLE TRIGGER ALL; UPDATE t SET a = a + 1; ALTER TABLE t ENABLE TRIGGER ALL`,
  'values rewritten': 'ALTER TABLE t ALTER COLUMN a TYPE int USING a + 1',
  'names swapped':
    'ALTER TABLE t RENAME a TO c; ALTER TABLE t RENAME b TO a; ALTER TABLE t RENAME c TO b; UPDATE t SET b = b + 1',
}

const WAYS = {
  'off in a session': ["SET event_triggers = 'off'", 'RESET event_triggers'],
  'event triggers disabled for a while': [
    'ALTER EVENT TRIGGER pg_stream_ddl DISABLE; ALTER EVENT TRIGGER pg_stream_rewrite DISABLE',
    'ALTER EVENT TRIGGER pg_stream_ddl ENABLE ALWAYS; ALTER EVENT TRIGGER pg_stream_rewrite ENABLE ALWAYS',
  ],
} as const

const FORMS = Object.entries(WAYS).flatMap(([way, [off, on]]) =>
  Object.entries(DDL).map(([name, ddl]) => ({ way, off, on, name, ddl })),
)

test.each(FORMS)('$way: $name', async ({ off, on, ddl }) => {
  db = await freshDatabase()
  if (
    off.startsWith('SET') &&
    (await rows(`SELECT current_setting('event_triggers', true) AS s`))[0]?.s === null
  )
    return
  await query(SETUP)
  await query(off)
  await query(ddl)
  await query(on)
  await sleep(1100)
  expect(await rows(`SELECT pgstream.refresh_stream_table('st') AS action`)).toEqual([
    { action: 'REINITIALIZE' },
  ])
  expect(await rows(`SELECT * FROM pgstream.verify_stream_table('st')`)).toEqual([])
  await query('UPDATE t SET a = 7, b = 8 WHERE id = 1')
  expect(await rows(`SELECT pgstream.refresh_stream_table('st') AS action`)).toEqual([
    { action: 'DIFFERENTIAL' },
  ])
  expect(await rows(`SELECT * FROM pgstream.verify_stream_table('st')`)).toEqual([])
})

test('off for the refresh: not watched', async () => {
  db = await freshDatabase()
  if ((await rows(`SELECT current_setting('event_triggers', true) AS s`))[0]?.s === null) return
  await query(`SET event_triggers = 'off'`)
  expect(await rows('SELECT pgstream._ddl_is_watched() AS watched')).toEqual([{ watched: false }])
})
