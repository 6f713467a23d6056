/**
 * Bound filter: the rows that a comparison with the one row of another relation lets pass, `amount > (SELECT avg(amount) …)`,
 * where nobody else reads that row. What the clock is to temporal-filter.ts, that row is here.
 *
 * Shape: the left columns.
 * Keys: the left's.
 * Class: bound.
 * Delta: B being the one row and B′ the one that it became, Δσ(L, B) = σ(ΔL, B) ⊎ χ(L, B, B′), L as it is after the change;
 * or σ(ΔL, B′) ⊎ χ(L, B, B′) over L as it was. χ are the rows for which the comparison says something else with B′:
 * bound-crossing.ts.
 * State: none of its own; the row is that of a stage.
 * Cost: the changed rows and those that cross, by an index on the column that is compared; of groups, on the state, by what is
 * compared, avg included.
 * Nulls: a comparison that is NULL drops the row; with a bound that is NULL, or with no bound, no row passes.
 * Refuses: nothing; what is no comparison by <, <=, > or >= stays a join (normalize/bound-filters.ts).
 * Source: DBSP23 Thm 3.4.
 */

import { isWidening } from '../may-fail.ts'
import type { Node } from '../node.ts'
import { FLOAT4, FLOAT8, INT2, INT4, INT8, NUMERIC } from '../number-types.ts'
import type { Operator } from '../operator.ts'
import type { Operator as Comparison, Scalar } from '../scalar.ts'
import { operatorOf } from './index.ts'
import { addTerms } from './union-all.ts'

export interface BoundFilter extends Compared {
  readonly op: 'bound-filter'
  readonly left: Node
  /** At most one row. */
  readonly right: Node
}

export interface Compared {
  readonly comparison: Comparison
  /** Its operands, either of which may be the first: the one over the left columns, and the one over the right ones. */
  readonly value: Scalar
  readonly bound: Scalar
}

const ORDERS: readonly (readonly number[])[] = [
  [INT2, INT4, INT8],
  [FLOAT4, FLOAT8],
]

/** Can an index on the value be asked for the bound? */
export function isOfOneOrder({ value, bound }: Compared): boolean {
  const types = [value.type.oid, bound.type.oid]
  return types[0] === types[1] || ORDERS.some((order) => types.every((type) => order.includes(type ?? 0)))
}

/** What an index is asked for: an integer that is compared as numeric, `sum(n) > (SELECT avg(n) …)`, as the integer that it is. */
export function soughtValue({ value, bound }: Compared): Scalar {
  const isNumeric = value.type.oid === NUMERIC && bound.type.oid === NUMERIC
  const [integer] = value.kind === 'expression' && isNumeric && isWidening(value) ? value.args : []
  return integer ?? value
}

export const boundFilter: Operator<BoundFilter> = {
  op: 'bound-filter',
  class: 'bound',
  inputs: (node) => [node.left, node.right],
  withInputs: (node, [left = node.left, right = node.right]) => ({ ...node, left, right }),
  large: (node) => [node.left],
  scalars: (node) => [node.comparison],
  columns: (node) => operatorOf(node.left).columns(node.left),
  keys: (node) => operatorOf(node.left).keys(node.left),
  differentiate: (node, inputs) => {
    const [delta, moved] = [inputs.delta(0), inputs.delta(1)]
    const isAfter = inputs.stored(0) === 'after'
    const terms: Node[] = []
    if (delta) terms.push({ ...node, left: delta, right: isAfter ? inputs.before(1) : inputs.after(1) })
    if (moved)
      terms.push({
        op: 'bound-crossing',
        left: isAfter ? inputs.after(0) : inputs.before(0),
        moved: { op: 'consolidate', input: moved },
        comparison: node.comparison,
        value: node.value,
        bound: node.bound,
      })
    const sum = addTerms(boundFilter.columns(node), terms)
    return sum && delta && moved && inputs.strict ? { op: 'consolidate', input: sum } : sum
  },
  describe: (node, scalar) => `bound-filter ${scalar(node.comparison)}`,
}
