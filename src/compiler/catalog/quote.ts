/** The one place that quotes. */

/** An identifier, bare where that is surely right. Never holds a raw line break: generated SQL is indented by line. */
export function quoteIdentifier(name: string): string {
  if (/^[a-z_][a-z0-9_]*$/.test(name) && !RESERVED.has(name)) return name
  const body = name.replaceAll('"', '""')
  if (!/[\n\r]/.test(name)) return `"${body}"`
  return `U&"${body.replaceAll('\\', '\\\\').replaceAll('\n', '\\000a').replaceAll('\r', '\\000d')}"`
}

/** A string literal on one line that reads the same whatever `standard_conforming_strings` says. */
export function quoteLiteral(text: string): string {
  const body = text.replaceAll("'", "''")
  if (!/[\\\n\r]/.test(body)) return `'${body}'`
  return `E'${body.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('\r', '\\r')}'`
}

export function quoteQualified(schema: string, name: string): string {
  return schema === 'pg_catalog'
    ? quoteIdentifier(name)
    : `${quoteIdentifier(schema)}.${quoteIdentifier(name)}`
}

/** Words that cannot stand bare as a column, table or function name somewhere in SQL (PostgreSQL `kwlist.h`, not unreserved). */
const RESERVED: ReadonlySet<string> = new Set(
  `all analyse analyze and any array as asc asymmetric authorization between bigint binary bit boolean both case cast
  char character check coalesce collate collation column concurrently constraint create cross current_catalog
  current_date current_role current_schema current_time current_timestamp current_user dec decimal default deferrable
  desc distinct do else end except exists extract false fetch float for foreign freeze from full grant greatest group
  grouping having ilike in initially inner inout int integer intersect interval into is isnull join json json_array
  json_arrayagg json_exists json_object json_objectagg json_query json_scalar json_serialize json_table json_value
  lateral leading least left like limit localtime localtimestamp merge_action national natural nchar none normalize not
  notnull null nullif numeric offset on only or order out outer overlaps overlay placing position precision primary
  real references returning right row select session_user setof similar smallint some substring symmetric system_user
  table tablesample then time timestamp to trailing treat trim true union unique user using values varchar variadic
  verbose when where window with xmlattributes xmlconcat xmlelement xmlexists xmlforest xmlnamespaces xmlparse xmlpi
  xmlroot xmlserialize xmltable day filter hour minute month over second varying within without year ordinality`.split(
    /\s+/,
  ),
)
