/** Aggregates, window functions, GROUPING and subqueries in expressions as text. */

import { BOOLEAN, type Scalar, type TypeRef } from '../../algebra/scalar.ts'
import { expression, Template } from '../../bind/binding.ts'
import { bindExpression } from '../../bind/expression.ts'
import { functionFacts, operatorFacts } from '../../bind/facts.ts'
import { isComposite } from '../../catalog/composite.ts'
import { internalError } from '../../catalog/error.ts'
import {
  booleanField,
  charField,
  intListField,
  listField,
  nodeField,
  nodeListField,
  numberField,
  oidListField,
  optionalNode,
} from '../../catalog/node-field.ts'
import type { TreeNode } from '../../catalog/node-tree.ts'
import { quoteIdentifier, quoteQualified } from '../../catalog/quote.ts'
import { windowName } from './clause-text.ts'
import {
  expressionText,
  type Level,
  levelOf,
  notPrinted,
  outputTargets,
  subqueryText,
  targetOfReference,
} from './query-text.ts'

export function externalNode(node: TreeNode, level: Level): Scalar {
  switch (node.tag) {
    case 'AGGREF':
      return aggregate(node, level)
    case 'WINDOWFUNC':
      return windowFunction(node, level)
    case 'GROUPINGFUNC':
      return grouping(node, level)
    case 'SUBLINK':
      return sublink(node, level)
    default:
      throw notPrinted(`expression node ${node.tag}`)
  }
}

function verbatim(construct: string, text: string, type: TypeRef, closed = true): Scalar {
  return expression({ construct, parts: [text], args: [], type, closed })
}

function filterText(node: TreeNode, level: Level): string {
  const filter = optionalNode(node, 'aggfilter')
  return filter ? ` FILTER (WHERE ${expressionText(filter, level)})` : ''
}

function aggregate(node: TreeNode, level: Level): Scalar {
  const facts = functionFacts(level.request, numberField(node, 'aggfnoid'))
  const targets = nodeListField(node, 'args')
  const inputs = targets.filter((target) => !booleanField(target, 'resjunk'))
  const ofTarget = (target: TreeNode) => expressionText(nodeField(target, 'expr'), level)
  const order = nodeListField(node, 'aggorder').map((item) => {
    const target = targets.find(
      (each) => numberField(each, 'ressortgroupref') === numberField(item, 'tleSortGroupRef'),
    )
    if (!target) throw internalError('ORDER BY of an aggregate names no argument')
    const { schema, name } = operatorFacts(level.request, numberField(item, 'sortop'))
    const nulls = booleanField(item, 'nulls_first') ? 'FIRST' : 'LAST'
    return `(${ofTarget(target)}) USING OPERATOR(${quoteIdentifier(schema)}.${name}) NULLS ${nulls}`
  })
  const name = quoteQualified(facts.schema, facts.name)
  const type = { oid: numberField(node, 'aggtype'), typmod: -1, collation: numberField(node, 'aggcollid') }
  const variadic = (texts: readonly string[]) =>
    booleanField(node, 'aggvariadic')
      ? texts.map((text, i) => (i === texts.length - 1 ? `VARIADIC ${text}` : text))
      : texts
  let call: string
  if (charField(node, 'aggkind') !== 'n') {
    const direct = nodeListField(node, 'aggdirectargs').map((arg) => expressionText(arg, level))
    // The aggregated arguments are those of the ordering, in its order.
    call = `${name}(${variadic(direct).join(', ')}) WITHIN GROUP (ORDER BY ${order.join(', ')})`
  } else {
    const distinct = listField(node, 'aggdistinct').length > 0 ? 'DISTINCT ' : ''
    const args = booleanField(node, 'aggstar') ? '*' : variadic(inputs.map(ofTarget)).join(', ')
    call = `${name}(${distinct}${args}${order.length > 0 ? ` ORDER BY ${order.join(', ')}` : ''})`
  }
  return verbatim(`aggregate ${facts.name}`, `${call}${filterText(node, level)}`, type)
}

function windowFunction(node: TreeNode, level: Level): Scalar {
  const facts = functionFacts(level.request, numberField(node, 'winfnoid'))
  const args = booleanField(node, 'winstar')
    ? '*'
    : nodeListField(node, 'args')
        .map((arg) => expressionText(arg, level))
        .join(', ')
  const type = { oid: numberField(node, 'wintype'), typmod: -1, collation: numberField(node, 'wincollid') }
  const text = `${quoteQualified(facts.schema, facts.name)}(${args})${filterText(node, level)} OVER ${windowName(numberField(node, 'winref'))}`
  return verbatim(`window function ${facts.name}`, text, type)
}

function grouping(node: TreeNode, level: Level): Scalar {
  let at = level
  for (let up = numberField(node, 'agglevelsup'); up > 0; up--) {
    if (!at.outer) throw internalError('GROUPING of no query')
    at = at.outer
  }
  const args = intListField(node, 'refs').map((reference) =>
    expressionText(nodeField(targetOfReference(reference, at.query), 'expr'), at),
  )
  return verbatim('GROUPING', `GROUPING(${args.join(', ')})`, { oid: 23, typmod: -1, collation: 0 })
}

/** The SubLinkType of the server. */
const SUBLINK = { exists: 0, all: 1, any: 2, rowCompare: 3, expression: 4, array: 6 }

function sublink(node: TreeNode, level: Level): Scalar {
  const query = nodeField(node, 'subselect')
  const text = `(\n${subqueryText(query, level)}\n)`
  const kind = numberField(node, 'subLinkType')
  switch (kind) {
    case SUBLINK.exists:
      return verbatim('EXISTS', `EXISTS ${text}`, BOOLEAN)
    case SUBLINK.expression:
      return verbatim('a subquery', text, resultType(query, level))
    case SUBLINK.array:
      return arrayOf(text, query, level)
    case SUBLINK.any:
    case SUBLINK.all:
    case SUBLINK.rowCompare:
      return comparison(nodeField(node, 'testexpr'), kind, text, level)
    default:
      throw notPrinted('this kind of subquery')
  }
}

function resultType(query: TreeNode, level: Level): TypeRef {
  const [target] = outputTargets(query)
  if (!target) throw internalError('a subquery without a column')
  // Only its type is wanted: the aliases it takes are given back.
  const inner = levelOf(level.request, query, level, { next: 1 })
  return bindExpression(nodeField(target, 'expr'), inner.scope).type
}

function arrayOf(text: string, query: TreeNode, level: Level): Scalar {
  const { oid, collation } = resultType(query, level)
  const array = Object.values(level.request.types).find(
    (type) => type.element === oid && type.category === 'A',
  )
  return verbatim('ARRAY(…)', `ARRAY${text}`, { oid: array?.oid ?? 0, typmod: -1, collation })
}

/** `x = ANY (SELECT …)`, or a row of such; the right operands of the test are the columns of the subquery. */
function comparison(test: TreeNode, kind: number, text: string, level: Level): Scalar {
  const { left, operator } = tested(test, level)
  const facts = operatorFacts(level.request, operator)
  const sql = `OPERATOR(${quoteIdentifier(facts.schema)}.${facts.name})`
  const quantifier = kind === SUBLINK.any ? 'ANY ' : kind === SUBLINK.all ? 'ALL ' : ''
  const out = new Template()
  const [value] = left
  // ROW(…) would be compared column by column, also with a cast around it.
  if (value && left.length === 1 && isComposite(level.request, value.type.oid))
    out.text('coalesce(').hole(value).text(')')
  else if (value && left.length === 1) out.hole(value)
  else out.text('ROW(').list(left).text(')')
  out.text(` ${sql} ${quantifier}${text}`)
  return expression({
    construct: 'a comparison with a subquery',
    parts: out.parts,
    args: out.args,
    type: BOOLEAN,
    closed: false,
  })
}

function tested(test: TreeNode, level: Level): { left: readonly Scalar[]; operator: number } {
  if (test.tag === 'OPEXPR') {
    const [arg] = nodeListField(test, 'args')
    if (!arg) throw internalError('a test without an operand')
    return { left: [bindExpression(arg, level.scope)], operator: numberField(test, 'opno') }
  }
  if (test.tag === 'BOOLEXPR') {
    const parts = nodeListField(test, 'args').map((each) => tested(each, level))
    return { left: parts.flatMap((part) => part.left), operator: parts[0]?.operator ?? 0 }
  }
  if (test.tag === 'ROWCOMPAREEXPR' || test.tag === 'ROWCOMPARE') {
    const left = nodeListField(test, 'largs').map((arg) => bindExpression(arg, level.scope))
    return { left, operator: oidListField(test, 'opnos')[0] ?? 0 }
  }
  throw notPrinted(`a test ${test.tag}`)
}
