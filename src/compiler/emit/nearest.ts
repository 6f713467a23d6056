/**
 * The first rows of a table, in its own order, for each row that it is joined with: the rate as of a day, the reading before, the
 * three last orders. An index that has them in that order finds them without the others, whose number grows with the history:
 * a row that is new on the left side looks for its own, and many of them do not meet all that came before each. Law: of all that
 * the left rows of one key meet, the first n are among the first n of each.
 */
import { ref } from '../algebra/build.ts'
import { mayFail } from '../algebra/may-fail.ts'
import type { Node, PartitionNode } from '../algebra/node.ts'
import { operatorOf } from '../algebra/operators/index.ts'
import type { Join } from '../algebra/operators/join.ts'
import { equated, FIRST_KEY } from '../algebra/operators/match-change.ts'
import type { Scan } from '../algebra/operators/scan.ts'
import { type ColumnId, type Scalar, scalarColumns } from '../algebra/scalar.ts'
import { type Changed, differentiate, stateOf } from '../delta/differentiate.ts'
import { columnName } from './names.ts'
import { firstOfEach, isTurnedOrder, isUsual, keyColumns, orderOfFirst } from './partition-text.ts'
import { idsOf, type MissingProbe, replaced } from './probes.ts'
import { columnBelow, scanBelow } from './redo.ts'
import type { Printer } from './select.ts'
import { conditions, indent, operand, type Select } from './select-text.ts'

export interface Nearest {
  /** The other inputs of the join, joined. */
  readonly left: Node
  /** One table, through filters and projections. */
  readonly right: Node
  /** What is asked of it, over both. */
  readonly predicate: readonly Scalar[]
  /** Those of them that may fail on a pair of rows, whatever they compute of one. */
  readonly failing: readonly Scalar[]
  /** The columns of the operator's input, over those of both. */
  readonly values: ReadonlyMap<ColumnId, Scalar>
  /** More than equalities: each left row may meet very many. */
  readonly isRange: boolean
}

/** The input of an operator that wants the first rows of each key, as that; null where it is not, or no index has their order. */
function nearestOf(node: PartitionNode): Nearest | null {
  const found = readAsNearest(node)
  return found?.isIndexed ? found : null
}

/** Where each left row is to look for its own: of many of them only where they may meet very many. */
export function nearestFor(node: PartitionNode, printer: Printer): Nearest | null {
  const nearest = nearestOf(node)
  return nearest && (nearest.isRange || !(printer.isBulk || printer.isWhole)) ? nearest : null
}

/** The input of an operator, as a fill reads it. */
export function filledInput(node: PartitionNode, printer: Printer): Select {
  const nearest = nearestOf(node)
  if (!nearest?.isRange) return printer.select(node.input)
  const left = printer.select(nearest.left)
  const right = printer.whole(() => printer.select(nearest.right))
  return nearestRows(node, nearest, left, right, printer)
}

/** The index that would find them. */
export function missingForNearest(node: PartitionNode): MissingProbe | null {
  const found = readAsNearest(node)
  if (!found?.isColumns || found.isIndexed) return null
  const { relation, sql } = found.scan
  const attnums = [...found.fixed, found.sorted].flatMap(
    (id) => found.scan.columns.find((column) => column.id === id)?.attnum ?? [],
  )
  const turned = found.isTurned ? { isTurned: true } : {}
  return { purpose: 'order', relation, sql, columns: attnums, groups: [attnums], ...turned }
}

interface Read extends Nearest {
  readonly isIndexed: boolean
  /** Nothing else than columns is to be equal. */
  readonly isColumns: boolean
  readonly scan: Scan
  /** Of the table: the columns that have one value for a left row, and the one by which its rows are sorted. */
  readonly fixed: readonly ColumnId[]
  readonly sorted: ColumnId
  readonly isTurned: boolean
}

function readAsNearest(node: PartitionNode): Read | null {
  const [first] = orderOfFirst(node) ?? []
  const keys = node.partition.keys
  if (!first || node.op === 'limit' || keys.length === 0) return null
  if (!isUsual(first)) return null
  const below = joinBelow(node.input)
  if (!below) return null
  const { join, values, predicate } = below
  const order = replaced(first.value, values)
  const right = join.inputs.find((each) => order.kind === 'column' && idsOf(each).has(order.id))
  const scan = right && scanBelow(right)
  const sorted = right && columnBelow(right, order)
  if (!right || !scan || typeof sorted !== 'number') return null
  const lefts = join.inputs.filter((each) => each !== right)
  const leftIds = new Set(lefts.flatMap((each) => [...idsOf(each)]))
  const isOfLeft = (each: Scalar) => [...scalarColumns(each)].every((id) => leftIds.has(id))
  const own = predicate.filter(isOfLeft)
  if (!isOneWhole(lefts, own) || !keyColumns(node).every((key) => isOfLeft(replaced(ref(key), values))))
    return null
  const asked = predicate.filter((each) => !isOfLeft(each))
  const isOfOne = (each: Scalar) => isOfLeft(each) || [...scalarColumns(each)].every((id) => !leftIds.has(id))
  const failsOnPairs = (each: Scalar) => mayFail(ofBoth(each, isOfOne))
  // Of left rows that meet nothing the query computes no key.
  if (keyColumns(node).some((key) => mayFail(replaced(ref(key), values)))) return null
  if (orderOfFirst(node)?.some(({ value }) => failsOnPairs(replaced(value, values)))) return null
  const equalities = asked.map((each) => equated(each, FIRST_KEY, leftIds, idsOf(right)))
  const equal = equalities.flatMap((key) => (key ? [columnBelow(right, key.value)] : []))
  const constant = constantColumns(asked).map((column) => columnBelow(right, column))
  const fixed = [...new Set([...equal, ...constant].filter((id) => id !== null))]
  // One row, or rows that are level: there is nothing to be the first of.
  const isOne = operatorOf(scan)
    .keys(scan)
    .some((key) => key.every((id) => fixed.includes(id)))
  if (isOne || fixed.includes(sorted)) return null
  const isTurned = isTurnedOrder(first)
  const isIndexed = scan.indexes.some((index, i) => {
    const place = index.indexOf(sorted)
    // One in another order somewhere is not among those that are sorted; it says so itself, and only a tree has an order.
    const turned = scan.turned?.[i] ?? []
    const isSorted = turned.includes(true) || scan.sorted.some((each) => each.join() === index.join())
    return (
      place >= 0 &&
      isSorted &&
      (turned[place] ?? false) === isTurned &&
      index.slice(0, place).every((id) => fixed.includes(id)) &&
      // What is equal and not found by it would be looked for among all that are not.
      equal.every((id) => id !== null && index.slice(0, place).includes(id))
    )
  })
  const isColumns = equal.every((id) => id !== null)
  const [only, ...others] = lefts
  const left: Node =
    only && others.length === 0 && own.length === 0 ? only : { op: 'join', inputs: lefts, predicate: own }
  const isRange = asked.some(
    (each, i) => !equalities[i] && [...scalarColumns(each)].some((id) => leftIds.has(id)),
  )
  return {
    left,
    right,
    predicate: asked,
    failing: asked.filter(failsOnPairs),
    values,
    isRange,
    isIndexed,
    isColumns,
    isTurned,
    scan,
    fixed,
    sorted,
  }
}

/** What a scalar does with values of both sides: what it computes of one is a column. */
function ofBoth(scalar: Scalar, isOfOne: (scalar: Scalar) => boolean): Scalar {
  if (scalar.kind === 'column' || scalar.kind === 'constant') return scalar
  if (scalarColumns(scalar).size > 0 && isOfOne(scalar))
    return { kind: 'column', id: FIRST_KEY, type: scalar.type }
  return { ...scalar, args: scalar.args.map((arg) => ofBoth(arg, isOfOne)) }
}

/** `column = constant` */
function constantColumns(predicate: readonly Scalar[]): readonly Scalar[] {
  return predicate.flatMap((each) => {
    if (each.kind !== 'operator' || !each.equality) return []
    const [left, right] = each.args
    if (left?.kind === 'column' && right?.kind === 'constant') return [left]
    return left?.kind === 'constant' && right?.kind === 'column' ? [right] : []
  })
}

/** The join that is read through filters and projections, with what these ask of it and make of its columns. */
function joinBelow(node: Node): (Pick<Nearest, 'predicate' | 'values'> & { readonly join: Join }) | null {
  if (node.op === 'join') return { join: node, predicate: node.predicate, values: new Map() }
  if (node.op !== 'filter' && node.op !== 'project') return null
  const below = joinBelow(node.input)
  if (!below) return null
  const { join, predicate, values } = below
  if (node.op === 'filter')
    return {
      join,
      values,
      predicate: [...predicate, ...node.predicate.map((each) => replaced(each, values))],
    }
  const made = node.outputs.map(({ column, value }) => [column.id, replaced(value, values)] as const)
  return { join, predicate, values: new Map(made) }
}

/** Does each of them meet the others by something? What does not is met whole by each row of the others. */
function isOneWhole(inputs: readonly Node[], predicate: readonly Scalar[]): boolean {
  const [first, ...rest] = inputs
  if (!first) return false
  const reached = new Set(idsOf(first))
  let pending = rest
  for (let isOn = true; isOn && pending.length > 0; ) {
    const next = pending.find((each) =>
      predicate.some((conjunct) => {
        const ids = [...scalarColumns(conjunct)]
        return ids.some((id) => reached.has(id)) && ids.some((id) => idsOf(each).has(id))
      }),
    )
    isOn = next !== undefined
    if (next) for (const id of idsOf(next)) reached.add(id)
    pending = pending.filter((each) => each !== next)
  }
  return pending.length === 0
}

/** The left rows, with the columns that are the operator's key. */
export function leftRows(node: PartitionNode, { values }: Nearest, rows: Select): Select {
  const keys = keyColumns(node).map((key) => [key.id, operand(replaced(ref(key), values), rows)] as const)
  return { ...rows, columns: new Map([...rows.columns, ...keys]) }
}

/** The rows of the operator's input that may be among the first of their key: those of each of these left rows. */
export function nearestRows(
  node: PartitionNode,
  { right, predicate, values }: Nearest,
  left: Select,
  found: Select,
  printer: Printer,
): Select {
  const columns = operatorOf(right).columns(right)
  const over = (rows: Select): Select => {
    const both = { ...rows, columns: new Map([...left.columns, ...rows.columns]) }
    const made = operatorOf(node.input)
      .columns(node.input)
      .map((column) => [column.id, operand(replaced(ref(column), values), both)] as const)
    return { ...both, columns: new Map([...both.columns, ...made]) }
  }
  const within = over(found)
  const rows = { ...found, where: [...found.where, ...conditions(predicate, within, [within])] }
  const alias = printer.alias('near')
  const outputs = columns.map((column) => ({ name: columnName(column), value: ref(column) }))
  const query = printer.render(rows, outputs, false, firstOfEach(node, within, printer) ?? '')
  const near = new Map(columns.map((column) => [column.id, `${alias}.${columnName(column)}`]))
  const all = over({ from: [], where: [], columns: near, weight: null })
  return { ...left, from: [...left.from, `LATERAL (${indent(query)}) AS ${alias}`], columns: all.columns }
}

/** The change of the left side, whose rows ask for their first ones anew, and of the input where the table alone changed. */
export function nearestChanges(
  node: PartitionNode,
  nearest: Nearest,
  changed: Changed,
): { readonly left: Node | null; readonly right: Node | null } {
  const { right, failing } = nearest
  const order = operatorOf<PartitionNode>(node).scalars(node)
  const isStrict = (each: Node): boolean =>
    operatorOf(each).scalars(each).some(mayFail) ||
    (each.op !== 'join' && operatorOf(each).inputs(each).some(isStrict))
  const strict = order.some(mayFail) || isStrict(node.input)
  const left = differentiate(nearest.left, changed, strict)
  const change = differentiate(right, changed, strict)
  // Of the left side the rows there are now: those that came or went ask for themselves.
  const through = (each: Node): Node => {
    if (each.op === 'filter' || each.op === 'project') return { ...each, input: through(each.input) }
    const inputs = operatorOf(each).inputs(each)
    const now = inputs.map((input) => (input === right && change) || stateOf(input, 'after', changed))
    return operatorOf(each).withInputs(each, now)
  }
  if (!change || !left || failing.length === 0) return { left, right: change && through(node.input) }
  return { left, right: withoutFailing(node, nearest, stateOf(nearest.left, 'after', changed), change) }
}

/** A left row that is new never met a row that is gone: what may fail on the two is not asked, and more keys are touched. */
function withoutFailing(
  node: PartitionNode,
  { predicate, failing, values }: Nearest,
  left: Node,
  change: Node,
): Node {
  const asked = predicate.filter((each) => !failing.includes(each))
  const input: Node =
    left.op === 'join'
      ? { op: 'join', inputs: [...left.inputs, change], predicate: [...left.predicate, ...asked] }
      : { op: 'join', inputs: [left, change], predicate: asked }
  const outputs = operatorOf(node.input)
    .columns(node.input)
    .map((column) => ({ column, value: replaced(ref(column), values) }))
  return { op: 'project', input, outputs }
}
