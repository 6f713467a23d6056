/**
 * The oracle: a stream table equals its query, as a bag, at one snapshot. Every test of exactness ends here.
 *
 *   (TABLE st EXCEPT ALL q) UNION ALL (q EXCEPT ALL TABLE st)  is empty
 *
 * q is the text the user gave, read under the search_path it was given under. Columns without equality (json, point …)
 * are compared as text, and so is everything when images are asked for. Floats may differ by rounding: the order in which
 * PostgreSQL itself adds them is not fixed.
 */

/** What is used of a driver: node-postgres and PGlite both have it. */
export interface SqlClient {
  query(sql: string, parameters?: unknown[]): Promise<{ rows: unknown[] }>
}

export interface ExactOptions {
  /** Run in the transaction that is already open, instead of a REPEATABLE READ one of its own. */
  readonly within?: boolean
  /** Compare what is printed, not what is equal: 1.0 and 1.00, 'a' and 'A' under a case-blind collation differ. */
  readonly image?: boolean
}

/** Relative, and absolute below 1. */
const TOLERANCE = 1e-9

/** Refreshes a stream table and compares it with its query at the same snapshot, writers or not. Returns the action. */
export async function expectExact(
  client: SqlClient,
  name: string,
  options: ExactOptions = {},
): Promise<string> {
  if (options.within) return refreshAndCompare(client, name, options)
  for (let attempt = 1; ; attempt++) {
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ')
    try {
      const action = await refreshAndCompare(client, name, options)
      await client.query('COMMIT')
      return action
    } catch (error) {
      await client.query('ROLLBACK')
      // Another refresh won: the frontier moved after our snapshot. Losing it is what should happen.
      if ((error as { code?: string }).code !== '40001' || attempt === 50) throw error
    }
  }
}

async function refreshAndCompare(client: SqlClient, name: string, options: ExactOptions): Promise<string> {
  const [row] = await rowsOf<{ action: string }>(
    client,
    'SELECT pgstream.refresh_stream_table($1) AS action',
    [name],
  )
  await expectEqual(client, name, options)
  return row?.action ?? ''
}

/**
 * The second form: refreshes in a READ COMMITTED transaction of its own and compares in the next. Only for when nobody
 * writes between the two.
 */
export async function expectExactWhenQuiet(
  client: SqlClient,
  name: string,
  options: ExactOptions = {},
): Promise<string> {
  return refreshAndCompare(client, name, options)
}

/** Compares as things stand, without a refresh. */
export async function expectEqual(client: SqlClient, name: string, { image = false }: ExactOptions = {}) {
  const [definition] = await rowsOf<Definition>(
    client,
    `SELECT s.pgs_id::text AS id, s.defining_query AS query, s.defining_search_path AS path, s.pgs_relid::regclass::text AS relation,
       current_setting('search_path') AS "currentPath"
     FROM pgstream.pgs_stream_tables AS s WHERE s.pgs_relid = $1::regclass`,
    [name],
  )
  if (!definition) throw new Error(`${name} is not a stream table`)
  const columns = await rowsOf<Column>(client, COLUMNS, [name])
  // PostgreSQL 18.4 loses rows of `t JOIN ONLY t` by the key (see asWritten in src/compiler/emit/function.ts).
  await client.query(
    `SELECT set_config(name, 'off', false) FROM unnest('{enable_self_join_elimination}'::text[]) AS name WHERE current_setting(name, true) = 'on'`,
  )
  await client.query(`SELECT set_config('search_path', $1, false)`, [definition.path])
  let differences: Difference[]
  try {
    differences = await rowsOf<Difference>(client, differenceQuery(definition, columns, image))
  } finally {
    // In a transaction that has failed its end restores the path.
    await client
      .query(`SELECT set_config('search_path', $1, false)`, [definition.currentPath])
      .catch(() => {})
  }
  const left = image ? differences : withoutRounding(differences, columns)
  if (left.length > 0) throw new Error(await report(client, name, definition, columns, left))
}

interface Definition {
  readonly id: string
  readonly query: string
  readonly path: string
  readonly relation: string
  readonly currentPath: string
}

interface Column {
  readonly name: string
  /** EXCEPT can compare it. */
  readonly comparable: boolean
  /** A float, or something made of floats. */
  readonly rounds: boolean
}

interface Difference {
  /** +1: only the stream table has it; −1: only the query. */
  readonly weight: number
  readonly values: readonly (string | null)[]
}

/** The columns of a stream table, with what their types are made of. */
const COLUMNS = `
WITH RECURSIVE parts(attnum, type) AS (
  SELECT a.attnum, a.atttypid FROM pg_attribute a
  WHERE a.attrelid = $1::regclass AND a.attnum > 0 AND NOT a.attisdropped
  UNION
  SELECT p.attnum, e.oid FROM parts p JOIN pg_type t ON t.oid = p.type
  CROSS JOIN LATERAL (
    SELECT t.typbasetype AS oid WHERE t.typtype = 'd'
    UNION ALL SELECT t.typelem WHERE t.typsubscript = 'array_subscript_handler'::regproc
    UNION ALL SELECT r.rngsubtype FROM pg_range r WHERE t.oid IN (r.rngtypid, r.rngmultitypid)
    UNION ALL SELECT f.atttypid FROM pg_attribute f
      WHERE t.typtype = 'c' AND f.attrelid = t.typrelid AND f.attnum > 0 AND NOT f.attisdropped
  ) AS e
)
SELECT quote_ident(a.attname) AS name,
  bool_and(t.typtype IN ('d', 'c', 'e', 'r', 'm') OR t.typsubscript = 'array_subscript_handler'::regproc
    OR t.typname IN ('varchar', 'bpchar', 'cidr') OR EXISTS (
      SELECT FROM pg_opclass o JOIN pg_am m ON m.oid = o.opcmethod AND m.amname = 'btree'
      WHERE o.opcintype = t.oid AND o.opcdefault)) AS comparable,
  bool_or(t.typname IN ('float4', 'float8')) AS rounds
FROM parts p JOIN pg_attribute a ON a.attrelid = $1::regclass AND a.attnum = p.attnum JOIN pg_type t ON t.oid = p.type
GROUP BY a.attnum, a.attname ORDER BY a.attnum`

/** With a comment after it; a quote would mean that it stands in a string. */
const FINAL_SEMICOLON = /;\s*(--[^\n'"]*\s*)*$/

function differenceQuery(
  { query, relation }: Definition,
  columns: readonly Column[],
  image: boolean,
): string {
  const names = columns.map((_, i) => `c${i + 1}`)
  const compared = columns.map(({ comparable }, i) =>
    image || !comparable ? `c${i + 1}::text COLLATE "C"` : `c${i + 1}`,
  )
  const list = names.join(', ')
  const rows = (from: string) => `SELECT ${compared.join(', ')} FROM ${from}`
  // The parentheses close on a line of their own: the text may end in a comment.
  return `WITH st(${list}) AS MATERIALIZED (SELECT ${columns.map(({ name }) => `s.${name}`).join(', ')} FROM ${relation} AS s),
q(${list}) AS MATERIALIZED (
${query.replace(FINAL_SEMICOLON, '')}
)
SELECT weight, ARRAY[${names.map((name) => `d.${name}::text`).join(', ')}]::text[] AS values FROM (
  SELECT 1 AS weight, e.* FROM (${rows('st')} EXCEPT ALL ${rows('q')}) AS e(${list})
  UNION ALL
  SELECT -1, e.* FROM (${rows('q')} EXCEPT ALL ${rows('st')}) AS e(${list})
) AS d`
}

/** Takes out pairs of rows that differ by the rounding of floats alone. */
function withoutRounding(
  differences: readonly Difference[],
  columns: readonly Column[],
): readonly Difference[] {
  if (!columns.some((column) => column.rounds)) return differences
  const wanted = differences.filter(({ weight }) => weight < 0)
  const extra = differences.filter(({ weight }) => weight > 0)
  const unmatched = extra.filter((row) => {
    const found = wanted.findIndex((each) =>
      columns.every(({ rounds }, i) => {
        const [a, b] = [row.values[i] ?? null, each.values[i] ?? null]
        return a === b || (rounds && a !== null && b !== null && isClose(a, b))
      }),
    )
    if (found >= 0) wanted.splice(found, 1)
    return found < 0
  })
  return [...unmatched, ...wanted]
}

const NUMBERS = /-?\d+(?:\.\d+)?(?:e[-+]?\d+)?/g

/** Two texts that are the same but for the last digits of their numbers. */
function isClose(a: string, b: string): boolean {
  if (a.replaceAll(NUMBERS, '#') !== b.replaceAll(NUMBERS, '#')) return false
  const [left, right] = [a.match(NUMBERS) ?? [], b.match(NUMBERS) ?? []].map((found) => found.map(Number))
  return (left ?? []).every((x, i) => {
    const y = right?.[i] ?? Number.NaN
    return Math.abs(x - y) <= TOLERANCE * Math.max(1, Math.abs(x), Math.abs(y))
  })
}

async function report(
  client: SqlClient,
  name: string,
  { id, query }: Definition,
  columns: readonly Column[],
  differences: readonly Difference[],
): Promise<string> {
  const [history] = await rowsOf<{ line: string }>(
    client,
    `SELECT concat_ws(' ', h.action, h.status, '+' || h.rows_inserted, '~' || h.rows_updated, '-' || h.rows_deleted, h.reason) AS line
     FROM pgstream.pgs_refresh_history AS h WHERE h.pgs_id = $1 ORDER BY h.refresh_id DESC LIMIT 1`,
    [id],
  )
  const shown = differences.slice(0, 20).map(({ weight, values }) => {
    const row = values.map((value) => value ?? 'NULL').join(' | ')
    return `  ${weight > 0 ? '+1 (not in the query)       ' : '-1 (not in the stream table)'} ${row}`
  })
  if (differences.length > shown.length) shown.push(`  … ${differences.length - shown.length} more`)
  return [
    `stream table ${name} differs from its query (${columns.map((column) => column.name).join(' | ')}):`,
    ...shown,
    `query: ${query}`,
    `last refresh: ${history?.line ?? 'none'}`,
  ].join('\n')
}

async function rowsOf<Row>(client: SqlClient, sql: string, parameters: unknown[] = []): Promise<Row[]> {
  return (await client.query(sql, parameters)).rows as Row[]
}
