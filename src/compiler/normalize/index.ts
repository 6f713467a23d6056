/** The list of rewrites, in order. Each is a law of the algebra and says what it is for. */
import type { Node } from '../algebra/node.ts'
import { arrayMembers } from './array-members.ts'
import { firstRows } from './first-rows.ts'
import { flattenJoins } from './flatten-joins.ts'
import { innerJoins } from './inner-joins.ts'
import { inverseSums } from './inverse-sums.ts'
import { mergeProjections } from './merge-projections.ts'
import { narrowRecursion } from './narrow-recursion.ts'
import { pruneColumns } from './prune-columns.ts'
import { sinkFilters } from './sink-filters.ts'

export interface Rewrite {
  readonly name: string
  readonly apply: (node: Node) => Node
}

export const rewrites: readonly Rewrite[] = [
  { name: 'narrow-recursion', apply: narrowRecursion },
  { name: 'inner-joins', apply: innerJoins },
  { name: 'sink-filters', apply: sinkFilters },
  { name: 'flatten-joins', apply: flattenJoins },
  { name: 'merge-projections', apply: mergeProjections },
  { name: 'inverse-sums', apply: inverseSums },
  { name: 'array-members', apply: arrayMembers },
  { name: 'first-rows', apply: firstRows },
  { name: 'prune-columns', apply: (node) => pruneColumns(node) },
]

export function normalize(query: Node): Node {
  return rewrites.reduce((node, rewrite) => rewrite.apply(node), query)
}
