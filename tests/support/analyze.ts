import type pg from 'pg'

/** ANALYZE, but for the catalogs of PostgreSQL and pg_stream, which take most of its time. */
export async function analyze(client: pg.Client): Promise<void> {
  await analyzeThose(client, `c.relnamespace::regnamespace::text !~ '^(pg_|information_schema$|pgstream$)'`)
}

/** ANALYZE of what stream tables are made of; the tables that they read are left as they are. */
export async function analyzeStreamTables(client: pg.Client): Promise<void> {
  await analyzeThose(
    client,
    `c.relnamespace::regnamespace::text IN ('pgstream_state', 'pgstream_changes')
       OR c.oid IN (SELECT s.pgs_relid FROM pgstream.pgs_stream_tables AS s)`,
  )
}

async function analyzeThose(client: pg.Client, which: string): Promise<void> {
  const { rows } = await client.query(
    `SELECT string_agg(c.oid::regclass::text, ', ') AS tables FROM pg_class AS c
     WHERE c.relkind IN ('r', 'p', 'm') AND (${which})`,
  )
  await client.query(`ANALYZE ${rows[0].tables}`)
}
