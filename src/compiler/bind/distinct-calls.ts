/**
 * count, sum and avg(DISTINCT x), and what else adds up: each value of x is a group of its own below the aggregation, with
 * its number of rows, and is counted as long as that is not 0.
 * Law: γ[K; f(DISTINCT x)](R) = γ[K; f(x)](δ π[K, x](R)). Beside other aggregates the rows themselves and the values of each
 * argument are added up under tags, so that all of a group stays in one place: γ[K; g(y), f(DISTINCT x)](R) =
 * γ[K; g(y) where tag 0, f(x) where tag 1](R × {0} ⊎ δ π[K, x](R) × {1}).
 * Which image stands for equal values (1.0 and 1.00) is for PostgreSQL itself a matter of what it meets first.
 */
import { and, ref, sql } from '../algebra/build.ts'
import { mayFail } from '../algebra/may-fail.ts'
import type { Column, ColumnIds, Node } from '../algebra/node.ts'
import type { AggregateCall } from '../algebra/operators/aggregate.ts'
import { operatorOf } from '../algebra/operators/index.ts'
import type { Projection } from '../algebra/operators/project.ts'
import {
  BOOLEAN,
  type ColumnId,
  type Constant,
  INTEGER,
  type Scalar,
  scalarColumns,
  scalarNullable,
} from '../algebra/scalar.ts'
import { isComposite } from '../catalog/composite.ts'
import { internalError } from '../catalog/error.ts'
import type { CompileRequest } from '../catalog/request.ts'
import type { BoundCall } from './aggregate-call.ts'
import { distinctRows } from './distinct-rows.ts'
import { nullOf } from './outer-join.ts'
import { replaceColumns } from './subquery/columns.ts'

/** An aggregation over other rows that has the same result. */
export interface Aggregation {
  readonly input: Node
  readonly keys: readonly Projection[]
  readonly calls: readonly AggregateCall[]
  /** The rows that say which groups there are; null: all. */
  readonly base: Scalar | null
  isNullable(id: ColumnId): boolean
}

export interface Context {
  readonly request: CompileRequest
  readonly ids: ColumnIds
  isNullable(id: ColumnId): boolean
}

/** Null: no call with DISTINCT adds up. */
export function overValues(
  input: Node,
  keys: readonly Projection[],
  calls: readonly BoundCall[],
  context: Context,
): Aggregation | null {
  const plain = calls.filter(({ values }) => values === null)
  if (plain.length === calls.length) return null
  const sets = new Map<string, BoundCall[]>()
  for (const call of calls) {
    if (!call.values) continue
    const image = JSON.stringify(call.values)
    sets.set(image, [...(sets.get(image) ?? []), call])
  }
  const branches = [
    ...(plain.length > 0 ? [rowsBranch(input, keys, plain, context)] : []),
    ...[...sets.values()].map((set, i) => {
      // Some branch must have a row for each group.
      const isBase = plain.length === 0 && i === 0 && keys.length > 0
      return valuesBranch(input, keys, set, isBase, context)
    }),
  ]
  const { node, keys: shared, base, filter } = united(branches, context)
  const made = new Map(
    branches.flatMap((branch, i) =>
      branch.calls.map((call) => [call.column.id, { ...call, filter: filter(i, call.filter) }]),
    ),
  )
  const own = new Map(branches.flatMap(({ columns }) => columns.map(({ id, nullable }) => [id, nullable])))
  return {
    input: node,
    keys: keys.map(({ column }, i) => ({ column, value: ref(shared[i] ?? column) })),
    calls: calls.flatMap(({ column }) => made.get(column.id) ?? []),
    base,
    isNullable: (id) => own.get(id) ?? context.isNullable(id),
  }
}

interface Branch {
  readonly node: Node
  /** Of `node`, those of the group first. */
  readonly keys: readonly Column[]
  readonly columns: readonly Column[]
  /** Over `columns`. */
  readonly calls: readonly AggregateCall[]
}

/** The rows as they are, for aggregates without DISTINCT. */
function rowsBranch(
  input: Node,
  keys: readonly Projection[],
  calls: readonly BoundCall[],
  { ids }: Context,
): Branch {
  const read = new Set<ColumnId>()
  for (const { args, written, filter } of calls)
    for (const scalar of [...(written ? [written] : args), ...(filter ? [filter] : [])])
      scalarColumns(scalar, read)
  const passed = operatorOf(input)
    .columns(input)
    .filter(({ id }) => read.has(id))
    .map((column) => ({ column: fresh(column, ids), value: ref(column) }))
  const names = new Map(passed.map(({ column, value }) => [value.id, ref(column)]))
  const own = keys.map(({ column, value }) => ({ column: fresh(column, ids), value }))
  return {
    node: { op: 'project', input, outputs: [...own, ...passed] },
    keys: own.map(({ column }) => column),
    columns: passed.map(({ column }) => column),
    calls: calls.map(({ values: _, column, ...call }) => ({ ...replaceColumns(call, names), column })),
  }
}

/** A row for each value. `calls` differ in function and FILTER alone. */
function valuesBranch(
  input: Node,
  keys: readonly Projection[],
  calls: readonly BoundCall[],
  isBase: boolean,
  context: Context,
): Branch {
  const { ids, request } = context
  const filters = [...new Map(calls.map(({ filter }) => [JSON.stringify(filter), filter])).values()]
  const given = filters.filter((each) => each !== null)
  const counted = given.length === filters.length ? or(given) : null
  const values = (calls[0]?.values ?? []).map((value) => whereCounted(value, counted))
  const [only] = values.length === 1 ? values : []
  const mayBeNull = only !== undefined && scalarNullable(only, context.isNullable)
  const wanted = isBase
    ? []
    : [...(counted ? [counted] : []), ...(only && mayBeNull ? [isPresent(only, request)] : [])]
  const rows: Node = wanted.length === 0 ? input : { op: 'filter', input, predicate: wanted }
  const groupKeys = [
    ...keys.map(({ column, value: own }) => ({ column: fresh(column, ids), value: own })),
    ...values.map((each) => ({
      column: ids.make(
        'value',
        each.type,
        only ? isBase && mayBeNull : scalarNullable(each, context.isNullable),
      ),
      value: each,
    })),
  ]
  // A count shows no image.
  const unseen = new Set(
    calls.every(({ name }) => name === 'count')
      ? groupKeys.slice(keys.length).map(({ column }) => column.id)
      : [],
  )
  const { node, keys: all, hits } = distinctRows(rows, groupKeys, given, unseen, context)
  const own = all.slice(keys.length)
  return {
    node,
    keys: all.slice(0, keys.length),
    columns: [...(only ? own : []), ...hits],
    calls: calls.map(({ column, name, filter }) => {
      const hit = hits[given.findIndex((each) => JSON.stringify(each) === JSON.stringify(filter))]
      // A row is none of its NULLs: it counts in any case.
      return { column, name, args: only ? own.map(ref) : [], written: null, filter: hit ? ref(hit) : null }
    }),
  }
}

interface United {
  readonly node: Node
  readonly keys: readonly Column[]
  readonly base: Scalar | null
  /** What a call over a branch is filtered by. */
  filter(branch: number, own: Scalar | null): Scalar | null
}

/** The rows of all branches: each has its own columns under the ids they have, and NULLs in those of others. */
function united(branches: readonly Branch[], { request, ids }: Context): United {
  const [first, ...others] = branches
  if (!first) throw internalError('an aggregation over nothing')
  if (others.length === 0) return { node: first.node, keys: first.keys, base: null, filter: (_, own) => own }
  const keys = first.keys.map((column, i) =>
    ids.make(
      column.name,
      column.type,
      branches.some((branch) => branch.keys[i]?.nullable ?? true),
    ),
  )
  const tag = ids.make('tag', INTEGER, false)
  const columns = branches.flatMap((branch) => branch.columns)
  const arms = branches.map((branch, i) => {
    const mark = { column: ids.make('tag', INTEGER, false), value: integer(i) }
    const outputs = columns.map((column): Projection => {
      const isOwn = branch.columns.includes(column)
      return {
        column: fresh({ ...column, nullable: column.nullable || !isOwn }, ids),
        value: isOwn ? ref(column) : nullOf(column.type, request),
      }
    })
    const own = branch.keys.map((column) => ({ column: fresh(column, ids), value: ref(column) }))
    const all = [...own, mark, ...outputs]
    return {
      input: { op: 'project', input: branch.node, outputs: all } as const,
      columns: all.map(({ column }) => column.id),
    }
  })
  const is = (branch: number) => sql(BOOLEAN)`(${ref(tag)} = ${integer(branch)})`
  return {
    node: {
      op: 'union-all',
      columns: [...keys, tag, ...columns.map((column) => ({ ...column, nullable: true }))],
      branches: arms,
    },
    keys,
    base: is(0),
    filter: (branch, own) => (own ? and([is(branch), own]) : is(branch)),
  }
}

/** What may fail is computed only for rows that FILTER lets pass. */
function whereCounted(value: Scalar, counted: Scalar | null): Scalar {
  return counted && mayFail(value) ? sql(value.type)`CASE WHEN ${counted} THEN ${value} END` : value
}

function isPresent(value: Scalar, request: CompileRequest): Scalar {
  return isComposite(request, value.type.oid)
    ? sql(BOOLEAN)`(${value} IS DISTINCT FROM NULL)`
    : sql(BOOLEAN)`(${value} IS NOT NULL)`
}

function or(conditions: readonly Scalar[]): Scalar {
  const [only, ...others] = conditions
  return only && others.length === 0 ? only : { kind: 'logic', op: 'or', args: conditions, type: BOOLEAN }
}

function integer(value: number): Constant {
  return { kind: 'constant', sql: `'${value}'::integer`, isNull: false, type: INTEGER }
}

function fresh({ name, type, nullable }: Column, ids: ColumnIds): Column {
  return ids.make(name, type, nullable)
}
