/**
 * Windows whose calls run from the first row of a partition to the row itself: `sum(x) OVER (PARTITION BY k ORDER BY t)`,
 * `row_number()`. A changed row changes no row before it. So only rows from the first change on are computed anew, told by the
 * first column of ORDER BY, and they go on from what is stored of the last row before: a sum by adding, a minimum by comparing.
 */
import { ref, sql } from '../algebra/build.ts'
import type { Column, Node, PartitionNode } from '../algebra/node.ts'
import { DATE, INT2, INT4, INT8, NUMERIC, TIME, TIMESTAMP, TIMESTAMPTZ } from '../algebra/number-types.ts'
import { operatorOf } from '../algebra/operators/index.ts'
import type { RunsBy, Window, WindowCall } from '../algebra/operators/window.ts'
import { type Ordering, orderedColumns } from '../algebra/ordering.ts'
import { scalarColumns } from '../algebra/scalar.ts'
import { isComposite } from '../catalog/composite.ts'
import type { CompileRequest } from '../catalog/request.ts'
import { groupMatch, probingMatches } from './image.ts'
import { columnName } from './names.ts'
import { keyColumns, partitionQuery, tieBreakers } from './partition-text.ts'
import { isIndexed, readsSourcesOnly, scanBelow } from './redo.ts'
import { printScalar } from './scalar.ts'
import type { Printer } from './select.ts'
import { at, indent, type Select } from './select-text.ts'
import { slicingOf } from './slices.ts'

export interface Running {
  readonly node: Window
  readonly keys: readonly Column[]
  /** By whose values the rows that a change leaves alone are told. */
  readonly order: Column
  readonly isUp: boolean
  /** The calls by the whole order of their rows. */
  readonly orders: readonly { readonly calls: readonly WindowCall[]; readonly order: readonly Ordering[] }[]
}

/** Where the rows of the stage are stored. */
export interface RunningTable {
  readonly sql: string
  /** The stored name of one of the operator's columns. */
  name(id: number): string | null
}

/** Null where a call does not run, or no index would find the rows from a value on. */
export function runningOf(request: CompileRequest, node: PartitionNode): Running | null {
  const running = slicingOf(request, node) ? null : runs(request, node)
  return running && isFound(running) ? running : null
}

/** What an index would make it possible for. */
export function unindexedRunning(request: CompileRequest, node: PartitionNode): Running | null {
  const running = runs(request, node)
  return running && scanBelow(node.input) && !isFound(running) ? running : null
}

/** Rows of an earlier stage are found by an index of their own. */
function isFound({ node, keys, order }: Running): boolean {
  if (!readsSourcesOnly(node.input)) return true
  return scanBelow(node.input) !== null && isIndexed(node.input, keys.map(ref), ref(order), 'sorted')
}

/** Types that have min(), and whose order is that of their operators. */
const ORDERED: ReadonlySet<number> = new Set([INT2, INT4, INT8, NUMERIC, DATE, TIME, TIMESTAMP, TIMESTAMPTZ])

function runs(request: CompileRequest, node: PartitionNode): Running | null {
  if (node.op !== 'window' || node.first) return null
  const [first] = node.calls[0]?.order ?? []
  const order = operatorOf(node.input)
    .columns(node.input)
    .find(({ id }) => first?.value.kind === 'column' && first.value.id === id)
  if (!first || !order || order.nullable || !ORDERED.has(order.type.oid)) return null
  if (node.partition.keys.includes(order.id)) return null
  // A row of NULLs IS NULL too.
  if (keyColumns(node).some(({ type }) => isComposite(request, type.oid))) return null
  const orders = new Map<string, { calls: WindowCall[]; order: readonly Ordering[] }>()
  for (const call of node.calls) {
    const [by] = call.order
    const isSame = by?.value.kind === 'column' && by.value.id === order.id && by.using === first.using
    if (!call.runs || !isSame) return null
    const whole = [...call.order, ...(call.hasPeers ? [] : tieBreakers(request, node, call.order))]
    if (!whole.every(isUsual)) return null
    // Of rows that nothing tells apart the last is the one whose result went furthest; a sum goes up and down.
    if (
      !call.hasPeers &&
      call.runs === '+' &&
      !COUNTS.test(call.call.parts[0] ?? '') &&
      !isTotal(node, whole)
    )
      return null
    const image = JSON.stringify(whole)
    const same = orders.get(image)
    if (same) same.calls.push(call)
    else orders.set(image, { calls: [call], order: whole })
  }
  return {
    node,
    keys: keyColumns(node),
    order,
    isUp: first.using === ASCENDING,
    orders: [...orders.values()],
  }
}

/** Calls of which no row has less than one before. */
const COUNTS = /^(?:count|row_number)\(/

/** Does the order leave no two rows of a partition equal? */
function isTotal({ input, partition }: Window, order: readonly Ordering[]): boolean {
  const fixed = new Set([...orderedColumns(order), ...partition.keys])
  return operatorOf(input)
    .keys(input)
    .some((key) => key.every((id) => fixed.has(id)))
}

const ASCENDING = 'OPERATOR(pg_catalog.<)'
const DESCENDING = 'OPERATOR(pg_catalog.>)'

function isUsual({ using }: Ordering): boolean {
  return using === null || using === ASCENDING || using === DESCENDING
}

/** The columns that must be stored as they are. */
export function runningColumns({ node, order, orders }: Running): readonly number[] {
  const read = orders.flatMap((each) => each.order.flatMap(({ value }) => [...scalarColumns(value)]))
  return [...new Set([order.id, ...node.calls.map(({ column }) => column.id), ...read])]
}

/** Of each partition that a delta touches: the value from which on its rows may be others. */
export function firstTouched(running: Running, delta: Select, printer: Printer): string {
  const { keys, order, isUp } = running
  const end = isUp ? sql(order.type)`min(${ref(order)})` : sql(order.type)`max(${ref(order)})`
  return printer.grouped(
    delta,
    keys.map((column) => ({ column, value: ref(column) })),
    [{ column: order, value: end }],
  )
}

/** `column` is not before the value from which on rows of the partition `t` may be others. */
export function isBehind({ order, isUp }: Running, column: string): string {
  return `${column} ${isUp ? '>=' : '<='} t.${columnName(order)}`
}

/** Ways to meet the stored rows of a partition `t`. */
function matches(
  request: CompileRequest,
  { keys }: Running,
  table: RunningTable,
  rows = 's',
): readonly (readonly string[])[] {
  return probingMatches(
    request,
    keys,
    keys.map(({ id }) => `${rows}.${table.name(id)}`),
    keys.map((column) => `t.${columnName(column)}`),
  )
}

/** The stored rows that may be others: a look for each touched partition, whatever the planner knows of them. */
export function storedBehind(
  request: CompileRequest,
  running: Running,
  table: RunningTable,
  columns: readonly { readonly column: Column; readonly name: string }[],
  touched: string,
): string {
  const names = columns.map(({ name }) => `s.${name}`).join(', ')
  const items = columns.map(({ column, name }) => `s.${name} AS ${columnName(column)}`).join(', ')
  const behind = isBehind(running, `s.${table.name(running.order.id)}`)
  return matches(request, running, table)
    .map(
      (match) => `SELECT ${items}, -1 AS weight
FROM ${touched} AS t, LATERAL (
  SELECT ${names}
  FROM ${table.sql} AS s
  WHERE ${[...match, behind].join(' AND ')}
  OFFSET 0
) AS s`,
    )
    .join('\nUNION ALL\n')
}

/** `SELECT keys, values`: for each touched partition what is stored of the last row before; NULLs where it begins there. */
export function lastBefore(
  request: CompileRequest,
  running: Running,
  table: RunningTable,
  touched: string,
): string {
  const { keys, order, isUp, orders } = running
  const before = `s.${table.name(order.id)} ${isUp ? '<' : '>'} t.${columnName(order)}`
  // With the key before it, the order is the index's also where the key IS NULL, which fixes no place in it to the planner.
  const end = isUp ? 'DESC NULLS FIRST' : 'ASC NULLS LAST'
  const ends = [...keys, order].map(({ id }) => `s.${table.name(id)} ${end}`)
  const laterals = orders.map(({ calls, order: by }, i) => {
    const peers = matches(request, running, table, 'p')
    const items = (way: number) =>
      calls.map(({ column, runs: kind }) => {
        const own = table.name(column.id)
        if (kind !== 'rank') return `s.${own} AS ${columnName(column)}`
        // Of the last peers all rows are before.
        const same = [order.id, column.id].map((id) => `p.${table.name(id)} = s.${table.name(id)}`)
        const count = `SELECT count(*) FROM ${table.sql} AS p WHERE ${[...(peers[way] ?? []), ...same].join(' AND ')}`
        return `s.${own} - 1 + (${count}) AS ${columnName(column)}`
      })
    const rest = by.slice(1).map((each) => reversed(each, (id) => `s.${table.name(id)}`))
    const furthest = calls.map(
      ({ column, runs: by }) =>
        `s.${table.name(column.id)} ${by === 'least' || by === 'AND' ? 'ASC' : 'DESC'} NULLS LAST`,
    )
    const arms = matches(request, running, table).map(
      (match, way) =>
        `SELECT ${items(way).join(', ')}\nFROM ${table.sql} AS s\nWHERE ${[...match, before].join(' AND ')}\nORDER BY ${[...ends, ...rest, ...furthest].join(', ')}\nLIMIT 1`,
    )
    const query =
      arms.length === 1 ? arms.join('') : arms.map((arm) => `(${indent(arm)})`).join('\nUNION ALL\n')
    return `\nLEFT JOIN LATERAL (\n  ${indent(query)}\n) AS l${i + 1} ON true`
  })
  const items = [
    ...keys.map((column) => `t.${columnName(column)}`),
    ...orders.flatMap(({ calls }, i) =>
      calls.map(({ column }) => `l${i + 1}.${columnName(column)} AS ${beforeName(column)}`),
    ),
  ]
  return `SELECT ${items.join(', ')}\nFROM ${touched} AS t${laterals.join('')}`
}

function reversed({ value, using, nullsFirst }: Ordering, name: (id: number) => string): string {
  const text = printScalar(value, name)
  const isUp = using !== DESCENDING
  const nulls = using === null ? true : !nullsFirst
  return `(${text}) ${isUp ? 'DESC' : 'ASC'} NULLS ${nulls ? 'FIRST' : 'LAST'}`
}

function beforeName(column: Column): string {
  return `before_${columnName(column)}`
}

/** The operator's rows over `rows`, which are those from the first change of each partition on, going on from `before`. */
export function runOn(
  request: CompileRequest,
  { node, keys }: Running,
  rows: Select,
  before: string,
  printer: Printer,
): Select {
  const columns = operatorOf(node).columns(node)
  const next = 1 + Math.max(...columns.map(({ id }) => id))
  // What was before stands beside the columns of each row, the same in all of a partition.
  const seeds = node.calls.map(({ column }, i): Column => ({ ...column, id: next + i, nullable: true }))
  const passed = operatorOf(node.input).columns(node.input)
  const input: Node = {
    op: 'project',
    input: node.input,
    outputs: [...passed, ...seeds].map((column) => ({ column, value: ref(column) })),
  }
  const alias = printer.alias('before')
  const match = groupMatch(
    request,
    keys,
    keys.map(({ id }) => at(rows, id)),
    keys.map((column) => `${alias}.${columnName(column)}`),
  )
  const found: Select = {
    ...rows,
    from: [...rows.from, `${before} AS ${alias}`],
    where: [...rows.where, ...match],
    columns: new Map([
      ...rows.columns,
      ...seeds.map((seed, i): [number, string] => [
        seed.id,
        `${alias}.${beforeName(node.calls[i]?.column ?? seed)}`,
      ]),
    ]),
  }
  const run = printer.derived(
    partitionQuery({ ...node, input }, found, printer),
    'p',
    [...columns, ...seeds],
    false,
  )
  return {
    ...run,
    columns: new Map(
      columns.map((column) => {
        const i = node.calls.findIndex((call) => call.column.id === column.id)
        const by = node.calls[i]?.runs
        const seed = seeds[i]
        return [column.id, by && seed ? goneOn(by, at(run, seed.id), at(run, column.id)) : at(run, column.id)]
      }),
    ),
  }
}

/** What a call gives over all rows, from what it gives over those before and over the others. */
function goneOn(by: RunsBy, before: string, value: string): string {
  // Of equal ones the first argument, which is the later.
  if (by === 'least' || by === 'greatest') return `${by}(${value}, ${before})`
  const both = by === '+' || by === 'rank' ? `${before} + ${value}` : `(${before} ${by} ${value})`
  return `(CASE WHEN ${before} IS NULL THEN ${value} WHEN ${value} IS NULL THEN ${before} ELSE ${both} END)`
}
