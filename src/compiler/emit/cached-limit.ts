/** Up to how many new rows a refresh runs by a plan that is made once per connection. */

import { isRecursionNode, type Node } from '../algebra/node.ts'
import { operatorOf } from '../algebra/operators/index.ts'
import type { Project } from '../algebra/operators/project.ts'
import type { Stage, StagedQuery } from '../delta/stage.ts'

/**
 * Where a row of the delta meets rows of other tables, the cached plan probes for each. Measured on a join-aggregate over a
 * million rows: planning anew costs 1.5 ms, what 1,000 probes cost.
 */
export const PROBED = 1000

/**
 * Where it has partitions of a join computed anew, each row of these is probed for, whichever changed. Measured on ranks and first
 * rows of joins, 20 to 1,000 rows each: the same at 100 changed rows, 240 to 670 ms → 60 to 120 ms at 600.
 */
const PARTITIONED = 200

/**
 * Where it meets nothing but the row of the stream table that it changes, what is planned anew is the same plan. Measured on
 * aggregates and filters of 100,000 rows: 1 ms saved at 1,000 rows (of 3) and at 10,000 (of 5 to 48). More than that would
 * be counted for nothing.
 */
const ALONE = 10_000

/** Operators of which a row is answered by itself. */
const LINEAR: ReadonlySet<Node['op']> = new Set(['scan', 'read', 'filter', 'project', 'union-all'])

export function cachedLimit({ stages }: StagedQuery, root: Project): number {
  if (stages.some(isOfPartitions)) return PARTITIONED
  return isLinear(root) && stages.every(isAddedUp) ? ALONE : PROBED
}

function isOfPartitions(stage: Stage): boolean {
  return stage.kind === 'partition' && !isLinear(stage.node.input)
}

/** A group's new state follows from its old one and the delta: its rows are not looked for. */
function isAddedUp({ node }: Stage): boolean {
  return (
    !isRecursionNode(node) &&
    'rule' in node &&
    isLinear(node.input) &&
    !node.rule.accumulators.some(({ recompute, recomputesOften }) => recompute && recomputesOften)
  )
}

function isLinear(node: Node): boolean {
  return LINEAR.has(node.op) && operatorOf(node).inputs(node).every(isLinear)
}
