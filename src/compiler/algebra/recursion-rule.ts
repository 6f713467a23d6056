/**
 * What an operator of class `recursion` answers with: it is the least solution of R = base ∪ step(R), where the step term is
 * linear in R. delta/ and emit/ maintain it by taking out what may have lost its reason to be there, and deriving again
 * what has another.
 */
export interface RecursionRule {
  /** UNION: equal rows once. UNION ALL: a row for each way in which it is derived. */
  readonly isDistinct: boolean
  /** By which number the step term reads the rows that there are: as the output of a stage. */
  readonly self: number
}
