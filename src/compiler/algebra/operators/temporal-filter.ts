/**
 * Temporal filter: the rows that meet a condition on the time at which it is asked, `expires_at > now()`.
 *
 * Shape: the input's.
 * Keys: the input's.
 * Class: linear, and time passes: rows come and go without a change of any source.
 * Delta: p being the condition then (as of the content that is stored) and p′ now, Δσ(R) = σp(ΔR) ⊎ χ(R), R as it is
 * after the change; or σp′(ΔR) ⊎ χ(R) over R as it was. χ are the rows for which p and p′ differ: temporal-crossing.ts.
 * State: the moment, in the frontier.
 * Cost: the changed rows and those that cross, by an index on the column.
 * Nulls: a condition that is NULL drops the row.
 * Refuses: conditions in which the time is compared with nothing that a column holds (bind/temporal.ts).
 * Source: DBSP23 Thm 3.4, the clock being a second input.
 */
import type { Node } from '../node.ts'
import type { Operator } from '../operator.ts'
import type { Scalar } from '../scalar.ts'
import { operatorOf } from './index.ts'
import { addTerms } from './union-all.ts'

export interface TemporalFilter {
  readonly op: 'temporal-filter'
  readonly input: Node
  readonly condition: Scalar
  readonly ranges: readonly TimeRange[]
  /** For which moment the condition is asked. */
  readonly at: 'then' | 'now'
}

/** A comparison: it changes its mind only about values between what the bound was and what it is. */
export interface TimeRange {
  readonly value: Scalar
  readonly bound: Scalar
}

export const temporalFilter: Operator<TemporalFilter> = {
  op: 'temporal-filter',
  class: 'linear',
  inputs: (node) => [node.input],
  withInputs: (node, [input = node.input]) => ({ ...node, input }),
  scalars: (node) => [node.condition],
  columns: (node) => operatorOf(node.input).columns(node.input),
  keys: (node) => operatorOf(node.input).keys(node.input),
  inState: (node, version) => ({ ...node, at: version === 'before' ? 'then' : 'now' }),
  differentiate: (node, inputs) => {
    const delta = inputs.delta(0)
    const isAfter = inputs.stored(0) === 'after'
    const { condition, ranges } = node
    const crossing: Node = {
      op: 'temporal-crossing',
      input: isAfter ? inputs.after(0) : inputs.before(0),
      condition,
      ranges,
    }
    const terms: Node[] = delta
      ? [{ ...node, input: delta, at: isAfter ? 'then' : 'now' }, crossing]
      : [crossing]
    const sum = addTerms(temporalFilter.columns(node), terms)
    return sum && delta && inputs.strict ? { op: 'consolidate', input: sum } : sum
  },
  describe: (node, scalar) => `temporal-filter ${scalar(node.condition)}`,
}
