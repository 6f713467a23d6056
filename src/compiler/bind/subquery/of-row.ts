/**
 * A correlated subquery that reads no table, only the row around it and functions of that (`(SELECT sum(x) FROM unnest(t.list)
 * AS x)`, `(SELECT q FROM (SELECT t.id, t.doc) AS q)`), is an expression of that row as any other: it needs no domain of outer
 * values, no state and no index, and the values need not be comparable, which json is not. Law: σ, π of L with e(l) for S(l),
 * where S reads nothing but l.
 */
import type { Node } from '../../algebra/node.ts'
import { operatorOf } from '../../algebra/operators/index.ts'
import type { Expression, Scalar } from '../../algebra/scalar.ts'
import { CompileError } from '../../catalog/error.ts'
import { listField, nodeField, optionalNode } from '../../catalog/node-field.ts'
import { isNode, type TreeNode, type TreeValue } from '../../catalog/node-tree.ts'
import type { CompileRequest } from '../../catalog/request.ts'
import type { QueryScope, Scope } from '../scope.ts'
import { findUnstable } from '../stability.ts'
import { columnsRead, idsOf } from './columns.ts'

/**
 * Prints a SUBLINK, or a QUERY in FROM as an item of it; `column` says what a VAR of the queries around it stands for (0: the
 * one that it stands in).
 */
export type SublinkPrinter = (
  node: TreeNode,
  scope: Scope,
  column: (node: TreeNode, level: number) => Scalar,
) => Expression

/** Null: it is not of this kind, or there are no words for it. `subquery`: what it is as algebra. */
export function ofRow(
  node: TreeNode,
  subquery: Node,
  context: {
    /** The query that it stands in, then those around. */
    readonly scopes: readonly [QueryScope, ...QueryScope[]]
    readonly print: SublinkPrinter
  },
): Expression | null {
  const { scopes, print } = context
  const nodes = [...nodesOf(subquery)]
  const own = new Set(nodes.flatMap((each) => [...idsOf(each)]))
  const isCorrelated = [...columnsRead(subquery)].some((id) => !own.has(id))
  const isSuch =
    isCorrelated &&
    nodes.every((each) => !READS.has(each.op) && operatorOf(each).scalars(each).every(isImmutable)) &&
    !mentions(node)
  if (!isSuch) return null
  try {
    return print(node, scopes[0], (variable, level) => {
      const scope = scopes[level]
      if (!scope) throw new Error('a column of no query')
      return scope.own(variable)
    })
  } catch (error) {
    if (error instanceof CompileError && error.kind === 'unsupported') return null
    throw error
  }
}

/**
 * The same in FROM: LATERAL (SELECT sum(x) FROM unnest(t.list) AS x), as an item that is made of each row. Only what groups,
 * sorts or unites rows; anything else is made of the rows around as it is (lateral.ts). To be asked of the tree, since the
 * range table says of each item what it is before there are columns; so of functions it takes those only that are marked
 * immutable.
 */
export function isItemOfRow(entry: TreeNode, request: CompileRequest): boolean {
  const query = nodeField(entry, 'subquery')
  const { fields } = query
  const isMore =
    fields.hasAggs === 'true' ||
    fields.hasWindowFuncs === 'true' ||
    CLAUSES.some((name) => listField(query, name).length > 0) ||
    Boolean(optionalNode(query, 'setOperations'))
  return isMore && readsAround(query) && !mentions(query) && isPlain(query, request)
}

const CLAUSES = ['groupClause', 'distinctClause', 'sortClause']

/** Reads a column of the query around, and makes rows by a function. */
function readsAround(query: TreeNode): boolean {
  let [reads, makes] = [false, false]
  const walk = (value: TreeValue, level: number): void => {
    if (Array.isArray(value)) for (const each of value) walk(each, level)
    if (!isNode(value)) return
    const { tag, fields } = value
    reads ||= tag === 'VAR' && fields.varlevelsup === String(level)
    makes ||= fields.rtekind === '3' || fields.funcretset === 'true'
    for (const each of Object.values(fields)) walk(each, tag === 'QUERY' ? level + 1 : level)
  }
  walk(query, 0)
  return reads && makes
}

function isPlain(value: TreeValue, request: CompileRequest): boolean {
  if (Array.isArray(value)) return value.every((each) => isPlain(each, request))
  if (!isNode(value)) return true
  if (value.tag === 'SQLVALUEFUNCTION' || value.tag === 'SUBLINK') return false
  const called =
    value.fields.funcid ?? value.fields.aggfnoid ?? value.fields.winfnoid ?? value.fields.opfuncid
  const facts = typeof called === 'string' ? request.functions[called] : undefined
  if (facts && facts.volatility !== 'i') return false
  return Object.values(value.fields).every((each) => isPlain(each, request))
}

const READS: ReadonlySet<string> = new Set([
  'scan',
  'read',
  'recursion',
  'temporal-filter',
  'temporal-values',
])

function* nodesOf(node: Node): Generator<Node> {
  yield node
  for (const input of operatorOf(node).inputs(node)) yield* nodesOf(input)
}

function isImmutable(scalar: Scalar): boolean {
  return findUnstable(scalar) === undefined
}

/** Relations, WITH queries around (which the text does not have), and aggregates that belong to a query around. */
function mentions(value: TreeValue): boolean {
  if (Array.isArray(value)) return value.some(mentions)
  if (!isNode(value)) return false
  const { fields } = value
  if (fields.rtekind === '0' || fields.rtekind === '6' || fields.rtekind === '7') return true
  if (fields.agglevelsup !== undefined && fields.agglevelsup !== '0') return true
  return Object.values(fields).some(mentions)
}
