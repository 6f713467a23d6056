/**
 * Aggregate: one row per group, GROUP BY expressions and aggregate calls; without GROUP BY exactly one row.
 *
 * Shape: group columns, then one column per call. Keys: the group columns. Class: group.
 * Delta: the delta of the input, summed by group into the accumulators of aggregate-functions.ts; old and new output of
 * each touched group are the output's delta. State: the accumulators, in the stream table itself where its columns are
 * the accumulators. Nulls: NULL group keys are one group; SUM of nothing is NULL, COUNT of nothing 0.
 * Refuses: functions without a rule (see aggregate-functions.ts). Source: DBSP23 §5, Gupta93 (counting); FIELD a3.
 */
import type { GroupRule } from '../group-rule.ts'
import type { Column, Node } from '../node.ts'
import type { Operator } from '../operator.ts'
import type { Scalar } from '../scalar.ts'
import type { Projection } from './project.ts'

export interface Aggregate {
  readonly op: 'aggregate'
  readonly input: Node
  readonly keys: readonly Projection[]
  readonly calls: readonly AggregateCall[]
  readonly rule: GroupRule
}

export interface AggregateCall {
  readonly column: Column
  /** Name of the pg_catalog aggregate. */
  readonly name: string
  readonly args: readonly Scalar[]
  /** FILTER (WHERE …) */
  readonly filter: Scalar | null
}

export const aggregate: Operator<Aggregate> = {
  op: 'aggregate',
  class: 'group',
  inputs: (node) => [node.input],
  withInputs: (node, [input = node.input]) => ({ ...node, input }),
  scalars: (node) => [
    ...node.keys.map((key) => key.value),
    ...node.calls.flatMap((call) => [...call.args, ...(call.filter ? [call.filter] : [])]),
  ],
  columns: (node) => [...node.keys.map((key) => key.column), ...node.calls.map((call) => call.column)],
  keys: (node) => [node.keys.map((key) => key.column.id)],
  differentiate: () => null,
  describe: (node, scalar) => {
    const keys = node.keys.map((key) => scalar(key.value)).join(', ')
    const calls = node.calls.map(
      ({ name, args, filter }) =>
        `${name}(${args.length === 0 ? '*' : args.map(scalar).join(', ')})${filter ? ` filter (${scalar(filter)})` : ''}`,
    )
    return `aggregate ${calls.join(', ')}${keys ? ` by ${keys}` : ''}`
  },
}
