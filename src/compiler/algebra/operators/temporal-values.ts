/**
 * Temporal values: whether each row meets conditions on the time at which they are asked, as columns:
 * `count(*) FILTER (WHERE expires_at > now())`, `CASE WHEN starts_at <= now() THEN 'open' END`.
 *
 * Shape: the input's columns, then one for each condition.
 * Keys: the input's.
 * Class: linear, and time passes: a row becomes another without a change of any source.
 * Delta: μ being the operator then (as of the content that is stored) and μ′ now, Δμ(R) = μ(ΔR) ⊎ τ(R), R as it is after
 * the change; or μ′(ΔR) ⊎ τ(R) over R as it was. τ takes away the rows of which a condition has another value now, and adds
 * them as they are: temporal-turning.ts.
 * State: the moment, in the frontier.
 * Cost: the changed rows and those of which a condition turns, by an index on the column.
 * Nulls: a condition that is NULL is NULL in its column.
 * Refuses: conditions in which the time is compared with nothing that a column holds (bind/temporal.ts).
 * Source: DBSP23 Thm 3.4, the clock being a second input.
 */
import type { Column, Node } from '../node.ts'
import type { Operator } from '../operator.ts'
import type { Scalar } from '../scalar.ts'
import { operatorOf } from './index.ts'
import type { TimeRange } from './temporal-filter.ts'
import { addTerms } from './union-all.ts'

export interface TemporalValues {
  readonly op: 'temporal-values'
  readonly input: Node
  readonly outputs: readonly TimedValue[]
  /** For which moment the conditions are asked. */
  readonly at: 'then' | 'now'
}

export interface TimedValue {
  readonly column: Column
  readonly condition: Scalar
  readonly ranges: readonly TimeRange[]
}

export const temporalValues: Operator<TemporalValues> = {
  op: 'temporal-values',
  class: 'linear',
  inputs: (node) => [node.input],
  withInputs: (node, [input = node.input]) => ({ ...node, input }),
  scalars: (node) => node.outputs.map(({ condition }) => condition),
  columns: (node) => [
    ...operatorOf(node.input).columns(node.input),
    ...node.outputs.map(({ column }) => column),
  ],
  keys: (node) => operatorOf(node.input).keys(node.input),
  inState: (node, version) => ({ ...node, at: version === 'before' ? 'then' : 'now' }),
  differentiate: (node, inputs) => {
    const delta = inputs.delta(0)
    const isAfter = inputs.stored(0) === 'after'
    const turning: Node = {
      op: 'temporal-turning',
      input: isAfter ? inputs.after(0) : inputs.before(0),
      outputs: node.outputs,
    }
    const terms: Node[] = delta
      ? [{ ...node, input: delta, at: isAfter ? 'then' : 'now' }, turning]
      : [turning]
    const sum = addTerms(temporalValues.columns(node), terms)
    return sum && delta && inputs.strict ? { op: 'consolidate', input: sum } : sum
  },
  describe: (node, scalar) =>
    `temporal-values ${node.outputs.map(({ condition }) => scalar(condition)).join(', ')}`,
}
