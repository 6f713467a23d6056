/**
 * Recursion: WITH RECURSIVE, the least solution of R = base ∪ step(R).
 *
 * Shape: the columns of the base term.
 * Keys: none claimed.
 * Class: recursion.
 * Delta: rows with a derivation that went, and all that was derived from them, are taken out; those of them that still
 * have one from the base term or from rows that stayed come back, together with what is new, and with all that follows
 * (delete and rederive). With UNION ALL the same rows come back as often as they are derived.
 * State: the rows.
 * Cost: the rows that follow from what changed, those that come back included, a probe for each and for each reason that
 * is looked for.
 * Nulls: equal, as UNION has it.
 * Refuses: stateful operators inside the step term that read the rows made so far, or whose rows have no key.
 * Source: Gupta93 (DRed), DBSP23 §6.
 */
import type { Column } from '../node.ts'
import type { Operator } from '../operator.ts'
import type { RecursionRule } from '../recursion-rule.ts'
import type { UnionBranch } from './union-all.ts'

export interface Recursion {
  readonly op: 'recursion'
  readonly columns: readonly Column[]
  readonly base: UnionBranch
  /** Reads the rows made so far as the output of stage `recursion.self`. */
  readonly step: UnionBranch
  readonly recursion: RecursionRule
}

export const recursion: Operator<Recursion> = {
  op: 'recursion',
  class: 'recursion',
  inputs: (node) => [node.base.input, node.step.input],
  withInputs: (node, [base = node.base.input, step = node.step.input]) => ({
    ...node,
    base: { ...node.base, input: base },
    step: { ...node.step, input: step },
  }),
  scalars: () => [],
  columns: (node) => node.columns,
  keys: () => [],
  differentiate: () => null,
  describe: (node) => `recursion union${node.recursion.isDistinct ? '' : ' all'}`,
}
