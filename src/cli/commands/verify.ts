import type pg from 'pg'
import { connect } from '../connect.ts'
import { fail } from '../fail.ts'
import { requireInstalled } from './install.ts'

/** Differing rows shown per stream table. */
const SHOWN = 10

export async function verify(url: string, name: string | undefined): Promise<void> {
  await connect(url, async (client) => {
    await requireInstalled(client)
    const names = name === undefined ? await populated(client) : [name]
    if (names.length === 0) console.log('no stream tables')
    for (const each of names) {
      try {
        await verifyOne(client, each)
      } catch (error) {
        // What one raises says nothing of the others.
        if (name !== undefined || !(await isUsable(client))) throw error
        console.log(`${each}: cannot be verified`)
        fail(error)
      }
    }
  })
}

async function populated(client: pg.Client): Promise<readonly string[]> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT format('%I.%I', pgs_schema, pgs_name) AS name
     FROM pgstream.pgs_stream_tables WHERE is_populated ORDER BY pgs_id`,
  )
  return rows.map((row) => row.name)
}

async function verifyOne(client: pg.Client, name: string): Promise<void> {
  const { rows } = await client.query<{ weight: string; row: unknown }>(
    `SELECT weight, to_jsonb(v) ->> 'row' AS row FROM pgstream.verify_stream_table($1) v`,
    [name],
  )
  if (rows.length === 0) {
    console.log(`${name}: exact`)
    return
  }
  process.exitCode = 1
  console.log(`${name}: differs from its query by ${rows.length} rows`)
  for (const { weight, row } of rows.slice(0, SHOWN)) console.log(`  ${weight} ${row}`)
}

async function isUsable(client: pg.Client): Promise<boolean> {
  return client.query('SELECT').then(
    () => true,
    () => false,
  )
}
