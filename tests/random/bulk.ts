import type { SqlClient } from '../oracle/oracle.ts'

/**
 * Refreshes of more than `rows` changed rows take the freshly planned statements, as those of more than 1000 do: a random
 * case has too few rows to get there.
 */
export async function takeBulkAbove(client: SqlClient, rows: number): Promise<void> {
  const { rows: found } = await client.query(
    `SELECT pg_get_functiondef('pgstream._choose_action'::regproc) AS definition`,
  )
  const { definition } = (found as { definition: string }[])[0] ?? { definition: '' }
  const changed = definition.replace(
    /cached_limit CONSTANT bigint := \d+/,
    `cached_limit CONSTANT bigint := ${rows}`,
  )
  if (!changed.includes(`cached_limit CONSTANT bigint := ${rows};`))
    throw new Error('pgstream._choose_action has no cached_limit any more')
  await client.query(changed)
}
