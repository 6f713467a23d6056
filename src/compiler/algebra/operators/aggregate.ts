/**
 * Aggregate: one row per group, GROUP BY expressions and aggregate calls; without GROUP BY exactly one row.
 *
 * Shape: group columns, then one column per call.
 * Keys: the group columns.
 * Class: group.
 * Delta: the delta of the input, summed by group into the accumulators of aggregate-functions.ts; old and new output of
 * each touched group are the output's delta.
 * State: the accumulators, in the stream table itself where its columns are the accumulators.
 * Cost: the changed rows and the groups that they touch, each found by the key. A group whose new value the change does
 * not tell is read anew from the input, by an index on the group columns. Where equal keys may be written in several ways
 * (1.0 and 1.00) the rows that write it as the group shows it are counted, and only when none is left is it read anew.
 * Nulls: NULL group keys are one group; SUM of nothing is NULL, COUNT of nothing 0.
 * Refuses: results of a pseudo-type.
 * Source: DBSP23 §5, Gupta93 (counting); FIELD a3.
 */
import type { GroupRule } from '../group-rule.ts'
import type { Column, Node } from '../node.ts'
import type { Operator } from '../operator.ts'
import { withTail } from '../ordering.ts'
import type { Expression, Scalar } from '../scalar.ts'
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
  /** Name of the function: of pg_catalog where `written` is null. */
  readonly name: string
  readonly args: readonly Scalar[]
  /** The call as SQL, without its FILTER, over `args`; null for a plain `name(args)`. */
  readonly written: Expression | null
  /** FILTER (WHERE …) */
  readonly filter: Scalar | null
}

/** The call as SQL, its FILTER included. */
export function callSql({ column, name, args, written, filter }: AggregateCall): Expression {
  const plain: Expression = {
    kind: 'expression',
    construct: name,
    parts: [
      args.length === 0 ? `${name}(*)` : `${name}(`,
      ...args.map((_, i) => (i < args.length - 1 ? ', ' : ')')),
    ],
    args,
    closed: true,
    type: column.type,
    volatility: 'immutable',
    strict: false,
  }
  const call = written ?? plain
  return filter ? withTail(call, [' FILTER (WHERE ', ')'], [filter]) : call
}

export const aggregate: Operator<Aggregate> = {
  op: 'aggregate',
  class: 'group',
  inputs: (node) => [node.input],
  withInputs: (node, [input = node.input]) => ({ ...node, input }),
  scalars: (node) => [
    ...node.keys.map((key) => key.value),
    ...node.calls.flatMap((call) => [
      ...(call.written ? [call.written] : call.args),
      ...(call.filter ? [call.filter] : []),
    ]),
  ],
  onDelta: (node) => [
    ...node.keys.map((key) => key.value),
    ...node.calls.flatMap(({ args, written, filter }) =>
      written ? [] : [...args, ...(filter ? [filter] : [])],
    ),
  ],
  columns: (node) => [...node.keys.map((key) => key.column), ...node.calls.map((call) => call.column)],
  keys: (node) => [node.keys.map((key) => key.column.id)],
  differentiate: () => null,
  describe: (node, scalar) => {
    const keys = node.keys.map((key) => scalar(key.value)).join(', ')
    const calls = node.calls.map((call) => {
      const plain = `${call.name}(${call.args.length === 0 ? '*' : call.args.map(scalar).join(', ')})`
      return `${call.written ? scalar(call.written) : plain}${call.filter ? ` filter (${scalar(call.filter)})` : ''}`
    })
    return `aggregate ${calls.join(', ')}${keys ? ` by ${keys}` : ''}`
  },
}
