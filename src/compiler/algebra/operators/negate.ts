/**
 * Negate: every weight with the other sign. Shape and keys: the input's columns, no keys. Class: term. Source: DBSP23 §2.
 */
import type { Node } from '../node.ts'
import type { Operator } from '../operator.ts'
import { operatorOf } from './index.ts'

export interface Negate {
  readonly op: 'negate'
  readonly input: Node
}

export const negate: Operator<Negate> = {
  op: 'negate',
  class: 'term',
  inputs: (node) => [node.input],
  withInputs: (node, [input = node.input]) => ({ ...node, input }),
  scalars: () => [],
  columns: (node) => operatorOf(node.input).columns(node.input),
  keys: () => [],
  differentiate: () => null,
  describe: () => 'negate',
}
