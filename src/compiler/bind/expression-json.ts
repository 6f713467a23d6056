import { BOOLEAN, type Scalar, type Volatility } from '../algebra/scalar.ts'
import { internalError } from '../catalog/error.ts'
import {
  booleanField,
  nodeField,
  nodeListField,
  numberField,
  optionalNode,
  stringListField,
} from '../catalog/node-field.ts'
import type { TreeNode } from '../catalog/node-tree.ts'
import { quoteIdentifier } from '../catalog/quote.ts'
import { type Binding, expression, listParts, type Rule, Template } from './binding.ts'
import { collatedArguments } from './collation.ts'
import { ioVolatility, jsonVolatility } from './io-volatility.ts'
import { modifiedTypeSql } from './type-modifier.ts'

export const jsonRules: Readonly<Record<string, Rule>> = {
  // What is evaluated is the formatted expression; FORMAT JSON has become a cast inside it.
  JSONVALUEEXPR: (node, binding) => binding.bind(nodeField(node, 'formatted_expr')),
  JSONCONSTRUCTOREXPR: construct,
  JSONISPREDICATE: isJson,
  JSONEXPR: query,
}

const JSON_TYPE = 114
const JSONB_TYPE = 3802
/** JsonFormatType */
const FORMAT_JSONB = 2

/** JSON_OBJECT(…) and its kin make json or jsonb; a RETURNING of another type is a coercion of that. */
function construct(node: TreeNode, binding: Binding): Scalar {
  const made = make(node, binding)
  const coercion = optionalNode(node, 'coercion')
  return coercion === null || numberField(node, 'type') === SERIALIZE
    ? made
    : binding.testing(made).bind(coercion)
}

/** JsonConstructorType */
const SERIALIZE = 7

function make(node: TreeNode, binding: Binding): Scalar {
  const { request } = binding
  const args = collatedArguments(request, nodeListField(node, 'args').map(binding.bind), 0)
  const returning = nodeField(node, 'returning')
  const isBinary = numberField(nodeField(returning, 'format'), 'format_type') === FORMAT_JSONB
  const type = { oid: isBinary ? JSONB_TYPE : JSON_TYPE, typmod: -1, collation: 0 }
  const unique = booleanField(node, 'unique') ? ' WITH UNIQUE KEYS' : ''
  const nulls = booleanField(node, 'absent_on_null') ? ' ABSENT ON NULL' : ' NULL ON NULL'
  const result = ` RETURNING ${isBinary ? 'jsonb' : 'json'})`
  const volatility = args.some((arg) => jsonVolatility(request, arg.type) !== 'immutable')
    ? 'stable'
    : 'immutable'

  switch (numberField(node, 'type')) {
    case 1: {
      const text = new Template().text('JSON_OBJECT(')
      for (let i = 0; i + 1 < args.length; i += 2) {
        if (i > 0) text.text(', ')
        text
          .text('(')
          .hole(args[i] as Scalar)
          .text(') VALUE ')
          .hole(args[i + 1] as Scalar)
      }
      text.text(args.length === 0 ? result.trimStart() : nulls + unique + result)
      return expression({ construct: 'JSON_OBJECT', parts: text.parts, args: text.args, type, volatility })
    }
    case 2: {
      const tail = args.length === 0 ? result.trimStart() : nulls + result
      const parts = listParts('JSON_ARRAY(', args.length, tail)
      return expression({ construct: 'JSON_ARRAY', parts, args, type, volatility })
    }
    case 3:
    case 4:
      // JSON_OBJECTAGG and JSON_ARRAYAGG wrap an ordinary aggregate.
      return binding.bind(nodeField(node, 'func'))
    case 5: {
      const arg = only(args)
      // Without UNIQUE KEYS it is the cast that the argument already is.
      if (unique === '') return arg
      return expression({ construct: 'JSON', parts: ['JSON(', `${unique})`], args, type, strict: true })
    }
    case 6:
      return expression({
        construct: 'JSON_SCALAR',
        parts: ['JSON_SCALAR(', ')'],
        args,
        type,
        volatility,
        strict: true,
      })
    case SERIALIZE: {
      const oid = numberField(returning, 'typid')
      const typmod = numberField(returning, 'typmod')
      return expression({
        construct: 'JSON_SERIALIZE',
        parts: ['JSON_SERIALIZE(', ` RETURNING ${modifiedTypeSql(request, oid, typmod)})`],
        args: [only(args)],
        type: { oid, typmod, collation: COLLATABLE.has(oid) ? DEFAULT_COLLATION : 0 },
        strict: true,
      })
    }
    default:
      throw internalError('unknown JSON constructor')
  }
}

const DEFAULT_COLLATION = 100
/** text bpchar varchar */
const COLLATABLE: ReadonlySet<number> = new Set([25, 1042, 1043])

const ITEM_TYPES = ['', ' OBJECT', ' ARRAY', ' SCALAR']

function isJson(node: TreeNode, binding: Binding): Scalar {
  const item = ITEM_TYPES[numberField(node, 'item_type')]
  if (item === undefined) throw internalError('unknown item type of IS JSON')
  const unique = booleanField(node, 'unique_keys') ? ' WITH UNIQUE KEYS' : ''
  return expression({
    construct: 'IS JSON',
    parts: ['', ` IS JSON${item}${unique}`],
    args: [binding.bind(nodeField(node, 'expr'))],
    type: BOOLEAN,
    closed: false,
    strict: true,
  })
}

const QUERIES = ['JSON_EXISTS', 'JSON_QUERY', 'JSON_VALUE']

function query(node: TreeNode, binding: Binding): Scalar {
  const { request } = binding
  const name = QUERIES[numberField(node, 'op')]
  if (name === undefined) throw internalError('JSON_TABLE is no expression')
  const path = binding.bind(nodeField(node, 'path_spec'))
  const returning = nodeField(node, 'returning')
  const type = {
    oid: numberField(returning, 'typid'),
    typmod: numberField(returning, 'typmod'),
    collation: numberField(node, 'collation'),
  }
  const text = new Template()
    .text(`${name}(`)
    .hole(binding.bind(nodeField(node, 'formatted_expr')))
    .text(', ')
    .hole(path)

  passing(node, text, binding)
  if (name !== 'JSON_EXISTS') {
    text.text(` RETURNING ${modifiedTypeSql(request, type.oid, type.typmod)}`)
  }
  if (name === 'JSON_QUERY') text.text(wrapperAndQuotes(node))
  behaviour(node, 'on_empty', ' ON EMPTY', text, binding)
  behaviour(node, 'on_error', ' ON ERROR', text, binding)
  text.text(')')
  return expression({
    construct: name,
    parts: text.parts,
    args: text.args,
    type,
    volatility: queryVolatility(path, ioVolatility(request, type.oid, 'input')),
  })
}

export function passing(node: TreeNode, text: Template, { bind }: Pick<Binding, 'bind'>): void {
  const names = stringListField(node, 'passing_names')
  const passed = nodeListField(node, 'passing_values').map(bind)
  for (const [i, value] of passed.entries()) {
    text
      .text(i === 0 ? ' PASSING ' : ', ')
      .hole(value)
      .text(` AS ${quoteIdentifier(names[i] ?? '')}`)
  }
}

/** JsonWrapper: unspecified, none, conditional, unconditional. */
export function wrapperAndQuotes(node: TreeNode): string {
  const wrapper = numberField(node, 'wrapper')
  if (wrapper === 2) return ' WITH CONDITIONAL WRAPPER'
  if (wrapper === 3) return ' WITH UNCONDITIONAL WRAPPER'
  return ` WITHOUT WRAPPER${booleanField(node, 'omit_quotes') ? ' OMIT QUOTES' : ' KEEP QUOTES'}`
}

/** JsonBehaviorType; the last is DEFAULT with an expression. */
const BEHAVIOURS = ['NULL', 'ERROR', 'EMPTY', 'TRUE', 'FALSE', 'UNKNOWN', 'EMPTY ARRAY', 'EMPTY OBJECT']

export function behaviour(
  node: TreeNode,
  field: string,
  tail: string,
  text: Template,
  binding: Pick<Binding, 'bind'>,
): void {
  const clause = optionalNode(node, field)
  if (clause === null) return
  const word = BEHAVIOURS[numberField(clause, 'btype')]
  if (word === undefined) text.text(' DEFAULT ').hole(binding.bind(nodeField(clause, 'expr')))
  else text.text(` ${word}`)
  text.text(tail)
}

function queryVolatility(path: Scalar, result: Volatility): Volatility {
  const own = path.kind === 'constant' ? pathVolatility(path.sql) : 'stable'
  return own === 'stable' ? own : result
}

/** A path that handles dates may depend on the time zone (`jspIsMutable` looks closer). */
export function pathVolatility(path: string): Volatility {
  return /\.(?:datetime|date|time|timestamp|time_tz|timestamp_tz)\s*\(/.test(path) ? 'stable' : 'immutable'
}

function only(args: readonly Scalar[]): Scalar {
  const [arg] = args
  if (arg === undefined) throw internalError('JSON constructor lacks its argument')
  return arg
}
