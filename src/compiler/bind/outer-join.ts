/** LEFT, RIGHT and FULL JOIN. */
import { ref } from '../algebra/build.ts'
import type { Column, Key, Node } from '../algebra/node.ts'
import { operatorOf } from '../algebra/operators/index.ts'
import type { OuterJoin } from '../algebra/operators/outer-join.ts'
import type { Projection } from '../algebra/operators/project.ts'
import type { Constant, Scalar, TypeRef } from '../algebra/scalar.ts'
import type { CompileRequest } from '../catalog/request.ts'
import { castTypeSql, collationSql } from './facts.ts'

export function leftJoin(
  left: Node,
  right: Node,
  predicate: readonly Scalar[],
  request: CompileRequest,
): OuterJoin {
  return { op: 'outer-join', left, right, predicate, nulls: nullsOf(right, request) }
}

/** The left join, and the right rows without a match. */
export function fullJoin(
  left: Node,
  right: Node,
  predicate: readonly Scalar[],
  request: CompileRequest,
): Node {
  const columns = [...columnsOf(left), ...columnsOf(right)].map((column) => ({ ...column, nullable: true }))
  const ids = columns.map(({ id }) => id)
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
    columns,
    branches: [
      { input: leftJoin(left, right, predicate, request), columns: ids },
      { input: padded, columns: ids },
    ],
    keys: keys.slice(0, 4),
  }
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
