/**
 * narrow-recursion: columns of a recursion that its step term does not read are computed by one more step above it.
 * Law: R = B ⊎ step(R), and step(R) = step(πc(R)) where it reads no more than c; so R = B ⊎ step(R′) with
 * R′ = πc(B) ⊎ πc(step(R′)). Reason: a change to such a column alone (a name in a tree) is one row's, not that of all that
 * follow from it. With UNION the rows above would have to be told apart once more, so those stay as they are.
 */
import { type Column, isRecursionNode, type Node, type RecursionNode } from '../algebra/node.ts'
import { operatorOf } from '../algebra/operators/index.ts'
import type { StageOutput } from '../algebra/operators/read.ts'
import type { UnionBranch } from '../algebra/operators/union-all.ts'
import { type ColumnId, scalarColumns } from '../algebra/scalar.ts'

export function narrowRecursion(node: Node): Node {
  const operator = operatorOf(node)
  const whole = operator.withInputs(node, operator.inputs(node).map(narrowRecursion))
  return isRecursionNode(whole) && !whole.recursion.isDistinct ? narrow(whole) : whole
}

function narrow(node: RecursionNode): Node {
  const read = new Set<ColumnId>()
  const visit = (each: Node): void => {
    const operator = operatorOf(each)
    for (const scalar of operator.scalars(each)) scalarColumns(scalar, read)
    operator.inputs(each).forEach(visit)
  }
  visit(node.step.input)
  const kept = node.columns.flatMap(({ id }, i) => (read.has(id) ? [i] : []))
  if (kept.length === 0 || kept.length === node.columns.length || node.step.input.op !== 'project')
    return node
  const at = <T>(list: readonly T[]): readonly T[] => kept.flatMap((i) => list.slice(i, i + 1))
  const branch = ({ input, columns }: UnionBranch) => ({ input, columns: at(columns) })
  const columns: readonly Column[] = at(node.columns)
  const self = (each: Node, replace: (output: StageOutput) => Node): Node => {
    if (each.op === 'read' && each.of.op === 'stage-output' && each.of.stage === node.recursion.self)
      return replace(each.of)
    const operator = operatorOf(each)
    return operator.withInputs(
      each,
      operator.inputs(each).map((input) => self(input, replace)),
    )
  }
  const step = self(node.step.input, (of) => ({ op: 'read', version: 'after', of: { ...of, columns } }))
  const inner: Node = {
    ...node,
    columns,
    base: branch(node.base),
    step: { input: step, columns: at(node.step.columns) },
  }
  return {
    op: 'union-all',
    columns: node.columns,
    branches: [node.base, { ...node.step, input: self(node.step.input, () => inner) }],
  }
}
