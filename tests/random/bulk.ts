import type { SqlClient } from '../oracle/oracle.ts'

const CONSTANTS = [
  ['_choose_action', 'cached_limit CONSTANT bigint := '],
  ['_generate_capture', 'many CONSTANT integer := '],
  ['_pack_body', 'many CONSTANT integer := '],
] as const

/**
 * Statements of more than `rows` rows are captured packed, up to `rows` + 1 together, and refreshes of as many changed rows
 * take the freshly planned statements, as those of more than 1000 do: a random case has too few rows to get there.
 */
export async function takeBulkAbove(client: SqlClient, rows: number): Promise<void> {
  for (const [name, constant] of CONSTANTS) {
    const { rows: found } = await client.query(
      `SELECT pg_get_functiondef('pgstream.${name}'::regproc) AS definition`,
    )
    const { definition } = (found as { definition: string }[])[0] ?? { definition: '' }
    const [before, after] = definition.split(constant)
    if (before === undefined || after === undefined) throw new Error(`pgstream.${name} has no ${constant}`)
    const value = name === '_pack_body' ? rows + 1 : rows
    await client.query(before + constant + after.replace(/^\d+/, String(value)))
  }
}
