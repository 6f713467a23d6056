/**
 * sink-filters: a condition over a join moves below an expansion whose rows it does not read.
 * Law: (εf(A) ⋈p B) = εf(σp(A)) ⋈ B where p reads A only. Reason: tables that a function reads together are joined below
 * it, and what joins them stands above: there it would come after all pairs.
 */
import type { Node } from '../algebra/node.ts'
import { operatorOf } from '../algebra/operators/index.ts'
import { type Scalar, scalarColumns } from '../algebra/scalar.ts'

export function sinkFilters(node: Node): Node {
  if (node.op === 'join' && node.inputs.some(({ op }) => op === 'expand')) {
    let rest = node.predicate
    const inputs = node.inputs.map((input) => {
      const sunk = rest.filter((each) => reads(input, each))
      if (input.op !== 'expand' || sunk.length === 0) return input
      rest = rest.filter((each) => !sunk.includes(each))
      const below: Node =
        input.input.op === 'join'
          ? { ...input.input, predicate: [...input.input.predicate, ...sunk] }
          : { op: 'join', inputs: [input.input], predicate: sunk }
      return { ...input, input: below }
    })
    return below({ ...node, inputs, predicate: rest })
  }
  return below(node)
}

function below(node: Node): Node {
  const operator = operatorOf(node)
  return operator.withInputs(node, operator.inputs(node).map(sinkFilters))
}

/** Does the condition read nothing but what the expansion is given? */
function reads(input: Node, condition: Scalar): boolean {
  if (input.op !== 'expand') return false
  const given = new Set(
    operatorOf(input.input)
      .columns(input.input)
      .map(({ id }) => id),
  )
  const read = [...scalarColumns(condition)]
  return read.length > 0 && read.every((id) => given.has(id))
}
