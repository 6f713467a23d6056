import { hasMarkedStable, type Scalar, scalarVolatility } from '../algebra/scalar.ts'
import { unsupported } from '../catalog/error.ts'
import { nodeField, numberField } from '../catalog/node-field.ts'
import type { TreeNode } from '../catalog/node-tree.ts'
import { type Binding, expression, type Rule } from './binding.ts'
import { collate } from './collation.ts'
import { baseType, castTypeSql, typeFacts } from './facts.ts'
import { ioVolatility, isMarkedImmutable, outputVolatility } from './io-volatility.ts'
import { modifiedTypeSql } from './type-modifier.ts'

export const castRules: Readonly<Record<string, Rule>> = {
  RELABELTYPE: relabel,
  COERCEVIAIO: throughText,
  ARRAYCOERCEEXPR: eachElement,
  CONVERTROWTYPEEXPR: convertRow,
  COERCETODOMAIN: toDomain,
  COLLATEEXPR: (node, binding) =>
    collate(binding.request, binding.bind(nodeField(node, 'arg')), numberField(node, 'collOid')),
}

const RELABEL = 'relabel as '

/**
 * The value under casts that keep its bytes (varchar as text, a domain as its base type): what two columns that are
 * compared through such casts really are.
 */
export function underRelabels(scalar: Scalar): Scalar {
  const arg =
    scalar.kind === 'expression' && scalar.construct.startsWith(RELABEL) ? scalar.args[0] : undefined
  return arg === undefined ? scalar : underRelabels(arg)
}

/**
 * A change of the type's name only. The analysis never gives it a modifier: a length or precision is a function call
 * around it. So the printed type has none, and a node that only drops one (numeric(10,2) as numeric) still prints.
 */
function relabel(node: TreeNode, binding: Binding): Scalar {
  const type = {
    oid: numberField(node, 'resulttype'),
    typmod: numberField(node, 'resulttypmod'),
    collation: numberField(node, 'resultcollid'),
  }
  const sql = modifiedTypeSql(binding.request, type.oid, type.typmod)
  const arg = binding.bind(nodeField(node, 'arg'))
  const base = baseType(binding.request, arg.type.oid)
  const printed = expression({
    construct: RELABEL + sql,
    parts: ['', `::${sql}`],
    args: [arg],
    type,
    strict: true,
  })
  // An integer is no oid to an index, which goes by its sign.
  return base === type.oid || COMPARED_AS.get(base) === type.oid ? { ...printed, isAlike: true } : printed
}

/** varchar as text, cidr as inet: of the same operator family. */
const COMPARED_AS: ReadonlyMap<number, number> = new Map([
  [1043, 25],
  [650, 869],
])

function throughText(node: TreeNode, binding: Binding): Scalar {
  const { request } = binding
  const arg = binding.bind(nodeField(node, 'arg'))
  const oid = numberField(node, 'resulttype')
  // A view keeps the cast that it was made with; written, that from its text has no other name than the one made since.
  if (typeFacts(request, oid).castsFrom?.includes(baseType(request, arg.type.oid)))
    throw unsupported(
      `a cast to ${castTypeSql(request, oid)} by its text, beside one that was made later,`,
      'Make the view anew, or use refresh mode FULL.',
    )
  const output = outputVolatility(request, arg.type)
  const input = ioVolatility(request, oid, 'input')
  return cast(arg, castTypeSql(request, oid), {
    oid,
    collation: numberField(node, 'resultcollid'),
    volatility: output === 'immutable' ? input : output,
    isMarkedStable:
      !isMarkedImmutable(request, arg.type.oid, 'output') || !isMarkedImmutable(request, oid, 'input'),
  })
}

function eachElement(node: TreeNode, binding: Binding): Scalar {
  const { request } = binding
  const arg = binding.bind(nodeField(node, 'arg'))
  const oid = numberField(node, 'resulttype')
  const typmod = numberField(node, 'resulttypmod')
  // What is done to an element is found again from the types; it is bound for its volatility alone.
  const element = { kind: 'constant', sql: '', isNull: true, type: caseTestType(node) } as const
  const made = binding.testing(element).bind(nodeField(node, 'elemexpr'))
  return cast(arg, modifiedTypeSql(request, oid, typmod), {
    oid,
    typmod,
    collation: numberField(node, 'resultcollid'),
    volatility: scalarVolatility(made),
    isMarkedStable: hasMarkedStable(made),
  })
}

/** The type of the CASETESTEXPR that stands for an element. */
function caseTestType(node: TreeNode) {
  const search = (each: TreeNode): TreeNode | undefined => {
    if (each.tag === 'CASETESTEXPR') return each
    for (const value of Object.values(each.fields)) {
      for (const child of Array.isArray(value) ? value : [value]) {
        const found =
          typeof child === 'object' && child !== null && 'tag' in child ? search(child) : undefined
        if (found !== undefined) return found
      }
    }
    return undefined
  }
  const test = search(nodeField(node, 'elemexpr'))
  if (test === undefined) throw unsupported('array cast without an element', 'Use refresh mode FULL.')
  return {
    oid: numberField(test, 'typeId'),
    typmod: numberField(test, 'typeMod'),
    collation: numberField(test, 'collation'),
  }
}

function convertRow(node: TreeNode, binding: Binding): Scalar {
  const oid = numberField(node, 'resulttype')
  return cast(binding.bind(nodeField(node, 'arg')), castTypeSql(binding.request, oid), { oid })
}

/** The domain's checks count as immutable, as they do for the server. A NULL may fail them: not strict. */
function toDomain(node: TreeNode, binding: Binding): Scalar {
  const oid = numberField(node, 'resulttype')
  return cast(binding.bind(nodeField(node, 'arg')), castTypeSql(binding.request, oid), {
    oid,
    typmod: numberField(node, 'resulttypmod'),
    collation: numberField(node, 'resultcollid'),
    strict: false,
  })
}

function cast(
  arg: Scalar,
  sql: string,
  {
    oid,
    typmod = -1,
    collation = 0,
    volatility = 'immutable',
    isMarkedStable = false,
    strict = true,
  }: {
    oid: number
    typmod?: number
    collation?: number
    volatility?: 'immutable' | 'stable' | 'volatile'
    isMarkedStable?: boolean
    strict?: boolean
  },
): Scalar {
  return expression({
    construct: `cast to ${sql}`,
    parts: ['', `::${sql}`],
    args: [arg],
    type: { oid, typmod, collation },
    volatility,
    isMarkedStable,
    strict,
  })
}
