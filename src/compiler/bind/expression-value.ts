import type { Scalar } from '../algebra/scalar.ts'
import { decodeConstant } from '../catalog/datum.ts'
import { internalError, unsupported } from '../catalog/error.ts'
import {
  booleanField,
  listField,
  nodeField,
  nodeListField,
  numberField,
  optionalNode,
  stringListField,
} from '../catalog/node-field.ts'
import { isNode, type TreeNode } from '../catalog/node-tree.ts'
import { quoteIdentifier } from '../catalog/quote.ts'
import { type Binding, expression, listParts, type Rule, Template } from './binding.ts'
import { collatedArguments } from './collation.ts'
import { plainCall } from './expression-call.ts'
import { baseType, castTypeSql, typeFacts } from './facts.ts'

export const valueRules: Readonly<Record<string, Rule>> = {
  CONST: constant,
  ARRAYEXPR: array,
  ARRAY: array,
  ROWEXPR: row,
  ROW: row,
  SUBSCRIPTINGREF: subscript,
  FIELDSELECT: field,
  SQLVALUEFUNCTION: valueFunction,
}

const RECORD = 2249

function constant(node: TreeNode, { request }: Binding): Scalar {
  const { sql, isNull } = decodeConstant(node, request)
  const type = {
    oid: numberField(node, 'consttype'),
    typmod: numberField(node, 'consttypmod'),
    collation: numberField(node, 'constcollid'),
  }
  return { kind: 'constant', sql, isNull, type }
}

function array(node: TreeNode, binding: Binding): Scalar {
  const elements = nodeListField(node, 'elements').map(binding.bind)
  const args = collatedArguments(binding.request, elements, numberField(node, 'array_collid'))
  const type = {
    oid: numberField(node, 'array_typeid'),
    typmod: -1,
    collation: numberField(node, 'array_collid'),
  }
  // The elements are of one type already; only without any must the array say which.
  const tail = args.length === 0 ? `]::${castTypeSql(binding.request, type.oid)}` : ']'
  return expression({ construct: 'ARRAY[…]', parts: listParts('ARRAY[', args.length, tail), args, type })
}

/** The construct of a row written field by field. */
export const ROW = 'ROW(…)'

function row(node: TreeNode, binding: Binding): Scalar {
  const { request } = binding
  const oid = numberField(node, 'row_typeid')
  const nodes = nodeListField(node, 'args')
  if (oid === RECORD) {
    // The names show in row_to_json(ROW(…)), and nothing but ROW(…) gives them.
    if (stringListField(node, 'colnames').some((name, i) => name !== `f${i + 1}`)) {
      throw unsupported(
        'row of named columns',
        'Name the columns one by one, or cast the row to a composite type.',
      )
    }
    const args = nodes.map(binding.bind)
    return expression({
      construct: ROW,
      parts: listParts('ROW(', args.length, ')'),
      args,
      type: { oid, typmod: -1, collation: 0, fields: args.map(({ type }) => type) },
    })
  }
  // A dropped attribute has a place in the node but not in the syntax.
  const { attributes } = typeFacts(request, oid)
  const args = nodes.filter((_, i) => attributes[i] !== null).map(binding.bind)
  return expression({
    construct: ROW,
    parts: listParts('ROW(', args.length, `)::${castTypeSql(request, oid)}`),
    args,
    type: { oid, typmod: -1, collation: 0 },
  })
}

function subscript(node: TreeNode, binding: Binding): Scalar {
  if (optionalNode(node, 'refassgnexpr') !== null) throw internalError('subscripted assignment in a query')
  const upper = listField(node, 'refupperindexpr')
  const lower = listField(node, 'reflowerindexpr')
  const array = binding.bind(nodeField(node, 'refexpr'))
  const text = new Template().text('(').hole(array).text(')')
  for (const [i, bound] of upper.entries()) {
    text.text('[')
    if (lower.length > 0) {
      // In a slice either bound may be missing.
      const from = lower[i]
      if (isNode(from)) text.hole(binding.bind(from))
      text.text(':')
      if (isNode(bound)) text.hole(binding.bind(bound))
    } else if (isNode(bound)) {
      text.hole(binding.bind(bound))
    }
    text.text(']')
  }
  return expression({
    construct: 'subscript',
    parts: text.parts,
    args: text.args,
    type: {
      oid: numberField(node, 'refrestype'),
      typmod: numberField(node, 'reftypmod'),
      collation: numberField(node, 'refcollid'),
      ...(array.type.fields ? { fields: array.type.fields } : {}),
    },
    strict: true,
  })
}

function field(node: TreeNode, binding: Binding): Scalar {
  const { request } = binding
  const source = nodeField(node, 'arg')
  const number = numberField(node, 'fieldnum')
  const type = {
    oid: numberField(node, 'resulttype'),
    typmod: numberField(node, 'resulttypmod'),
    collation: numberField(node, 'resultcollid'),
  }
  const { rows } = binding.scope
  if (rows && isSetOfRecords(source)) return rows(plainCall(source, binding), { number, type })
  const arg = binding.bind(source)
  if (arg.type.oid === RECORD) {
    const value =
      source.tag === 'ROWEXPR' || source.tag === 'ROW' ? nodeListField(source, 'args')[number - 1] : undefined
    if (value === undefined) {
      throw unsupported(
        'field of an anonymous record',
        'Call the function in FROM, or let it return a composite type.',
      )
    }
    return binding.bind(value)
  }
  const attribute = typeFacts(request, baseType(request, arg.type.oid)).attributes[number - 1]
  if (!attribute) throw internalError(`type ${arg.type.oid} has no attribute ${number}`)
  return expression({
    construct: `field ${attribute.name}`,
    parts: ['(', `).${quoteIdentifier(attribute.name)}`],
    args: [arg],
    type,
    strict: true,
  })
}

function isSetOfRecords(node: TreeNode): boolean {
  return (
    node.tag === 'FUNCEXPR' &&
    booleanField(node, 'funcretset') &&
    numberField(node, 'funcresulttype') === RECORD
  )
}

const VALUE_FUNCTIONS = [
  'CURRENT_DATE',
  'CURRENT_TIME',
  'CURRENT_TIME',
  'CURRENT_TIMESTAMP',
  'CURRENT_TIMESTAMP',
  'LOCALTIME',
  'LOCALTIME',
  'LOCALTIMESTAMP',
  'LOCALTIMESTAMP',
  'CURRENT_ROLE',
  'CURRENT_USER',
  'USER',
  'SESSION_USER',
  'CURRENT_CATALOG',
  'CURRENT_SCHEMA',
]

function valueFunction(node: TreeNode): Scalar {
  const construct = VALUE_FUNCTIONS[numberField(node, 'op')]
  if (construct === undefined) throw internalError('unknown SQL value function')
  const typmod = numberField(node, 'typmod')
  const oid = numberField(node, 'type')
  // Those of type name have its collation, "C".
  const collation = oid === NAME ? C_COLLATION : 0
  return expression({
    construct,
    parts: [typmod === -1 ? construct : `${construct}(${typmod})`],
    args: [],
    type: { oid, typmod, collation },
    volatility: 'stable',
  })
}

const NAME = 19
const C_COLLATION = 950
