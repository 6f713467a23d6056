/** Window functions: calls are collected while expressions are bound, then put below them as operators, one per PARTITION BY. */
import { sameScalar } from '../algebra/build.ts'
import type { Column, ColumnIds, Node } from '../algebra/node.ts'
import {
  DATE,
  FLOAT4,
  FLOAT8,
  INT2,
  INT4,
  INT8,
  INTERVAL,
  MONEY,
  NUMERIC,
  TEXT,
  TIME,
  TIMESTAMP,
  TIMESTAMPTZ,
  TIMETZ,
} from '../algebra/number-types.ts'
import type { RunsBy, WindowCall } from '../algebra/operators/window.ts'
import { distinctOrderings, type Ordering, sameOrdering, withTail } from '../algebra/ordering.ts'
import { integerOf, type Reach } from '../algebra/reach.ts'
import { BOOLEAN, type Expression, type Scalar, scalarColumns } from '../algebra/scalar.ts'
import { FULL_HINT, internalError, unsupported } from '../catalog/error.ts'
import {
  booleanField,
  nodeField,
  nodeListField,
  numberField,
  optionalNode,
  stringField,
} from '../catalog/node-field.ts'
import type { TreeNode } from '../catalog/node-tree.ts'
import { quoteIdentifier, quoteQualified } from '../catalog/quote.ts'
import type { CompileRequest, FunctionFacts } from '../catalog/request.ts'
import { aggregateVolatility } from './aggregate-call.ts'
import { expression, Template } from './binding.ts'
import { collatedArguments } from './collation.ts'
import { functionFacts, functionLabel, functionVolatility } from './facts.ts'
import { bindOrdering, targetOfItem } from './ordering.ts'
import { assertSortedBy, keyedBy } from './partition-key.ts'
import { refuseRivals } from './rivals.ts'
import { type FrameBound, frameReach, type WindowFrame, windowFrame } from './window-frame.ts'
import { BY_FRAME, goesByOrder, isByPlace, readsAllInOrder, seesPeers } from './window-order.ts'

/** Binds an expression of the SELECT as it is below the window functions. */
type Bind = (node: TreeNode) => Scalar

interface Clause {
  readonly keys: readonly Scalar[]
  /** How PARTITION BY sorts by the keys. */
  readonly partition: readonly Ordering[]
  readonly order: readonly Ordering[]
  readonly frame: WindowFrame
  readonly frameText: Expression
  readonly reach: Reach | null
}

interface Collected {
  readonly column: Column
  readonly call: Expression
  readonly args: readonly Scalar[]
  readonly clause: Clause
  readonly facts: FunctionFacts
}

export class WindowCalls {
  readonly #query: TreeNode
  readonly #request: CompileRequest
  readonly #ids: ColumnIds
  readonly #clauses = new Map<number, Clause>()
  readonly #calls: Collected[] = []

  readonly #sorted: readonly Ordering[]

  /** `sorted`: how the rows come, where a subquery sorts them. */
  constructor(query: TreeNode, request: CompileRequest, ids: ColumnIds, sorted: readonly Ordering[]) {
    this.#sorted = sorted
    this.#query = query
    this.#request = request
    this.#ids = ids
  }

  /** WINDOWFUNC as a column; equal calls share one. */
  bind(node: TreeNode, bind: Bind): Scalar {
    const facts = functionFacts(this.#request, numberField(node, 'winfnoid'))
    const type = { oid: numberField(node, 'wintype'), typmod: -1, collation: numberField(node, 'wincollid') }
    const clause = this.#clause(numberField(node, 'winref'), bind)
    const nodes = nodeListField(node, 'args')
    const args = nodes.map((arg) => bind(arg.tag === 'NAMEDARGEXPR' ? nodeField(arg, 'arg') : arg))
    const call = this.#call(node, facts, args, bind)
    const same = this.#calls.find((each) => each.clause === clause && sameScalar(each.call, call))
    const column = same?.column ?? this.#ids.make(facts.name, type, !NEVER_NULL.has(facts.name))
    if (!same) this.#calls.push({ column, call, args, clause, facts })
    return { kind: 'column', id: column.id, type }
  }

  /** Is it the column of a call? */
  has(id: number): boolean {
    return this.#calls.some(({ column }) => column.id === id)
  }

  /** The rows of `input` with the columns of all calls. */
  over(input: Node): Node {
    const partitions: {
      readonly keys: readonly Scalar[]
      readonly calls: WindowCall[]
      incoming?: readonly Ordering[]
    }[] = []
    const isSorted = this.#areSorted()
    for (const { column, call, args, clause, facts } of this.#calls) {
      const { keys, frame, frameText } = clause
      const ties = isSorted ? this.#incoming(clause, clause.order) : []
      const hasPeers = seesPeers(facts, frame)
      // Of what has peers, which would see others, only a frame of all rows is another one.
      const isOfAll = hasPeers && ties.length > 0 && readsAllInOrder(facts, clause)
      const isBySort = ties.length > 0 && hasPeers && !isOfAll && goesByOrder(facts, clause)
      const order = isOfAll || !hasPeers ? [...clause.order, ...ties] : clause.order
      const made = {
        column,
        call,
        order,
        frame: isOfAll ? allRows(frame) : isByPlace(facts) ? ANY_FRAME : frameText,
        hasPeers: hasPeers && !isOfAll,
        reach: isOfAll || isBySort ? null : reachOf(facts, args, clause.reach),
        runs: order.length > 0 && !isOfAll && !isBySort ? runsBy(facts, frame) : null,
      }
      const same = partitions.find((each) => sameSet(each.keys, keys))
      const partition = same ?? { keys, calls: [] }
      if (!same) partitions.push(partition)
      partition.calls.push(made)
      if (isBySort) partition.incoming = this.#incoming(clause, [])
    }
    // One partition of all rows reads its whole input at every change: best from the tables themselves.
    const ordered = [
      ...partitions.filter(({ keys }) => keys.length === 0),
      ...partitions.filter(({ keys }) => keys.length > 0),
    ]
    return ordered.reduce<Node>((below, { keys, calls, incoming }) => {
      const keyed = keyedBy(below, keys, this.#request, this.#ids, 'PARTITION BY')
      const node = { op: 'window' as const, input: keyed.input, partition: { keys: keyed.keys }, calls }
      return incoming ? { ...node, incoming } : node
    }, input)
  }

  /** Does nothing sort the rows anew? What each window sorts by is what they are sorted by first, as PARTITION BY does it. */
  #areSorted(): boolean {
    const sorted = distinctOrderings(this.#sorted)
    return this.#calls.every(({ clause: { partition, order } }) =>
      distinctOrderings([...partition, ...order]).every((each, i) => sameOrdering(each, sorted[i])),
    )
  }

  /** What the rows of a partition which are equal by `order` are sorted by as they come. */
  #incoming({ partition }: Clause, order: readonly Ordering[]): readonly Ordering[] {
    return distinctOrderings(this.#sorted).slice(distinctOrderings([...partition, ...order]).length)
  }

  #clause(reference: number, bind: Bind): Clause {
    const found = this.#clauses.get(reference)
    if (found) return found
    const window = nodeListField(this.#query, 'windowClause').find(
      (each) => numberField(each, 'winref') === reference,
    )
    if (!window) throw internalError(`there is no window ${reference}`)
    const targets = nodeListField(this.#query, 'targetList')
    const of = (item: TreeNode) => bind(nodeField(targetOfItem(item, targets), 'expr'))
    const frame = windowFrame(window)
    const text = frameText(frame, bind)
    if (scalarColumns(text).size > 0)
      throw unsupported(
        'a window frame that a subquery or a column of a query around gives',
        FULL_HINT,
        'PostgreSQL asks for the distance once, not of each row.',
      )
    const orderings = (name: string) =>
      nodeListField(window, name).map((item) => bindOrdering(item, of(item), this.#request))
    const keys = nodeListField(window, 'partitionClause').map(of)
    for (const key of keys) assertSortedBy(this.#request, key)
    const clause: Clause = {
      keys,
      partition: orderings('partitionClause'),
      order: orderings('orderClause'),
      frame,
      frameText: text,
      reach: frameReach(frame, bind),
    }
    this.#clauses.set(reference, clause)
    return clause
  }

  #call(node: TreeNode, facts: FunctionFacts, values: readonly Scalar[], bind: Bind): Expression {
    const args = collatedArguments(this.#request, values, numberField(node, 'inputcollid'))
    const nodes = nodeListField(node, 'args')
    const names = nodes.map((arg) => (arg.tag === 'NAMEDARGEXPR' ? stringField(arg, 'name') : null))
    const given = values.map(({ type }, i) => ({ type, name: names[i] }))
    refuseRivals(functionLabel(this.#request, facts), facts, given, this.#request)
    const out = new Template().text(`${quoteQualified(facts.schema, facts.name)}(`)
    if (booleanField(node, 'winstar')) out.text('*')
    // The analysis has made one array of what a VARIADIC parameter takes, unless it takes any types.
    const isVariadic = facts.variadic !== 0 && facts.variadic !== ANY
    for (const [i, arg] of args.entries()) {
      out.text(`${i > 0 ? ', ' : ''}${isVariadic && i === args.length - 1 ? 'VARIADIC ' : ''}`)
      const name = names[i]
      if (typeof name === 'string') out.text(`${quoteIdentifier(name)} => `)
      out.hole(arg)
    }
    out.text(')')
    const call = expression({
      construct: `window function ${facts.name}`,
      parts: out.parts,
      args: out.args,
      type: { oid: numberField(node, 'wintype'), typmod: -1, collation: numberField(node, 'wincollid') },
      volatility:
        facts.kind === 'a' ? aggregateVolatility(facts, values, this.#request) : functionVolatility(facts),
    })
    const filter = optionalNode(node, 'aggfilter')
    return filter ? withTail(call, [' FILTER (WHERE ', ')'], [bind(filter)]) : call
  }
}

/** Pseudo-type "any" (pg_type.dat). */
const ANY = 2276

const NEVER_NULL: ReadonlySet<string> = new Set([
  'row_number',
  'rank',
  'dense_rank',
  'percent_rank',
  'cume_dist',
  'count',
])

/** An offset of RANGE would forbid a second column to sort by. */
const ANY_FRAME = expression({
  construct: 'a window frame',
  parts: ['ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW'],
  args: [],
  type: BOOLEAN,
})

/** Of those for which all rows are peers. */
function allRows({ exclusion }: WindowFrame): Expression {
  return expression({
    construct: 'a window frame',
    parts: [`ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING${exclusion}`],
    args: [],
    type: BOOLEAN,
  })
}

function reachOf(
  { name, schema, kind }: FunctionFacts,
  args: readonly Scalar[],
  ofFrame: Reach | null,
): Reach | null {
  // What leaves the frame of an aggregate is taken back by a function of its own, which may be inexact.
  if (schema !== 'pg_catalog') return null
  if (kind === 'a' || BY_FRAME.has(name)) return ofFrame
  if (name !== 'lag' && name !== 'lead') return null
  const [, offset] = args
  const count = offset ? integerOf(offset) : 1
  if (count === null) return null
  const extents = [{ unit: 'ROWS' as const, count: Math.abs(count) }]
  return (name === 'lag') === count > 0 ? { before: extents, after: [] } : { before: [], after: extents }
}

/** Of exact sums, and of extremes. A sum of floats goes on otherwise than it began: (a + b) + c is not a + (b + c). */
function runsBy(
  { name, schema, result, arguments: args }: FunctionFacts,
  { start, end, exclusion }: WindowFrame,
): RunsBy | null {
  if (schema !== 'pg_catalog') return null
  if (name === 'rank') return 'rank'
  if (name === 'row_number' || name === 'dense_rank') return '+'
  if (start.text !== 'UNBOUNDED PRECEDING' || end.text !== 'CURRENT ROW' || exclusion !== '') return null
  switch (name) {
    case 'count':
      return '+'
    case 'sum':
      return EXACT.has(args[0] ?? 0) ? '+' : null
    case 'min':
    case 'max':
      return LATER.has(result) ? (name === 'min' ? 'least' : 'greatest') : null
    case 'bool_and':
    case 'every':
      return 'AND'
    case 'bool_or':
      return 'OR'
    default:
      return null
  }
}

const EXACT: ReadonlySet<number> = new Set([INT2, INT4, INT8, NUMERIC])
/**
 * Of equal values that are written in two ways, 1.0 and 1.00, 1 day and 24 hours, the later stays (numeric_smaller, float8smaller,
 * text_smaller, interval_smaller and their like); of bpchar the earlier (bpchar_smaller).
 */
const LATER: ReadonlySet<number> = new Set([
  INT2,
  INT4,
  INT8,
  NUMERIC,
  FLOAT4,
  FLOAT8,
  MONEY,
  TEXT,
  INTERVAL,
  DATE,
  TIME,
  TIMETZ,
  TIMESTAMP,
  TIMESTAMPTZ,
])

function sameSet(a: readonly Scalar[], b: readonly Scalar[]): boolean {
  const within = (all: readonly Scalar[]) => (each: Scalar) => all.some((other) => sameScalar(each, other))
  return a.every(within(b)) && b.every(within(a))
}

function frameText({ unit, start, end, exclusion }: WindowFrame, bind: Bind): Expression {
  const out = new Template().text(`${unit} BETWEEN `)
  const bound = ({ offset, text }: FrameBound) => {
    if (offset) out.text('(').hole(bind(offset)).text(')')
    out.text(text)
  }
  bound(start)
  out.text(' AND ')
  bound(end)
  out.text(exclusion)
  return expression({ construct: 'a window frame', parts: out.parts, args: out.args, type: BOOLEAN })
}
