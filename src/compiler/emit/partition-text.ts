/** The query of a partition operator over any input: window functions, DISTINCT ON, ORDER BY … LIMIT. */
import { ref, sameScalar } from '../algebra/build.ts'
import type { Column, PartitionNode } from '../algebra/node.ts'
import { operatorOf } from '../algebra/operators/index.ts'
import type { Window, WindowCall } from '../algebra/operators/window.ts'
import { type Ordering, orderedColumns, orderingParts, withTail } from '../algebra/ordering.ts'
import { type Scalar, scalarColumns } from '../algebra/scalar.ts'
import type { CompileRequest } from '../catalog/request.ts'
import { columnName } from './names.ts'
import { isIndexed } from './redo.ts'
import type { Printer } from './select.ts'
import { indent, type Select, top } from './select-text.ts'

/** `SELECT … FROM input`: the operator's output columns under their derived names. */
export function partitionQuery(node: PartitionNode, input: Select, printer: Printer): string {
  const { request } = printer
  const columns = operatorOf(node.input).columns(node.input)
  const passed = columns.map((column): Item => [column, ref(column)])
  switch (node.op) {
    case 'window': {
      const { rows, placed } = asSorted(node, input, printer)
      const calls = node.calls.map((call): Item => [call.column, overWindow(request, node, placed(call))])
      const query = printer.render(rows, outputsOf([...passed, ...calls]), false)
      const place = node.calls.find(({ column }) => column.id === node.first?.column)
      if (!node.first || !place) return query
      return `SELECT w.*\nFROM (\n  ${indent(query)}\n) AS w\nWHERE w.${columnName(place.column)} <= ${node.first.count}`
    }
    case 'distinct-on': {
      const keys = keyColumns(node)
      if (keys.length === 0) {
        const all = orderItems([...node.order, ...tieBreakers(request, node, node.order)], input)
        const by = all.length > 0 ? `\nORDER BY ${all.join(', ')}` : ''
        return printer.render(input, outputsOf(passed), false, `${by}\nLIMIT 1`)
      }
      // ON must name what the order begins with; a correlated subquery has the columns of its row as keys besides.
      const isKey = ({ value }: Ordering) => value.kind === 'column' && node.partition.keys.includes(value.id)
      const named = orderedColumns(node.order)
      const first = [
        ...node.order.filter(isKey),
        ...keys.filter(({ id }) => !named.has(id)).map(ascending),
        ...node.order.filter((each) => !isKey(each)),
      ]
      const order = orderItems([...first, ...tieBreakers(request, node, first)], input)
      const query = printer.render(input, outputsOf(passed), false, `\nORDER BY ${order.join(', ')}`)
      const on = keys.map((column) => `(${sorted(ref(column), input)})`).join(', ')
      return query.replace(/^SELECT/, () => `SELECT DISTINCT ON (${on})`)
    }
    case 'limit': {
      const ties = node.withTies ? [] : tieBreakers(request, node, node.order)
      const tail = [
        `\nORDER BY ${orderItems([...node.order, ...ties], input).join(', ')}`,
        ...(node.offset ? [`\nOFFSET (${places(node.offset, input, printer)})`] : []),
        ...(node.count ? [first(places(node.count, input, printer), node.withTies)] : []),
      ]
      return printer.render(input, outputsOf(passed), false, tail.join(''))
    }
  }
}

/**
 * What ends a query for the rows of one key, so that it reads no more than the operator is about. Null: all of them, of all
 * keys at once; so too where no index has the rows of each key in their order.
 */
export function firstOfKey(node: PartitionNode, input: Select, printer: Printer): string | null {
  const [first] = orderOfFirst(node) ?? []
  const keys = keyColumns(node).map(ref)
  if (!first || (keys.length > 0 && !isIndexed(node.input, keys, first.value))) return null
  return firstOfEach(node, input, printer)
}

/** The same whether or not there is an index; null: the operator is about all rows of a key. */
export function firstOfEach(node: PartitionNode, input: Select, printer: Printer): string | null {
  const { request } = printer
  const order = orderOfFirst(node)
  const ordered = (orderings: readonly Ordering[], end: string) =>
    orderings.length === 0 ? null : `\nORDER BY ${orderItems(orderings, input).join(', ')}${end}`
  if (node.op === 'distinct-on' && node.partition.keys.length > 0 && order)
    return ordered([...order, ...tieBreakers(request, node, order)], '\nLIMIT 1')
  const place = node.op === 'window' ? firstOfWindow(node) : null
  if (!place) return null
  return place.hasPeers
    ? ordered(place.order, first(`${place.count}`, true))
    : ordered([...place.order, ...tieBreakers(request, node, place.order)], first(`${place.count}`, false))
}

/**
 * What ends a query for the input, of which `more` rows may turn out to be gone, so that it reads no more than the operator
 * is about. Null: all of it.
 */
export function firstOfAll(
  node: PartitionNode,
  input: Select,
  printer: Printer,
  more: string,
): string | null {
  const { request } = printer
  const found = firstPlaces(node, input, printer)
  if (!found || node.partition.keys.length > 0) return null
  const order = [...found.order, ...(found.withTies ? [] : tieBreakers(request, node, found.order))]
  if (order.length === 0) return null
  const count = `least(${found.count} + ${more}, 9223372036854775807)::bigint`
  return `\nORDER BY ${orderItems(order, input).join(', ')}${first(count, found.withTies)}`
}

interface Places {
  readonly order: readonly Ordering[]
  readonly withTies: boolean
  /** As a numeric, which no sum exceeds. */
  readonly count: string
}

function firstPlaces(node: PartitionNode, input: Select, printer: Printer): Places | null {
  if (node.op === 'window') {
    const place = firstOfWindow(node)
    return place && { order: place.order, withTies: place.hasPeers, count: `${place.count}::numeric` }
  }
  if (node.op !== 'limit' || !node.count) return null
  const [count, offset] = [node.count, node.offset]
  if ([count, ...(offset ? [offset] : [])].some((value) => scalarColumns(value).size > 0)) return null
  const before = offset ? ` + coalesce((${places(offset, input, printer)})::numeric, 0)` : ''
  return {
    order: node.order,
    withTies: node.withTies,
    count: `(${places(count, input, printer)})::numeric${before}`,
  }
}

/** The order by which an operator keeps the first rows of each key; null: it keeps others too, or has no order. */
export function orderOfFirst(node: PartitionNode): readonly Ordering[] | null {
  if (node.op === 'window') return firstOfWindow(node)?.order ?? null
  if (node.op === 'limit') return node.count ? node.order : null
  const { keys } = node.partition
  return node.order.filter(({ value }) => value.kind !== 'column' || !keys.includes(value.id))
}

/** Is it the order that an index of the type's own has? */
export function isUsual({ using }: Ordering): boolean {
  return using === null || /^OPERATOR\(pg_catalog\.[<>]\)$/.test(using)
}

/** Do NULLs come where they do not by themselves, as in DESC NULLS LAST? */
export function isTurnedOrder({ using, nullsFirst }: Ordering): boolean {
  return nullsFirst !== (using?.includes('>') ?? false)
}

/** Of window functions which look at no row behind: how many places are kept, and by which order. */
function firstOfWindow(
  node: Window,
): { readonly order: readonly Ordering[]; readonly hasPeers: boolean; readonly count: number } | null {
  if (!node.first) return null
  const { column: id, count } = node.first
  const place = node.calls.find(({ column }) => column.id === id)
  const isByPlaces = node.calls.every(
    ({ call, order }) => PLACES.test(call.parts.join('')) && sameOrder(order, place?.order ?? []),
  )
  return place && isByPlaces ? { order: place.order, hasPeers: place.hasPeers, count } : null
}

/** They look at no row behind. */
const PLACES = /^(?:row_number|rank|dense_rank)\(\)$/

function sameOrder(a: readonly Ordering[], b: readonly Ordering[]): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}

type Item = readonly [Column, Scalar]

function outputsOf(items: readonly Item[]) {
  return items.map(([column, value]) => ({ name: columnName(column), value }))
}

/** A number of rows. A subquery's is a column that all rows have alike; the clause itself can name none. */
function places(value: Scalar, input: Select, printer: Printer): string {
  if (scalarColumns(value).size === 0) return top(value, input)
  return indent(printer.render(input, [{ name: 'places', value }], false, '\nLIMIT 1'))
}

function first(count: string, withTies: boolean): string {
  return withTies ? `\nFETCH FIRST (${count}) ROWS WITH TIES` : `\nLIMIT (${count})`
}

export function keyColumns(node: PartitionNode): readonly Column[] {
  const columns = operatorOf(node.input).columns(node.input)
  return node.partition.keys.flatMap((id) => columns.filter((column) => column.id === id))
}

function orderItems(order: readonly Ordering[], input: Select): string[] {
  return order.map((ordering) => {
    const [before, after] = orderingParts(ordering)
    return `${before}${sorted(ordering.value, input)}${after}`
  })
}

/** ORDER BY and DISTINCT ON take no bare literal. */
function sorted(value: Scalar, input: Select): string {
  const text = top(value, input)
  return text === 'true' || text === 'false' ? `${text} IS TRUE` : text
}

function ascending(column: Column): Ordering {
  return { value: ref(column), using: null, nullsFirst: false }
}

/**
 * Rows that come sorted, where what sees peers goes by that. A window that sorts by the first of what they are sorted by, or by
 * nothing, does not sort them anew if it names columns of theirs.
 */
function asSorted(
  node: Window,
  input: Select,
  printer: Printer,
): { readonly rows: Select; readonly placed: (call: WindowCall) => WindowCall } {
  const { incoming } = node
  if (!incoming) return { rows: input, placed: (call) => call }
  const columns = operatorOf(node.input).columns(node.input)
  const next = 1 + Math.max(0, ...columns.map(({ id }) => id))
  const computed = incoming.flatMap(({ value }) => (value.kind === 'column' ? [] : [value]))
  const added = computed.map(
    (value, i): Column => ({ id: next + i, name: 'sorted', type: value.type, nullable: true }),
  )
  const named = (ordering: Ordering): Ordering => {
    const column = added[computed.findIndex((value) => sameScalar(value, ordering.value))]
    return column ? { ...ordering, value: ref(column) } : ordering
  }
  const order = [...keyColumns(node).map(ascending), ...incoming]
  const items = orderItems([...order, ...tieBreakers(printer.request, node, order)], input)
  const outputs = [
    ...columns.map((column): Item => [column, ref(column)]),
    ...added.flatMap((column, i): Item[] => (computed[i] ? [[column, computed[i]]] : [])),
  ]
  const query = printer.render(input, outputsOf(outputs), false, `\nORDER BY ${items.join(', ')}`)
  return {
    rows: printer.derived(query, 's', [...columns, ...added], false),
    placed: (call) => ({ ...call, order: call.order.map(named) }),
  }
}

/** `call OVER (PARTITION BY … ORDER BY … frame)` */
function overWindow(
  request: CompileRequest,
  node: Window,
  { call, order, frame, hasPeers }: WindowCall,
): Scalar {
  const parts = [' OVER (']
  const args: Scalar[] = []
  const text = (more: string) => {
    parts[parts.length - 1] += more
  }
  const hole = (arg: Scalar, after: string) => {
    args.push(arg)
    parts.push(after)
  }
  const keys = keyColumns(node)
  for (const [i, column] of keys.entries()) {
    text(i === 0 ? 'PARTITION BY (' : ', (')
    hole(ref(column), ')')
  }
  const all = [...order, ...(hasPeers ? [] : tieBreakers(request, node, order))]
  for (const [i, ordering] of all.entries()) {
    const [before, after] = orderingParts(ordering)
    text(`${i === 0 ? `${keys.length > 0 ? ' ' : ''}ORDER BY ` : ', '}${before}`)
    hole(ordering.value, after)
  }
  if (keys.length + all.length > 0) text(' ')
  text(frame.parts[0] ?? '')
  for (const [i, arg] of frame.args.entries()) hole(arg, frame.parts[i + 1] ?? '')
  text(')')
  return withTail(call, parts, args)
}

/**
 * The remaining columns, so that rows which ORDER BY leaves equal have one order, the same at every refresh. None where the
 * order and the partition hold a key of the input, nor of types that cannot be sorted.
 */
export function tieBreakers(
  request: CompileRequest,
  node: PartitionNode,
  order: readonly Ordering[],
): readonly Ordering[] {
  const { input, partition } = node
  const fixed = new Set([...orderedColumns(order), ...partition.keys])
  const operator = operatorOf(input)
  if (operator.keys(input).some((key) => key.every((id) => fixed.has(id)))) return []
  return operator
    .columns(input)
    .filter(
      ({ id, type }) =>
        !fixed.has(id) && request.types[type.oid]?.sortable && request.types[type.oid]?.kind !== 'p',
    )
    .map(ascending)
}
