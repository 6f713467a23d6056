import { connect } from '../connect.ts'
import { requireInstalled } from './install.ts'

/** Differing rows shown per stream table. */
const SHOWN = 10

export async function verify(url: string, name: string | undefined): Promise<void> {
  await connect(url, async (client) => {
    await requireInstalled(client)
    const { rows: tables } = await client.query<{ name: string }>(
      name === undefined
        ? `SELECT format('%I.%I', pgs_schema, pgs_name) AS name
           FROM pgstream.pgs_stream_tables WHERE is_populated ORDER BY pgs_id`
        : { text: 'SELECT $1::text AS name', values: [name] },
    )
    for (const table of tables) {
      const { rows } = await client.query<{ weight: string; row: unknown }>(
        `SELECT weight, to_jsonb(v) ->> 'row' AS row FROM pgstream.verify_stream_table($1) v`,
        [table.name],
      )
      if (rows.length === 0) {
        console.log(`${table.name}: exact`)
        continue
      }
      process.exitCode = 1
      console.log(`${table.name}: differs from its query by ${rows.length} rows`)
      for (const { weight, row } of rows.slice(0, SHOWN)) console.log(`  ${weight} ${row}`)
    }
  })
}
