/**
 * array-members: a join by `x = ANY (a)`, or by an element of unnest(a), is one by `a @> ARRAY[x]` as well.
 * Law: (x = ANY (a)) = (x = ANY (a) ∧ a @> ARRAY[x]), for both go by the equality that the type has by itself. Reason: a row of x's
 * side finds rows of a's by a GIN index.
 */
import type { Node } from '../algebra/node.ts'
import { operatorOf } from '../algebra/operators/index.ts'
import type { Scan } from '../algebra/operators/scan.ts'
import { BOOLEAN, type ColumnId, type Expression, type Scalar, scalarColumns } from '../algebra/scalar.ts'

export function arrayMembers(node: Node): Node {
  const known: Known = { scans: new Map(), unnested: new Map() }
  collect(node, known)
  return known.scans.size === 0 ? node : extended(node, known)
}

interface Known {
  readonly scans: Map<ColumnId, Scan>
  /** The call that a column has the elements of. */
  readonly unnested: Map<ColumnId, Expression>
}

function collect(node: Node, known: Known): void {
  if (node.op === 'scan') for (const { id } of node.columns) known.scans.set(id, node)
  if (node.op === 'expand') {
    const [call] = node.item.args
    const [made] = node.made
    if (made && node.item.args.length === 1 && call?.kind === 'expression' && call.elements)
      known.unnested.set(made.id, call)
  }
  for (const input of operatorOf(node).inputs(node)) collect(input, known)
}

function extended(node: Node, known: Known): Node {
  const operator = operatorOf(node)
  const whole = operator.withInputs(
    node,
    operator.inputs(node).map((input) => extended(input, known)),
  )
  if (whole.op !== 'join' && whole.op !== 'outer-join' && whole.op !== 'semi-join') return whole
  const added = whole.predicate.flatMap((each) => contained(each, known))
  return added.length === 0 ? whole : { ...whole, predicate: [...whole.predicate, ...added] }
}

function contained(conjunct: Scalar, known: Known): readonly Scalar[] {
  if (conjunct.kind === 'expression') {
    const [value, array] = conjunct.args
    return value && array && conjunct.elements ? contains(array, value, conjunct.elements, known) : []
  }
  if (conjunct.kind !== 'operator' || !conjunct.equality || conjunct.sql !== '=') return []
  const [left, right] = conjunct.args
  if (!left || !right) return []
  return [[left, right] as const, [right, left] as const].flatMap(([element, value]) => {
    const call = element.kind === 'column' ? known.unnested.get(element.id) : undefined
    const [array] = call?.args ?? []
    return call?.elements && array ? contains(array, value, call.elements, known) : []
  })
}

function contains(
  array: Scalar,
  value: Scalar,
  { type, array: name }: NonNullable<Expression['elements']>,
  { scans }: Known,
): readonly Scalar[] {
  const scan = array.kind === 'column' ? scans.get(array.id) : undefined
  const read = [...scalarColumns(value)]
  if (array.kind !== 'column' || !scan || value.type.oid !== type || read.length === 0) return []
  // Of a row itself it says nothing that is of use.
  if (read.some((id) => scans.get(id) === scan)) return []
  const one: Expression = {
    kind: 'expression',
    construct: 'rule',
    parts: ['ARRAY[', `]::${name}`],
    args: [value],
    closed: true,
    type: array.type,
    volatility: 'immutable',
    strict: false,
  }
  return [
    {
      kind: 'operator',
      oid: 0,
      sql: '@>',
      equality: false,
      args: [array, one],
      type: BOOLEAN,
      inputCollation: array.type.collation,
      strict: true,
      volatility: 'immutable',
      isRepeated: scan.arrays?.includes(array.id) ? true : 'without index',
    },
  ]
}
