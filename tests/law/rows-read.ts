import type pg from 'pg'
import { expectEqual } from '../oracle/oracle.ts'
import { analyze } from '../support/analyze.ts'

/** How many rows have been read of these tables, of stream tables named st, st0, st1, … and of their state, ever. */
export async function rowsRead(client: pg.Client, tables: readonly string[]): Promise<number> {
  await client.query('SELECT pg_stat_force_next_flush()')
  const { rows } = await client.query<{ n: number }>(
    `SELECT sum(seq_tup_read + coalesce(idx_tup_fetch, 0))::int AS n FROM pg_stat_user_tables
     WHERE relname = ANY ($1) OR relname ~ '^(state|st[0-9]*$)'`,
    [tables],
  )
  return rows[0]?.n ?? 0
}

/**
 * Maintains a query as stream table st through changes, each a transaction, and says after which of them the refresh read more
 * rows than `few`, and how many. The oracle runs after each.
 */
export async function changesThatReadMore(
  client: pg.Client,
  {
    query,
    changes,
    tables,
    few,
  }: { query: string; changes: readonly string[]; tables: readonly string[]; few: number },
): Promise<readonly (readonly [change: string, rows: number])[]> {
  await client.query(`SELECT pgstream.create_stream_table('st', $1, '1h', 'DIFFERENTIAL')`, [query])
  await analyze(client)
  const counts: [string, number][] = []
  for (const change of changes) {
    await client.query(`BEGIN; ${change}; COMMIT`)
    const before = await rowsRead(client, tables)
    await client.query(`SELECT pgstream.refresh_stream_table('st')`)
    counts.push([change, (await rowsRead(client, tables)) - before])
    await expectEqual(client, 'st')
  }
  await client.query(`SELECT pgstream.drop_stream_table('st')`)
  return counts.filter(([, rows]) => rows > few)
}
