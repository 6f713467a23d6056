/**
 * flatten-joins: a join of joins, filters and projections is one join of what lies below, under all the conjuncts, and a
 * projection above.
 * Law: (σp(A) ⋈q B) = A ⋈(p∧q) B; (πf(A) ⋈q B) = π(f,B)(A ⋈q[f] B); σp(π(A ⋈q B)) likewise. Reason: the delta rule then sees every source as an
 * input of its own, and a delta can drive probes into any of them.
 */
import { ref } from '../algebra/build.ts'
import type { Node } from '../algebra/node.ts'
import { operatorOf } from '../algebra/operators/index.ts'
import type { Join } from '../algebra/operators/join.ts'
import type { Projection } from '../algebra/operators/project.ts'
import type { ColumnId, Scalar } from '../algebra/scalar.ts'
import { substitute } from './substitute.ts'

export function flattenJoins(node: Node): Node {
  const operator = operatorOf(node)
  const whole = operator.withInputs(node, operator.inputs(node).map(flattenJoins))
  if (whole.op === 'join') return flatten(whole)
  if (whole.op === 'filter' && whole.input.op === 'join')
    return { ...whole.input, predicate: [...whole.input.predicate, ...whole.predicate] }
  if (whole.op === 'filter' && isOverJoin(whole.input))
    return flatten({ op: 'join', inputs: [whole.input], predicate: whole.predicate })
  return whole
}

function isOverJoin(node: Node): boolean {
  return node.op === 'join' || ((node.op === 'filter' || node.op === 'project') && isOverJoin(node.input))
}

/** Over what lies below the joins: what columns are computed by, and the conditions. */
interface Flat {
  readonly computed: ReadonlyMap<ColumnId, Scalar>
  readonly conditions: readonly Scalar[]
}

function flatten(join: Join): Node {
  const inputs: Node[] = []
  const over = (own: readonly Scalar[], below: readonly Flat[]): Flat => {
    const computed = new Map(below.flatMap((each) => [...each.computed]))
    const conditions = own.map((each) => substitute(each, computed))
    return { computed, conditions: [...conditions, ...below.flatMap((each) => each.conditions)] }
  }
  const visit = (input: Node): Flat => {
    switch (input.op) {
      case 'join':
        return over(input.predicate, input.inputs.map(visit))
      case 'filter':
        return over(input.predicate, [visit(input.input)])
      case 'project': {
        const { computed, conditions } = visit(input.input)
        const made = input.outputs.map(
          ({ column, value }) => [column.id, substitute(value, computed)] as const,
        )
        return { computed: new Map(made), conditions }
      }
      default:
        inputs.push(input)
        return { computed: new Map(), conditions: [] }
    }
  }
  const { computed, conditions } = visit(join)
  const below = inputs.flatMap((input) => operatorOf(input).columns(input))
  const [only] = inputs
  let flat: Node = { op: 'join', inputs, predicate: conditions }
  if (inputs.length === 1 && only)
    flat = conditions.length === 0 ? only : { op: 'filter', input: only, predicate: conditions }
  if (computed.size === 0) return flat
  const outputs: Projection[] = operatorOf(join)
    .columns(join)
    .map((column) => ({ column, value: computed.get(column.id) ?? ref(column) }))
  const passed = new Set(
    outputs.flatMap(({ column, value }) =>
      value.kind === 'column' && value.id === column.id ? [column.id] : [],
    ),
  )
  return below.every((column) => passed.has(column.id)) && outputs.length === below.length
    ? flat
    : { op: 'project', input: flat, outputs }
}
