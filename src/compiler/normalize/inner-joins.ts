/**
 * inner-joins: an outer join becomes an inner one where a condition above is never met by the rows that it pads.
 * Law: σp(L ⟕q R) = σp(L ⋈q R) where p is not true of any row whose R columns are NULL. Of a FULL JOIN the branch goes that
 * has only such rows. Reason: no match can be gained or lost, so a change asks the other side once, and what lies below
 * becomes one join. Source: prepjointree.c, reduce_outer_joins.
 */
import { ref } from '../algebra/build.ts'
import { columnOf, type Node } from '../algebra/node.ts'
import { madeColumns } from '../algebra/operators/expand.ts'
import { operatorOf } from '../algebra/operators/index.ts'
import type { UnionAll } from '../algebra/operators/union-all.ts'
import { type ColumnId, mapScalar, type Scalar, scalarColumns } from '../algebra/scalar.ts'
import { substitute } from './substitute.ts'

export function innerJoins(node: Node): Node {
  return under(node, [])
}

/** `conditions`: over the columns of `node`, or of others; rows that do not meet them are left out above. */
function under(node: Node, conditions: readonly Scalar[]): Node {
  switch (node.op) {
    case 'filter':
      return { ...node, input: under(node.input, [...conditions, ...node.predicate]) }
    case 'join': {
      const all = [...conditions, ...node.predicate]
      return { ...node, inputs: node.inputs.map((input) => under(input, all)) }
    }
    case 'project': {
      const computed = new Map(node.outputs.map(({ column, value }) => [column.id, value]))
      return {
        ...node,
        input: under(
          node.input,
          conditions.map((each) => substitute(each, computed)),
        ),
      }
    }
    case 'outer-join': {
      const right = new Set(
        operatorOf(node.right)
          .columns(node.right)
          .map(({ id }) => id),
      )
      if (conditions.some((each) => isNeverMet(each, right)))
        return under({ op: 'join', inputs: [node.left, node.right], predicate: node.predicate }, conditions)
      return { ...node, left: under(node.left, conditions), right: under(node.right, node.predicate) }
    }
    case 'semi-join': {
      const kept = node.isAnti ? conditions : [...conditions, ...node.predicate]
      return { ...node, left: under(node.left, kept), right: under(node.right, node.predicate) }
    }
    case 'mark-join':
      return { ...node, left: under(node.left, conditions), right: under(node.right, node.predicate) }
    case 'expand': {
      const made = new Set(madeColumns(node).map(({ id }) => id))
      const { outer } = node
      if (!outer || !conditions.some((each) => isNeverMet(each, made)))
        return { ...node, input: under(node.input, conditions) }
      const inner: Node = { ...node, input: under(node.input, [...conditions, ...outer]), outer: null }
      return outer.length === 0 ? inner : { op: 'filter', input: inner, predicate: outer }
    }
    case 'union-all':
      return union(node, conditions)
    default: {
      const operator = operatorOf(node)
      return operator.withInputs(
        node,
        operator.inputs(node).map((input) => under(input, [])),
      )
    }
  }
}

function union(node: UnionAll, conditions: readonly Scalar[]): Node {
  const branches = node.branches.map(({ input, columns }) => {
    const below = operatorOf(input).columns(input)
    const renamed = new Map(
      node.columns.map((column, i) => [column.id, ref(columnOf(below, columns[i] ?? 0))]),
    )
    const own = conditions.map((condition) =>
      mapScalar(condition, (each) => (each.kind === 'column' ? (renamed.get(each.id) ?? each) : each)),
    )
    return { columns, input, own }
  })
  const kept = branches.filter(({ input, own }) => !own.some((each) => isPaddedAway(input, each)))
  const [only, ...others] = kept
  const made = kept.map(({ columns, input, own }) => ({ columns, input: under(input, own) }))
  const [first] = made
  if (!only || !first || kept.length === branches.length || others.length > 0)
    return {
      ...node,
      branches: branches.map(({ columns, input, own }) => ({ columns, input: under(input, own) })),
    }
  const below = operatorOf(first.input).columns(first.input)
  const outputs = node.columns.map((column, i) => ({
    column,
    value: ref(columnOf(below, first.columns[i] ?? 0)),
  }))
  return outputs.every(({ column, value }) => value.kind === 'column' && value.id === column.id)
    ? first.input
    : { op: 'project', input: first.input, outputs }
}

/** Is the branch a projection in which the condition reads NULLs alone, and is not met by them? */
function isPaddedAway(input: Node, condition: Scalar): boolean {
  if (input.op !== 'project') return false
  const nulls = new Set(
    input.outputs.flatMap(({ column, value }) =>
      value.kind === 'constant' && value.isNull ? [column.id] : [],
    ),
  )
  return nulls.size > 0 && isNeverMet(condition, nulls)
}

/** Not true, whatever the other columns are, where all of these are NULL. */
function isNeverMet(condition: Scalar, columns: ReadonlySet<ColumnId>): boolean {
  if (![...scalarColumns(condition)].some((id) => columns.has(id))) return false
  if (condition.kind === 'logic') {
    if (condition.op === 'and') return condition.args.some((each) => isNeverMet(each, columns))
    if (condition.op === 'or') return condition.args.every((each) => isNeverMet(each, columns))
    const [arg] = condition.args
    if (arg?.kind === 'expression' && arg.construct === 'IS NULL')
      return arg.args.every((each) => isNull(each, columns))
  }
  if (condition.kind === 'expression' && condition.construct === 'IS NOT NULL')
    return condition.args.every((each) => isNull(each, columns))
  return isNull(condition, columns)
}

/** NULL where all of these columns are. */
function isNull(scalar: Scalar, columns: ReadonlySet<ColumnId>): boolean {
  switch (scalar.kind) {
    case 'column':
      return columns.has(scalar.id)
    case 'constant':
      return scalar.isNull
    case 'logic':
      return scalar.args.every((each) => isNull(each, columns))
    case 'operator':
    case 'expression':
      return scalar.strict && scalar.args.some((each) => isNull(each, columns))
  }
}
