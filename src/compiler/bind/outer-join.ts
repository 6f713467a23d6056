/** LEFT, RIGHT and FULL JOIN. */
import { ref } from '../algebra/build.ts'
import type { Column, ColumnIds, Key, Node } from '../algebra/node.ts'
import { operatorOf } from '../algebra/operators/index.ts'
import type { OuterJoin } from '../algebra/operators/outer-join.ts'
import type { Projection } from '../algebra/operators/project.ts'
import type { ColumnId, Constant, Scalar, TypeRef } from '../algebra/scalar.ts'
import type { CompileRequest } from '../catalog/request.ts'
import { castTypeSql, collationSql } from './facts.ts'
import { replaceScalars } from './subquery/columns.ts'

export function leftJoin(
  left: Node,
  right: Node,
  predicate: readonly Scalar[],
  request: CompileRequest,
): OuterJoin {
  return { op: 'outer-join', left, right, predicate, nulls: nullsOf(right, request) }
}

/** The left join, and the right rows without a match; behind the columns of both sides the merged ones. */
export function fullJoin(
  left: Node,
  right: Node,
  predicate: readonly Scalar[],
  { request, ids: columnIds, merged }: Merging,
): Node {
  const columns = [...columnsOf(left), ...columnsOf(right)].map((column) => ({ ...column, nullable: true }))
  const ids = columns.map(({ id }) => id)
  const pairs = equated(left, right, predicate).map(([one, other]) => {
    const column = columnIds.make(one.name, { ...one.type, typmod: -1 }, true)
    merged.set(mergedName(one.id, other.id), column)
    return { column, one, other }
  })
  const unmatched: Node = { op: 'semi-join', left: right, right: left, predicate, isAnti: true }
  const passed = columnsOf(right).map((column) => ({
    column: { ...column, nullable: true },
    value: ref(column),
  }))
  const padded: Node = { op: 'project', input: unmatched, outputs: [...nullsOf(left, request), ...passed] }
  const [lefts, rights] = [left, right].map(keysWithoutNull)
  const keys = (lefts ?? []).flatMap((key) => (rights ?? []).map((other) => [...key, ...other]))
  return {
    op: 'union-all',
    columns: [...columns, ...pairs.map(({ column }) => column)],
    branches: [
      {
        input: leftJoin(left, right, predicate, request),
        columns: [...ids, ...pairs.map(({ one }) => one.id)],
      },
      { input: padded, columns: [...ids, ...pairs.map(({ other }) => other.id)] },
    ],
    keys: keys.slice(0, 4),
  }
}

export interface Merging {
  readonly request: CompileRequest
  readonly ids: ColumnIds
  readonly merged: MergedColumns
}

/**
 * Columns that stand for COALESCE(a, b) over a full join on a = b, by the two: a row of the left side has its own a, any other the
 * b that it is made of. An index of each side finds rows by its column, and none by the COALESCE, as USING has it.
 */
export type MergedColumns = Map<string, Column>

function mergedName(one: ColumnId, other: ColumnId): string {
  return `${one} ${other}`
}

/** Columns of the two sides that a match has alike, of one type. */
function equated(
  left: Node,
  right: Node,
  predicate: readonly Scalar[],
): readonly (readonly [Column, Column])[] {
  // A condition of the join itself sees no merged columns.
  if (JSON.stringify(predicate).includes('"COALESCE"')) return []
  const isSame = (a: TypeRef, b: TypeRef) => a.oid === b.oid && a.collation === b.collation
  return predicate.flatMap((each) => {
    if (each.kind !== 'operator' || !each.equality || !each.strict) return []
    const sides = each.args.flatMap((arg) => (arg.kind === 'column' ? [arg.id] : []))
    const one = columnsOf(left).find(({ id }) => sides.includes(id))
    const other = columnsOf(right).find(({ id }) => sides.includes(id))
    return one && other && isSame(one.type, other.type) ? [[one, other] as const] : []
  })
}

/** With those columns in the place of what they stand for. */
export function withMergedColumns<T>(tree: T, merged: MergedColumns): T {
  if (merged.size === 0) return tree
  return replaceScalars(tree, (scalar) => {
    if (scalar.kind !== 'expression' || scalar.construct !== 'COALESCE') return null
    // Of three tables one is merged with what two are merged to.
    const args = withMergedColumns(scalar.args, merged)
    const [one, other, ...more] = args
    if (one?.kind !== 'column' || other?.kind !== 'column' || more.length > 0)
      return args === scalar.args ? null : { ...scalar, args }
    const column = merged.get(mergedName(one.id, other.id))
    return column && JSON.stringify(column.type) === JSON.stringify(scalar.type) ? ref(column) : null
  })
}

/** Keys that no row of NULLs has: one side's padding is none of its rows. */
export function keysWithoutNull(node: Node): readonly Key[] {
  const present = new Set(columnsOf(node).flatMap(({ id, nullable }) => (nullable ? [] : [id])))
  return operatorOf(node)
    .keys(node)
    .filter((key) => key.some((id) => present.has(id)))
}

export function nullsOf(node: Node, request: CompileRequest): readonly Projection[] {
  return columnsOf(node).map((column) => ({
    column: { ...column, nullable: true },
    value: nullOf(column.type, request),
  }))
}

/** `DEFAULT_COLLATION_OID` needs no clause. */
const DEFAULT_COLLATION = 100

export function nullOf(type: TypeRef, request: CompileRequest): Constant {
  const collate =
    type.collation === 0 || type.collation === DEFAULT_COLLATION
      ? ''
      : ` COLLATE ${collationSql(request, type.collation)}`
  const text = `NULL::${castTypeSql(request, type.oid)}${collate}`
  return { kind: 'constant', sql: collate === '' ? text : `(${text})`, isNull: true, type }
}

function columnsOf(node: Node): readonly Column[] {
  return operatorOf(node).columns(node)
}
