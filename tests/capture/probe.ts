import type pg from 'pg'

/**
 * Watches one captured source: remembers its content, and later compares the sum of the weights in its change buffer
 * with what the content really changed by, as bags of rows.
 */
export interface Probe {
  readonly buffer: string
  /** Rows whose net weight in the buffer is not their change in the table; empty when capture is exact. */
  mismatches(): Promise<readonly { row: string; changed: number; captured: number }[]>
  /** Rows in the buffer. */
  captured(): Promise<number>
  /** How often the source is noted as truncated. */
  truncations(): Promise<number>
}

/** Capture the named columns (all by default) of a table, and remember its content. */
export async function probe(client: pg.Client, table: string, columns?: readonly string[]): Promise<Probe> {
  const facts = await client.query<{ oid: string; attnum: number; attname: string }>(
    `SELECT attrelid::oid AS oid, attnum, quote_ident(attname) AS attname FROM pg_attribute
     WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped AND ($2::text[] IS NULL OR attname = ANY ($2))
     ORDER BY attnum`,
    [table, columns ?? null],
  )
  const oid =
    facts.rows[0]?.oid ?? (await client.query(`SELECT $1::regclass::oid AS oid`, [table])).rows[0].oid
  const attnums = facts.rows.map((row) => row.attnum)
  await client.query('SELECT pgstream._ensure_capture($1, $2)', [oid, attnums])
  const buffer = `pgstream_changes.changes_${oid}`
  const id = (await client.query<{ id: string }>(`SELECT 'probe_' || nextval('pgstream.change_seq') AS id`))
    .rows[0]?.id
  const live = `SELECT ROW(${attnums.map((_, i) => `t.${facts.rows[i]?.attname}`).join(', ')})::text AS row FROM ${table} AS t`
  await client.query(`CREATE TABLE ${id} AS ${live}`)
  /** The buffer row by row. Rows without a column are never packed. */
  const unpacked = async (now: readonly { attnum: number }[]) => {
    const { rows: found } = await client.query<{ attname: string }>(
      `SELECT attname FROM pg_attribute WHERE attrelid = $1::regclass AND attname ~ '^p[0-9]+$' AND NOT attisdropped`,
      [buffer],
    )
    const arrays = new Set(found.map((each) => each.attname))
    const plain = now.map((c) => `c${c.attnum}`)
    const packed = now.map((c) => (arrays.has(`p${c.attnum}`) ? `unnest(p${c.attnum})` : 'NULL'))
    return `(SELECT ${['weight', ...plain].join(', ')} FROM ${buffer} WHERE part <> 'p'
      UNION ALL SELECT ${['weight', ...packed].join(', ')} FROM ${buffer} WHERE part = 'p')`
  }
  const names = () =>
    client.query<{ attnum: number; attname: string }>(
      `SELECT attnum, quote_ident(attname) AS attname FROM pg_attribute
       WHERE attrelid = $1 AND attnum = ANY ($2) AND NOT attisdropped ORDER BY attnum`,
      [oid, attnums],
    )
  return {
    buffer,
    async mismatches() {
      // By their present names: the table may have been altered. A dropped column is left out on both sides.
      const now = (await names()).rows
      const qualified = (await client.query(`SELECT pgstream._qualified_name($1) AS name`, [oid])).rows[0]
        .name
      if (now.length < attnums.length) throw new Error('a captured column is gone')
      const { rows } = await client.query(
        `SELECT row, sum(changed)::int AS changed, sum(captured)::int AS captured FROM (
           SELECT row, -1 AS changed, 0 AS captured FROM ${id}
           UNION ALL SELECT ROW(${now.map((c) => `t.${c.attname}`).join(', ')})::text, 1, 0 FROM ${qualified} AS t
           UNION ALL SELECT ROW(${now.map((c) => `b.c${c.attnum}`).join(', ')})::text, 0, weight FROM ${await unpacked(now)} AS b
         ) AS x GROUP BY row HAVING sum(changed) <> sum(captured) ORDER BY row`,
      )
      return rows
    },
    async captured() {
      return (await client.query(`SELECT coalesce(sum(coalesce(n, 1)), 0)::int AS n FROM ${buffer}`)).rows[0]
        .n
    },
    async truncations() {
      const { rows } = await client.query(
        `SELECT count(*)::int AS n FROM pgstream.truncations WHERE source_relid = $1`,
        [oid],
      )
      return rows[0].n
    },
  }
}
