/**
 * Window functions and subqueries over GROUPING SETS: the query is taken apart as if its groups were a subquery in FROM, so that
 * a subquery is asked about the groups of all sets together and not once for each set. What it shows and
 * sorts by is written over columns of that subquery: one for each expression that is grouped by, each aggregate, GROUPING()
 * and other column. Below, the sum of the grouping sets; above, a query without groups.
 */
import { booleanField, nodeField, nodeListField, numberField } from '../catalog/node-field.ts'
import { isNode, type TreeNode, type TreeValue } from '../catalog/node-tree.ts'
import { raised, withFields } from './levels.ts'

export interface TakenApart {
  /** The groups; its targets are the columns that are wanted above. */
  readonly groups: TreeNode
  /** What stands above, over one entry of the range table: the groups. */
  readonly above: TreeNode
}

/** Null for a query that has nothing of the kind over grouping sets. */
export function takenApart(query: TreeNode): TakenApart | null {
  if (nodeListField(query, 'groupingSets').length === 0) return null
  const grouped = new Set(
    nodeListField(query, 'groupClause').map((group) => numberField(group, 'tleSortGroupRef')),
  )
  const columns = nodeListField(query, 'targetList').filter((target) =>
    grouped.has(numberField(target, 'ressortgroupref')),
  )
  const known = new Map(columns.map((target, i) => [imageOf(nodeField(target, 'expr'), 0), i + 1]))
  if (!booleanField(query, 'hasWindowFuncs')) {
    // A constant that is grouped by is one of the groups in its own place alone.
    if (!columns.every((each) => readsColumn(nodeField(each, 'expr'), query))) return null
    const targets = nodeListField(query, 'targetList').map((each) => nodeField(each, 'expr'))
    if (!hasSublink(targets, new Set(known.keys()))) return null
  }
  const column = (node: TreeNode, level: number): TreeNode => {
    const image = imageOf(node, level)
    let number = known.get(image)
    if (number === undefined) {
      columns.push(target(raised(node, -level)))
      number = columns.length
      known.set(image, number)
    }
    return variable(number, level)
  }
  /** `level`: how many queries deep `value` stands in the one that is taken apart. */
  const over = (value: TreeValue, level: number): TreeValue => {
    if (Array.isArray(value)) return (value as readonly TreeValue[]).map((each) => over(each, level))
    if (!isNode(value)) return value
    if (known.has(imageOf(value, level)) || isOfGroups(value, level)) return column(value, level)
    const inner = value.tag === 'QUERY' ? level + 1 : level
    return withFields(value, (field) => over(field, inner))
  }
  const targetList = nodeListField(query, 'targetList').map((each) => over(each, 0))
  const windowClause = nodeListField(query, 'windowClause').map((each) => over(each, 0))
  return {
    groups: { tag: query.tag, fields: { ...query.fields, targetList: columns } },
    above: {
      tag: query.tag,
      fields: {
        ...query.fields,
        targetList,
        windowClause,
        groupClause: null,
        groupingSets: null,
        havingQual: null,
        hasAggs: 'false',
        jointree: { tag: 'FROMEXPR', fields: { fromlist: [rangeReference], quals: null } },
      },
    },
  }
}

/** Does it name a column? From PostgreSQL 18 on what is grouped by is one of an entry of its own. */
export function readsColumn(value: TreeValue, query: TreeNode): boolean {
  if (Array.isArray(value)) return (value as readonly TreeValue[]).some((each) => readsColumn(each, query))
  if (!isNode(value)) return false
  if (value.tag !== 'VAR') return Object.values(value.fields).some((each) => readsColumn(each, query))
  const entry = nodeListField(query, 'rtable')[numberField(value, 'varno') - 1]
  const grouped = entry?.fields.groupexprs ? nodeListField(entry, 'groupexprs') : null
  const expression = grouped?.[numberField(value, 'varattno') - 1]
  return !expression || readsColumn(expression, query)
}

/** A subquery in what is shown, beside those that only the groups know: in an aggregate, or grouped by. */
function hasSublink(value: TreeValue, known: ReadonlySet<string>): boolean {
  if (Array.isArray(value)) return (value as readonly TreeValue[]).some((each) => hasSublink(each, known))
  if (!isNode(value) || isOfGroups(value, 0) || known.has(imageOf(value, 0))) return false
  return value.tag === 'SUBLINK' || Object.values(value.fields).some((each) => hasSublink(each, known))
}

const rangeReference: TreeNode = { tag: 'RANGETBLREF', fields: { rtindex: '1' } }

/** Only the groups know its value. */
function isOfGroups(node: TreeNode, level: number): boolean {
  if (node.tag === 'VAR') return numberField(node, 'varlevelsup') === level
  return (node.tag === 'AGGREF' || node.tag === 'GROUPINGFUNC') && numberField(node, 'agglevelsup') === level
}

function target(expr: TreeNode): TreeNode {
  return { tag: 'TARGETENTRY', fields: { expr, resname: 'column', ressortgroupref: '0', resjunk: 'false' } }
}

function variable(attribute: number, level: number): TreeNode {
  return {
    tag: 'VAR',
    fields: { varno: '1', varattno: String(attribute), varlevelsup: String(level) },
  }
}

/** The same expression has the same image, wherever it is written and however deep. */
function imageOf(node: TreeNode, level: number): string {
  return JSON.stringify(raised(node, -level), (name, value: unknown) =>
    PLACES.has(name) ? undefined : value,
  )
}

const PLACES: ReadonlySet<string> = new Set(['location', 'list_start', 'list_end', 'varnosyn', 'varattnosyn'])
