/**
 * How outer and semi joins, and the change of who has a match, are written in SQL. A right side whose rows have no weights
 * is joined as it is; one that is a stored state and a delta added up is added up first, for the rows that are asked for
 * where an index finds those.
 */
import { ref } from '../algebra/build.ts'
import type { Column, Node } from '../algebra/node.ts'
import { operatorOf } from '../algebra/operators/index.ts'
import type { KeyMatch } from '../algebra/operators/key-match.ts'
import type { MarkJoin } from '../algebra/operators/mark-join.ts'
import type { OuterJoin } from '../algebra/operators/outer-join.ts'
import type { RowMatch } from '../algebra/operators/row-match.ts'
import type { SemiJoin } from '../algebra/operators/semi-join.ts'
import { type Scalar, scalarColumns } from '../algebra/scalar.ts'
import { counted, paddedRows } from './asked-rows.ts'
import { hasMarks, term } from './fitted.ts'
import { equalValues, groupByImage } from './image.ts'
import { type Asked, askedBy, askedByRow, asking, isSought, oneByKey } from './lookup.ts'
import { columnName } from './names.ts'
import { hasDelta, isProbed, matchOf } from './probes.ts'
import type { Printer } from './select.ts'
import { at, indent, operand, type Select } from './select-text.ts'

export function outerJoin(node: OuterJoin, printer: Printer): Select {
  const left = printer.select(node.left)
  const isLateral = isProbed(node.left, node.right, node.predicate)
  const asked = isLateral && isChange(node.left, printer) ? askedByRow(node.predicate, node.right) : null
  const rightSide = () => printer.whole(() => asking(asked, printer, () => printer.select(node.right)))
  const isProbing = hasDelta(node.right) || isLateral
  const right = isProbing ? rightSide() : printer.unprobed(rightSide)
  const columns = operatorOf(node.right).columns(node.right)
  // Of several items the last alone would be joined.
  const from =
    left.from.length === 0 ? `(SELECT) AS ${printer.alias('one')}` : left.from.join('\nCROSS JOIN ')
  const join = (item: string, on: readonly string[], made: Select, weight: string | null): Select => ({
    // In parentheses it is an item like any other, wherever it stands.
    from: [`(${from}\nLEFT JOIN ${item} ON ${on.join(' AND ') || 'true'})`],
    where: left.where,
    gates: left.gates,
    columns: new Map([...left.columns, ...made.columns]),
    weight,
  })
  if (right.weight === null && isSought(node.left, node.right, node.predicate, printer)) {
    const rows = { ...right, where: [...right.where, ...conditions(node.predicate, left, right)] }
    const outputs = columns.map((column) => ({
      name: columnName(column),
      value: { kind: 'column', id: column.id, type: column.type } as const,
    }))
    const made = printer.derived(printer.render(rows, outputs, false, '\nOFFSET 0'), 'r', columns, false)
    return join(`LATERAL ${made.from.join()}`, [], made, left.weight)
  }
  if (right.weight === null) {
    // What is computed of a row must be NULL where there is none: only columns are so by themselves.
    const isBare =
      [...right.columns.values()].every((text) => BARE_COLUMN.test(text)) && right.from.length > 0
    if (isBare) {
      const item = right.from.length === 1 ? right.from[0] : `(${right.from.join('\nCROSS JOIN ')})`
      return join(
        item ?? '',
        [
          ...right.where,
          ...conditions(printer.joining(node.predicate, [node.left, node.right]), left, right),
        ],
        right,
        left.weight,
      )
    }
    const outputs = columns.map((column) => ({
      name: columnName(column),
      value: { kind: 'column', id: column.id, type: column.type } as const,
    }))
    const made = printer.derived(printer.render(right, outputs, false), 'r', columns, false)
    return join(
      made.from.join(),
      conditions(printer.joining(node.predicate, [node.left, node.right]), left, made),
      made,
      left.weight,
    )
  }
  const one = oneByKey(left, { input: node.right, select: right }, node.predicate, printer)
  if (one) {
    const isMet = [one.isThere, ...one.row.where, ...conditions(one.rest, left, one.row)].join(' AND ')
    return {
      from: [`(${from}\n${one.joins.join('\n')})`],
      where: left.where,
      gates: left.gates,
      columns: new Map([
        ...left.columns,
        ...columns.map(({ id }) => [id, `CASE WHEN ${isMet} THEN ${at(one.row, id)} END`] as const),
      ]),
      weight: left.weight,
      isUnmeasured: printer.isBulk,
    }
  }
  if (printer.isBulk && isLateral && hasDelta(node.left)) {
    const split = printer.split(() => printer.select(node.right))
    const match = (rows: Select) => conditions(node.predicate, rows, split)
    const own = operatorOf(node.left).columns(node.left)
    return { ...paddedRows(left, own, split, columns, match, printer), gates: left.gates }
  }
  const rows = isLateral
    ? { ...right, where: [...right.where, ...conditions(node.predicate, left, right)] }
    : right
  const made = printer.derived(printer.consolidatedRows(rows, columns), 'r', columns, true)
  const on = isLateral ? [] : conditions(node.predicate, left, made)
  const matched = `coalesce(${made.weight}, 1)`
  return join(
    `${isLateral ? 'LATERAL ' : ''}${made.from.join()}`,
    on,
    made,
    left.weight === null ? matched : `${left.weight} * ${matched}`,
  )
}

/** A column of something in FROM, and nothing around it. */
const BARE_COLUMN = /^[a-z_][a-z0-9_]*\.(?:[a-z_][a-z0-9_$]*|"(?:[^"]|"")+")$/

export function semiJoin(node: SemiJoin, printer: Printer): Select {
  const { left, first, found, isOne } = matching(node, node.isAnti, printer)
  // NULL is no match. What is the same for all rows would be asked before there is one.
  const late =
    isOne && first.length > 0 ? `CASE WHEN ${first.join(' AND ')} THEN ${found} ELSE false END` : found
  const conjuncts =
    node.isAnti && first.length > 0 ? [`(${first.join(' AND ')}) IS TRUE`, found] : [...first, late]
  return {
    ...left,
    where: [...left.where, ...(node.isAnti ? [`NOT (${conjuncts.join(' AND ')})`] : conjuncts)],
  }
}

/** The left rows, and what says of one that it has a match: conditions on it alone, and whether a right row meets the others. */
export function matching(
  node: SemiJoin | MarkJoin,
  isDoubted: boolean,
  printer: Printer,
  tail = '',
): {
  readonly left: Select
  readonly first: readonly string[]
  readonly found: string
  /** Is that the same for all left rows? */
  readonly isOne: boolean
} {
  const outer = printer.select(node.left)
  const isOfLeft = (conjunct: Scalar) => {
    const columns = [...scalarColumns(conjunct)]
    return columns.length > 0 && columns.every((id) => outer.columns.has(id))
  }
  const both = printer.needed(node.predicate, [node.left, node.right]).filter((each) => !isOfLeft(each))
  // The same for all left rows it is asked once.
  const isOne = !both.some((each) => [...scalarColumns(each)].some((id) => outer.columns.has(id)))
  const asked = isChange(node.left, printer) ? probedByRow(node.left, node.right, node.predicate) : null
  const print = () => asking(asked, printer, () => printer.select(node.right))
  const right = isOne ? printer.whole(print) : printer.split(print)
  const isCounted = right.weight !== null && printer.isFitted && !isOne
  const match = (left: Select) => conditions(isDoubted ? printer.doubted(both) : both, left, right)
  const { left, total } = isCounted
    ? counted(outer, operatorOf(node.left).columns(node.left), right, match, printer)
    : { left: outer, total: totalOf(right, [...right.where, ...match(outer)]) }
  // Asked first: the right side is not looked at for rows that fail it.
  const first = conditions(node.predicate.filter(isOfLeft), left, right)
  const within = tail === '' && isSought(node.left, node.right, node.predicate, printer) ? ' OFFSET 0' : tail
  const found =
    right.weight === null ? exists(right, [...right.where, ...match(left)], within) : `${total} > 0`
  return { left, first, found, isOne }
}

/** Where a term is said once for each way to read its tables, the keys are asked about once for all (TPC-H q22: 24,000 customers). */
export function keyMatch(node: KeyMatch, printer: Printer): Select {
  if (!printer.isFitted || printer.isInRecursion || node.keys.length === 0) return matchedKeys(node, printer)
  const columns = node.keys.map(({ column }) => column)
  const outputs = columns.map((column) => ({ name: columnName(column), value: ref(column) }))
  const found = printer.whole(() => matchedKeys(node, printer))
  const name = printer.shared('matched', printer.render(found, outputs, true))
  return {
    from: [name],
    where: [],
    columns: new Map(columns.map((column) => [column.id, `${name}.${columnName(column)}`])),
    weight: `${name}.weight`,
  }
}

function matchedKeys(node: KeyMatch, printer: Printer): Select {
  const delta = printer.select(node.delta)
  const isProbing = isProbed(node, node.state, matchOf(node.keys))
  const values = node.keys.map(({ value }) => value)
  const asked = isProbing ? askedBy(values, node.state) : null
  const state = printer.split(() => asking(asked, printer, () => printer.select(node.state)))
  const { request } = printer
  const columns = node.keys.map(({ column }) => column)
  const alias = printer.alias('k')
  const change = `(sum(${delta.weight ?? '1'}))::bigint`
  const keyed = printer.render(
    delta,
    node.keys.map(({ column, value }) => ({ name: columnName(column), value })),
    false,
    `${columns.length > 0 ? `\nGROUP BY ${columns.map((_, i) => i + 1).join(', ')}` : ''}\nHAVING sum(${delta.weight ?? '1'}) <> 0`,
    [`${change} AS change`],
  )
  const names = new Map(columns.map((column) => [column.id, `${alias}.${columnName(column)}`]))
  const match = (left: Select) =>
    node.keys.map(({ column, value }) =>
      equalValues(request, column, operand(value, state), at(left, column.id)),
    )
  const weight = `sign(${alias}.change)::integer`
  const changed: Select = { from: [`(${indent(keyed)}) AS ${alias}`], where: [], columns: names, weight }
  const isOne = columns.length === 0 && !printer.isFitted
  if (isOne || isProbing) {
    const found = withAtMost(changed, columns, `${alias}.change`, node.version, state, match, printer)
    // All rows of the other side or none: the planner, who expects one row here, may begin with them.
    return isOne ? { ...found, gates: [exists(found, found.where)] } : found
  }
  const limit = stillThere(node.version, `${alias}.change`)
  // Nothing finds the rows of a key: all are read once.
  const outputs = node.keys.map(({ column, value }) => ({ name: columnName(column), value }))
  const rows = printer.alias('s')
  const equal = columns.map((column) =>
    equalValues(request, column, `${rows}.${columnName(column)}`, `${alias}.${columnName(column)}`),
  )
  const items = [...columns.map((column) => `${alias}.${columnName(column)}`), `${alias}.change`]
  const query = `SELECT ${[
    ...columns.map((column) => `${alias}.${columnName(column)}`),
    `${weight} AS weight`,
  ].join(', ')}
FROM (${indent(keyed)}) AS ${alias}
LEFT JOIN (${indent(term(printer.render(state, outputs, true)))}) AS ${rows} ON ${equal.join(' AND ') || 'true'}
GROUP BY ${items.join(', ')}
HAVING coalesce(sum(${rows}.weight), 0) <= ${limit}`
  return printer.derived(query, 'm', columns, true)
}

export function rowMatch(node: RowMatch, printer: Printer): Select {
  // From the few changed rows on: the planner knows little of what the left side joins, and may begin with another table.
  const isProbing = !printer.isBulk && isProbed(node.delta, node.left, node.predicate)
  const asked = isProbing ? askedByRow(node.predicate, node.left) : null
  const left = printer.split(() => asking(asked, printer, () => printer.select(node.left)))
  const { request } = printer
  const columns = operatorOf(node).columns(node)
  const deltaColumns = operatorOf(node.delta).columns(node.delta)
  const outputs = deltaColumns.map((column) => ({
    name: columnName(column),
    value: { kind: 'column', id: column.id, type: column.type } as const,
  }))
  // Its rows are told apart by a number: each counts once for a left row, however often that stands.
  const delta = printer.select(node.delta)
  const changed = printer.derived(
    printer.render(delta, outputs, true, '', ['row_number() OVER () AS number']),
    'd',
    deltaColumns,
    true,
  )
  printer.changes.pass(delta, changed)
  const both = { ...left, columns: new Map([...left.columns, ...changed.columns]) }
  const meeting = printer.meeting(
    left,
    columns,
    changed.from.join(', '),
    [...conditions(node.predicate, left, changed), ...printer.changes.met(node.predicate, both)],
    isProbing,
  )
  const { pairs, number, change } = ofTerms(
    meeting,
    `${changed.weight?.slice(0, -'weight'.length)}number`,
    changed.weight ?? '1',
    columns,
    printer,
  )
  const times = pairs.weight ?? '1'
  const product = `sum((${times}) * ${change})`
  const groups = columns.map((column) => groupByImage(request, column, at(pairs, column.id)))
  const by = groups.flatMap((group) => group.groupBy)
  const met = `SELECT ${[
    ...columns.map((column, i) => `${groups[i]?.output} AS ${columnName(column)}`),
    `(sum(${times}) / count(DISTINCT ${number}))::bigint AS times`,
    `(${product} * count(DISTINCT ${number}) / sum(${times}))::bigint AS change`,
  ].join(', ')}
FROM ${pairs.from.join(',\n     ')}${pairs.where.length > 0 ? `\nWHERE ${pairs.where.join('\n  AND ')}` : ''}${
    by.length > 0 ? `\nGROUP BY ${by.join(', ')}` : ''
  }
HAVING ${product} <> 0`
  const alias = printer.alias('l')
  const touched: Select = {
    from: [`(${indent(met)}) AS ${alias}`],
    where: [],
    columns: new Map(columns.map((column) => [column.id, `${alias}.${columnName(column)}`])),
    weight: `${alias}.times * sign(${alias}.change)::integer`,
  }
  const sought = probedByRow(node.left, node.state, node.predicate)
  const state = printer.split(() => asking(sought, printer, () => printer.select(node.state)))
  const match = (rows: Select) => conditions(node.predicate, rows, state)
  return withAtMost(touched, columns, `${alias}.change`, node.version, state, match, printer)
}

interface Pairs {
  readonly pairs: Select
  /** Of the changed row: its number, and its weight. */
  readonly number: string
  readonly change: string
}

/** Pairs of a left row and a changed one, those of each term by themselves where the left side has several. */
function ofTerms(
  pairs: Select,
  number: string,
  change: string,
  columns: readonly Column[],
  printer: Printer,
): Pairs {
  if (!hasMarks(pairs.from.join())) return { pairs, number, change }
  const outputs = columns.map((column) => ({ name: columnName(column), value: ref(column) }))
  const query = printer.render(pairs, outputs, true, '', [`${number} AS number`, `${change} AS change`])
  const made = printer.derived(term(query), 'm', columns, true)
  const alias = made.weight?.slice(0, -'weight'.length)
  return { pairs: made, number: `${alias}number`, change: `${alias}change` }
}

/**
 * How many rows may be in the state for there to have been, or to be, none in the other one: what came, where the state is
 * the one after; what went, where it is the one before.
 */
function stillThere(version: 'before' | 'after', change: string): string {
  return `greatest(${version === 'after' ? change : `-${change}`}, 0)`
}

/** The rows with at most as many of the state as there may be (see above). Nobody counts further than that. */
function withAtMost(
  rows: Select,
  columns: readonly Column[],
  change: string,
  version: 'before' | 'after',
  state: Select,
  match: (rows: Select) => readonly string[],
  printer: Printer,
): Select {
  if (state.weight !== null && printer.isFitted) {
    const { left, total, further } = counted(rows, columns, state, match, printer, change)
    return { ...left, where: [...left.where, `${total} <= ${stillThere(version, further)}`] }
  }
  const limit = stillThere(version, change)
  const where = [...state.where, ...match(rows)]
  const condition =
    state.weight !== null
      ? `${totalOf(state, where)} <= ${limit}`
      : `NOT ${exists(state, where, ` OFFSET ${limit}`)}`
  return { ...rows, where: [...rows.where, condition] }
}

/** What is asked of `node` for one row of `from`, where an index finds that. */
function probedByRow(from: Node, node: Node, predicate: readonly Scalar[]): Asked | null {
  return isProbed(from, node, predicate) ? askedByRow(predicate, node) : null
}

function isChange(node: Node, printer: Printer): boolean {
  return hasDelta(node) || printer.hasStep(node)
}

export function exists(rows: Select, where: readonly string[], tail = ''): string {
  return `EXISTS (SELECT${fromWhere(rows, where)}${tail})`
}

function totalOf(rows: Select, where: readonly string[]): string {
  return `(SELECT coalesce(sum(${rows.weight ?? '1'}), 0)${fromWhere(rows, where)})`
}

function fromWhere(rows: Select, where: readonly string[]): string {
  const from = rows.from.length > 0 ? ` FROM ${rows.from.join(', ')}` : ''
  return `${from}${where.length > 0 ? ` WHERE ${where.join(' AND ')}` : ''}`
}

export function conditions(predicate: readonly Scalar[], left: Select, right: Select): readonly string[] {
  const both: Select = { ...left, columns: new Map([...left.columns, ...right.columns]) }
  return predicate.map((each) => operand(each, both))
}
