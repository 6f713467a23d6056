/**
 * Any correlation at all: the subquery is evaluated once for every combination of outer values that there is, the domain
 * D = distinct π(L). Law: L ⋈dep S = L ⋈(e = d) (D ⋈dep S), and D goes down through S: to where the columns are read, into
 * the keys of aggregations, into both sides of joins where both read it. An aggregation without groups has a row for each
 * row of D. A recursion carries the values along: its base term is joined with D, and its step reads them in the rows so far.
 * Source: NeumannKemper15.
 */
import { ref, sql } from '../../algebra/build.ts'
import type { Column, ColumnIds, Node } from '../../algebra/node.ts'
import type { Aggregate, AggregateCall } from '../../algebra/operators/aggregate.ts'
import { operatorOf } from '../../algebra/operators/index.ts'
import type { Projection } from '../../algebra/operators/project.ts'
import type { Recursion } from '../../algebra/operators/recursion.ts'
import type { UnionBranch } from '../../algebra/operators/union-all.ts'
import { integerOf } from '../../algebra/reach.ts'
import { BOOLEAN, type ColumnId, type Scalar, type TypeRef } from '../../algebra/scalar.ts'
import { isComposite } from '../../catalog/composite.ts'
import { FULL_HINT, unsupported } from '../../catalog/error.ts'
import type { CompileRequest } from '../../catalog/request.ts'
import { expression } from '../binding.ts'
import { groupedRows } from '../distinct.ts'
import { typeFacts } from '../facts.ts'
import { assertGroupKey } from '../group-key.ts'
import { imageOf } from '../key-image.ts'
import { leftJoin } from '../outer-join.ts'
import { dependsOn, replaceColumns } from './columns.ts'
import { marked, markFor, overNoRows } from './empty-group.ts'
import { limitByKey } from './limit-by-key.ts'
import { outerValues } from './outer-values.ts'
import { type Pulled, perGroup, pull } from './pull.ts'
import { sameKey, sameValue } from './same-key.ts'

const TEXT: TypeRef = { oid: 25, typmod: -1, collation: 100 }

/** A subquery with the outer values that it is for: its own columns under the ids they had. */
export interface Evaluated {
  readonly node: Node
  /** What joins it with the query around. */
  readonly predicate: readonly Scalar[]
  /** The outer values, in `node`. */
  readonly keys: readonly Column[]
}

/**
 * `rows`: those of the query around, perhaps more of them than there will be. Values that may be NULL, and for which there are no rows
 * then, are none of the domain's: an index finds what is equal, and with what is alike as NULLs are all rows that have one.
 */
export function overDomain(subquery: Node, rows: Node, ids: ColumnIds, request: CompileRequest): Evaluated {
  const { base, columns } = outerValues(subquery, rows)
  const needed = columns.filter(
    ({ id, nullable, type }) => nullable && !isComposite(request, type.oid) && isEmptyWithout(subquery, id),
  )
  const present = needed.map((column) => sql(BOOLEAN)`(${ref(column)} IS NOT NULL)`)
  const domain: Node = needed.length > 0 ? { op: 'filter', input: base, predicate: present } : base
  const values = columns.flatMap((column) => {
    const found = correlation(column, ids, request)
    if (!needed.includes(column)) return found
    const nullable = false
    return found.map((each) =>
      each.outer
        ? { ...each, column: { ...each.column, nullable }, outer: { ...each.outer, nullable } }
        : each,
    )
  })
  const builder = new Builder(domain, values, ids, request)
  const { node, keys, names } = builder.join(subquery)
  const outputs = operatorOf(subquery)
    .columns(subquery)
    .map((column) => ({ column, value: replaceColumns<Scalar>(ref(column), names) }))
  const joined = keys.map((column) => ({ column, value: ref(column) }))
  const predicate = keys.flatMap((key, i) => {
    const value = values[i]
    if (!value) return []
    if (value.outer) return sameValue(request, value.value, value.outer.nullable, ref(key))
    // The text of a value that may be NULL: where the value is, the other condition holds.
    const [left, right] = [value.value, ref(key)]
    return [
      expression({
        construct: 'rule',
        parts: ['(', ' IS NOT DISTINCT FROM ', ')'],
        args: [left, right],
        type: key.type,
      }),
    ]
  })
  return { node: { op: 'project', input: node, outputs: [...outputs, ...joined] }, predicate, keys }
}

/** What the subquery is evaluated for: a column of the domain. */
interface Correlated extends Projection {
  /** The column of the query around that the subquery reads in it. Undefined: it tells equal ones apart. */
  readonly outer?: Column
  /** That column out of the domain's; the same, unless this says otherwise. */
  readonly shown?: (key: Column) => Scalar
}

function correlation(column: Column, ids: ColumnIds, request: CompileRequest): readonly Correlated[] {
  const { kind, sortable, sql } = typeFacts(request, column.type.oid)
  if (kind !== 'p' && !sortable) {
    // json, point: what has no equality is told apart, and read again, by its text.
    const text = ids.make(column.name, TEXT, column.nullable)
    const shown = (key: Column) => cast(ref(key), sql, column.type)
    return [{ column: text, value: cast(ref(column), 'text', TEXT), outer: column, shown }]
  }
  assertGroupKey(request, column.type, 'a correlated subquery', FULL_HINT)
  const plain = { column, value: ref(column), outer: column }
  // The subquery may show which of several equal values (1.0 and 1.00) it was given.
  const image = imageOf(ref(column), request)
  if (!image) return [plain]
  const { name: _, ...rest } = column
  return [plain, { column: { ...rest, name: 'image', type: image.type, nullable: true }, value: image }]
}

function cast(value: Scalar, name: string, type: TypeRef): Scalar {
  return expression({ construct: 'rule', parts: ['(', `)::${name}`], args: [value], type })
}

/**
 * An aggregation without groups that reads outer values which may be NULL, and has no rows where one is: conditions in it are
 * strict in them. Law: with D' = σ(d IS NOT NULL)(D), L ⋈dep γ(S) = L ⟕(e = d) γd(D' ⋈dep S), and over no rows where there is
 * no group. Reason: an index finds what is equal, of what is alike as NULLs are it does not. Null: not of this kind.
 */
export function totalOverDomain(
  node: Aggregate,
  rows: Node,
  context: { readonly ids: ColumnIds; readonly request: CompileRequest },
): Pulled | null {
  const { ids, request } = context
  const { base, columns } = outerValues(node, rows)
  const nullable = columns.filter((column) => column.nullable)
  const isSuch =
    node.keys.length === 0 &&
    nullable.length > 0 &&
    nullable.every(({ id }) => isEmptyWithout(node.input, id)) &&
    columns.every((column) => typeFacts(request, column.type.oid).sortable && !imageOf(ref(column), request))
  if (!isSuch) return null
  const present = nullable.map((column) => sql(BOOLEAN)`(${ref(column)} IS NOT NULL)`)
  const values = columns.map((column) => ({
    column: { ...column, nullable: false },
    value: ref(column),
    outer: column,
  }))
  const builder = new Builder({ op: 'filter', input: base, predicate: present }, values, ids, request)
  const joined = builder.join(node.input)
  const keys = joined.keys.map((column) => ({
    column: ids.make(column.name, column.type, false),
    value: ref(column),
  }))
  const { calls, rule } = replaceColumns({ calls: node.calls, rule: node.rule }, joined.names)
  const predicate = values.flatMap(({ column }, i) => {
    const key = keys[i]
    return key ? sameKey(request, column, key.column) : []
  })
  const pulled = perGroup({ ...node, input: joined.node, calls, rule }, { keys, predicate }, context)
  // Over no rows a call is what it is for the row of the query around.
  const above = new Map(
    joined.keys.flatMap(({ id }, i) => (columns[i] ? [[id, ref(columns[i])] as const] : [])),
  )
  const shown = [...pulled.values].map(([id, value]) => [id, replaceColumns(value, above)] as const)
  return { ...pulled, values: new Map(shown) }
}

/** Has it no row where the column of the query around is NULL? */
function isEmptyWithout(node: Node, id: ColumnId): boolean {
  switch (node.op) {
    case 'filter':
      return node.predicate.some((each) => isNullWith(each, id)) || isEmptyWithout(node.input, id)
    case 'join':
      return (
        node.predicate.some((each) => isNullWith(each, id)) ||
        node.inputs.some((input) => isEmptyWithout(input, id))
      )
    case 'temporal-filter':
      return isNullWith(node.condition, id) || isEmptyWithout(node.input, id)
    case 'limit':
      // One that is negative fails without rows, too.
      return (
        [node.count, node.offset].every((each) => !each || (integerOf(each) ?? -1) >= 0) &&
        isEmptyWithout(node.input, id)
      )
    case 'project':
    case 'expand':
    case 'window':
    case 'distinct-on':
      return isEmptyWithout(node.input, id)
    case 'aggregate':
      return node.keys.length > 0 && isEmptyWithout(node.input, id)
    case 'outer-join':
    case 'semi-join':
      return isEmptyWithout(node.left, id)
    case 'union-all':
      return node.branches.every(({ input }) => isEmptyWithout(input, id))
    default:
      return false
  }
}

function isNullWith(scalar: Scalar, id: ColumnId): boolean {
  switch (scalar.kind) {
    case 'column':
      return scalar.id === id
    case 'operator':
    case 'expression':
      return scalar.strict && scalar.args.some((arg) => isNullWith(arg, id))
    // NULL AND false is false, and what is strict in it may be true.
    default:
      return false
  }
}

interface Joined {
  readonly node: Node
  /** The domain's columns in `node`, one for each of its values. */
  readonly keys: readonly Column[]
  /** Columns of the subquery that have another id in `node`; those of the query around, which are read from the domain. */
  readonly names: ReadonlyMap<ColumnId, Scalar>
}

class Builder {
  readonly #base: Node
  readonly #values: readonly Correlated[]
  readonly #outer: ReadonlySet<ColumnId>
  readonly #ids: ColumnIds
  readonly #request: CompileRequest
  /** What recursions are to their step terms. */
  readonly #selves = new Map<number, Joined>()

  constructor(base: Node, values: readonly Correlated[], ids: ColumnIds, request: CompileRequest) {
    this.#base = base
    this.#values = values
    this.#outer = new Set(values.flatMap(({ outer }) => (outer ? [outer.id] : [])))
    this.#ids = ids
    this.#request = request
  }

  /** D ⋈dep node. */
  join(node: Node): Joined {
    const operator = operatorOf(node)
    const self = this.#selfIn(node)
    if (self && node.op === 'read') return self
    if (!self && !dependsOn(node, this.#outer)) {
      const domain = this.#domain()
      return { ...domain, node: { op: 'join', inputs: [domain.node, node], predicate: [] } }
    }
    switch (node.op) {
      case 'filter':
      case 'expand':
      case 'temporal-filter':
      case 'repeat': {
        const input = this.join(node.input)
        return { ...input, node: { ...replaceInScalars(node, input.names), input: input.node } }
      }
      case 'project': {
        const input = this.join(node.input)
        // What is passed on keeps its id, and may have another one below.
        const outputs = node.outputs.map(({ column, value }) => {
          const made = this.#fresh(column)
          return { column: made, value: replaceColumns(value, input.names) }
        })
        const keys = input.keys.map((column) => ({ column, value: ref(column) }))
        const names = new Map(input.names)
        for (const [i, { column }] of node.outputs.entries()) {
          const made = outputs[i]
          if (made) names.set(column.id, ref(made.column))
        }
        return {
          node: { op: 'project', input: input.node, outputs: [...outputs, ...keys] },
          keys: input.keys,
          names,
        }
      }
      case 'window':
      case 'limit':
      case 'distinct-on': {
        const joined = this.join(node.input)
        const { input: _, ...own } = node
        const now = { ...replaceColumns(own, joined.names), input: joined.node }
        const keys = [
          ...now.partition.keys.map((id) => {
            const name = joined.names.get(id)
            return name?.kind === 'column' ? name.id : id
          }),
          ...joined.keys.map(({ id }) => id),
        ]
        const made: Node =
          now.op === 'limit' ? limitByKey(now, keys, this.#ids) : { ...now, partition: { keys } }
        return { ...joined, node: made }
      }
      case 'join':
        return this.#joinAll(node.inputs, node.predicate)
      case 'aggregate': {
        const input = this.join(node.input)
        const added = input.keys.map((column) => ({ column: this.#fresh(column), value: ref(column) }))
        const { keys, calls, rule } = replaceColumns(
          { keys: node.keys, calls: node.calls, rule: node.rule },
          input.names,
        )
        const all = [...keys, ...added]
        const grouped: Node = { ...node, input: input.node, keys: all, calls, rule: { ...rule, keys: all } }
        const names = this.#names(added.map(({ column }) => column))
        if (node.keys.length > 0) return { node: grouped, keys: added.map(({ column }) => column), names }
        return this.#forAll(
          grouped,
          added.map(({ column }) => column),
          calls,
          input.keys,
        )
      }
      case 'recursion':
        return this.#recursion(node)
      case 'outer-join': {
        const left = this.join(node.left)
        const plain = this.#raised(node.right)
        if (plain) {
          const predicate = [...node.predicate, ...plain.predicate].map((each) =>
            replaceColumns(each, left.names),
          )
          return { ...left, node: leftJoin(left.node, plain.node, predicate, this.#request) }
        }
        const right = this.join(node.right)
        const names = new Map([...right.names, ...left.names])
        const predicate = [
          ...node.predicate.map((each) => replaceColumns(each, names)),
          ...this.#same(left.keys, right.keys),
        ]
        return { node: leftJoin(left.node, right.node, predicate, this.#request), keys: left.keys, names }
      }
      case 'semi-join':
      case 'mark-join': {
        const left = this.join(node.left)
        const plain = this.#raised(node.right)
        const right = plain ? null : this.join(node.right)
        const names = new Map([...(right?.names ?? []), ...left.names])
        const predicate = [
          ...[...node.predicate, ...(plain?.predicate ?? [])].map((each) => replaceColumns(each, names)),
          ...(right ? this.#same(left.keys, right.keys) : []),
        ]
        const made = plain?.node ?? right?.node ?? node.right
        return { ...left, node: { ...node, left: left.node, right: made, predicate } }
      }
      case 'union-all': {
        const branches = node.branches.map((branch) => ({ branch, joined: this.join(branch.input) }))
        const columns = node.columns.map((column) => this.#fresh(column))
        const keys = this.#values.map(({ column }) => this.#fresh(column))
        const names = this.#names(keys)
        for (const [i, column] of node.columns.entries()) {
          const made = columns[i]
          if (made) names.set(column.id, ref(made))
        }
        return {
          node: {
            op: 'union-all',
            columns: [...columns, ...keys],
            branches: branches.map(({ branch, joined }) => ({
              input: joined.node,
              columns: [...branch.columns.map((id) => idOf(id, joined)), ...joined.keys.map(({ id }) => id)],
            })),
          },
          keys,
          names,
        }
      }
      default:
        throw unsupported(`a correlated subquery over ${operator.describe(node, () => '…')}`, FULL_HINT)
    }
  }

  #joinAll(inputs: readonly Node[], predicate: readonly Scalar[]): Joined {
    const raised: Scalar[] = []
    const joined = inputs.map((input) => {
      const plain = this.#selfIn(input) ? null : this.#raised(input)
      raised.push(...(plain?.predicate ?? []))
      return plain?.node ?? this.join(input)
    })
    const dependent = joined.filter((each): each is Joined => 'names' in each)
    const first = dependent[0] ?? this.#domain()
    const names = new Map([...dependent].reverse().flatMap((each) => [...each.names]))
    for (const [id, value] of first.names) names.set(id, value)
    return {
      node: {
        op: 'join',
        inputs: [
          ...(dependent.length === 0 ? [first.node] : []),
          ...joined.map((each) => ('names' in each ? each.node : each)),
        ],
        predicate: [
          ...[...predicate, ...raised].map((each) => replaceColumns(each, names)),
          ...dependent.slice(1).flatMap((each) => this.#same(first.keys, each.keys)),
        ],
      },
      keys: first.keys,
      names,
    }
  }

  /** Outer values are columns of its rows: those that the base term is for, passed on by each step. */
  #recursion({ columns, base, step, recursion }: Recursion): Joined {
    for (const { column } of this.#values) {
      const { hashable, sql } = typeFacts(this.#request, column.type.oid)
      if (!hashable) throw unsupported(`WITH RECURSIVE correlated by type ${sql}`, FULL_HINT)
    }
    const begun = this.join(base.input)
    const own = columns.map((column) => this.#fresh(column))
    const keys = this.#values.map(({ column }) => this.#fresh(column))
    const all = [...own, ...keys]
    const self = -(all[0]?.id ?? 0)
    const names = this.#names(keys)
    for (const [i, column] of columns.entries()) {
      const made = own[i]
      if (made) names.set(column.id, ref(made))
    }
    const of = { op: 'stage-output', stage: self, columns: all, keys: [] } as const
    this.#selves.set(recursion.self, { node: { op: 'read', version: 'after', of }, keys, names })
    const stepped = this.join(step.input)
    this.#selves.delete(recursion.self)
    const branch = (joined: Joined, ids: readonly ColumnId[]): UnionBranch => ({
      input: joined.node,
      columns: [...ids.map((id) => idOf(id, joined)), ...joined.keys.map(({ id }) => id)],
    })
    return {
      node: {
        op: 'recursion',
        columns: all,
        base: branch(begun, base.columns),
        step: branch(stepped, step.columns),
        recursion: { ...recursion, self },
      },
      keys,
      names,
    }
  }

  /** The rows so far that a step term reads. */
  #selfIn(node: Node): Joined | undefined {
    if (this.#selves.size === 0) return undefined
    if (node.op === 'read') return node.of.op === 'stage-output' ? this.#selves.get(node.of.stage) : undefined
    for (const input of operatorOf(node).inputs(node)) {
      const found = this.#selfIn(input)
      if (found) return found
    }
    return undefined
  }

  /**
   * What reads nothing of the query around, and the conditions that do, for what it is joined with. In a step term alone: its
   * rows have the values, and a domain would be a state of its own. Null: it depends on them.
   */
  #raised(node: Node): { readonly node: Node; readonly predicate: readonly Scalar[] } | null {
    if (!dependsOn(node, this.#outer)) return { node, predicate: [] }
    if (this.#selves.size === 0) return null
    const pulled = pull(node, { outer: this.#outer, ids: this.#ids, request: this.#request })
    return pulled && !pulled.isTotal && pulled.values.size === 0 ? pulled : null
  }

  /** A row for each of the domain, also where `grouped` has none. `below`: the keys as the calls read them. */
  #forAll(
    grouped: Node,
    keys: readonly Column[],
    calls: readonly AggregateCall[],
    below: readonly Column[],
  ): Joined {
    const domain = this.#domain()
    const above = new Map(
      below.flatMap(({ id }, i) => (domain.keys[i] ? [[id, ref(domain.keys[i])] as const] : [])),
    )
    const mark = markFor(calls, this.#ids)
    const all = leftJoin(domain.node, marked(grouped, mark), this.#same(domain.keys, keys), this.#request)
    const names = new Map(domain.names)
    const outputs: Projection[] = domain.keys.map((column) => ({ column, value: ref(column) }))
    for (const call of calls) {
      const column = this.#ids.make(call.column.name, call.column.type, call.column.nullable)
      outputs.push({
        column,
        value:
          overNoRows(replaceColumns(call, above), ref(call.column), mark, this.#request) ?? ref(call.column),
      })
      names.set(call.column.id, ref(column))
    }
    return { node: { op: 'project', input: all, outputs }, keys: domain.keys, names }
  }

  #domain(): Joined {
    if (this.#selves.size > 0)
      throw unsupported(
        'such a subquery in the recursive term of a correlated WITH RECURSIVE',
        FULL_HINT,
        'What it is correlated by cannot be asked of the rows that the term reads.',
      )
    const keys = this.#values.map(({ column, value }) => ({ column: this.#fresh(column), value }))
    const columns = keys.map(({ column }) => column)
    return {
      node: groupedRows(this.#base, keys, [], this.#ids),
      keys: columns,
      names: this.#names(columns),
    }
  }

  /** The columns of the query around as these of the domain. */
  #names(keys: readonly Column[]): Map<ColumnId, Scalar> {
    const names = new Map<ColumnId, Scalar>()
    for (const [i, { outer, shown = ref }] of this.#values.entries()) {
      const key = keys[i]
      if (key && outer) names.set(outer.id, shown(key))
    }
    return names
  }

  #same(left: readonly Column[], right: readonly Column[]): readonly Scalar[] {
    return left.flatMap((column, i) => {
      const other = right[i]
      return other ? sameKey(this.#request, column, other) : []
    })
  }

  #fresh({ name, type, nullable }: Column): Column {
    return this.#ids.make(name, type, nullable)
  }
}

function idOf(id: ColumnId, { names }: Joined): ColumnId {
  const now = names.get(id)
  return now?.kind === 'column' ? now.id : id
}

/** The node's own scalars, not those of its inputs. */
function replaceInScalars<
  N extends Extract<Node, { op: 'filter' | 'expand' | 'temporal-filter' | 'repeat' }>,
>(node: N, names: ReadonlyMap<ColumnId, Scalar>): N {
  const { input, ...own } = node
  return { ...replaceColumns(own, names), input } as N
}
