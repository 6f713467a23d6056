/** GROUP BY, ORDER BY and WINDOW as text. */
import { operatorFacts } from '../../bind/facts.ts'
import { type FrameBound, windowFrame } from '../../bind/window-frame.ts'
import {
  booleanField,
  intListField,
  nodeField,
  nodeListField,
  numberField,
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

const ANYENUM = 3500

/** An item of ORDER BY. The operator says more than ASC and DESC: it names the opclass. `numbered`: outputs by number. */
export function ordering(item: TreeNode, level: Level, numbered: boolean): string {
  const facts = operatorFacts(level.request, numberField(item, 'sortop'))
  const what = numbered
    ? groupedTarget(item, level)
    : parenthesized(expressionText(nodeField(targetOf(item, level), 'expr'), level))
  // A domain over an enum has none to name, and an enum no other order.
  const operator =
    facts.left === ANYENUM
      ? facts.name === '>'
        ? 'DESC'
        : 'ASC'
      : `USING OPERATOR(${quoteIdentifier(facts.schema)}.${facts.name})`
  return `${what} ${operator} NULLS ${booleanField(item, 'nulls_first') ? 'FIRST' : 'LAST'}`
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

export function windowName(reference: number): string {
  return `w${reference}`
}

export function windowClause(window: TreeNode, level: Level): string {
  const { unit, start, end, exclusion } = windowFrame(window)
  const bound = ({ offset, text }: FrameBound) =>
    offset ? `${parenthesized(expressionText(offset, level))}${text}` : text
  const partition = nodeListField(window, 'partitionClause').map((item) =>
    parenthesized(expressionText(nodeField(targetOf(item, level), 'expr'), level)),
  )
  const order = nodeListField(window, 'orderClause').map((item) => ordering(item, level, false))
  const parts = [
    partition.length > 0 ? `PARTITION BY ${partition.join(', ')}` : '',
    order.length > 0 ? `ORDER BY ${order.join(', ')}` : '',
    `${unit} BETWEEN ${bound(start)} AND ${bound(end)}${exclusion}`,
  ]
  return `${windowName(numberField(window, 'winref'))} AS (${parts.filter((part) => part !== '').join(' ')})`
}
