/** GROUP BY, ORDER BY and WINDOW as text. */
import { operatorFacts } from '../../bind/facts.ts'
import {
  booleanField,
  intListField,
  nodeField,
  nodeListField,
  numberField,
  optionalNode,
} from '../../catalog/node-field.ts'
import type { TreeNode } from '../../catalog/node-tree.ts'
import { quoteIdentifier } from '../../catalog/quote.ts'
import {
  expressionText,
  groupedTarget,
  type Level,
  positionOf,
  targetOf,
  targetOfReference,
} from './query-text.ts'

/** An item of ORDER BY. The operator says more than ASC and DESC: it names the opclass. `numbered`: outputs by number. */
export function ordering(item: TreeNode, level: Level, numbered: boolean): string {
  const facts = operatorFacts(level.request, numberField(item, 'sortop'))
  const what = numbered
    ? groupedTarget(item, level)
    : parenthesized(expressionText(nodeField(targetOf(item, level), 'expr'), level))
  const operator = `OPERATOR(${quoteIdentifier(facts.schema)}.${facts.name})`
  return `${what} USING ${operator} NULLS ${booleanField(item, 'nulls_first') ? 'FIRST' : 'LAST'}`
}

/** A whole number would be the place of a column. */
function parenthesized(text: string): string {
  return `(${text})`
}

export function groupClause(level: Level): string {
  const { query } = level
  const distinct = booleanField(query, 'groupDistinct', false) ? 'DISTINCT ' : ''
  const sets = nodeListField(query, 'groupingSets')
  if (sets.length > 0) return `GROUP BY ${distinct}${sets.map((set) => groupingSet(set, level)).join(', ')}`
  const items = nodeListField(query, 'groupClause')
  if (items.length === 0) return ''
  return `GROUP BY ${distinct}${items.map((item) => groupedTarget(item, level)).join(', ')}`
}

/** GroupingSetKind (parsenodes.h) */
const SETS = { empty: 0, simple: 1, rollup: 2, cube: 3, sets: 4 }

function groupingSet(set: TreeNode, level: Level): string {
  const kind = numberField(set, 'kind')
  if (kind === SETS.empty) return '()'
  if (kind === SETS.simple)
    return `(${intListField(set, 'content')
      .map((reference) => positionOf(targetOfReference(reference, level.query), level))
      .join(', ')})`
  const inner = nodeListField(set, 'content').map((each) => groupingSet(each, level))
  const keyword = kind === SETS.rollup ? 'ROLLUP' : kind === SETS.cube ? 'CUBE' : 'GROUPING SETS'
  return `${keyword} (${inner.join(', ')})`
}

/** FRAMEOPTION_… (parsenodes.h) */
const FRAME = {
  rows: 0x4,
  groups: 0x8,
  startUnboundedPreceding: 0x20,
  startCurrentRow: 0x200,
  endCurrentRow: 0x400,
  startOffsetPreceding: 0x800,
  endOffsetPreceding: 0x1000,
  startOffsetFollowing: 0x2000,
  endOffsetFollowing: 0x4000,
  excludeCurrentRow: 0x8000,
  excludeGroup: 0x10000,
  excludeTies: 0x20000,
}

export function windowName(reference: number): string {
  return `w${reference}`
}

export function windowClause(window: TreeNode, level: Level): string {
  const options = numberField(window, 'frameOptions')
  const has = (bit: number) => (options & bit) !== 0
  const offset = (name: string) => {
    const node = optionalNode(window, name)
    return node ? parenthesized(expressionText(node, level)) : ''
  }
  const partition = nodeListField(window, 'partitionClause').map((item) =>
    parenthesized(expressionText(nodeField(targetOf(item, level), 'expr'), level)),
  )
  const order = nodeListField(window, 'orderClause').map((item) => ordering(item, level, false))
  const start = has(FRAME.startUnboundedPreceding)
    ? 'UNBOUNDED PRECEDING'
    : has(FRAME.startCurrentRow)
      ? 'CURRENT ROW'
      : `${offset('startOffset')} ${has(FRAME.startOffsetPreceding) ? 'PRECEDING' : 'FOLLOWING'}`
  const end = has(FRAME.endCurrentRow)
    ? 'CURRENT ROW'
    : has(FRAME.endOffsetPreceding)
      ? `${offset('endOffset')} PRECEDING`
      : has(FRAME.endOffsetFollowing)
        ? `${offset('endOffset')} FOLLOWING`
        : 'UNBOUNDED FOLLOWING'
  const exclusion = has(FRAME.excludeCurrentRow)
    ? ' EXCLUDE CURRENT ROW'
    : has(FRAME.excludeGroup)
      ? ' EXCLUDE GROUP'
      : has(FRAME.excludeTies)
        ? ' EXCLUDE TIES'
        : ''
  const unit = has(FRAME.rows) ? 'ROWS' : has(FRAME.groups) ? 'GROUPS' : 'RANGE'
  const parts = [
    partition.length > 0 ? `PARTITION BY ${partition.join(', ')}` : '',
    order.length > 0 ? `ORDER BY ${order.join(', ')}` : '',
    `${unit} BETWEEN ${start} AND ${end}${exclusion}`,
  ]
  return `${windowName(numberField(window, 'winref'))} AS (${parts.filter((part) => part !== '').join(' ')})`
}
