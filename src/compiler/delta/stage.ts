/**
 * Cutting a query at its stateful operators. Each becomes a stage: it keeps its output in a state table and hands old and
 * new rows upward, so that what lies between two cuts is linear in each leaf and a chain of any depth stays in
 * proportion to the change. Stages are numbered bottom-up: a stage reads only source tables and earlier stages, and a
 * recursion also its own rows.
 */

import {
  type GroupNode,
  isGroupNode,
  isPartitionNode,
  isRecursionNode,
  type Node,
  type PartitionNode,
  type RecursionNode,
} from '../algebra/node.ts'
import { operatorOf } from '../algebra/operators/index.ts'
import type { StageOutput } from '../algebra/operators/read.ts'
import { isSameStage } from './same-stage.ts'

export type Stage = GroupStage | PartitionStage | RecursionStage

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

/** The step term reads the stage's own output, under its number. */
export interface RecursionStage extends Cut {
  readonly kind: 'recursion'
  readonly node: RecursionNode
}

export interface StagedQuery {
  readonly stages: readonly Stage[]
  /** What remains above the last cut. */
  readonly root: Node
}

/** What a stage is a function of. Of a recursion, which reads its own rows too: one step. */
export function inputOf({ node }: Stage): Node {
  if (node.op !== 'recursion') return node.input
  return { op: 'union-all', columns: node.columns, branches: [node.base, node.step] }
}

export function readsSourcesOnly(stage: Stage): boolean {
  const reads = (node: Node): boolean =>
    (node.op === 'read' && node.of.op === 'stage-output' && node.of.stage !== stage.number) ||
    operatorOf(node).inputs(node).some(reads)
  return !reads(inputOf(stage))
}

export function cutIntoStages(query: Node): StagedQuery {
  const stages: Stage[] = []
  const known: { readonly whole: Node; readonly output: StageOutput }[] = []
  const cut = (node: Node): Node => {
    const operator = operatorOf(node)
    const whole = operator.withInputs(node, operator.inputs(node).map(cut))
    if (!isGroupNode(whole) && !isPartitionNode(whole) && !isRecursionNode(whole)) return whole
    const columns = operatorOf(whole).columns(whole)
    const keys = operatorOf(whole).keys(whole)
    // A full join holds each side twice, a WITH query stands wherever it is read: that is one stage.
    const same = known.find((each) => isSameStage(each.whole, whole))
    if (same) {
      const isOwn = columns.every(({ id }, i) => id === same.output.columns[i]?.id)
      const stored = isOwn ? {} : { stored: same.output.columns }
      return {
        op: 'read',
        version: 'after',
        of: { ...same.output, columns, keys, ...partitionOf(whole), ...stored },
      }
    }
    const output: StageOutput = {
      op: 'stage-output',
      stage: stages.length + 1,
      columns,
      keys,
      ...partitionOf(whole),
    }
    stages.push(stageOf(whole, { number: output.stage, output }))
    known.push({ whole, output })
    return { op: 'read', version: 'after', of: output }
  }
  const root = cut(query)
  return { stages, root }
}

function partitionOf(node: Node): Pick<StageOutput, 'partition'> {
  return isPartitionNode(node) && node.partition.keys.length > 0 ? { partition: node.partition.keys } : {}
}

function stageOf(node: GroupNode | PartitionNode | RecursionNode, place: Cut): Stage {
  if (isGroupNode(node)) return { ...place, kind: 'group', node }
  if (isPartitionNode(node)) return { ...place, kind: 'partition', node }
  const { self } = node.recursion
  const numbered = (each: Node): Node => {
    if (each.op === 'read' && each.of.op === 'stage-output' && each.of.stage === self)
      return { ...each, of: { ...each.of, stage: place.number } }
    const operator = operatorOf(each)
    return operator.withInputs(each, operator.inputs(each).map(numbered))
  }
  const step = { ...node.step, input: numbered(node.step.input) }
  return {
    ...place,
    kind: 'recursion',
    node: { ...node, step, recursion: { ...node.recursion, self: place.number } },
  }
}
