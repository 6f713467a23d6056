/**
 * A query as text again, out of the server's analysis, with the names that things have now. A query that is recomputed
 * runs as the text that the server printed when it was defined; after a rename that text fails or, worse, means another
 * column. Every relation gets an alias of its own (r1, r2, …), every other column a number (c1, c2, …), so no name of the
 * user's can hide another; set operations, joins and sublinks keep their shape.
 * @throws CompileError of kind `unsupported` for the few constructs that are not printed.
 */
import type { Scalar } from '../../algebra/scalar.ts'
import { bindExpression } from '../../bind/expression.ts'
import type { Scope } from '../../bind/scope.ts'
import { internalError, unsupported } from '../../catalog/error.ts'
import {
  booleanField,
  listField,
  nodeField,
  nodeListField,
  numberField,
  optionalNode,
  optionalString,
  stringField,
} from '../../catalog/node-field.ts'
import { isNode, parseViewQuery, type TreeNode, type TreeValue } from '../../catalog/node-tree.ts'
import { quoteIdentifier } from '../../catalog/quote.ts'
import type { CompileRequest } from '../../catalog/request.ts'
import { printScalar } from '../scalar.ts'
import { groupClause, ordering, windowClause } from './clause-text.ts'
import { externalNode } from './external-text.ts'
import { bareValues, fromItem, type RangeName, rangeNames, rangeScalar } from './from-text.ts'

/** One query with what it stands in. */
export interface Level {
  readonly request: CompileRequest
  readonly query: TreeNode
  readonly outer: Level | null
  readonly range: readonly RangeName[]
  readonly scope: Scope
  /** The next free number for an alias, for the whole text. */
  readonly aliases: { next: number }
  /** What is around the text: what columns of it are, `level` queries further out. */
  readonly column?: (node: TreeNode, level: number) => Scalar
}

/** @throws CompileError */
export function queryText(request: CompileRequest): string {
  const query = withoutSetFlags(parseViewQuery(request.tree))
  const names = outputTargets(query).map((target, i) => optionalString(target, 'resname') ?? `c${i + 1}`)
  return levelText(levelOf(request, query, null, { next: 1 }), names)
}

/** A query inside another. `names` of its columns: those of the result, where it is the first of a set operation. */
export function subqueryText(query: TreeNode, outer: Level, names: readonly string[] | null = null): string {
  return levelText(levelOf(outer.request, query, outer, outer.aliases), names)
}

export function levelOf(
  request: CompileRequest,
  query: TreeNode,
  outer: Level | null,
  aliases: Level['aliases'],
): Level {
  const range = rangeNames(query, aliases)
  const level: Level = {
    request,
    query,
    outer,
    range,
    aliases,
    scope: {
      request,
      resolve: (node) => {
        let at: Level = level
        for (let up = numberField(node, 'varlevelsup'); up > 0; up--) {
          if (at.column) return at.column(node, up)
          if (!at.outer) throw internalError('a column of no query')
          at = at.outer
        }
        return at.column ? at.column(node, 0) : rangeScalar(node, at)
      },
      external: (node) => externalNode(node, level),
    },
  }
  return level
}

/** The text of an expression of this level. */
export function expressionText(node: TreeNode, level: Level): string {
  return scalarText(bindExpression(node, level.scope))
}

export function scalarText(scalar: Scalar): string {
  return printScalar(scalar, () => {
    throw internalError('a column without a name')
  })
}

/** The targets that are columns of the result, in order. */
export function outputTargets(query: TreeNode): readonly TreeNode[] {
  return nodeListField(query, 'targetList').filter((target) => !booleanField(target, 'resjunk'))
}

function levelText(level: Level, names: readonly string[] | null): string {
  const { query } = level
  const operation = optionalNode(query, 'setOperations')
  return [
    withClause(level),
    operation
      ? setOperation(operation, level, names)
      : ((names ? null : bareValues(level)) ?? selectClause(level, names)),
    tail(
      'ORDER BY',
      nodeListField(query, 'sortClause').map((item) => ordering(item, level, true)),
    ),
    limitClause(level),
  ]
    .filter((part) => part !== '')
    .join('\n')
}

function selectClause(level: Level, names: readonly string[] | null): string {
  const { query } = level
  const targets = outputTargets(query).map((target, i) => {
    const name = names?.[i]
    return `${expressionText(nodeField(target, 'expr'), level)} AS ${name === undefined ? `c${i + 1}` : quoteIdentifier(name)}`
  })
  const jointree = nodeField(query, 'jointree')
  const quals = optionalNode(jointree, 'quals')
  const having = optionalNode(query, 'havingQual')
  const parts = [
    `SELECT ${distinctClause(level)}${targets.join(', ')}`,
    tail(
      'FROM',
      nodeListField(jointree, 'fromlist').map((item) => fromItem(item, level)),
    ),
    quals ? `WHERE ${expressionText(quals, level)}` : '',
    groupClause(level),
    having ? `HAVING ${expressionText(having, level)}` : '',
    tail(
      'WINDOW',
      nodeListField(query, 'windowClause').map((window) => windowClause(window, level)),
    ),
  ]
  return parts.filter((part) => part !== '').join('\n')
}

function tail(keyword: string, items: readonly string[]): string {
  return items.length > 0 ? `${keyword} ${items.join(', ')}` : ''
}

function distinctClause(level: Level): string {
  const items = nodeListField(level.query, 'distinctClause')
  if (items.length === 0) return ''
  if (!booleanField(level.query, 'hasDistinctOn')) return 'DISTINCT '
  return `DISTINCT ON (${items.map((item) => groupedTarget(item, level)).join(', ')}) `
}

/** What a clause of the query names of its targets: an output by its number, anything else by its expression. */
export function groupedTarget(item: TreeNode, level: Level): string {
  return positionOf(targetOf(item, level), level)
}

export function positionOf(target: TreeNode, level: Level): string {
  const position = outputTargets(level.query).indexOf(target)
  return position >= 0 ? String(position + 1) : expressionText(nodeField(target, 'expr'), level)
}

export function targetOf(item: TreeNode, { query }: Level): TreeNode {
  return targetOfReference(numberField(item, 'tleSortGroupRef'), query)
}

export function targetOfReference(reference: number, query: TreeNode): TreeNode {
  const target = nodeListField(query, 'targetList').find(
    (each) => numberField(each, 'ressortgroupref') === reference,
  )
  if (!target) throw internalError('a clause names no target')
  return target
}

/** LimitOption (nodes.h) */
const WITH_TIES = 1

function limitClause(level: Level): string {
  const offset = optionalNode(level.query, 'limitOffset')
  const count = optionalNode(level.query, 'limitCount')
  const parts: string[] = []
  if (offset) parts.push(`OFFSET (${expressionText(offset, level)})`)
  if (count) {
    const text = expressionText(count, level)
    parts.push(
      numberField(level.query, 'limitOption') === WITH_TIES
        ? `FETCH FIRST (${text}) ROWS WITH TIES`
        : `LIMIT (${text})`,
    )
  }
  return parts.join(' ')
}

/** CTEMaterialize (parsenodes.h) */
const MATERIALIZED = ['', 'MATERIALIZED ', 'NOT MATERIALIZED ']

function withClause(level: Level): string {
  const ctes = nodeListField(level.query, 'cteList').map((cte) => {
    if (optionalNode(cte, 'search_clause') || optionalNode(cte, 'cycle_clause'))
      throw notPrinted('SEARCH or CYCLE')
    const query = nodeField(cte, 'ctequery')
    const columns = outputTargets(query).map((_, i) => `c${i + 1}`)
    const name = `${quoteIdentifier(stringField(cte, 'ctename'))}${columns.length > 0 ? `(${columns.join(', ')})` : ''}`
    const hint = MATERIALIZED[numberField(cte, 'ctematerialized')] ?? ''
    return `${name} AS ${hint}(\n${subqueryText(query, level)}\n)`
  })
  return tail(booleanField(level.query, 'hasRecursive') ? 'WITH RECURSIVE' : 'WITH', ctes)
}

/** SetOperation (parsenodes.h). */
const SET_OPERATIONS: Readonly<Record<number, string>> = { 1: 'UNION', 2: 'INTERSECT', 3: 'EXCEPT' }

function setOperation(node: TreeNode, level: Level, names: readonly string[] | null): string {
  if (node.tag === 'RANGETBLREF') {
    const entry = nodeListField(level.query, 'rtable')[numberField(node, 'rtindex') - 1]
    if (!entry) throw internalError('a set operation over nothing')
    return `(\n${subqueryText(nodeField(entry, 'subquery'), level, names)}\n)`
  }
  const side = (name: string) => {
    const operand = nodeField(node, name)
    const text = setOperation(operand, level, name === 'larg' ? names : null)
    return operand.tag === 'RANGETBLREF' ? text : `(\n${text}\n)`
  }
  const name = SET_OPERATIONS[numberField(node, 'op')] ?? ''
  return `${side('larg')}\n${name}${booleanField(node, 'all') ? ' ALL' : ''}\n${side('rarg')}`
}

export function notPrinted(construct: string): Error {
  return unsupported(construct, 'Give the stream table its query again.')
}

/**
 * The binder of expressions refuses functions that return sets, which only a query that is recomputed may hold. They print
 * as any other call.
 */
export function withoutSetFlags(node: TreeNode): TreeNode {
  const fields = Object.fromEntries(
    Object.entries(node.fields).map(([name, value]) => [
      name,
      name === 'funcretset' || name === 'opretset' ? 'false' : clean(value),
    ]),
  )
  return { tag: node.tag, fields }
}

function clean(value: TreeValue): TreeValue {
  if (isNode(value)) return withoutSetFlags(value)
  if (Array.isArray(value)) return (value as readonly TreeValue[]).map(clean)
  return value
}

/** A list whose elements are lists of nodes: the rows of VALUES. */
export function nodeLists(node: TreeNode, name: string): readonly (readonly TreeNode[])[] {
  return listField(node, name).map((row) => {
    const items: readonly TreeValue[] = Array.isArray(row) ? row : []
    return items.map((item) => {
      if (!isNode(item)) throw internalError(`an item of ${name} is not a node`)
      return item
    })
  })
}
