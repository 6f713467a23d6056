import { BOOLEAN, type Scalar, scalarVolatility } from '../algebra/scalar.ts'
import { isComposite, isNamedRow } from '../catalog/composite.ts'
import { internalError, unsupported } from '../catalog/error.ts'
import { booleanField, nodeField, nodeListField, numberField, optionalNode } from '../catalog/node-field.ts'
import type { TreeNode } from '../catalog/node-tree.ts'
import { type Binding, expression, type Rule, Template } from './binding.ts'
import { collatedArguments } from './collation.ts'
import { castTypeSql, operatorFacts } from './facts.ts'

/** PostgreSQL 15 has its own names for some of these tags. */
export const conditionalRules: Readonly<Record<string, Rule>> = {
  CASEEXPR: caseExpression,
  CASE: caseExpression,
  NULLTEST: nullTest,
  BOOLEANTEST: booleanTest,
}

function caseExpression(node: TreeNode, binding: Binding): Scalar {
  const subject = optionalNode(node, 'arg')
  const value = subject === null ? null : binding.bind(subject)
  const type = { oid: numberField(node, 'casetype'), typmod: -1, collation: numberField(node, 'casecollid') }
  const inner = value === null ? binding : binding.testing(value)
  const nodes = nodeListField(node, 'args')
  const otherwise = optionalNode(node, 'defresult')
  // Results stand outside the comparison: an enclosing CASETESTEXPR keeps its meaning there.
  const values = [...nodes.map((branch) => nodeField(branch, 'result')), ...(otherwise ? [otherwise] : [])]
  const results = collatedArguments(binding.request, values.map(binding.bind), type.collation)
  const conditions = nodes.map((branch) => inner.bind(nodeField(branch, 'expr')))
  const text = new Template().text('CASE')
  // `CASE value WHEN …` looks its operators up by name, so it is only written where that finds the same ones; elsewhere
  // the value is put into each condition.
  const operands =
    value === null ? [] : conditions.map((condition) => plainOperand(condition, value, binding))
  const isSimple = value !== null && operands.every((operand) => operand !== undefined)
  if (isSimple) text.text(' ').hole(value)
  else if (value !== null && scalarVolatility(value) === 'volatile') {
    throw unsupported('CASE on a volatile value', 'Compute the value in a subquery.')
  }
  for (const [i, result] of results.entries()) {
    const condition = conditions[i]
    if (condition === undefined) text.text(' ELSE ').hole(result)
    else
      text
        .text(' WHEN ')
        .hole((isSimple ? operands[i] : undefined) ?? condition)
        .text(' THEN ')
        .hole(result)
  }
  if (otherwise === null) text.text(` ELSE NULL::${castTypeSql(binding.request, type.oid)}`)
  text.text(' END')
  return expression({ construct: 'CASE', parts: text.parts, args: text.args, type })
}

/** What is compared with `value`, when it is by the = of pg_catalog for exactly these types, with nothing in between. */
function plainOperand(condition: Scalar, value: Scalar, { request }: Binding): Scalar | undefined {
  if (condition.kind !== 'operator' || condition.sql !== '=') return undefined
  const [left, right] = condition.args
  return left === value && operatorFacts(request, condition.oid).left === value.type.oid ? right : undefined
}

function nullTest(node: TreeNode, binding: Binding): Scalar {
  const isNull = numberField(node, 'nulltesttype') === 0
  const arg = binding.bind(nodeField(node, 'arg'))
  // Of a row, IS NULL asks the fields; what asks for the row itself was written IS DISTINCT FROM NULL (parse_expr.c).
  const asksItself = !booleanField(node, 'argisrow') && isComposite(binding.request, arg.type.oid)
  const test = isNull ? 'IS NULL' : 'IS NOT NULL'
  const itself = isNull ? 'IS NOT DISTINCT FROM NULL' : 'IS DISTINCT FROM NULL'
  // The row of a table stands here as ROW(…)::type, whose dropped columns the planner would ask as well: an
  // element of an array it leaves alone.
  const isWhole = arg.kind === 'column' && !asksItself && !isNull && isNamedRow(binding.request, arg.type.oid)
  return expression({
    construct: test,
    parts: isWhole ? ['(ARRAY[', `])[1] ${test}`] : ['', ` ${asksItself ? itself : test}`],
    args: [arg],
    type: BOOLEAN,
    closed: false,
  })
}

const BOOLEAN_TESTS = ['IS TRUE', 'IS NOT TRUE', 'IS FALSE', 'IS NOT FALSE', 'IS UNKNOWN', 'IS NOT UNKNOWN']

function booleanTest(node: TreeNode, binding: Binding): Scalar {
  const test = BOOLEAN_TESTS[numberField(node, 'booltesttype')]
  if (test === undefined) throw internalError('unknown boolean test')
  return expression({
    construct: test,
    parts: ['', ` ${test}`],
    args: [binding.bind(nodeField(node, 'arg'))],
    type: BOOLEAN,
    closed: false,
  })
}
