import { connect } from '../connect.ts'
import { formatTable } from '../table.ts'
import { requireInstalled } from './install.ts'

export async function refresh(url: string, name: string): Promise<void> {
  await connect(url, async (client) => {
    await requireInstalled(client)
    await client.query('SELECT pgstream.refresh_stream_table($1)', [name])
    const { rows } = await client.query(
      `SELECT action, rows_inserted, rows_updated, rows_deleted, duration_ms, reason FROM pgstream.get_refresh_history($1, 1)`,
      [name],
    )
    console.log(formatTable(rows))
  })
}
