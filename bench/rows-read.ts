import type pg from 'pg'
import { scalar } from './database.ts'

/** Rows that were read so far, of source tables, stream tables and their state. */
export async function rowsRead(client: pg.Client): Promise<number> {
  await client.query('SELECT pg_stat_force_next_flush()')
  return scalar<number>(
    client,
    `SELECT sum(seq_tup_read + coalesce(idx_tup_fetch, 0))::float8 FROM pg_stat_user_tables
     WHERE schemaname IN ('public', 'pgstream_state')`,
  )
}

/** Bytes of what is kept beside a stream table, indexes included. */
export async function stateBytes(client: pg.Client, name: string): Promise<number> {
  return scalar<number>(
    client,
    `SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0)::float8 FROM pg_class c
     WHERE c.relnamespace = 'pgstream_state'::regnamespace AND c.relkind = 'r'
       AND starts_with(c.relname, (SELECT 'state_' || pgs_id || '_' FROM pgstream.pgs_stream_tables WHERE pgs_name = '${name}'))`,
  )
}
