/**
 * Scalar subqueries: L ⟕ S, S having at most one row for each row of L. An aggregation has, and so has what a key fixes, and the
 * first row of any; any other is counted, and fails where it has more and is asked for, as nodeSubplan.c does.
 */
import { and, ref, sql } from '../../algebra/build.ts'
import { type Column, columnOf, type Node } from '../../algebra/node.ts'
import { operatorOf } from '../../algebra/operators/index.ts'
import { isDetermined } from '../../algebra/operators/join.ts'
import type { Project, Projection } from '../../algebra/operators/project.ts'
import { integerOf } from '../../algebra/reach.ts'
import { BIGINT, BOOLEAN, type ColumnId, type Scalar, type TypeRef } from '../../algebra/scalar.ts'
import type { CompileRequest } from '../../catalog/request.ts'
import { expression } from '../binding.ts'
import { groupedRows } from '../distinct.ts'
import { leftJoin, nullOf } from '../outer-join.ts'
import { dependsOn, idsOf, replaceColumns } from './columns.ts'
import type { Context } from './context.ts'
import { overDomain, totalOverDomain } from './domain.ts'
import { TRUTH } from './fold.ts'
import { correlationKeys, type Pulled, pull } from './pull.ts'
import { sameKey } from './same-key.ts'

export interface OneRow {
  /** Rows of the query around with the row that each has, or NULLs. */
  join(rows: Node): Node
  /** The subquery's columns above that. */
  readonly values: ReadonlyMap<ColumnId, Scalar>
  /** Is there a row? Known of aggregations only. */
  readonly exists: Scalar
  readonly isTotal: boolean
}

export function oneRow(subquery: Project, base: Node, context: Context): OneRow {
  const { request } = context
  const columns = subquery.outputs.map(({ column }) => column)
  const pulled = pull(subquery, {
    ...context,
    outer: idsOf(base),
    total: (node) => totalOverDomain(node, base, context),
  })
  if (pulled?.isTotal) return total(pulled, columns, request)
  if (!dependsOn(subquery, idsOf(base)) && isAlwaysOne(subquery))
    return {
      join: (rows) => ({ op: 'join', inputs: [rows, subquery], predicate: [] }),
      values: refs(columns),
      exists: TRUTH.true,
      isTotal: true,
    }
  const isOwn = pulled && columns.every(({ id }) => !pulled.values.has(id))
  const isFirst = isFirstRow(subquery)
  if (isOwn && (isFirst || isFixed(base, pulled.node, pulled.predicate)))
    return joined(pulled.node, pulled.predicate, refs(columns), request)
  const keyed = isOwn ? correlationKeys(pulled, context) : null
  if (isOwn && keyed) {
    const known = operatorOf(pulled.node).columns(pulled.node)
    const passed = known.map((column) => ({ column, value: ref(column) }))
    const rows: Node = { op: 'project', input: pulled.node, outputs: [...passed, ...keyed.keys] }
    const counted = countedRows(
      rows,
      keyed.keys.map(({ column }) => column),
      columns,
      context,
      false,
    )
    const predicate = keyed.predicate.map((each) => replaceColumns(each, counted.names))
    return joined(counted.node, predicate, counted.values, request)
  }
  const evaluated = overDomain(subquery, base, context.ids, request)
  if (isFirst || isFixed(base, evaluated.node, evaluated.predicate))
    return joined(evaluated.node, evaluated.predicate, refs(columns), request)
  const counted = countedRows(evaluated.node, evaluated.keys, columns, context, true)
  const predicate = evaluated.predicate.map((each) => replaceColumns(each, counted.names))
  return joined(counted.node, predicate, counted.values, request)
}

function total(pulled: Pulled, columns: readonly Column[], request: CompileRequest): OneRow {
  const { conditions } = pulled
  const values = columns.map((column): [ColumnId, Scalar] => {
    const value = pulled.values.get(column.id) ?? ref(column)
    return [column.id, conditions.length === 0 ? value : onlyWhere(conditions, value, request)]
  })
  return {
    join: (rows) => leftJoin(rows, pulled.node, pulled.predicate, request),
    values: new Map(values),
    exists: conditions.length === 0 ? TRUTH.true : sql(BOOLEAN)`((${and(conditions)}) IS TRUE)`,
    isTotal: true,
  }
}

function joined(
  node: Node,
  predicate: readonly Scalar[],
  values: ReadonlyMap<ColumnId, Scalar>,
  request: CompileRequest,
): OneRow {
  return {
    join: (rows) => leftJoin(rows, node, predicate, request),
    values,
    exists: TRUTH.true,
    isTotal: false,
  }
}

/** Does a row of `base` fix the row of `node`? */
export function isFixed(base: Node, node: Node, predicate: readonly Scalar[]): boolean {
  const inputs = [base, node].map((each) => ({ columns: idsOf(each), keys: operatorOf(each).keys(each) }))
  return isDetermined(inputs, [0], 1, predicate)
}

/** LIMIT 1. */
function isFirstRow(node: Node): boolean {
  if (node.op === 'project') return isFirstRow(node.input)
  return node.op === 'limit' && !node.withTies && node.count !== null && (integerOf(node.count) ?? 2) <= 1
}

/** An aggregation without groups, of which nothing is filtered. */
function isAlwaysOne(node: Node): boolean {
  if (node.op === 'project') return isAlwaysOne(node.input)
  if (node.op === 'join') return node.predicate.length === 0 && node.inputs.every(isAlwaysOne)
  return node.op === 'aggregate' && node.keys.length === 0
}

interface Counted {
  readonly node: Node
  /** The keys as columns of `node`. */
  readonly names: ReadonlyMap<ColumnId, Scalar>
  readonly values: ReadonlyMap<ColumnId, Scalar>
}

/** One row per key: how many rows it has, and the columns of the row where there is one. */
function countedRows(
  rows: Node,
  keys: readonly Column[],
  columns: readonly Column[],
  { ids, request }: Context,
  /** Or is NULL asked for by nobody: then an index finds the rows of a key. */
  matchesNull: boolean,
): Counted {
  const groups: readonly Projection[] = keys.map((column) => ({
    column: ids.make(column.name, column.type, column.nullable),
    value: ref(column),
  }))
  const count = ids.make('n', BIGINT, false)
  const call = { column: count, name: 'count', args: [], written: null, filter: null }
  const counts = groupedRows(rows, groups, [call], ids)
  const same = groups.flatMap(({ column }, i) => {
    const key = keys[i]
    return key ? sameKey(request, matchesNull ? column : { ...column, nullable: false }, key) : []
  })
  const only = sql(BOOLEAN)`(${ref(count)} = 1)`
  const node = leftJoin(counts, rows, [...same, only], request)
  const inner = idsOf(rows)
  const values = columns.map((column): [ColumnId, Scalar] => {
    columnOf(operatorOf(rows).columns(rows), column.id)
    return [column.id, failing(ref(count), ref(column), column.type, request)]
  })
  const names = groups.map(({ column }, i): [ColumnId, Scalar] => [keys[i]?.id ?? 0, ref(column)])
  // The rows under their own ids as well: what joins by a key reads the group's.
  return {
    node,
    names: new Map(names.filter(([id]) => inner.has(id))),
    values: new Map(values),
  }
}

/** PostgreSQL has its own way to say it: a subquery of as many rows. */
function failing(count: Scalar, value: Scalar, type: TypeRef, request: CompileRequest): Scalar {
  return expression({
    construct: 'scalar subquery',
    parts: ['CASE WHEN ', ' > 1 THEN (SELECT ', ' FROM generate_series(1, ', ')) ELSE ', ' END'],
    args: [count, nullOf(type, request), count, value],
    type,
  })
}

function onlyWhere(conditions: readonly Scalar[], value: Scalar, request: CompileRequest): Scalar {
  return expression({
    construct: 'CASE',
    parts: ['CASE WHEN ', ' THEN ', ' ELSE ', ' END'],
    args: [and(conditions), value, nullOf(value.type, request)],
    type: value.type,
  })
}

function refs(columns: readonly Column[]): ReadonlyMap<ColumnId, Scalar> {
  return new Map(columns.map((column) => [column.id, ref(column)]))
}
