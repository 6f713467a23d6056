/**
 * Pulling up what correlates: conditions that read columns of the query around rise through a subquery until they join it
 * with that query. Law: L ⋈dep σp(S) = L ⋈p S. Through an aggregation an equality f(L) = g(S) rises by grouping by g in
 * addition, so that all groups are there, whoever asks. What else stands in the way asks for a domain: domain.ts.
 * Source: Dayal87; NeumannKemper15 §3 (the cheap forms).
 */
import { ref } from '../../algebra/build.ts'
import type { Column, ColumnIds, Node } from '../../algebra/node.ts'
import { columnOf } from '../../algebra/node.ts'
import type { Aggregate } from '../../algebra/operators/aggregate.ts'
import { operatorOf } from '../../algebra/operators/index.ts'
import type { Projection } from '../../algebra/operators/project.ts'
import type { UnionAll, UnionBranch } from '../../algebra/operators/union-all.ts'
import { type ColumnId, type Scalar, scalarColumns, scalarNullable } from '../../algebra/scalar.ts'
import type { CompileRequest } from '../../catalog/request.ts'
import { typeFacts } from '../facts.ts'
import { dependsOn, idsOf, reads, replaceColumns } from './columns.ts'
import { marked, markFor, overNoRows } from './empty-group.ts'
import { limitByKey } from './limit-by-key.ts'

export interface Pulled {
  /** Reads nothing of the query around. */
  readonly node: Node
  /** Joins it with the query around. */
  readonly predicate: readonly Scalar[]
  /** Columns of the subquery that are computed above the join. */
  readonly values: ReadonlyMap<ColumnId, Scalar>
  /**
   * There is exactly one row for each row of the query around, also where `node` has none: NULLs then, of which `values` make
   * what they should be. It counts only where `conditions` hold.
   */
  readonly isTotal: boolean
  readonly conditions: readonly Scalar[]
}

export interface Pulling {
  readonly outer: ReadonlySet<ColumnId>
  readonly ids: ColumnIds
  readonly request: CompileRequest
  /** An aggregation without groups through which no condition rises, where rows can be grouped by outer values. */
  total?(node: Aggregate): Pulled | null
}

/** Null: not by this means. */
export function pull(node: Node, pulling: Pulling): Pulled | null {
  const { outer } = pulling
  if (!dependsOn(node, outer))
    return { node, predicate: [], values: new Map(), isTotal: false, conditions: [] }
  switch (node.op) {
    case 'filter': {
      const input = pull(node.input, pulling)
      return input && filtered(input, node.predicate)
    }
    case 'join': {
      const inputs = node.inputs.map((each) => pull(each, pulling))
      const [first, ...others] = inputs
      if (!first) return null
      if (others.length === 0) return filtered(first, node.predicate)
      const all = inputs.filter((each) => each !== null)
      if (all.length < inputs.length || all.some(({ isTotal }) => isTotal)) return null
      const joined: Pulled = {
        node: { op: 'join', inputs: all.map((each) => each.node), predicate: [] },
        predicate: all.flatMap(({ predicate }) => predicate),
        values: new Map(all.flatMap(({ values }) => [...values])),
        isTotal: false,
        conditions: [],
      }
      return filtered(joined, node.predicate)
    }
    case 'project': {
      const input = pull(node.input, pulling)
      return input && projected(input, node.outputs)
    }
    case 'aggregate': {
      const input = pull(node.input, pulling)
      return (input && grouped(input, node, pulling)) ?? pulling.total?.(node) ?? null
    }
    case 'outer-join':
    case 'semi-join':
    case 'mark-join': {
      if (dependsOn(node.right, outer) || node.predicate.some((each) => reads(each, outer))) return null
      const left = pull(node.left, pulling)
      const isReached = left && !left.isTotal && !node.predicate.some((each) => readsValue(each, left))
      return isReached ? { ...left, node: { ...node, left: left.node } } : null
    }
    case 'repeat': {
      const input = pull(node.input, pulling)
      if (!input || input.isTotal || reads(node.times, outer) || readsValue(node.times, input)) return null
      return { ...input, node: { ...node, input: input.node } }
    }
    case 'window':
    case 'limit':
    case 'distinct-on': {
      const input = pull(node.input, pulling)
      const scalars = operatorOf(node).scalars(node)
      if (!input || input.isTotal || scalars.some((each) => reads(each, outer) || readsValue(each, input)))
        return null
      const keyed = input.values.size === 0 ? correlationKeys(input, pulling) : null
      if (!keyed) return null
      const passed = operatorOf(input.node)
        .columns(input.node)
        .map((column) => ({ column, value: ref(column) }))
      const rows: Node = { op: 'project', input: input.node, outputs: [...passed, ...keyed.keys] }
      const keys = [...node.partition.keys, ...keyed.keys.map(({ column }) => column.id)]
      const now: Node =
        node.op === 'limit'
          ? limitByKey({ ...node, input: rows }, keys, pulling.ids)
          : { ...node, input: rows, partition: { keys } }
      return { ...input, node: now, predicate: keyed.predicate }
    }
    case 'union-all': {
      const inputs = node.branches.map((branch) => pull(branch.input, pulling))
      const all = inputs.filter((each) => each !== null)
      return all.length < inputs.length ? null : united(all, node, pulling)
    }
    default:
      return null
  }
}

/** Branches that correlate by the same equalities: what these compare is one column more of each. */
function united(inputs: readonly Pulled[], node: UnionAll, pulling: Pulling): Pulled | null {
  if (inputs.some(({ isTotal, values }) => isTotal || values.size > 0)) return null
  const keyed = inputs.map((each) => correlationKeys(each, pulling))
  const [first] = keyed
  if (!first) return null
  const keys = first.keys.map(({ column }, i) => {
    const nullable = keyed.some((each) => each?.keys[i]?.column.nullable ?? true)
    return pulling.ids.make(column.name, column.type, nullable)
  })
  const predicates = keyed.map((each) => {
    const names = new Map(
      each?.keys.flatMap(({ column }, i) => (keys[i] ? [[column.id, ref(keys[i])] as const] : [])),
    )
    return each && replaceColumns(each.predicate, names)
  })
  const [predicate] = predicates
  const isSame = predicates.every((each) => JSON.stringify(each) === JSON.stringify(predicate))
  if (!predicate || !isSame || keyed.some((each) => each?.keys.length !== keys.length)) return null
  const branches = node.branches.map((branch, i): UnionBranch => {
    const [input, added = []] = [inputs[i]?.node ?? branch.input, keyed[i]?.keys]
    const passed = operatorOf(input)
      .columns(input)
      .map((column) => ({ column, value: ref(column) }))
    return {
      input: { op: 'project', input, outputs: [...passed, ...added] },
      columns: [...branch.columns, ...added.map(({ column }) => column.id)],
    }
  })
  return {
    node: { op: 'union-all', columns: [...node.columns, ...keys], branches },
    predicate,
    values: new Map(),
    isTotal: false,
    conditions: [],
  }
}

function readsValue(scalar: Scalar, { values }: Pulled): boolean {
  return [...scalarColumns(scalar)].some((id) => values.has(id))
}

function filtered(input: Pulled, conditions: readonly Scalar[]): Pulled {
  if (conditions.length === 0) return input
  const predicate = conditions.map((each) => replaceColumns(each, input.values))
  if (input.isTotal) return { ...input, conditions: [...input.conditions, ...predicate] }
  const inner = idsOf(input.node)
  const own = predicate.filter((each) => [...scalarColumns(each)].every((id) => inner.has(id)))
  const joining = predicate.filter((each) => !own.includes(each))
  return {
    ...input,
    node: own.length === 0 ? input.node : { op: 'filter', input: input.node, predicate: own },
    predicate: [...input.predicate, ...joining],
  }
}

function projected(input: Pulled, outputs: readonly Projection[]): Pulled {
  const inner = idsOf(input.node)
  const values = new Map<ColumnId, Scalar>()
  const kept: Projection[] = []
  for (const { column, value } of outputs) {
    const now = replaceColumns(value, input.values)
    const isOwn = [...scalarColumns(now)].every((id) => inner.has(id))
    // Where there is no row NULL stands for it: right for a column, not for a constant.
    if (isOwn && (!input.isTotal || now.kind === 'column')) kept.push({ column, value: now })
    else values.set(column.id, now)
  }
  const above = new Set<ColumnId>()
  for (const scalar of [...input.predicate, ...input.conditions, ...values.values()])
    scalarColumns(scalar, above)
  const passed = operatorOf(input.node)
    .columns(input.node)
    .filter(({ id }) => above.has(id) && !kept.some(({ column }) => column.id === id))
    .map((column) => ({ column, value: ref(column) }))
  return { ...input, node: { op: 'project', input: input.node, outputs: [...kept, ...passed] }, values }
}

function grouped(input: Pulled, node: Aggregate, pulling: Pulling): Pulled | null {
  const { outer } = pulling
  const isPlain = operatorOf(node)
    .scalars(node)
    .every((scalar) => !reads(scalar, outer) && !readsValue(scalar, input))
  const keyed = isPlain && !input.isTotal ? correlationKeys(input, pulling) : null
  if (!keyed) return null
  const { predicate } = keyed
  const keys = [...node.keys, ...keyed.keys]
  if (node.keys.length === 0) return perGroup({ ...node, input: input.node }, { keys, predicate }, pulling)
  const grouped: Node = { ...node, input: input.node, keys, rule: { ...node.rule, keys } }
  return { node: grouped, predicate, values: new Map(), isTotal: false, conditions: [] }
}

/** An aggregation without groups grouped by `keys`: where there is no group, the values are what they are over no rows. */
export function perGroup(
  node: Aggregate,
  { keys, predicate }: { readonly keys: readonly Projection[]; readonly predicate: readonly Scalar[] },
  { ids, request }: Pick<Pulling, 'ids' | 'request'>,
): Pulled {
  const values = new Map<ColumnId, Scalar>()
  const renamed = new Map<ColumnId, Column>()
  const mark = markFor(node.calls, ids)
  for (const call of node.calls) {
    const { id, name, type } = call.column
    const column = ids.make(name, type, true)
    const value = overNoRows(call, ref(column), mark, request)
    if (!value) continue
    values.set(id, value)
    renamed.set(id, column)
  }
  const named = <T extends { readonly column: Column }>(each: T): T => {
    const column = renamed.get(each.column.id)
    return column ? { ...each, column } : each
  }
  const rule = { ...node.rule, keys, outputs: node.rule.outputs.map(named) }
  const grouped: Node = { ...node, keys, calls: node.calls.map(named), rule }
  return { node: marked(grouped, mark), predicate, values, isTotal: true, conditions: [] }
}

/** The right sides of equalities as keys to group by; what reads the query around alone stays as it is. */
export function correlationKeys(
  { node, predicate }: Pick<Pulled, 'node' | 'predicate'>,
  { ids, request }: Pick<Pulling, 'ids' | 'request'>,
): { readonly keys: readonly Projection[]; readonly predicate: readonly Scalar[] } | null {
  const inner = idsOf(node)
  const columns = operatorOf(node).columns(node)
  const keys: Projection[] = []
  const above: Scalar[] = []
  for (const conjunct of predicate) {
    if (!reads(conjunct, inner)) {
      above.push(conjunct)
      continue
    }
    const found = equated(conjunct, inner, request)
    if (!found) return null
    const { value, place } = found
    const nullable = scalarNullable(value, (id) => columnOf(columns, id).nullable)
    const same = keys.find((key) => JSON.stringify(key.value) === JSON.stringify(value))
    const key = same ?? { column: ids.make('key', value.type, nullable), value }
    if (!same) keys.push(key)
    above.push(place(key.column))
  }
  return { keys, predicate: above }
}

/** `f(L) = g(S)` under the collation that g has, g being of a type that groups. */
function equated(
  conjunct: Scalar,
  inner: ReadonlySet<ColumnId>,
  request: CompileRequest,
): { readonly value: Scalar; place(key: Column): Scalar } | null {
  if (conjunct.kind !== 'operator' || !conjunct.equality || !/^(?:=|OPERATOR\(.*\.=\))$/.test(conjunct.sql))
    return null
  const [left, right] = conjunct.args
  if (!left || !right) return null
  const isInner = (scalar: Scalar) => {
    const columns = [...scalarColumns(scalar)]
    return columns.length > 0 && columns.every((id) => inner.has(id))
  }
  const pairs = [
    { value: right, other: left, place: (key: Column) => ({ ...conjunct, args: [left, ref(key)] }) },
    { value: left, other: right, place: (key: Column) => ({ ...conjunct, args: [ref(key), right] }) },
  ]
  const found = pairs.find(({ value, other }) => isInner(value) && !reads(other, inner))
  if (!found) return null
  const { kind, sortable } = typeFacts(request, found.value.type.oid)
  const isGroupable = kind !== 'p' && sortable && found.value.type.collation === conjunct.inputCollation
  return isGroupable ? found : null
}
