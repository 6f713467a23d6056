import { INT4 } from '../algebra/number-types.ts'
import type { Expression, Scalar } from '../algebra/scalar.ts'
import { unsupported } from '../catalog/error.ts'
import {
  booleanField,
  datumField,
  nodeField,
  nodeListField,
  numberField,
  stringField,
} from '../catalog/node-field.ts'
import type { TreeNode } from '../catalog/node-tree.ts'
import { quoteIdentifier, quoteQualified } from '../catalog/quote.ts'
import { type Binding, expression, listParts, type Rule, Template } from './binding.ts'
import { collatedArguments } from './collation.ts'
import { calledArguments } from './default-arguments.ts'
import { elementsOf } from './elements.ts'
import { castTypeSql, functionFacts, functionLabel, functionVolatility } from './facts.ts'
import { callVolatility } from './io-volatility.ts'
import { refuseRivals } from './rivals.ts'
import { knownModifier } from './type-modifier.ts'

/** CoercionForm: how the server would print the call. */
const EXPLICIT_CAST = 1
const IMPLICIT_CAST = 2

export const callRules: Readonly<Record<string, Rule>> = {
  FUNCEXPR: functionCall,
  COALESCE: coalesce,
  COALESCEEXPR: coalesce,
  MINMAX: greatestOrLeast,
  MINMAXEXPR: greatestOrLeast,
}

/**
 * Every call prints as a plain one, also those with syntax of their own (EXTRACT, OVERLAY, AT TIME ZONE …): they are
 * ordinary functions of pg_catalog. So do casts with a length or precision where the syntax would not say the same:
 * `"bit"(x, 8)` from an integer, or an implicit cast, which does not truncate.
 */
function functionCall(node: TreeNode, binding: Binding): Scalar {
  if (!booleanField(node, 'funcretset')) return plainCall(node, binding)
  const { rows } = binding.scope
  if (!rows) {
    const construct = functionLabel(
      binding.request,
      functionFacts(binding.request, numberField(node, 'funcid')),
    )
    throw unsupported(`set-returning ${construct}`, 'Move the call into FROM, or use refresh mode FULL.')
  }
  return rows(plainCall(node, binding), null)
}

/** The call as it prints, whether it returns a set or not. */
export function plainCall(node: TreeNode, binding: Binding): Expression {
  const { request } = binding
  const facts = functionFacts(request, numberField(node, 'funcid'))
  const construct = functionLabel(request, facts)
  const type = {
    oid: numberField(node, 'funcresulttype'),
    typmod: -1,
    collation: numberField(node, 'funccollid'),
  }
  const format = numberField(node, 'funcformat')
  const nodes = calledArguments(node, facts)
  const names = nodes.map((arg) => (arg.tag === 'NAMEDARGEXPR' ? stringField(arg, 'name') : null))
  const values = nodes.map((arg) => binding.bind(arg.tag === 'NAMEDARGEXPR' ? nodeField(arg, 'arg') : arg))
  const args = collatedArguments(request, values, numberField(node, 'inputcollid'))
  refuseRivals(
    construct,
    facts,
    values.map(({ type }, i) => ({ type, name: names[i] })),
    request,
  )
  const volatility = callVolatility(facts, args, request, binding.scope.defined)
  const common = {
    construct,
    type,
    volatility,
    isMarkedStable: volatility !== functionVolatility(facts),
    strict: facts.strict,
  }

  const isCast = format === EXPLICIT_CAST || format === IMPLICIT_CAST
  // One of one's own may be another by now; the function is the same.
  if (isCast && args.length === 1 && facts.schema === 'pg_catalog') {
    return expression({ ...common, args, parts: ['', `::${castTypeSql(request, type.oid)}`] })
  }
  const [arg] = args
  const typmod = format === EXPLICIT_CAST ? lengthOf(nodes) : undefined
  if (
    arg !== undefined &&
    arg.type.oid === type.oid &&
    typmod !== undefined &&
    facts.schema === 'pg_catalog'
  ) {
    const sql = knownModifier(type.oid, typmod)
    if (sql !== undefined) {
      return expression({ ...common, type: { ...type, typmod }, args: [arg], parts: ['', `::${sql}`] })
    }
  }
  const call = new Template().text(`${quoteQualified(facts.schema, facts.name)}(`)
  // One that is left to its default is an array, too.
  const isLeftOut = facts.variadic !== 0 && nodes.length > nodeListField(node, 'args').length
  const variadic = booleanField(node, 'funcvariadic') || isLeftOut
  for (const [i, arg] of args.entries()) {
    if (i > 0) call.text(', ')
    if (variadic && i === args.length - 1) call.text('VARIADIC ')
    const name = names[i]
    if (typeof name === 'string') call.text(`${quoteIdentifier(name)} => `)
    call.hole(arg)
  }
  call.text(')')
  const isUnnest = facts.schema === 'pg_catalog' && facts.name === 'unnest' && args.length === 1
  return {
    ...expression({ ...common, parts: call.parts, args: call.args }),
    ...(isUnnest && arg ? elementsOf(request, arg) : {}),
  }
}

/** The modifier that a cast of a type to itself applies: `(value, modifier)` or `(value, modifier, true)`. */
function lengthOf(nodes: readonly TreeNode[]): number | undefined {
  const [, typmod, explicit] = nodes
  if (typmod?.tag !== 'CONST' || numberField(typmod, 'consttype') !== INT4 || nodes.length > 3)
    return undefined
  if (explicit !== undefined && datumField(explicit, 'constvalue')?.bytes[0] !== 1) return undefined
  const bytes = datumField(typmod, 'constvalue')?.bytes
  if (bytes === undefined) return undefined
  const [a = 0, b = 0, c = 0, d = 0] = bytes
  return a | (b << 8) | (c << 16) | (d << 24)
}

function coalesce(node: TreeNode, binding: Binding): Scalar {
  const collation = numberField(node, 'coalescecollid')
  const values = nodeListField(node, 'args').map(binding.bind)
  const args = collatedArguments(binding.request, values, collation)
  return expression({
    construct: 'COALESCE',
    parts: listParts('COALESCE(', args.length, ')'),
    args,
    type: { oid: numberField(node, 'coalescetype'), typmod: -1, collation },
  })
}

function greatestOrLeast(node: TreeNode, binding: Binding): Scalar {
  const construct = numberField(node, 'op') === 0 ? 'GREATEST' : 'LEAST'
  const values = nodeListField(node, 'args').map(binding.bind)
  const args = collatedArguments(binding.request, values, numberField(node, 'inputcollid'))
  return expression({
    construct,
    parts: listParts(`${construct}(`, args.length, ')'),
    args,
    type: {
      oid: numberField(node, 'minmaxtype'),
      typmod: -1,
      collation: numberField(node, 'minmaxcollid'),
    },
  })
}
