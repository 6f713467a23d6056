/** Queries that sort their rows, for who takes these as they come. */
import { internalError } from '../catalog/error.ts'
import {
  booleanField,
  nodeField,
  nodeListField,
  numberField,
  optionalNode,
  stringField,
} from '../catalog/node-field.ts'
import { isNode, parseViewQuery, type TreeNode, type TreeValue } from '../catalog/node-tree.ts'
import type { CompileRequest } from '../catalog/request.ts'
import { takesInOrder } from './aggregate-call.ts'
import { functionFacts } from './facts.ts'
import { takesFirst } from './first-of-sorted.ts'
import type { Environment } from './query.ts'
import { windowFrame } from './window-frame.ts'
import { goesByOrder } from './window-order.ts'

/** RTEKind (parsenodes.h); GROUP is new in PostgreSQL 18. */
export const RTE = {
  relation: 0,
  subquery: 1,
  join: 2,
  function: 3,
  tablefunc: 4,
  values: 5,
  cte: 6,
  namedTuplestore: 7,
  result: 8,
  group: 9,
}

/** WITH queries by their names. */
export function ctesOf(query: TreeNode): ReadonlyMap<string, TreeNode> {
  return new Map(nodeListField(query, 'cteList').map((cte) => [stringField(cte, 'ctename'), cte]))
}

/** The number of the one item of FROM, or 0. */
export function onlyItem(query: TreeNode): number {
  const [item, ...others] = nodeListField(nodeField(query, 'jointree'), 'fromlist')
  return item?.tag === 'RANGETBLREF' && others.length === 0 ? numberField(item, 'rtindex') : 0
}

/** Nothing but columns and conditions, of one item: its rows come in the order of that one's. */
export function isPassing(query: TreeNode): boolean {
  return (
    onlyItem(query) > 0 &&
    !MAKES_ROWS.some((name) => booleanField(query, name)) &&
    hasOnlyRows(query) &&
    SORTS.every((name) => isAbsent(query, name))
  )
}

/**
 * Does it matter to an aggregate or a window function of the query in which order rows come? Where it does not, what they are
 * sorted by is not looked at, and may be what no stream table can show.
 */
export function readsInOrder(query: TreeNode, request: CompileRequest): boolean {
  const called = [...nodeListField(query, 'targetList'), optionalNode(query, 'havingQual')]
  return callsInOrder(called, request, nodeListField(query, 'windowClause'), 0)
}

function callsInOrder(
  value: TreeValue,
  request: CompileRequest,
  windows: readonly TreeNode[],
  level: number,
): boolean {
  if (Array.isArray(value)) return value.some((each) => callsInOrder(each, request, windows, level))
  if (!isNode(value)) return false
  const { tag, fields } = value
  // Of a query below only the aggregates that are over columns of this one: (SELECT array_agg(x)).
  if (tag === 'AGGREF' && numberField(value, 'agglevelsup') === level && takesInOrder(value, request))
    return true
  if (tag === 'WINDOWFUNC' && level === 0) {
    const window = windows.find((each) => numberField(each, 'winref') === numberField(value, 'winref'))
    const facts = functionFacts(request, numberField(value, 'winfnoid'))
    const over = window && { order: nodeListField(window, 'orderClause'), frame: windowFrame(window) }
    if (over && goesByOrder(facts, over)) return true
  }
  const inside = tag === 'QUERY' ? level + 1 : level
  return Object.values(fields).some((each) => callsInOrder(each, request, windows, inside))
}

/** Nothing but rows of one item, of which the first are taken. */
export function takesFirstRows(query: TreeNode): boolean {
  const makesRows = MAKES_ROWS.some((name) => booleanField(query, name))
  const groups = CLAUSES_OF_GROUPS.some((name) => !isAbsent(query, name))
  return onlyItem(query) > 0 && !makesRows && !groups && takesFirst(query)
}

const MAKES_ROWS = ['hasAggs', 'hasWindowFuncs', 'hasTargetSRFs']
const SORTS = ['sortClause', 'distinctClause']

/**
 * What sorts its rows: a subquery, WITH query or view. SELECT json_agg(q) FROM (SELECT … ORDER BY …) AS q takes them as they
 * come, which PostgreSQL's manual suggests: nothing is joined, so nothing changes their order.
 */
export function sortedSource(entry: TreeNode, environment: Environment): SortedSource | null {
  const source = sourceQuery(entry, environment)
  if (!source) return null
  const { query, around } = source
  if (nodeListField(query, 'sortClause').length > 0) return source
  const below = isPassing(query) ? nodeListField(query, 'rtable')[onlyItem(query) - 1] : undefined
  return below && sortedSource(below, { ...around, ctes: [ctesOf(query), ...around.ctes] }) ? source : null
}

export interface SortedSource {
  readonly query: TreeNode
  readonly around: Environment
}

function sourceQuery(entry: TreeNode, environment: Environment): SortedSource | null {
  switch (numberField(entry, 'rtekind')) {
    case RTE.subquery:
      return { query: nodeField(entry, 'subquery'), around: environment }
    case RTE.cte: {
      const cte = cteOf(entry, environment)
      const isPlain = !booleanField(cte, 'cterecursive') && !environment.recursions.has(cte)
      return isPlain ? { query: nodeField(cte, 'ctequery'), around: aroundCte(entry, environment) } : null
    }
    case RTE.relation: {
      const tree = environment.request.relations[numberField(entry, 'relid')]?.tree ?? null
      return tree === null ? null : { query: parseViewQuery(tree), around: aroundView(environment) }
    }
    default:
      return null
  }
}

/** What the query of a view may read of what is around: nothing. */
export function aroundView(environment: Environment): Environment {
  return { ...environment, ctes: [], outer: [] }
}

/** What a WITH query is among. */
export function aroundCte(entry: TreeNode, environment: Environment): Environment {
  const level = numberField(entry, 'ctelevelsup')
  return { ...environment, ctes: environment.ctes.slice(level), outer: environment.outer.slice(level) }
}

/** Neither groups nor a part of the rows nor a union of several: an aggregation without these clauses is one row. */
export function hasOnlyRows(query: TreeNode): boolean {
  return CLAUSES_OF_ROWS.every((name) => isAbsent(query, name))
}

const CLAUSES_OF_GROUPS = ['groupClause', 'groupingSets', 'havingQual', 'setOperations']
const CLAUSES_OF_ROWS = [...CLAUSES_OF_GROUPS, 'limitCount', 'limitOffset']

function isAbsent(query: TreeNode, name: string): boolean {
  const value = query.fields[name]
  return value === null || value === undefined || (Array.isArray(value) && value.length === 0)
}

export function cteOf(entry: TreeNode, environment: Environment): TreeNode {
  const name = stringField(entry, 'ctename')
  const cte = environment.ctes[numberField(entry, 'ctelevelsup')]?.get(name)
  if (!cte) throw internalError(`there is no WITH query ${name}`)
  return cte
}
