/**
 * merge-projections: a projection of a projection is one; a filter over a projection moves below it.
 * Law: πg(πf(A)) = π(g∘f)(A); σp(πf(A)) = πf(σ(p∘f)(A)). Reason: the plan shows one step per row, and a projection right
 * above a stateful operator lets the stream table be its state.
 */
import type { Node } from '../algebra/node.ts'
import { operatorOf } from '../algebra/operators/index.ts'
import { substitute } from './substitute.ts'

export function mergeProjections(node: Node): Node {
  const operator = operatorOf(node)
  const whole = operator.withInputs(node, operator.inputs(node).map(mergeProjections))
  if (whole.op === 'project' && whole.input.op === 'project') {
    const computed = new Map(whole.input.outputs.map(({ column, value }) => [column.id, value]))
    const outputs = whole.outputs.map(({ column, value }) => ({ column, value: substitute(value, computed) }))
    return { ...whole, input: whole.input.input, outputs }
  }
  if (whole.op === 'filter' && whole.input.op === 'project') {
    const computed = new Map(whole.input.outputs.map(({ column, value }) => [column.id, value]))
    const predicate = whole.predicate.map((each) => substitute(each, computed))
    return mergeProjections({ ...whole.input, input: { op: 'filter', input: whole.input.input, predicate } })
  }
  if (whole.op === 'filter' && whole.input.op === 'filter')
    return { ...whole.input, predicate: [...whole.input.predicate, ...whole.predicate] }
  return whole
}
