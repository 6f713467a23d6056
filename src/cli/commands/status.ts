import { connect } from '../connect.ts'
import { formatTable } from '../table.ts'
import { requireInstalled } from './install.ts'

export async function status(url: string): Promise<void> {
  await connect(url, async (client) => {
    await requireInstalled(client)
    const { rows } = await client.query(
      `SELECT name, status, refresh_mode, schedule, is_populated, consecutive_errors, data_timestamp,
              date_trunc('milliseconds', staleness)::text AS staleness
       FROM pgstream.pgs_status() ORDER BY name`,
    )
    console.log(rows.length === 0 ? 'no stream tables' : formatTable(rows))
  })
}
