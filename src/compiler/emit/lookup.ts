/**
 * Looking up rows of a join. Of a table and what changed in it, in one, the planner knows no values: it expects of a join of
 * two such one pair in 200, where a key finds one row at most, and would rather join tables that have nothing to do with each
 * other. So such an input of which the others fix a key is looked up for each of their rows, in a subquery that is planned by
 * itself, from the table's own statistics (measured, eight tables of which five changed by a row or two: 7,900 rows read → 220).
 */
import { ref } from '../algebra/build.ts'
import type { Column, Node } from '../algebra/node.ts'
import { operatorOf } from '../algebra/operators/index.ts'
import type { Join } from '../algebra/operators/join.ts'
import { type ColumnId, type ColumnRef, type Scalar, scalarColumns } from '../algebra/scalar.ts'
import { stateOf } from '../delta/differentiate.ts'
import { type KeyedRows, keyedRows, type Looked, lookedUpByKey } from './keyed-rows.ts'
import { columnName } from './names.ts'
import { hasDelta, isProbed, isProbedByKey } from './probes.ts'
import type { Printer } from './select.ts'
import { condition, indent, operand, type Select } from './select-text.ts'

interface Joined {
  readonly inputs: readonly Select[]
  readonly predicate: readonly Scalar[]
}

/** A join's inputs, those that are looked up after what they are looked up by, and what is left to compare. */
export function lookedUp(node: Join, inputs: readonly Select[], printer: Printer): Joined {
  const first = unionsSought({ node, inputs, few: NONE, asked: askedOf(node, printer) }, printer)
  const placed = byKey(first, printer)
  if (first.node.inputs.length === first.few.size) return placed
  // The others by what a key has found.
  const pending = first.node.inputs.flatMap((input, i) => {
    const select = first.inputs[i]
    return select && placed.inputs.includes(select) && isLookedFor(input) && !first.few.has(input)
      ? [{ select, input }]
      : []
  })
  const [only, ...several] = pending
  // What finds it must be there before it: of two of them neither.
  if (!only || several.length > 0 || !isSoughtByAll(node, only.input, printer)) return placed
  const isOwn = (each: Scalar) => [...scalarColumns(each)].some((id) => only.select.columns.has(id))
  const others = placed.inputs.filter((each) => each !== only.select)
  return {
    inputs: [...others, lookup(only, placed.predicate.filter(isOwn), others, printer)],
    predicate: placed.predicate.filter((each) => !isOwn(each)),
  }
}

function isSoughtByAll(node: Join, input: Node, printer: Printer): boolean {
  const others: Join = { ...node, inputs: node.inputs.filter((each) => each !== input), predicate: [] }
  return isSought(others, input, node.predicate, printer)
}

const NONE: ReadonlySet<Node> = new Set()
const NONE_ASKED: ReadonlySet<ColumnId> = new Set()

/** A join some of whose inputs are looked up already: of few rows. */
interface Placing {
  readonly node: Join
  readonly inputs: readonly Select[]
  readonly few: ReadonlySet<Node>
  /** Of each of these columns one value at a time is asked for. */
  readonly asked: ReadonlySet<ColumnId>
}

/**
 * Unions of queries are looked up by what changed, and by what this leads to, each before what it leads to itself: all that it
 * is joined with would be read whole before it, each row with each (measured, a union of 36,000 rows between two tables of
 * 12,700, one row of which changed: 220 ms → 12 ms).
 */
function unionsSought(placing: Placing, printer: Printer): Placing {
  const { node, inputs, few, asked } = placing
  for (const [i, input] of node.inputs.entries()) {
    const select = inputs[i]
    if (!select || few.has(input) || !isLookedFor(input)) continue
    const isThere = (j: number) => {
      const [each, other = input] = [inputs[j], node.inputs[j]]
      return j !== i && !each?.isUnion && (few.has(other) || !isLookedFor(other))
    }
    const led = ledTo(placing, isThere, printer)
    const from: Join = { ...node, inputs: node.inputs.filter((_, j) => led.has(j)), predicate: [] }
    if (led.size === 0 || !isSought(from, input, node.predicate, printer)) continue
    const known = inputs.filter((_, j) => led.has(j))
    const isKnown = (id: ColumnId) => [select, ...known].some(({ columns }) => columns.has(id))
    const isInside = (each: Scalar) => {
      const columns = [...scalarColumns(each)]
      return columns.some((id) => select.columns.has(id)) && columns.every(isKnown)
    }
    const looked = lookup({ select, input }, node.predicate.filter(isInside), known, printer)
    const rest = [...node.inputs.keys()].filter((j) => j !== i)
    return unionsSought(
      {
        node: {
          ...node,
          inputs: [...rest.flatMap((j) => node.inputs[j] ?? []), input],
          predicate: node.predicate.filter((each) => !isInside(each)),
        },
        inputs: [...rest.flatMap((j) => inputs[j] ?? []), looked],
        few: new Set([...few, input]),
        asked,
      },
      printer,
    )
  }
  return placing
}

/**
 * Is `input` a union of queries in which indexes find what meets a change in `from`? The planner takes the arms of a union for
 * tables only where each is one; any others it computes whole before it joins them, unless the conditions stand within.
 */
export function isSought(from: Node, input: Node, predicate: readonly Scalar[], printer: Printer): boolean {
  return (
    !printer.isBulk &&
    isLookedFor(input) &&
    (hasDelta(from) || printer.hasStep(from)) &&
    isProbed(from, input, predicate)
  )
}

/** The same of a stage's input that is asked for the rows of some keys. */
export function isSoughtByKey(input: Node, keys: readonly Scalar[], { isBulk }: Printer): boolean {
  if (isBulk || keys.length === 0) return false
  const unchanged = stateOf(input, 'after', { relation: () => false, stage: () => false })
  return isUnionOfQueries(unchanged) && isProbedByKey(unchanged, keys)
}

/**
 * The join below projections and filters of which one value at a time is asked for, of each of its columns that these values are:
 * a condition will stand beside it which the join itself does not know of.
 */
export interface Asked {
  readonly of: Node
  readonly columns: ReadonlySet<ColumnId>
}

export function askedBy(values: readonly Scalar[], node: Node): Asked {
  if (node.op === 'filter') return askedBy(values, node.input)
  const columns = new Set(values.flatMap((value) => (value.kind === 'column' ? [value.id] : [])))
  if (node.op !== 'project') return { of: node, columns }
  return askedBy(
    node.outputs.flatMap(({ column, value }) => (columns.has(column.id) ? [value] : [])),
    node.input,
  )
}

/** What is asked of `node` for one row at a time of something else that it is joined with. */
export function askedByRow(predicate: readonly Scalar[], node: Node): Asked {
  const own = new Set(
    operatorOf(node)
      .columns(node)
      .map(({ id }) => id),
  )
  return askedBy(
    predicate.flatMap((each) => equated(each, (id) => own.has(id))?.own ?? []),
    node,
  )
}

/** Prints that. */
export function asking<T>(asked: Asked | null, printer: Printer, print: () => T): T {
  const outer = printer.asked
  printer.asked = asked
  try {
    return print()
  } finally {
    printer.asked = outer
  }
}

function askedOf(node: Node, { asked }: Printer): ReadonlySet<ColumnId> {
  return asked?.of === node ? asked.columns : NONE_ASKED
}

function holdsOne({ columns }: Select, asked: ReadonlySet<ColumnId>): boolean {
  return [...asked].some((id) => columns.has(id))
}

function unasked(node: Join, inputs: readonly Select[]): Placing {
  return { node, inputs, few: NONE, asked: NONE_ASKED }
}

function isLookedFor(input: Node): boolean {
  return isUnionOfQueries(input) && !hasDelta(input)
}

function isUnionOfQueries(node: Node): boolean {
  if (node.op === 'filter' || node.op === 'project') return isUnionOfQueries(node.input)
  // Its left rows are the union's: `EXISTS (…)` beside `a OR EXISTS (…)`, which parts the rows.
  if (node.op === 'semi-join' || node.op === 'mark-join') return isUnionOfQueries(node.left)
  return node.op === 'union-all' && !node.branches.every(({ input }) => isTable(input))
}

/** A table, or a union of such. One with a condition is a query to the planner (prepjointree.c, is_safe_append_member). */
function isTable(node: Node): boolean {
  if (node.op === 'project') return isTable(node.input)
  if (node.op === 'union-all') return node.branches.every(({ input }) => isTable(input))
  return node.op === 'scan' || node.op === 'read' || node.op === 'values'
}

function byKey(placing: Placing, printer: Printer): Joined {
  const { node, inputs, asked } = placing
  const unchanged = { inputs, predicate: node.predicate }
  const stages = node.inputs.map((input) => keyedRows(input, printer))
  // Many rows are better joined whole, and two inputs leave no choice.
  if (printer.isBulk)
    return byKeysOfStages(node, inputs, stages, printer) ?? bySeveralColumns(node, inputs, printer)
  if (inputs.length < 3 || !inputs.some((input) => input.isUnion)) return unchanged
  const areSeveral = stages.filter((each) => each !== null).length > 1
  // What is asked for is found by that.
  const isFirst = (select: Select) => !select.isUnion || holdsOne(select, asked)
  const placed = inputs.filter(isFirst)
  const isPlaced = (id: ColumnId) => placed.some(({ columns }) => columns.has(id))
  let predicate = node.predicate
  let pending = inputs.flatMap((select, i) => {
    const input = node.inputs[i]
    if (isFirst(select) || !input) return []
    const isFew = fewWithout(i, placing, printer)
    const stage = areSeveral ? (stages[i] ?? null) : null
    return [{ select, input, stage, isKnown: (id: ColumnId) => isPlaced(id) && isFew(id) }]
  })
  for (;;) {
    const [next, fixed] = first(pending, (each) => fixedKey(each, predicate))
    if (!next && predicate === node.predicate) return unchanged
    if (!next) return { inputs: [...placed, ...pending.map(({ select }) => select)], predicate }
    const { select } = next
    const isOwn = (id: ColumnId) => select.columns.has(id)
    const inside: Scalar[] = []
    const outside: Scalar[] = []
    for (const each of predicate) {
      const columns = [...scalarColumns(each)]
      const sides = equated(each, isOwn)
      const fixing = sides && fixed.get(sides.own.id)
      if ((columns.length > 0 && columns.every(isOwn)) || each === fixing?.conjunct) inside.push(each)
      else if (!fixing || ![...scalarColumns(sides.other)].every(isPlaced)) outside.push(each)
      else outside.push(meeting(each, fixing.other, sides.other))
    }
    placed.push(lookup(found(next, fixed, placed, printer), inside, placed, printer))
    predicate = outside
    pending = pending.filter((each) => each !== next)
  }
}

/**
 * The rows of stages whose key is fixed by what changed, and by tables that this leads to, are looked up one after the other.
 * Where nothing did, what changed stands beside the join: the planner then begins with it.
 */
function byKeysOfStages(
  node: Join,
  inputs: readonly Select[],
  stages: readonly (KeyedRows | null)[],
  printer: Printer,
): Joined | null {
  const led = ledTo(unasked(node, inputs), (i) => !stages[i], printer)
  const isInOrder = led.size > 0
  const isTable = (_: unknown, i: number) => !stages[i]
  const isFirst = (_: unknown, i: number) =>
    isInOrder ? led.has(i) : inputs.some(isTable) ? isTable(_, i) : i === 0
  const first = inputs.filter(isFirst)
  let known = joined(first)
  let columns = node.inputs.filter(isFirst).flatMap((input) => operatorOf(input).columns(input))
  const isKnown = (each: Scalar) => [...scalarColumns(each)].every((id) => known.columns.has(id))
  let predicate = node.predicate.filter((each) => !isKnown(each))
  const own = node.predicate.filter(isKnown).map((each) => condition(each, known, first))
  known = { ...known, where: [...known.where, ...own] }
  const rest = new Set([...inputs.keys()].filter((i) => !isFirst(null, i)))
  const next = () => {
    for (const i of rest) {
      const [select, input, stage] = [inputs[i], node.inputs[i], stages[i]]
      if (!select || !input || !stage) continue
      const fixed = fixedKey({ select, input, stage, isKnown: (id) => known.columns.has(id) }, predicate)
      const looked = fixed && lookedUpByFixed(stage, fixed, known, printer)
      if (!looked) continue
      const equal = [...fixed.values()].map(({ conjunct }) => conjunct)
      return { i, equal, looked, columns: operatorOf(input).columns(input) }
    }
    return null
  }
  for (let found = next(); found; found = next()) {
    const { i, equal, looked } = found
    rest.delete(i)
    columns = [...columns, ...found.columns]
    predicate = predicate.filter((each) => !equal.includes(each))
    const { row } = looked
    const both: Select = {
      from: [`(${known.from.join('\nCROSS JOIN ')}\n${looked.joins.join('\n')})`],
      where: [...known.where, looked.isThere, ...row.where],
      columns: new Map([...known.columns, ...row.columns]),
      weight: known.weight,
    }
    known = isInOrder ? inOrder(both, columns, printer) : both
  }
  if (rest.size + first.length === inputs.length) return null
  const gates = first.flatMap((each) => each.gates ?? [])
  const looked: Select = { ...known, gates, isUnmeasured: printer.isBulk }
  return { inputs: [looked, ...inputs.filter((_, i) => rest.has(i))], predicate }
}

/**
 * The row of a table by a key of several columns, to which what changed need not lead by way of this table. The planner takes the
 * columns for independent of each other, and expects far too few pairs where no foreign key tells it: so few that it would join
 * whole tables with each other before it comes to what changed (measured, TPC-H q9, 1 % changed: 320,000 rows where it expected
 * 173). Of a subquery it expects a row.
 */
function bySeveralColumns(node: Join, inputs: readonly Select[], printer: Printer): Joined {
  const placed = new Map(inputs.entries())
  const sought: { readonly i: number; readonly inside: readonly Scalar[] }[] = []
  if (inputs.length > 2 && !printer.isWhole && !printer.isInRecursion)
    for (const [i, select] of inputs.entries()) {
      const input = node.inputs[i]
      if (!input || select.isUnion || !isOfTable(input)) continue
      const isKnown = (id: ColumnId) => [...placed].some(([j, { columns }]) => j !== i && columns.has(id))
      const fixed = fixedKey({ select, input, stage: null, isKnown }, node.predicate)
      if (!fixed || fixed.size < 2) continue
      const led = ledTo(unasked(node, inputs), (j) => j !== i && placed.has(j), printer)
      if (led.size < placed.size - 1) continue
      placed.delete(i)
      const equal = [...fixed.values()].map(({ conjunct }) => conjunct)
      const isOwn = (each: Scalar) => {
        const columns = [...scalarColumns(each)]
        return columns.length > 0 && columns.every((id) => select.columns.has(id))
      }
      sought.push({ i, inside: node.predicate.filter((each) => equal.includes(each) || isOwn(each)) })
    }
  const first = [...placed.values()]
  return {
    inputs: [
      ...first,
      ...sought.flatMap(({ i, inside }) => {
        const [select, input] = [inputs[i], node.inputs[i]]
        return select && input ? lookup({ select, input }, inside, first, printer) : []
      }),
    ],
    predicate: node.predicate.filter((each) => !sought.some(({ inside }) => inside.includes(each))),
  }
}

function isOfTable(input: Node): boolean {
  if (input.op === 'filter') return isOfTable(input.input)
  return input.op === 'scan' || (input.op === 'read' && input.of.op === 'scan' && input.version === 'after')
}

/** Joined before everything else: in any order, many outer joins take long to plan. */
function inOrder(rows: Select, columns: readonly Column[], printer: Printer): Select {
  const outputs = columns.map((column) => ({ name: columnName(column), value: ref(column) }))
  const isWeighted = rows.weight !== null
  return printer.derived(
    printer.render(rows, outputs, isWeighted, '\nOFFSET 0'),
    'found',
    columns,
    isWeighted,
  )
}

/** Rows side by side. */
function joined(inputs: readonly Select[]): Select {
  const weights = inputs.flatMap(({ weight }) => (weight === null ? [] : [weight]))
  return {
    from: inputs.flatMap(({ from }) => from),
    where: inputs.flatMap(({ where }) => where),
    columns: new Map(inputs.flatMap((input) => [...input.columns])),
    weight: weights.length === 0 ? null : weights.join(' * '),
  }
}

/** The first of some that has such a thing, and the thing. */
function first<T, Found>(
  some: readonly T[],
  find: (each: T) => Found | undefined,
): readonly [T, Found] | readonly [undefined, undefined] {
  for (const each of some) {
    const found = find(each)
    if (found !== undefined) return [each, found]
  }
  return [undefined, undefined]
}

interface Sought {
  readonly select: Select
  readonly input: Node
}

interface Pending extends Sought {
  /** One of several such. */
  readonly stage: KeyedRows | null
  /** Is the column there before it, and of few rows? */
  readonly isKnown: (id: ColumnId) => boolean
}

interface Equated {
  readonly conjunct: Scalar
  readonly own: ColumnRef
  readonly other: Scalar
}

/** What fixes the columns of a key of an input. */
function fixedKey(
  { select, input, isKnown }: Pending,
  predicate: readonly Scalar[],
): ReadonlyMap<ColumnId, Equated> | undefined {
  const fixed = new Map<ColumnId, Equated>()
  for (const conjunct of predicate) {
    const sides = equated(conjunct, (id) => select.columns.has(id))
    if (sides && !fixed.has(sides.own.id) && [...scalarColumns(sides.other)].every(isKnown))
      fixed.set(sides.own.id, { conjunct, ...sides })
  }
  const key = operatorOf(input)
    .keys(input)
    .find((each) => each.every((id) => fixed.has(id)))
  return key && new Map([...fixed].filter(([id]) => key.includes(id)))
}

/**
 * The columns that equalities lead to from what changed, without one of the inputs: few rows have to be asked for by them. By
 * those of a table that only this input leads to it would be asked for each row of that table (TPC-DS q2: 73,000 rows read →
 * 400). What nothing leads to is read whole either way.
 */
function fewWithout(without: number, placing: Placing, printer: Printer): (id: ColumnId) => boolean {
  const led = ledTo(placing, (i) => i !== without, printer)
  const reached = ledTo(placing, () => true, printer)
  return (id) => placing.inputs.some(({ columns }, i) => columns.has(id) && (led.has(i) || !reached.has(i)))
}

/** The inputs of few rows, and those that equalities lead to from them by way of some. */
function ledTo(
  { node, inputs, few, asked }: Placing,
  by: (input: number) => boolean,
  printer: Printer,
): ReadonlySet<number> {
  const isOfFew = (select: Select, input = node.inputs[inputs.indexOf(select)] ?? node) =>
    few.has(input) || isFew(input) || printer.hasStep(input) || holdsOne(select, asked)
  const led = new Set(inputs.flatMap((select, i) => (by(i) && isOfFew(select) ? [i] : [])))
  const isLed = (id: ColumnId) => [...led].some((i) => inputs[i]?.columns.has(id))
  for (let before = -1; before < led.size; ) {
    before = led.size
    for (const [i, { columns }] of inputs.entries()) {
      const leads = (each: Scalar) => {
        const sides = equated(each, (id) => columns.has(id))
        return sides !== null && [...scalarColumns(sides.other)].every(isLed)
      }
      if (by(i) && !led.has(i) && node.predicate.some(leads)) led.add(i)
    }
  }
  return led
}

/** With a delta, or of one row. */
function isFew(input: Node): boolean {
  return (
    hasDelta(input) ||
    operatorOf(input)
      .keys(input)
      .some((key) => key.length === 0)
  )
}

/** The sides of column = value, of which the column is of one input and the value of others. */
function equated(
  conjunct: Scalar,
  isOwn: (id: ColumnId) => boolean,
): { readonly own: ColumnRef; readonly other: Scalar } | null {
  if (conjunct.kind !== 'operator' || !conjunct.equality || conjunct.args.length !== 2) return null
  const sides = conjunct.args.map((arg, i) => ({ own: arg, other: conjunct.args[1 - i] }))
  for (const { own, other } of sides) {
    if (own.kind !== 'column' || !isOwn(own.id) || !other) continue
    if (own.type.collation !== conjunct.inputCollation) continue
    const columns = [...scalarColumns(other)]
    if (columns.length > 0 && !columns.some(isOwn)) return { own, other }
  }
  return null
}

/**
 * Two columns that are equated to one that is looked up: with each other instead, where that is the same comparison. The
 * planner, who no longer sees what they have in common, may find the one by the other.
 */
function meeting(conjunct: Scalar, first: Scalar, second: Scalar): Scalar {
  if (conjunct.kind !== 'operator' || first.kind !== 'column' || second.kind !== 'column') return conjunct
  if (first.id === second.id) return conjunct
  const isSame = conjunct.args.every(
    ({ type }) => type.oid === first.type.oid && type.collation === first.type.collation,
  )
  return isSame ? { ...conjunct, args: [first, second] } : conjunct
}

/** What is looked up: one row, where it is a stage's by its key. */
function found(
  { select, input, stage }: Pending,
  fixed: ReadonlyMap<ColumnId, Equated>,
  placed: readonly Select[],
  printer: Printer,
): Sought {
  const looked = stage && lookedUpByFixed(stage, fixed, joined(placed), printer)
  if (!looked) return { select, input }
  const { joins, isThere, row } = looked
  const from = [`(SELECT) AS ${printer.alias('one')}\n${joins.join('\n')}`]
  return { select: { ...row, from, where: [isThere, ...row.where] }, input }
}

/** The right side of an outer join, where it is a stage's and the left one fixes a key; null where not. */
export function oneByKey(
  left: Select,
  right: { readonly input: Node; readonly select: Select },
  predicate: readonly Scalar[],
  printer: Printer,
): (Looked & { readonly rest: readonly Scalar[] }) | null {
  const stage = keyedRows(right.input, printer)
  const fixed = stage && fixedKey({ ...right, stage, isKnown: (id) => left.columns.has(id) }, predicate)
  const looked = fixed && lookedUpByFixed(stage, fixed, left, printer)
  if (!looked) return null
  const equal = [...fixed.values()].map(({ conjunct }) => conjunct)
  return { ...looked, rest: predicate.filter((each) => !equal.includes(each)) }
}

function lookedUpByFixed(
  stage: KeyedRows,
  fixed: ReadonlyMap<ColumnId, Equated>,
  known: Select,
  printer: Printer,
): Looked | null {
  const on = (rows: Select) =>
    [...fixed.values()].map(({ conjunct }) => operand(conjunct, joined([known, rows])))
  return lookedUpByKey(stage, [...fixed.keys()], on, printer)
}

function lookup(
  { select, input }: Sought,
  conditions: readonly Scalar[],
  placed: readonly Select[],
  printer: Printer,
): Select {
  const columns = operatorOf(input).columns(input)
  const known = {
    ...select,
    columns: new Map([...placed.flatMap((each) => [...each.columns]), ...select.columns]),
  }
  const where = [...select.where, ...conditions.map((each) => condition(each, known, [...placed, select]))]
  const outputs = columns.map((column) => ({ name: columnName(column), value: ref(column) }))
  const alias = printer.alias('found')
  return {
    from: [
      `LATERAL (${indent(printer.render({ ...select, where }, outputs, select.weight !== null, '\nOFFSET 0'))}) AS ${alias}`,
    ],
    where: [],
    columns: new Map(columns.map((column) => [column.id, `${alias}.${columnName(column)}`])),
    weight: select.weight === null ? null : `${alias}.weight`,
  }
}
