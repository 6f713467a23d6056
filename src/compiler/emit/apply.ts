/**
 * Applying a net change (consolidated rows with weights, in the CTE `net`) to a stored table, as further CTEs.
 *
 * With a key: a row of positive weight is inserted or replaces the row of its key; a key with nothing but negative
 * weight goes. Without: a bag; copies are deleted one by one, found by hash and compared by image, and then inserted: its owner
 * may know a key, and constrain the table to it.
 * Rows that do not change are not in `net`, so they are not touched.
 */
import type { Column } from '../algebra/node.ts'
import type { CompileRequest } from '../catalog/request.ts'
import { bulkMatch, rowHash, sameImage, storedMatch } from './image.ts'
import { columnName } from './names.ts'
import { cte, indent } from './select-text.ts'

export interface StoredTable {
  /** Qualified, quoted. */
  readonly sql: string
  /** The columns in order, with their (quoted) names in the table. */
  readonly columns: readonly { readonly column: Column; readonly name: string }[]
  /** Key columns; null for a bag, [] for at most one row. */
  readonly key: readonly Column[] | null
}

export interface Applied {
  readonly ctes: readonly string[]
  /** SQL that counts. */
  readonly inserted: string
  readonly updated: string
  readonly deleted: string
}

/** `isBulk`: the rows may be many. */
export function applyNet(
  request: CompileRequest,
  table: StoredTable,
  net: string,
  prefix: string,
  isBulk = false,
): Applied {
  return table.key === null
    ? applyBag(request, table, net, prefix)
    : applyKeyed(request, table, table.key, net, prefix, isBulk)
}

function applyKeyed(
  request: CompileRequest,
  table: StoredTable,
  key: readonly Column[],
  net: string,
  prefix: string,
  isBulk: boolean,
): Applied {
  const names = table.columns.map(({ name }) => name)
  const keyNames = table.columns
    .filter(({ column }) => key.some((each) => each.id === column.id))
    .map(({ name }) => name)
  const values = table.columns.map(({ column }) => `n.${columnName(column)}`)
  const keys = key.map(columnName)
  const match = (isBulk ? bulkMatch : storedMatch)(
    request,
    key,
    key.map(({ id }) => `s.${table.columns.find((each) => each.column.id === id)?.name ?? ''}`),
    key.map((column) => `g.${columnName(column)}`),
  ).join(' AND ')
  const gone = `SELECT ${keys.join(', ') || '1'}\nFROM ${net}\n${keys.length > 0 ? `GROUP BY ${keys.join(', ')}\n` : ''}HAVING max(weight) < 0`
  const remove = `DELETE FROM ${table.sql} AS s\nUSING ${prefix}_gone AS g\nWHERE ${match || 'true'}\nRETURNING 1`
  // At most one row: nothing to name as the arbiter, so the old row, if any, goes by the index on a constant.
  const arbiter = keyNames.length > 0 ? keyNames.join(', ') : '(true)'
  const write = `INSERT INTO ${table.sql} AS s (${names.join(', ')})
SELECT ${values.join(', ')}
FROM ${net} AS n
WHERE n.weight > 0
ON CONFLICT (${arbiter}) DO UPDATE SET ${names.map((name) => `${name} = EXCLUDED.${name}`).join(', ')}
RETURNING (s.xmax = 0) AS fresh`
  return {
    ctes: [
      cte(`${prefix}_gone`, gone),
      `${prefix}_deleted AS (\n  ${indent(remove)}\n)`,
      `${prefix}_written AS (\n  ${indent(write)}\n)`,
    ],
    inserted: `(SELECT count(*) FILTER (WHERE fresh) FROM ${prefix}_written)`,
    updated: `(SELECT count(*) FILTER (WHERE NOT fresh) FROM ${prefix}_written)`,
    deleted: `(SELECT count(*) FROM ${prefix}_deleted)`,
  }
}

function applyBag(request: CompileRequest, table: StoredTable, net: string, prefix: string): Applied {
  const names = table.columns.map(({ name }) => name)
  const columns = table.columns.map(({ column }) => column)
  const nameOf = (column: Column) => table.columns.find((each) => each.column.id === column.id)?.name ?? ''
  const values = columns.map((column) => `n.${columnName(column)}`)
  const stored = rowHash(request, columns, (column) => `s.${nameOf(column)}`)
  const wanted = rowHash(request, columns, (column) => `n.${columnName(column)}`)
  const conditions = [
    ...(stored && wanted ? [`${stored} = ${wanted}`] : []),
    sameImage(
      request,
      columns,
      names.map((name) => `s.${name}`),
      values,
    ),
  ]
  const find = `SELECT v.tid
FROM ${net} AS n
CROSS JOIN LATERAL (
  SELECT s.ctid AS tid
  FROM ${table.sql} AS s
  WHERE ${conditions.join(' AND ')}
  LIMIT -n.weight
) AS v
WHERE n.weight < 0`
  const remove = `DELETE FROM ${table.sql} AS s\nUSING ${prefix}_found AS f\nWHERE s.ctid = f.tid\nRETURNING 1`
  const write = `INSERT INTO ${table.sql} (${names.join(', ')})
SELECT ${values.join(', ')}
FROM ${net} AS n
CROSS JOIN LATERAL generate_series(1, n.weight) AS copies
WHERE n.weight > 0 AND (SELECT count(*) FROM ${prefix}_deleted) >= 0
RETURNING 1`
  return {
    ctes: [
      cte(`${prefix}_found`, find),
      `${prefix}_deleted AS (\n  ${indent(remove)}\n)`,
      `${prefix}_inserted AS (\n  ${indent(write)}\n)`,
    ],
    inserted: `(SELECT count(*) FROM ${prefix}_inserted)`,
    updated: '0',
    deleted: `(SELECT count(*) FROM ${prefix}_deleted)`,
  }
}
