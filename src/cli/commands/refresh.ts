import { connect } from '../connect.ts'
import { formatTable } from '../table.ts'
import { requireInstalled } from './install.ts'

export async function refresh(url: string, name: string): Promise<void> {
  await connect(url, async (client) => {
    await requireInstalled(client)
    // In one transaction nobody's refresh comes between this one and its line in the history.
    await client.query('BEGIN')
    const { rows: done } = await client.query<{ action: string }>(
      'SELECT pgstream.refresh_stream_table($1) AS action',
      [name],
    )
    const { rows } = await client.query(
      `SELECT action, rows_inserted::int, rows_updated::int, rows_deleted::int, duration_ms, reason
       FROM pgstream.get_refresh_history($1, 1)`,
      [name],
    )
    await client.query('COMMIT')
    // Only a refresh that did something leaves a line.
    const idle = done[0]?.action === 'NO_DATA'
    console.log(idle ? 'NO_DATA: nothing was pending' : formatTable(rows))
  })
}
