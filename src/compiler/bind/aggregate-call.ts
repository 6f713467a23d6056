/**
 * Aggregate calls. A plain call of a function that has a rule (aggregate-functions.ts) is bound by name and argument; any
 * other (several arguments, DISTINCT, ORDER BY, WITHIN GROUP, VARIADIC, functions of one's own) as the SQL that calls it.
 */
import { addsUp, hasAggregateRule } from '../algebra/aggregate-functions.ts'
import { sameScalar } from '../algebra/build.ts'
import type { Column, ColumnIds } from '../algebra/node.ts'
import type { AggregateCall } from '../algebra/operators/aggregate.ts'
import type { Ordering } from '../algebra/ordering.ts'
import type { Expression, Scalar, Volatility } from '../algebra/scalar.ts'
import { FULL_HINT, unsupported } from '../catalog/error.ts'
import {
  booleanField,
  charField,
  listField,
  nodeField,
  nodeListField,
  numberField,
  optionalNode,
} from '../catalog/node-field.ts'
import type { TreeNode } from '../catalog/node-tree.ts'
import { quoteQualified } from '../catalog/quote.ts'
import type { CompileRequest, FunctionFacts } from '../catalog/request.ts'
import { expression, Template } from './binding.ts'
import { collatedArguments } from './collation.ts'
import { bindExpression } from './expression.ts'
import { ROW } from './expression-value.ts'
import { functionFacts, functionLabel, functionVolatility, typeFacts } from './facts.ts'
import { jsonVolatility, outputVolatility } from './io-volatility.ts'
import { bindOrdering, targetOfItem } from './ordering.ts'
import { refuseRivals } from './rivals.ts'
import type { Scope } from './scope.ts'

/** Aggregates for which a value more of one that is there already changes nothing. */
const IDEMPOTENT: ReadonlySet<string> = new Set(['min', 'max', 'bool_and', 'bool_or', 'every'])

export interface BoundCall extends AggregateCall {
  /** With DISTINCT, where the function adds up: each combination of these counts once. Else null. */
  readonly values: readonly Scalar[] | null
}

/** Built-in ones whose result is as the rows come; any of one's own may be such. */
const IN_ORDER =
  /^(array_agg|string_agg|xmlagg|jsonb?_agg(_strict)?|jsonb?_object_agg(_unique|_strict|_unique_strict)?)$/

/** Does the result of an aggregate function go by the order of its rows? */
export function isInOrder(facts: FunctionFacts): boolean {
  return !isBuiltIn(facts) || IN_ORDER.test(facts.name)
}

/** Is the result of an AGGREF as the rows come? Not where it sorts them itself. */
export function takesInOrder(node: TreeNode, request: CompileRequest): boolean {
  const facts = functionFacts(request, numberField(node, 'aggfnoid'))
  return (
    isInOrder(facts) &&
    charField(node, 'aggkind') === 'n' &&
    listField(node, 'aggdistinct').length === 0 &&
    listField(node, 'aggorder').length === 0
  )
}

/**
 * AGGREF as a column of the aggregation; equal calls share one. `sorted`: how the rows come, where a subquery sorts them;
 * `direct`: what a direct argument of an ordered-set aggregate is in a group.
 */
export function bindAggregate(
  node: TreeNode,
  rows: Scope,
  {
    calls,
    ids,
    sorted,
    direct,
  }: {
    readonly calls: BoundCall[]
    readonly ids: ColumnIds
    readonly sorted: readonly Ordering[]
    readonly direct: (scalar: Scalar) => Scalar
  },
): Scalar {
  const { request } = rows
  const facts = functionFacts(request, numberField(node, 'aggfnoid'))
  const type = { oid: numberField(node, 'aggtype'), typmod: -1, collation: numberField(node, 'aggcollid') }
  const result = typeFacts(request, type.oid)
  if (result.kind === 'p')
    throw unsupported(
      `an aggregate of type ${result.sql}`,
      FULL_HINT,
      'No table can have a column of this type.',
    )
  const targets = nodeListField(node, 'args')
  const args = targets.map((target) => bindExpression(nodeField(target, 'expr'), rows))
  // An ordered-set aggregate is found by what stands before WITHIN GROUP as well, no other by what it sorts by besides.
  const before =
    charField(node, 'aggkind') === 'n' || !facts.rivals
      ? []
      : nodeListField(node, 'aggdirectargs').map((arg) => bindExpression(arg, rows))
  const called = args.filter((_, i) => !booleanField(targets[i] as TreeNode, 'resjunk'))
  refuseRivals(functionLabel(request, facts), facts, [...before, ...called], request)
  const isDistinct =
    listField(node, 'aggdistinct').length > 0 && !(isBuiltIn(facts) && IDEMPOTENT.has(facts.name))
  const order = takesInOrder(node, request) ? sorted : []
  const isPlain =
    order.length === 0 &&
    isBuiltIn(facts) &&
    args.length <= 1 &&
    !isDistinct &&
    listField(node, 'aggorder').length === 0 &&
    charField(node, 'aggkind') === 'n' &&
    hasAggregateRule(facts.name, args[0]?.type)
  const written = isPlain
    ? null
    : writtenCall(node, facts, { targets, values: args, sorted: order, direct }, rows)
  const filterNode = optionalNode(node, 'aggfilter')
  const filter = filterNode ? bindExpression(filterNode, rows) : null
  const values = isDistinct && isBuiltIn(facts) ? distinctValues(node, facts, args, rows.request) : null
  const call = { name: facts.name, args: written ? written.args : args, written, filter, values }
  const same = calls.find(({ column: _, ...other }) => JSON.stringify(other) === JSON.stringify(call))
  const column: Column = same?.column ?? ids.make(facts.name, type, facts.name !== 'count')
  if (!same) calls.push({ column, ...call })
  return { kind: 'column', id: column.id, type }
}

function isBuiltIn({ schema }: FunctionFacts): boolean {
  return schema === 'pg_catalog'
}

/** What tells the rows apart of which the call takes one each; null where that does not make it additive. */
function distinctValues(
  node: TreeNode,
  facts: FunctionFacts,
  args: readonly Scalar[],
  request: CompileRequest,
): readonly Scalar[] | null {
  const [arg, ...others] = collatedArguments(request, args, numberField(node, 'inputcollid'))
  const [clause] = nodeListField(node, 'aggdistinct')
  if (!arg || !clause || others.length > 0 || !addsUp(facts.name, arg.type)) return null
  // A row is as its fields are; none of it is NULL to count().
  const isRow = facts.name === 'count' && arg.kind === 'expression' && arg.construct === ROW
  const values = isRow ? arg.args : [arg]
  const isKey = ({ type }: Scalar) => {
    const { kind, sortable } = typeFacts(request, type.oid)
    return kind !== 'p' && sortable
  }
  const isDefault = isRow || numberField(clause, 'eqop') === typeFacts(request, arg.type.oid).equality
  return values.length > 0 && values.every(isKey) && isDefault ? values : null
}

function writtenCall(
  node: TreeNode,
  facts: FunctionFacts,
  {
    targets,
    values,
    sorted,
    direct: inGroup,
  }: {
    readonly targets: readonly TreeNode[]
    readonly values: readonly Scalar[]
    readonly sorted: readonly Ordering[]
    readonly direct: (scalar: Scalar) => Scalar
  },
  { request, ...scope }: Scope,
): Expression {
  const isOrderedSet = charField(node, 'aggkind') !== 'n'
  const isVariadic = booleanField(node, 'aggvariadic')
  const out = new Template().text(`${quoteQualified(facts.schema, facts.name)}(`)
  const list = (args: readonly Scalar[]) => {
    for (const [i, arg] of args.entries()) {
      if (i > 0) out.text(', ')
      if (isVariadic && i === args.length - 1) out.text('VARIADIC ')
      out.hole(arg)
    }
  }
  const inputs = targets.flatMap((target, i) => {
    const value = values[i]
    return booleanField(target, 'resjunk') || !value ? [] : [value]
  })
  const collated = collatedArguments(request, inputs, numberField(node, 'inputcollid'))
  const own = nodeListField(node, 'aggorder').map((item) => {
    const value = values[targets.indexOf(targetOfItem(item, targets))] as Scalar
    const found = inputs.findIndex((input) => sameScalar(input, value))
    // DISTINCT asks that what is sorted by is an argument, word for word.
    return bindOrdering(item, (isOrderedSet ? undefined : collated[found]) ?? value, request)
  })
  const order = own.length > 0 ? own : sorted
  const direct = isOrderedSet
    ? nodeListField(node, 'aggdirectargs').map((arg) => inGroup(bindExpression(arg, { request, ...scope })))
    : []
  if (isOrderedSet) list(direct)
  else if (booleanField(node, 'aggstar')) out.text('*')
  else {
    if (listField(node, 'aggdistinct').length > 0) out.text('DISTINCT ')
    list(collated)
  }
  if (isOrderedSet) out.text(') WITHIN GROUP (')
  if (order.length > 0) out.text(isOrderedSet ? 'ORDER BY ' : ' ORDER BY ')
  out.orderings(order)
  out.text(')')
  return expression({
    construct: `aggregate ${facts.name}`,
    parts: out.parts,
    args: out.args,
    type: { oid: numberField(node, 'aggtype'), typmod: -1, collation: numberField(node, 'aggcollid') },
    volatility: aggregateVolatility(facts, [...inputs, ...direct], request),
  })
}

const JSON_AGGREGATE = /^jsonb?_(?:object_)?agg(?:_|$)/

/** Aggregates into JSON are marked stable for what types they might be given (json.c). */
export function aggregateVolatility(
  facts: FunctionFacts,
  args: readonly Scalar[],
  request: CompileRequest,
): Volatility {
  if (!isBuiltIn(facts) || !JSON_AGGREGATE.test(facts.name)) return functionVolatility(facts)
  const isObject = facts.name.includes('object')
  const all = args.map(({ type }, i) =>
    isObject && i === 0 ? outputVolatility(request, type) : jsonVolatility(request, type),
  )
  return all.every((each) => each === 'immutable') ? 'immutable' : 'stable'
}
