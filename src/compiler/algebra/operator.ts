/**
 * The contract of an operator. One operator is one file under `operators/`, exporting one record of this type; the
 * rest of the compiler knows operators only through it.
 */
import type { Column, Key, Node } from './node.ts'
import type { Scalar } from './scalar.ts'

/**
 * How an operator answers a change.
 * - `leaf`: a stored relation, or rows that never change
 * - `linear`: the delta of the output is the operator applied to the delta of the input
 * - `multilinear`: linear in each input, the others held still (joins)
 * - `threshold`: linear in its left input; of the right one it asks whether a row is there (outer and semi joins)
 * - `bound`: linear in its left input, whose rows are compared with the one row of the right
 * - `group`: a function of all rows that share a key; needs state; only touched keys are looked at
 * - `partition`: a bag of rows for all input rows that share a key; needs state; touched keys are computed anew
 * - `recursion`: rows that follow from each other; needs state; what may have lost its reason is derived again
 * - `term`: occurs in terms only, never in a query
 */
export type OperatorClass =
  | 'leaf'
  | 'linear'
  | 'multilinear'
  | 'threshold'
  | 'bound'
  | 'group'
  | 'partition'
  | 'recursion'
  | 'term'

/** What a delta rule may use of input i. `delta` is null when that input cannot have changed. */
export interface Differentials {
  delta(input: number): Node | null
  before(input: number): Node
  after(input: number): Node
  /** Which of the two is at hand without adding the delta to it. */
  stored(input: number): 'before' | 'after'
  /** What stands above may fail (may-fail.ts): it must see no row that neither the state before nor that after has. */
  readonly strict: boolean
}

export interface Operator<N extends Node> {
  readonly op: N['op']
  readonly class: OperatorClass
  inputs(node: N): readonly Node[]
  withInputs(node: N, inputs: readonly Node[]): N
  /** The inputs that may have many rows, of which one state is nearer at hand than the other; absent: all of them. */
  large?(node: N): readonly Node[]
  /** Scalars held by the node itself, for checks and for finding the columns that are read. */
  scalars(node: N): readonly Scalar[]
  /** Those that a stateful operator evaluates for rows of its delta; absent: all of them. */
  onDelta?(node: N): readonly Scalar[]
  columns(node: N): readonly Column[]
  /** Candidate keys of the output; may miss some, never claims a false one. */
  keys(node: N): readonly Key[]
  /**
   * The delta of the output as algebra over `before`, `after` and `delta` of the inputs; null when nothing changed.
   * Operators of class `group`, `partition` and `recursion` do not come here: delta/stage.ts cuts the query at them.
   */
  differentiate(node: N, inputs: Differentials): Node | null
  /**
   * With so many inputs changed, does a strict delta hold no row that neither state has, whatever those of the inputs hold?
   * Then these need not be added up first; absent: they must be.
   */
  settles?(node: N, changed: number): boolean
  /** The operator as it was before the change, or is after it; absent where it is the same. */
  inState?(node: N, version: 'before' | 'after'): N
  /** One line for explain, without the inputs. */
  describe(node: N, scalar: (scalar: Scalar) => string): string
}
