import type pg from 'pg'

/** Functions, procedures, views and tables of schema pgstream that are for users: those whose names start with a letter. */
export async function publicObjects(client: pg.Client): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(`
    SELECT proname AS name FROM pg_proc WHERE pronamespace = 'pgstream'::regnamespace AND proname !~ '^_'
    UNION SELECT relname FROM pg_class WHERE relnamespace = 'pgstream'::regnamespace AND relkind IN ('r', 'v') AND relname !~ '^_'
    ORDER BY 1`)
  return rows.map(({ name }) => name)
}

/** How an object is called or read: a function with its arguments and result, a table or view with its columns. */
export async function signature(client: pg.Client, name: string): Promise<string> {
  const functions = await client.query<{
    kind: string
    arguments: string[]
    result: string
    columns: string[]
  }>(
    `SELECT prokind AS kind, pg_get_function_result(p.oid) AS result,
       ARRAY(SELECT concat_ws(' ', CASE a.mode WHEN 'b' THEN 'INOUT' END, quote_ident(a.name), a.type, 'DEFAULT ' || a.fallback) FROM pgs_arguments(p) AS a WHERE a.mode IN ('i', 'v', 'b')) AS arguments,
       ARRAY(SELECT concat_ws(' ', quote_ident(a.name), a.type) FROM pgs_arguments(p) AS a WHERE a.mode = 't') AS columns
     FROM pg_proc p WHERE pronamespace = 'pgstream'::regnamespace AND proname = $1`.replaceAll(
      'pgs_arguments(p)',
      () => ARGUMENTS,
    ),
    [name],
  )
  const [found] = functions.rows
  if (found) {
    const call = `${name}${list(found.arguments)}`
    if (found.kind === 'p') return call
    return `${call} → ${found.columns.length > 0 ? `TABLE ${list(found.columns)}` : found.result}`
  }
  const { rows } = await client.query<{ line: string }>(
    `SELECT concat_ws(' ', quote_ident(attname), format_type(atttypid, atttypmod)) AS line FROM pg_attribute
     WHERE attrelid = to_regclass('pgstream.' || quote_ident($1)) AND attnum > 0 AND NOT attisdropped ORDER BY attnum`,
    [name],
  )
  if (rows.length === 0) throw new Error(`pgstream.${name} is documented and does not exist`)
  return `${name} ${list(rows.map(({ line }) => line))}`
}

const ARGUMENTS = `(
  SELECT u.name, format_type(u.type, NULL) AS type, coalesce(u.mode, 'i') AS mode,
    regexp_replace(pg_get_function_arg_default(p.oid, u.i::int), '::[a-z ]+$', '') AS fallback
  FROM unnest(p.proargnames, coalesce(p.proallargtypes, p.proargtypes::oid[]), p.proargmodes) WITH ORDINALITY AS u(name, type, mode, i)
)`

/** On one line when it fits, else filled to the width of a page. */
function list(items: readonly string[]): string {
  const line = `(${items.join(', ')})`
  if (line.length <= 80) return line
  let text = ''
  let room = 0
  for (const [i, item] of items.entries()) {
    const piece = i < items.length - 1 ? `${item},` : item
    const fits = piece.length + 1 <= room
    text += fits ? ` ${piece}` : `\n  ${piece}`
    room = (fits ? room : 98) - piece.length - 1
  }
  return `(${text}\n)`
}
