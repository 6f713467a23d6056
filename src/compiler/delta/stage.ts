/**
 * Cutting a query at its stateful operators. Each becomes a stage: it keeps its output in a state table and hands old and
 * new rows upward, so that what lies between two cuts is linear in each leaf and a chain of any depth stays in
 * proportion to the change. Stages are numbered bottom-up: a stage reads only source tables and earlier stages.
 */

import {
  type GroupNode,
  isGroupNode,
  isPartitionNode,
  type Node,
  type PartitionNode,
} from '../algebra/node.ts'
import { operatorOf } from '../algebra/operators/index.ts'
import type { StageOutput } from '../algebra/operators/read.ts'

export type Stage = GroupStage | PartitionStage

interface Cut {
  readonly number: number
  readonly output: StageOutput
}

/** The operator's input is cut already. */
export interface GroupStage extends Cut {
  readonly kind: 'group'
  readonly node: GroupNode
}

export interface PartitionStage extends Cut {
  readonly kind: 'partition'
  readonly node: PartitionNode
}

export interface StagedQuery {
  readonly stages: readonly Stage[]
  /** What remains above the last cut. */
  readonly root: Node
}

export function cutIntoStages(query: Node): StagedQuery {
  const stages: Stage[] = []
  const known = new Map<string, Node>()
  const cut = (node: Node): Node => {
    const operator = operatorOf(node)
    const whole = operator.withInputs(node, operator.inputs(node).map(cut))
    if (!isGroupNode(whole) && !isPartitionNode(whole)) return whole
    // A full join holds each side twice: the same operator over the same rows is one stage.
    const image = JSON.stringify(whole)
    const same = known.get(image)
    if (same) return same
    const output: StageOutput = {
      op: 'stage-output',
      stage: stages.length + 1,
      columns: operatorOf(whole).columns(whole),
      keys: operatorOf(whole).keys(whole),
    }
    const place = { number: output.stage, output }
    stages.push(
      isGroupNode(whole)
        ? { ...place, kind: 'group', node: whole }
        : { ...place, kind: 'partition', node: whole },
    )
    const read: Node = { op: 'read', version: 'after', of: output }
    known.set(image, read)
    return read
  }
  const root = cut(query)
  return { stages, root }
}
