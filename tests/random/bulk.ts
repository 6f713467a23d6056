import type { SqlClient } from '../oracle/oracle.ts'

/** What becomes of each, for more than so many rows; above 1000 it is as the product has it. */
const LIMITS: readonly [string, RegExp, (rows: number) => number | string][] = [
  ['_choose_action', /(few CONSTANT bigint := )\d+/, (rows) => rows],
  [
    '_choose_action',
    /(changed_rows > )(?:target\.cached_limit|\d+)/,
    (rows) => (rows === 1000 ? 'target.cached_limit' : rows),
  ],
  ['_generate_capture', /(many CONSTANT integer := )\d+/, (rows) => rows],
  ['_pack_body', /(many CONSTANT integer := )\d+/, (rows) => rows + 1],
]

/**
 * Statements of more than `rows` rows are captured packed, up to `rows` + 1 together, and refreshes of as many changed rows
 * take the freshly planned statements, as those of more than 1000 (or 10,000) do: a random case has too few rows to get there. With another number for `packed` the kept plans read what is packed.
 */
export async function takeBulkAbove(client: SqlClient, rows: number, packed = rows): Promise<void> {
  for (const [name, limit, limited] of LIMITS) {
    const above = name === '_choose_action' ? rows : packed
    const { rows: found } = await client.query(
      `SELECT pg_get_functiondef('pgstream.${name}'::regproc) AS definition`,
    )
    const { definition } = (found as { definition: string }[])[0] ?? { definition: '' }
    if (!limit.test(definition)) throw new Error(`pgstream.${name} has no ${limit}`)
    await client.query(definition.replace(limit, (_, before: string) => before + limited(above)))
  }
}
