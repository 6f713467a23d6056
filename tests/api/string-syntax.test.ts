/** What strings mean in a session is a matter of settings; pg_stream means the same under each. */
import { afterEach, expect, test } from 'vitest'
import { create, refresh } from '../concurrency/scene.ts'
import { type FreshDatabase, freshDatabase } from '../support/server.ts'

let db: FreshDatabase | undefined

afterEach(() => db?.close())

const SESSIONS = {
  'backslashes escape': `SET standard_conforming_strings = off; SET escape_string_warning = on; SET backslash_quote = off`,
  'every name is quoted': 'SET quote_all_identifiers = on',
  '= NULL is IS NULL': 'SET transform_null_equals = on',
}

test.each(Object.entries(SESSIONS))('%s', async (_, settings) => {
  db = await freshDatabase()
  const { client } = db
  await client.query(`CREATE SCHEMA "My app"; CREATE TYPE "My app".mood AS ENUM ('sad', 'ok');
    CREATE TABLE "My app".src (id int PRIMARY KEY, v text, m "My app".mood);
    INSERT INTO "My app".src VALUES (1, 'x', 'ok'), (2, E'b\\\\nc', 'sad'), (3, E'b\\nc', 'ok');
    ALTER DATABASE ${db.name} SET client_min_messages = notice; ${settings.replace(/SET (\w+)/g, `ALTER DATABASE ${db.name} SET $1`)}`)
  const other = await db.connect()
  // The queries themselves may be warned of, where they are given.
  let defining = true
  const notices: unknown[] = []
  other.on('notice', (notice) => {
    if (!defining) notices.push(notice.message)
  })
  await other.query(`SET search_path = "My app", public`)
  const made = {
    newline: `SELECT id, v || '\\n' AS t, m FROM src`,
    matched: `SELECT v ~ '\\\\n' AS t, count(*) AS n, max(v || '\\t') AS last FROM src WHERE m = 'ok' GROUP BY 1`,
    quoted: `SELECT id, replace(v, 'n', '"it''s"') AS t FROM src`,
    windowed: `SELECT id, v, count(*) OVER (PARTITION BY v || '\\\\') AS n FROM src`,
  }
  for (const [name, query] of Object.entries(made))
    await create(other, name, query, { mode: 'AUTO', schedule: '1h' })
  await create(other, 'timed', 'SELECT id FROM newline', { schedule: '*/5 * * * *' })
  const names = [...Object.keys(made), 'timed']
  const equal = async () => {
    defining = false
    for (const name of names) {
      for (const session of [other, client]) {
        await session.query(
          `INSERT INTO "My app".src SELECT max(id) + 1, E'n\\\\\\n''', 'sad' FROM "My app".src`,
        )
        await refresh(session, `"My app".${name}`)
        const differences = await session.query('SELECT * FROM pgstream.verify_stream_table($1)', [
          `"My app".${name}`,
        ])
        expect(differences.rows, name).toEqual([])
      }
    }
    defining = true
    for (const [name, query] of Object.entries(made)) {
      await refresh(other, name)
      const { rows } = await other.query(
        `SELECT count(*)::int AS n FROM (((${query}) EXCEPT ALL TABLE ${name}) UNION ALL ((TABLE ${name}) EXCEPT ALL ${query})) AS d`,
      )
      expect(rows, name).toEqual([{ n: 0 }])
    }
  }
  await equal()
  await other.query('ALTER TABLE src RENAME TO source; ALTER TABLE source RENAME TO src')
  await equal()
  await other.query('ALTER TABLE src ALTER id TYPE bigint')
  await equal()
  await client.query('CALL pgstream.run_scheduler()')
  await other.query('CALL pgstream.run_scheduler()')
  defining = false
  await other.query(
    `SELECT * FROM pgstream.health_check(); SELECT * FROM pgstream.trigger_inventory(); SELECT pgstream.explain_dag('dot'), pgstream.explain_dag('mermaid')`,
  )
  expect(notices).toEqual([])
  // What is exported is read in sessions of other settings.
  const exported = new Map<string, string>()
  for (const name of [...names].reverse()) {
    const { rows } = await client.query('SELECT pgstream.export_definition($1) AS text', [`"My app".${name}`])
    exported.set(name, rows[0].text)
    await client.query('SELECT pgstream.drop_stream_table($1)', [`"My app".${name}`])
  }
  for (const name of names) await client.query(exported.get(name) ?? '')
  await equal()
})
