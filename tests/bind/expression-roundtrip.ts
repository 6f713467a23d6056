import type { ColumnId, Scalar } from '../../src/compiler/algebra/scalar.ts'
import { bindExpression } from '../../src/compiler/bind/expression.ts'
import type { Scope } from '../../src/compiler/bind/scope.ts'
import { nodeField, nodeListField, numberField } from '../../src/compiler/catalog/node-field.ts'
import { parseViewQuery, type TreeNode, type TreeValue } from '../../src/compiler/catalog/node-tree.ts'
import { quoteIdentifier } from '../../src/compiler/catalog/quote.ts'
import type { CompileRequest } from '../../src/compiler/catalog/request.ts'
import { printScalar } from '../../src/compiler/emit/scalar.ts'

/** What node-postgres and PGlite have in common: statements without parameters, several in one string allowed. */
export interface Database {
  run(sql: string): Promise<Record<string, unknown>[]>
}

export interface Bound {
  readonly source: string
  readonly node: TreeNode
  readonly scalar: Scalar
  readonly printed: string
}

export interface Analysed {
  readonly source: string
  readonly node: TreeNode
  readonly request: CompileRequest
}

/** Analyses expressions over the table `everything` as a temporary view of the given name, which stays. */
export async function analyse(db: Database, view: string, sources: readonly string[]): Promise<Analysed[]> {
  const columns = sources.map((source, i) => `${source} AS c${i}`)
  await db.run(
    `CREATE TEMP VIEW ${view} AS SELECT e.id AS row_id, ${columns.join(', ')} FROM "App s".everything AS e`,
  )
  const [row] = await db.run(
    `SELECT pgstream._compile_request('pg_temp.${view}'::regclass, 1, 'public', 'x', 'AUTO') AS r`,
  )
  const request = row?.r as CompileRequest
  const targets = nodeListField(parseViewQuery(request.tree), 'targetList').slice(1)
  return targets.map((target, i) => ({ source: sources[i] ?? '', node: nodeField(target, 'expr'), request }))
}

export async function bindAll(db: Database, view: string, sources: readonly string[]): Promise<Bound[]> {
  const analysed = await analyse(db, view, sources)
  return analysed.map(({ source, node, request }) => {
    const scalar = bindExpression(node, tableScope(request))
    return { source, node, scalar, printed: printScalar(scalar, columnName(request)) }
  })
}

/** Column ids are attribute numbers; the whole row is 0. */
export function tableScope(request: CompileRequest): Scope {
  return {
    request,
    resolve: (node) => ({
      kind: 'column',
      id: numberField(node, 'varattno'),
      type: {
        oid: numberField(node, 'vartype'),
        typmod: numberField(node, 'vartypmod'),
        collation: numberField(node, 'varcollid'),
      },
    }),
    external: (node) => {
      throw new Error(`unexpected ${node.tag}`)
    },
  }
}

export function columnName(request: CompileRequest): (id: ColumnId) => string {
  const table = Object.values(request.relations).find(({ name }) => name === 'everything')
  return (id) => {
    if (id === 0) return 'e'
    const column = table?.columns.find(({ attnum }) => attnum === id)
    if (column === undefined) throw new Error(`no column ${id}`)
    return `e.${quoteIdentifier(column.name)}`
  }
}

/** The expressions whose printed form has another record image than the view's column, in some row, in this session. */
export async function differing(db: Database, view: string, bound: readonly Bound[]): Promise<string[]> {
  const wrong: string[] = []
  const columns = bound.map(
    ({ printed }, i) =>
      `bool_and(ROW(v.c${i})::record OPERATOR(pg_catalog.*=) ROW(${printed})::record) AS c${i}`,
  )
  const [row] = await db.run(
    `SELECT ${columns.join(',\n')} FROM pg_temp.${view} AS v JOIN "App s".everything AS e ON e.id = v.row_id`,
  )
  for (const [i, { source, printed }] of bound.entries()) {
    if (row?.[`c${i}`] !== true) wrong.push(`${source} -> ${printed}`)
  }
  return wrong
}

/** Functions, operators and collations that an expression runs: what printing must not change. */
export function decisions(value: TreeValue | undefined): string[] {
  if (typeof value !== 'object' || value === null) return []
  if (Array.isArray(value)) return value.flatMap((item) => decisions(item as TreeValue))
  if (!('tag' in value)) return []
  // COLLATE may be said once more: what comes of it is compared.
  const own = ['funcid', 'opno', 'inputcollid', 'resulttype', 'funcresulttype', 'argisrow']
    .filter((name) => value.fields[name] !== undefined)
    .map((name) => `${name} ${String(value.fields[name])}`)
  return [
    ...own,
    ...Object.entries(value.fields).flatMap(([name, field]) => (name === 'raw_expr' ? [] : decisions(field))),
  ].sort()
}
