/** FROM and WHERE: joins of tables, subqueries and functions, and what they are joined by. */
import type { Node } from '../algebra/node.ts'
import { type Scalar, scalarColumns } from '../algebra/scalar.ts'
import { internalError } from '../catalog/error.ts'
import { nodeField, nodeListField, numberField, optionalNode } from '../catalog/node-field.ts'
import type { TreeNode } from '../catalog/node-tree.ts'
import { bindExpression } from './expression.ts'
import type { RowsItem } from './from-function.ts'
import { FromList } from './from-list.ts'
import { fullJoin, leftJoin } from './outer-join.ts'
import { pairedJoin } from './paired-join.ts'
import { conjuncts, type Environment, entryAt } from './query.ts'
import type { RangeEntry } from './range-table.ts'
import type { Scope } from './scope.ts'
import { columnsRead } from './subquery/columns.ts'
import { isLateral, lateralJoin, lateralLeftJoin } from './subquery/lateral.ts'
import type { Sublinks } from './subquery/sublinks.ts'

export function bindFrom(
  jointree: TreeNode,
  range: readonly RangeEntry[],
  rows: Scope,
  sublinks: Sublinks,
  context: Environment,
): Node {
  const list = new FromList(context)
  for (const item of nodeListField(jointree, 'fromlist'))
    addFromItem(list, item, range, rows, sublinks, context)
  const quals = optionalNode(jointree, 'quals')
  const conditions = quals ? conjuncts(bindExpression(quals, rows)) : []
  return sublinks.filtered(list.node(), [...conditions, ...list.predicate])
}

function addFromItem(
  list: FromList,
  item: TreeNode,
  range: readonly RangeEntry[],
  rows: Scope,
  sublinks: Sublinks,
  context: Environment,
): void {
  const add = (each: TreeNode) => addFromItem(list, each, range, rows, sublinks, context)
  const node = (each: TreeNode) => bindFromItem(each, range, rows, sublinks, context)
  if (!hasRows(item, range)) {
    list.add(node(item))
    return
  }
  if (item.tag === 'RANGETBLREF') {
    const made = rowsAt(item, range, rows)
    if (made) list.expand(made, null, sublinks)
    return
  }
  const [larg, rarg] = [nodeField(item, 'larg'), nodeField(item, 'rarg')]
  const type = numberField(item, 'jointype')
  const on = optionalNode(item, 'quals')
  const predicate = on ? conjuncts(bindExpression(on, rows)) : []
  if (type === JOIN.inner) {
    add(larg)
    add(rarg)
    list.where(predicate)
    return
  }
  const made = type === JOIN.left ? rowsAt(rarg, range, rows) : null
  const asksMade =
    made && [...sublinks.columnsRead(predicate)].some((id) => made.made.some((column) => column?.id === id))
  if (made && asksMade) {
    // Such a subquery is asked about the rows that are made, before they are joined.
    list.add(bindOuterJoin(node(larg), node(rarg), predicate, sublinks, context))
  } else if (made) {
    list.expand(made, { node: node(larg), on: predicate }, sublinks)
  } else list.add(node(item))
}

/** Is one of the items made of rows of others? */
function hasRows(item: TreeNode, range: readonly RangeEntry[]): boolean {
  if (item.tag === 'RANGETBLREF') return entryAt(range, numberField(item, 'rtindex')).rows !== undefined
  return hasRows(nodeField(item, 'larg'), range) || hasRows(nodeField(item, 'rarg'), range)
}

function rowsAt(item: TreeNode, range: readonly RangeEntry[], scope: Scope): RowsItem | null {
  if (item.tag !== 'RANGETBLREF') return null
  return entryAt(range, numberField(item, 'rtindex')).rows?.(scope) ?? null
}

/** An inner join, or a left join to a function. */
function isInnerOrLateral(item: TreeNode, range: readonly RangeEntry[]): boolean {
  const type = numberField(item, 'jointype')
  const right = nodeField(item, 'rarg')
  return type === JOIN.inner || (type === JOIN.left && right.tag === 'RANGETBLREF' && hasRows(right, range))
}

function bindFromItem(
  item: TreeNode,
  range: readonly RangeEntry[],
  rows: Scope,
  sublinks: Sublinks,
  context: Environment,
): Node {
  if (item.tag !== 'RANGETBLREF' && item.tag !== 'JOINEXPR') throw internalError(`FROM item ${item.tag}`)
  const makesRows = item.tag === 'RANGETBLREF' || isInnerOrLateral(item, range)
  if (makesRows && hasRows(item, range)) {
    const list = new FromList(context)
    addFromItem(list, item, range, rows, sublinks, context)
    return sublinks.filtered(list.node(), list.predicate)
  }
  if (item.tag === 'RANGETBLREF') return entryAt(range, numberField(item, 'rtindex')).node()
  const [left, right] = ['larg', 'rarg'].map((side) =>
    bindFromItem(nodeField(item, side), range, rows, sublinks, context),
  )
  if (!left || !right) throw internalError('a join without sides')
  const quals = optionalNode(item, 'quals')
  const predicate = quals ? conjuncts(bindExpression(quals, rows)) : []
  switch (numberField(item, 'jointype')) {
    case JOIN.inner: {
      const joined: Node = isLateral(left, right)
        ? lateralJoin(left, right, [], context)
        : { op: 'join', inputs: [left, right], predicate: [] }
      return sublinks.filtered(joined, predicate)
    }
    case JOIN.left:
      return bindOuterJoin(left, right, predicate, sublinks, context)
    case JOIN.right:
      return bindOuterJoin(right, left, predicate, sublinks, context)
    case JOIN.full:
      return bindFullJoin(left, right, predicate, sublinks, context)
    default:
      throw internalError(`join type ${numberField(item, 'jointype')}`)
  }
}

/** A subquery in ON belongs to the side that it reads: there it is a column, or drops rows of the right side. */
function bindOuterJoin(
  left: Node,
  right: Node,
  predicate: readonly Scalar[],
  sublinks: Sublinks,
  context: Environment,
): Node {
  const sides = sublinks.sides(predicate, left, right, true)
  if (!sides) return ofPairs(left, right, predicate, false, sublinks, context)
  const lateral = isLateral(left, right)
  const [lefts, rights] = [sides.left(), sides.right()]
  return lateral
    ? lateralLeftJoin(lefts, rights, sides.rest, context)
    : leftJoin(lefts, rights, sides.rest, context.request)
}

function bindFullJoin(
  left: Node,
  right: Node,
  predicate: readonly Scalar[],
  sublinks: Sublinks,
  context: Environment,
): Node {
  const sides = sublinks.sides(predicate, left, right, false)
  if (!sides) return ofPairs(left, right, predicate, true, sublinks, context)
  return fullJoin(sides.left(), sides.right(), sides.rest, context)
}

function ofPairs(
  left: Node,
  right: Node,
  predicate: readonly Scalar[],
  isFull: boolean,
  sublinks: Sublinks,
  context: Environment,
): Node {
  const read = new Set(sublinks.columnsRead(predicate))
  for (const each of predicate) scalarColumns(each, read)
  const lateral = isLateral(left, right)
  if (lateral) columnsRead(right, read)
  const joined: Node = lateral
    ? lateralJoin(left, right, [], context)
    : { op: 'join', inputs: [left, right], predicate: [] }
  return pairedJoin([left, right], sublinks.filtered(joined, predicate), read, isFull, context)
}

/** JoinType (nodes.h). */
const JOIN = { inner: 0, left: 1, full: 2, right: 3 }
