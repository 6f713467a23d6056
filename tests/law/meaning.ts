/** What a query, or a term, means: the Z-set of its rows over given leaves. One clause per operator, after its definition. */

import { asOfThen } from '../../src/compiler/algebra/moment.ts'
import type { Node, PartitionNode, RecursionNode } from '../../src/compiler/algebra/node.ts'
import type { Aggregate, AggregateCall } from '../../src/compiler/algebra/operators/aggregate.ts'
import type { Expand } from '../../src/compiler/algebra/operators/expand.ts'
import { operatorOf } from '../../src/compiler/algebra/operators/index.ts'
import type { Read } from '../../src/compiler/algebra/operators/read.ts'
import type { TimedValue } from '../../src/compiler/algebra/operators/temporal-values.ts'
import type { Ordering } from '../../src/compiler/algebra/ordering.ts'
import type { ColumnId, Scalar } from '../../src/compiler/algebra/scalar.ts'
import { type Bag, consolidate, imageOfRow, negate, type Row, rowsOf, valueIn, type Weighted } from './bag.ts'
import { evaluate, rowScope } from './evaluate.ts'
import { compare, extreme, type Value } from './value.ts'

export type Version = Read['version']

export interface StoredRow {
  /** A source's values by attribute number − 1; a stage's by position. */
  readonly values: readonly Value[]
  readonly weight: number
}

/** The stored relations in every version. */
export interface Leaves {
  rows(of: Read['of'], version: Version): readonly StoredRow[]
}

/** `at`: the state that a query's own scans mean; reads say it themselves. */
export function meaning(node: Node, leaves: Leaves, at: 'before' | 'after' = 'after'): Bag {
  return consolidate(rows(node, leaves, at), columnIds(node))
}

export function columnIds(node: Node): readonly ColumnId[] {
  return operatorOf(node)
    .columns(node)
    .map((column) => column.id)
}

/** The rows as the generated SQL has them: nothing is added up unless the term says so. */
export function rows(node: Node, leaves: Leaves, at: 'before' | 'after' = 'after'): Bag {
  const of = (input: Node) => rows(input, leaves, at)
  switch (node.op) {
    case 'scan':
      return leaves.rows(node, at).map((stored) => leafRow(node, stored))
    case 'read':
      return leaves.rows(node.of, node.version).map((stored) => leafRow(node.of, stored))
    case 'values':
      return node.rows.map((row) => ({
        row: new Map(node.columns.map((column, i) => [column.id, constantAt(row, i)] as const)),
        weight: 1,
      }))
    case 'filter':
      return of(node.input).filter(({ row }) => holds(node.predicate, row))
    case 'project':
      return of(node.input).map(({ row, weight }) => ({
        row: new Map(node.outputs.map(({ column, value }) => [column.id, evaluate(value, rowScope(row))])),
        weight,
      }))
    case 'join':
      return node.inputs
        .map(of)
        .reduce<Bag>(
          (left, right) =>
            left.flatMap((a) =>
              right.map((b) => ({ row: new Map([...a.row, ...b.row]), weight: a.weight * b.weight })),
            ),
          [{ row: new Map(), weight: 1 }],
        )
        .filter(({ row }) => holds(node.predicate, row))
    case 'outer-join': {
      const right = meaning(node.right, leaves, at)
      const padding = new Map(node.nulls.map(({ column }) => [column.id, null] as const))
      return of(node.left).flatMap((a): Bag => {
        const found = matchesOf(a.row, right, node.predicate)
        return found.length === 0
          ? [{ row: new Map([...padding, ...a.row]), weight: a.weight }]
          : found.map((b) => ({ row: new Map([...a.row, ...b.row]), weight: a.weight * b.weight }))
      })
    }
    case 'semi-join': {
      const right = meaning(node.right, leaves, at)
      return of(node.left).filter(
        ({ row }) => matchesOf(row, right, node.predicate).length > 0 !== node.isAnti,
      )
    }
    case 'mark-join': {
      const right = meaning(node.right, leaves, at)
      return of(node.left).map(({ row, weight }) => {
        const mark = matchesOf(row, right, node.predicate).length > 0
        return { row: new Map([...row, [node.column.id, mark] as const]), weight }
      })
    }
    case 'bound-filter': {
      const right = meaning(node.right, leaves, at)
      return of(node.left).filter(({ row }) => matchesOf(row, right, [node.comparison]).length > 0)
    }
    case 'bound-crossing': {
      const moved = meaning(node.moved, leaves, at)
      const passes = (row: Row, sign: number) =>
        matchesOf(
          row,
          moved.filter(({ weight }) => weight === sign),
          [node.comparison],
        ).length > 0
      return of(node.left).flatMap(({ row, weight }) => {
        const [was, is] = [passes(row, -1), passes(row, 1)]
        return was === is ? [] : [{ row, weight: is ? weight : -weight }]
      })
    }
    case 'key-match': {
      const keysOf = (row: Row): Row =>
        new Map(node.keys.map(({ column, value }) => [column.id, evaluate(value, rowScope(row))]))
      const ids = node.keys.map(({ column }) => column.id)
      const counts = (bag: Bag) => new Map(contents(bag, keysOf, ids).map((each) => [each.image, each]))
      const stored = counts(of(node.state))
      return contents(of(node.delta), keysOf, ids).flatMap(({ image, row, weight }) =>
        changeOf(node.version, weight, stored.get(image)?.weight ?? 0).map((change) => ({
          row,
          weight: change,
        })),
      )
    }
    case 'row-match': {
      const [delta, state] = [of(node.delta), of(node.state)]
      const sum = (bag: Bag) => bag.reduce((total, { weight }) => total + weight, 0)
      return meaning(node.left, leaves, at).flatMap(({ row, weight }) =>
        changeOf(
          node.version,
          sum(matchesOf(row, delta, node.predicate)),
          sum(matchesOf(row, state, node.predicate)),
        ).map((change) => ({ row, weight: weight * change })),
      )
    }
    case 'union-all':
      return node.branches.flatMap((branch) =>
        of(branch.input).map(({ row, weight }) => ({
          row: new Map(node.columns.map((column, i) => [column.id, valueIn(row, branch.columns[i] ?? 0)])),
          weight,
        })),
      )
    case 'aggregate':
      return aggregated(node, meaning(node.input, leaves, at))
    case 'repeat':
      return of(node.input).flatMap(({ row, weight }) => {
        const times = Number(evaluate(node.times, rowScope(row)))
        return times > 0 ? [{ row, weight: weight * times }] : []
      })
    case 'recursion':
      return solution(node, leaves, at)
    case 'window':
    case 'distinct-on':
    case 'limit':
      return partitioned(node, meaning(node.input, leaves, at))
    case 'expand':
      return of(node.input).flatMap(({ row, weight }) =>
        expanded(node, row).map((each) => ({ row: each, weight })),
      )
    case 'temporal-filter':
      return of(node.input).filter(({ row }) =>
        holds([node.at === 'then' || at === 'before' ? asOfThen(node.condition) : node.condition], row),
      )
    case 'temporal-crossing':
      return of(node.input).flatMap(({ row, weight }) => {
        const [was, is] = [holds([asOfThen(node.condition)], row), holds([node.condition], row)]
        return was === is ? [] : [{ row, weight: is ? weight : -weight }]
      })
    case 'temporal-values': {
      const isThen = node.at === 'then' || at === 'before'
      return of(node.input).map(({ row, weight }) => ({ row: timed(row, node.outputs, isThen), weight }))
    }
    case 'temporal-turning':
      return of(node.input).flatMap(({ row, weight }) => {
        const [was, is] = [timed(row, node.outputs, true), timed(row, node.outputs, false)]
        return node.outputs.every(({ column }) => was.get(column.id) === is.get(column.id))
          ? []
          : [
              { row: was, weight: -weight },
              { row: is, weight },
            ]
      })
    case 'negate':
      return negate(of(node.input))
    case 'consolidate':
      return meaning(node.input, leaves, at)
  }
}

/** A row with what conditions say of it. */
function timed(row: Row, outputs: readonly TimedValue[], isThen: boolean): Row {
  const values = outputs.map(({ column, condition }): [ColumnId, Value] => [
    column.id,
    evaluate(isThen ? asOfThen(condition) : condition, rowScope(row)),
  ])
  return new Map([...row, ...values])
}

function matchesOf(row: Row, bag: Bag, predicate: readonly Scalar[]): Bag {
  return bag.filter((other) => holds(predicate, new Map([...row, ...other.row])))
}

/** Did something begin (+1) or cease (−1) to have rows, which has `stored` at a version and `delta` more after than before? */
function changeOf(version: 'before' | 'after', delta: number, stored: number): readonly number[] {
  const after = version === 'after' ? stored : stored + delta
  const change = Number(after > 0) - Number(after - delta > 0)
  return change === 0 ? [] : [change]
}

function contents(bag: Bag, keysOf: (row: Row) => Row, ids: readonly ColumnId[]) {
  const keyed = bag.map(({ row, weight }) => ({ row: keysOf(row), weight }))
  return consolidate(keyed, ids).map(({ row, weight }) => ({ image: imageOfRow(row, ids), row, weight }))
}

/** Leaves that hold `self` for the rows of a recursion. */
export function withSelf(leaves: Leaves, node: RecursionNode, self: Bag): Leaves {
  const stored = self.map(({ row, weight }) => ({
    values: node.columns.map(({ id }) => valueIn(row, id)),
    weight,
  }))
  return {
    rows: (of, version) =>
      of.op === 'stage-output' && of.stage === node.recursion.self ? stored : leaves.rows(of, version),
  }
}

/** What one of the two terms gives. */
export function branchRows(
  node: RecursionNode,
  branch: RecursionNode['base'],
  leaves: Leaves,
  at: 'before' | 'after' = 'after',
): Bag {
  return rows({ op: 'union-all', columns: node.columns, branches: [branch] }, leaves, at)
}

/** Round after round, each from the rows that the last one brought. */
function solution(node: RecursionNode, leaves: Leaves, at: 'before' | 'after'): Bag {
  const ids = columnIds(node)
  const known = new Map<string, Weighted>()
  const all: Weighted[] = []
  let round = branchRows(node, node.base, leaves, at)
  while (round.length > 0) {
    const fresh = consolidate(round, ids).flatMap((each): Weighted[] => {
      if (!node.recursion.isDistinct) return [each]
      const image = imageOfRow(each.row, ids)
      if (known.has(image) || each.weight <= 0) return []
      const once = { row: each.row, weight: 1 }
      known.set(image, once)
      return [once]
    })
    all.push(...fresh)
    round = branchRows(node, node.step, withSelf(leaves, node, fresh), at)
  }
  return all
}

function leafRow(of: Read['of'], { values, weight }: StoredRow): Weighted {
  const row =
    of.op === 'scan'
      ? of.columns.map((column) => [column.id, values[column.attnum - 1] ?? null] as const)
      : of.columns.map((column, i) => [column.id, values[i] ?? null] as const)
  return { row: new Map(row), weight }
}

function constantAt(row: readonly Scalar[], i: number): Value {
  const scalar = row[i]
  if (!scalar) throw new Error('a VALUES row is too short')
  return evaluate(scalar, rowScope(new Map()))
}

/** The rows of one: 0, 1 or 2 of them, after the number that the function is given. */
function expanded(node: Expand, row: Row): readonly Row[] {
  const argument = evaluate(node.item.args[0] ?? node.item, rowScope(row))
  const count = argument === null ? 0 : Math.abs(Math.trunc(Number(argument))) % 3
  const made = Array.from({ length: count }, (_, i) => {
    const values = node.made.map(
      (column) => [column?.id ?? -1, column?.id === node.ordinality ? i + 1 : i] as const,
    )
    return new Map([...row, ...values])
  })
  const { outer } = node
  if (outer === null) return made
  const met = made.filter((each) => holds(outer, each))
  const nothing = new Map([...row, ...node.made.map((column) => [column?.id ?? -1, null] as const)])
  return met.length > 0 ? met : [nothing]
}

function holds(predicate: readonly Scalar[], row: Row): boolean {
  return predicate.every((conjunct) => evaluate(conjunct, rowScope(row)) === true)
}

/** The aggregation as SQL defines it; the rule that maintains it plays no part. */
function aggregated(node: Aggregate, input: Bag): Bag {
  const groups = new Map<string, { readonly keys: Row; readonly rows: Row[] }>()
  if (node.keys.length === 0) groups.set('', { keys: new Map(), rows: [] })
  for (const row of rowsOf(input)) {
    const keys = new Map(node.keys.map(({ column, value }) => [column.id, evaluate(value, rowScope(row))]))
    const image = imageOfRow(keys, [...keys.keys()])
    const group = groups.get(image) ?? { keys, rows: [] }
    group.rows.push(row)
    groups.set(image, group)
  }
  return [...groups.values()].map(({ keys, rows }) => ({
    row: new Map([...keys, ...node.calls.map((call) => [call.column.id, callMeaning(call, rows)] as const)]),
    weight: 1,
  }))
}

/** A partition operator as SQL defines it, its order being total. */
function partitioned(node: PartitionNode, input: Bag): Bag {
  const partitions = new Map<string, Row[]>()
  for (const row of rowsOf(input)) {
    const image = imageOfRow(row, node.partition.keys)
    partitions.set(image, [...(partitions.get(image) ?? []), row])
  }
  const order = node.op === 'window' ? (node.calls[0]?.order ?? []) : node.order
  return [...partitions.values()].flatMap((rows) => {
    const sorted = rows.toSorted((a, b) => compareRows(order, a, b))
    return chosen(node, sorted).map((row) => ({ row, weight: 1 }))
  })
}

function chosen(node: PartitionNode, sorted: readonly Row[]): readonly Row[] {
  switch (node.op) {
    case 'distinct-on':
      return sorted.slice(0, 1)
    case 'limit': {
      const number = (scalar: Scalar | null) => (scalar ? Number(evaluate(scalar, rowScope(new Map()))) : 0)
      const from = number(node.offset)
      return sorted.slice(from, from + number(node.count))
    }
    case 'window': {
      const all = sorted.map(
        (row, i) =>
          new Map([
            ...row,
            ...node.calls.map(
              ({ column, call }) => [column.id, call.construct === 'count' ? sorted.length : i + 1] as const,
            ),
          ]),
      )
      const { first } = node
      return first ? all.filter((row) => Number(valueIn(row, first.column)) <= first.count) : all
    }
  }
}

/** NULLs last. */
function compareRows(order: readonly Ordering[], a: Row, b: Row): number {
  for (const { value } of order) {
    const [x, y] = [evaluate(value, rowScope(a)), evaluate(value, rowScope(b))]
    if (x === null && y === null) continue
    const sign = x === null ? 1 : y === null ? -1 : compare(x, y)
    if (sign !== 0) return sign
  }
  return 0
}

export function callMeaning({ name, args, filter }: AggregateCall, rows: readonly Row[]): Value {
  const kept = filter ? rows.filter((row) => evaluate(filter, rowScope(row)) === true) : rows
  const [arg] = args
  if (!arg) return kept.length
  const values = kept.map((row) => evaluate(arg, rowScope(row))).filter((value) => value !== null)
  const sum = () => values.reduce<number>((total, value) => total + Number(value), 0)
  switch (name) {
    case 'count':
      return values.length
    case 'sum':
      return values.length === 0 ? null : sum()
    case 'avg':
      return values.length === 0 ? null : sum() / values.length
    case 'min':
      return extreme(values, -1)
    case 'max':
      return extreme(values, 1)
    default:
      throw new Error(`aggregate ${name} has no meaning here`)
  }
}
