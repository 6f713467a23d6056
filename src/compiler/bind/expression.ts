import type { Scalar } from '../algebra/scalar.ts'
import { CompileError, internalError, SQLSTATE, unsupported } from '../catalog/error.ts'
import type { TreeNode } from '../catalog/node-tree.ts'
import type { Binding, Rule } from './binding.ts'
import { callRules } from './expression-call.ts'
import { castRules } from './expression-cast.ts'
import { conditionalRules } from './expression-conditional.ts'
import { jsonRules } from './expression-json.ts'
import { operatorRules } from './expression-operator.ts'
import { valueRules } from './expression-value.ts'
import { xmlRules } from './expression-xml.ts'
import type { Scope } from './scope.ts'

/**
 * An analysed expression as a scalar. What is printed from it means the same under any session settings: every name
 * is qualified (pg_catalog excepted, which generated code has in front), every literal typed, every cast spelled out.
 */
export function bindExpression(node: TreeNode, scope: Scope): Scalar {
  return binding(scope, null).bind(node)
}

function binding(scope: Scope, caseTest: Scalar | null): Binding {
  const self: Binding = {
    scope,
    request: scope.request,
    caseTest,
    bind(node) {
      const rule = RULES[node.tag]
      if (rule === undefined) throw unsupported(`expression node ${node.tag}`, REWRITE)
      return rule(node, self)
    },
    testing: (value) => binding(scope, value),
  }
  return self
}

const REWRITE = 'Rewrite the expression, or use refresh mode FULL.'

const RULES: Readonly<Record<string, Rule>> = {
  VAR: (node, { scope }) => scope.resolve(node),
  AGGREF: (node, { scope }) => scope.external(node),
  GROUPINGFUNC: (node, { scope }) => scope.external(node),
  WINDOWFUNC: (node, { scope }) => scope.external(node),
  SUBLINK: (node, { scope }) => scope.external(node),
  PARAM: (node, { scope }) => scope.external(node),
  CASETESTEXPR: (_node, { caseTest }) => {
    if (caseTest === null) throw internalError('CASETESTEXPR outside of CASE')
    return caseTest
  },
  NEXTVALUEEXPR: refuse('nextval', 'a query over stream tables cannot draw from a sequence'),
  CURRENTOFEXPR: refuse('WHERE CURRENT OF', 'WHERE CURRENT OF is not allowed in a stream table query'),
  SETTODEFAULT: refuse('DEFAULT', 'DEFAULT is not allowed in a stream table query'),
  MERGESUPPORTFUNC: refuse('MERGE_ACTION', 'MERGE_ACTION() is not allowed in a stream table query'),
  RETURNINGEXPR: refuse('RETURNING', 'RETURNING is not allowed in a stream table query'),
  COERCETODOMAINVALUE: refuse('VALUE', 'VALUE is only allowed in a domain constraint'),
  ...callRules,
  ...operatorRules,
  ...castRules,
  ...conditionalRules,
  ...valueRules,
  ...jsonRules,
  ...xmlRules,
}

/** Nodes that no SELECT can hold in a supported place. */
function refuse(construct: string, message: string): Rule {
  return () => {
    throw new CompileError('user', SQLSTATE.featureNotSupported, construct, message, {
      hint: 'Remove it from the query.',
    })
  }
}
