import type pg from 'pg'

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
