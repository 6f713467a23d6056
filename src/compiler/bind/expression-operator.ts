import {
  BOOLEAN,
  indexed,
  type Logic,
  type Operator,
  type Scalar,
  type TypeRef,
  type Volatility,
} from '../algebra/scalar.ts'
import { isComposite } from '../catalog/composite.ts'
import { internalError, unsupported } from '../catalog/error.ts'
import { booleanField, nodeListField, numberField, oidListField, stringField } from '../catalog/node-field.ts'
import type { TreeNode } from '../catalog/node-tree.ts'
import type { CompileRequest, OperatorFacts } from '../catalog/request.ts'
import { type Binding, expression, listParts, type Rule, Template } from './binding.ts'
import { collatedArguments } from './collation.ts'
import { elementsOf } from './elements.ts'
import {
  baseType,
  castTypeSql,
  functionFacts,
  functionVolatility,
  operatorFacts,
  operatorSql,
  typeFacts,
} from './facts.ts'
import { callVolatility } from './io-volatility.ts'
import { refuseRivals } from './rivals.ts'

export const operatorRules: Readonly<Record<string, Rule>> = {
  OPEXPR: plainOperator,
  BOOLEXPR: logic,
  DISTINCTEXPR: distinctFrom,
  NULLIFEXPR: nullIf,
  SCALARARRAYOPEXPR: anyOrAll,
  ROWCOMPAREEXPR: rowCompare,
  ROWCOMPARE: rowCompare,
}

function plainOperator(node: TreeNode, binding: Binding): Scalar {
  const facts = operatorFacts(binding.request, numberField(node, 'opno'))
  if (booleanField(node, 'opretset')) {
    throw unsupported(
      `set-returning operator ${facts.name}`,
      'Move it into FROM as a function call, or use refresh mode FULL.',
    )
  }
  return withoutRelabels(operator(node, facts, operands(node, binding), binding), facts)
}

/**
 * An equality of varchar, cidr or a domain, as it was written: between the columns themselves, which indexes and keys are of. The
 * parser finds the same operator again, by the types that have no equality of their own.
 */
function withoutRelabels(equals: Operator, facts: OperatorFacts): Operator {
  if (!equals.equality || facts.schema !== 'pg_catalog') return equals
  const declared = [facts.left, facts.right]
  return {
    ...equals,
    args: equals.args.map((arg, i) => {
      const column = indexed(arg)
      return column.kind === 'column' && arg.type.oid === declared[i] ? column : arg
    }),
  }
}

function operator(
  node: TreeNode,
  facts: OperatorFacts,
  args: readonly Scalar[],
  { request }: Binding,
): Operator {
  const code = functionFacts(request, facts.code)
  refuseRivalsOf(facts, args, request)
  const volatility = callVolatility(code, args, request)
  return {
    kind: 'operator',
    oid: facts.oid,
    sql: operatorSql(facts),
    // Of several types it may belong to a family in which one of them has no equality of its own: nothing is keyed by that.
    equality: facts.equality && args.every((arg) => typeFacts(request, arg.type.oid).equality !== 0),
    args,
    type: { oid: numberField(node, 'opresulttype'), typmod: -1, collation: numberField(node, 'opcollid') },
    inputCollation: numberField(node, 'inputcollid'),
    strict: code.strict,
    volatility,
    ...(volatility !== functionVolatility(code) ? { isMarkedStable: true } : {}),
  }
}

/** `args`: what one comparison is between. */
function refuseRivalsOf(
  facts: OperatorFacts,
  args: readonly { readonly type: TypeRef }[],
  request: CompileRequest,
): void {
  const taken = [facts.left, facts.right].filter((type) => type !== 0)
  refuseRivals(`operator ${facts.name}`, { ...facts, arguments: taken }, args, request)
}

function operands(node: TreeNode, binding: Binding): readonly Scalar[] {
  const args = nodeListField(node, 'args').map(binding.bind)
  return collatedArguments(binding.request, args, numberField(node, 'inputcollid'))
}

function logic(node: TreeNode, binding: Binding): Scalar {
  const op = stringField(node, 'boolop')
  if (op !== 'and' && op !== 'or' && op !== 'not') throw internalError(`unknown boolean operator "${op}"`)
  const args = nodeListField(node, 'args').map(binding.bind)
  return { kind: 'logic', op, args, type: BOOLEAN }
}

/** Is the operator the one that `IS DISTINCT FROM` and NULLIF look up themselves? */
function isPlainEquals(facts: OperatorFacts): boolean {
  return facts.schema === 'pg_catalog' && facts.name === '='
}

function distinctFrom(node: TreeNode, binding: Binding): Scalar {
  const facts = operatorFacts(binding.request, numberField(node, 'opno'))
  const args = operands(node, binding)
  const [left, right] = pair(args)
  const volatility = operatorVolatility(facts, binding)
  const construct = 'IS DISTINCT FROM'
  if (isPlainEquals(facts)) {
    // A row is NULL in another sense.
    const isRow = args.some((arg) => isComposite(binding.request, arg.type.oid))
    const equal = withoutRelabels(operator(node, facts, args, binding), facts)
    return {
      ...expression({
        construct,
        parts: ['', ` ${construct} `, ''],
        args: equal.args,
        type: BOOLEAN,
        closed: false,
        volatility,
      }),
      ...(isRow ? {} : { negates: { ...equal, args: [], type: BOOLEAN } }),
    }
  }
  refuseRows(construct, left, binding)
  const equal = operator(node, facts, args, binding)
  const differs: Logic = { kind: 'logic', op: 'not', args: [equal], type: BOOLEAN }
  // There is no syntax for IS DISTINCT FROM with an operator of another schema.
  const text = new Template()
    .text('CASE WHEN ')
    .hole(isNull(left))
    .text(' THEN ')
    .hole(isNull(right, 'NOT NULL'))
    .text(' WHEN ')
    .hole(isNull(right))
    .text(' THEN true ELSE ')
    .hole(differs)
    .text(' END')
  return expression({ construct, parts: text.parts, args: text.args, type: BOOLEAN })
}

function nullIf(node: TreeNode, binding: Binding): Scalar {
  const facts = operatorFacts(binding.request, numberField(node, 'opno'))
  const args = operands(node, binding)
  const [left] = pair(args)
  const volatility = operatorVolatility(facts, binding)
  // The type of the node is that of its first argument.
  const type = left.type
  const construct = 'NULLIF'
  if (isPlainEquals(facts)) {
    return expression({ construct, parts: listParts('NULLIF(', 2, ')'), args, type, volatility })
  }
  const equal = { ...operator(node, facts, args, binding), type: BOOLEAN }
  const text = new Template()
    .text('CASE WHEN ')
    .hole(equal)
    .text(` THEN NULL::${castTypeSql(binding.request, type.oid)} ELSE `)
    .hole(left)
    .text(' END')
  return expression({ construct, parts: text.parts, args: text.args, type })
}

function anyOrAll(node: TreeNode, binding: Binding): Scalar {
  const { request } = binding
  const facts = operatorFacts(request, numberField(node, 'opno'))
  const keyword = booleanField(node, 'useOr') ? 'ANY' : 'ALL'
  const args = operands(node, binding)
  const [left, array] = pair(args)
  const code = functionFacts(request, facts.code)
  const { element } = typeFacts(request, baseType(request, array.type.oid))
  refuseRivalsOf(facts, [left, { type: { ...array.type, oid: element } }], request)
  // A bare sub-select in the parentheses would be read as a set of rows; the cast, to the type it has, prevents that.
  const isQuery = nodeListField(node, 'args')[1]?.tag === 'SUBLINK'
  const tail = isQuery ? `::${castTypeSql(request, array.type.oid)})` : ')'
  const isMember =
    keyword === 'ANY' && facts.oid === typeFacts(request, element).equality && left.type.oid === element
  const compared = expression({
    construct: `${facts.name} ${keyword}`,
    parts: ['', ` ${operatorSql(facts)} ${keyword} (`, tail],
    args,
    type: BOOLEAN,
    closed: false,
    volatility: functionVolatility(code),
  })
  return isMember ? { ...compared, ...elementsOf(request, array) } : compared
}

function rowCompare(node: TreeNode, binding: Binding): Scalar {
  const { request } = binding
  const facts = oidListField(node, 'opnos').map((oid) => operatorFacts(request, oid))
  const first = facts[0]
  if (first === undefined) throw internalError('row comparison without operators')
  const sql = operatorSql(first)
  if (facts.some((other) => operatorSql(other) !== sql)) {
    throw unsupported(
      'row comparison with operators of several schemas',
      'Compare the fields one by one, joined with AND and OR.',
    )
  }
  const left = nodeListField(node, 'largs').map(binding.bind)
  const right = nodeListField(node, 'rargs').map(binding.bind)
  const collations = oidListField(node, 'inputcollids')
  for (let i = 0; i < left.length; i++) {
    const fields = [left[i], right[i]] as [Scalar, Scalar]
    ;[left[i], right[i]] = collatedArguments(request, fields, collations[i] ?? 0) as [Scalar, Scalar]
  }
  const text = new Template().text('ROW(').list(left).text(`) ${sql} ROW(`).list(right).text(')')
  for (const [i, each] of facts.entries()) refuseRivalsOf(each, [left[i], right[i]] as Scalar[], request)
  const volatilities = facts.map((each) => operatorVolatility(each, binding))
  return expression({
    construct: 'row comparison',
    parts: text.parts,
    args: text.args,
    type: BOOLEAN,
    closed: false,
    volatility: volatilities.find((each) => each !== 'immutable') ?? 'immutable',
  })
}

function operatorVolatility(facts: OperatorFacts, { request }: Binding): Volatility {
  return functionVolatility(functionFacts(request, facts.code))
}

function pair(args: readonly Scalar[]): [Scalar, Scalar] {
  const [left, right] = args
  if (left === undefined || right === undefined) throw internalError('binary operator without two operands')
  return [left, right]
}

function isNull(arg: Scalar, test = 'NULL'): Scalar {
  return expression({
    construct: 'IS NULL',
    parts: ['', ` IS ${test}`],
    args: [arg],
    type: BOOLEAN,
    closed: false,
  })
}

/** `row IS NULL` looks at the fields, IS DISTINCT FROM at the row. */
function refuseRows(construct: string, arg: Scalar, { request }: Binding): void {
  const { kind } = typeFacts(request, arg.type.oid)
  if (kind === 'c' || kind === 'p') {
    throw unsupported(
      `${construct} on rows with an operator outside pg_catalog`,
      'Compare the fields of the rows one by one.',
    )
  }
}
