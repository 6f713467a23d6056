/**
 * The walk that turns a query into the term for its delta: each operator's own rule, bottom-up. It knows no operator.
 * `changed` says which leaves may have changed; what depends on none of them has no delta.
 */

import type { Node } from '../algebra/node.ts'
import { operatorOf } from '../algebra/operators/index.ts'
import type { Read } from '../algebra/operators/read.ts'
import type { Scan } from '../algebra/operators/scan.ts'
import { internalError } from '../catalog/error.ts'

export interface Changed {
  relation(oid: number): boolean
  stage(number: number): boolean
}

/** The term for the change of `node`, or null when none of its leaves changed. */
export function differentiate(node: Node, changed: Changed): Node | null {
  const leaf = leafOf(node)
  if (leaf) return isChanged(leaf, changed) ? { op: 'read', version: 'delta', of: leaf } : null
  const operator = operatorOf(node)
  const inputs = operator.inputs(node)
  const input = (i: number): Node => {
    const found = inputs[i]
    if (!found) throw internalError(`${node.op} has no input ${i}`)
    return found
  }
  const deltas = inputs.map((each) => differentiate(each, changed))
  return operator.differentiate(node, {
    delta: (i) => deltas[i] ?? null,
    before: (i) => stateOf(input(i), 'before', changed),
    after: (i) => stateOf(input(i), 'after', changed),
    stored: (i) =>
      leavesOf(input(i)).some((each) => each.op === 'stage-output' && isChanged(each, changed))
        ? 'before'
        : 'after',
  })
}

/** The query over one state of its leaves; a leaf that did not change is read as it is stored. */
export function stateOf(node: Node, version: 'before' | 'after', changed: Changed): Node {
  const leaf = leafOf(node)
  if (leaf) {
    const stored = leaf.op === 'scan' ? 'after' : 'before'
    return { op: 'read', version: isChanged(leaf, changed) ? version : stored, of: leaf }
  }
  const operator = operatorOf(node)
  return operator.withInputs(
    node,
    operator.inputs(node).map((input) => stateOf(input, version, changed)),
  )
}

/** The stored relations that a query reads, each occurrence once. */
export function leavesOf(node: Node): Read['of'][] {
  const leaf = leafOf(node)
  return leaf ? [leaf] : operatorOf(node).inputs(node).flatMap(leavesOf)
}

export function scansOf(node: Node): Scan[] {
  return leavesOf(node).filter((leaf) => leaf.op === 'scan')
}

function leafOf(node: Node): Read['of'] | null {
  if (node.op === 'scan') return node
  return node.op === 'read' ? node.of : null
}

function isChanged(leaf: Read['of'], changed: Changed): boolean {
  return leaf.op === 'scan' ? changed.relation(leaf.relation) : changed.stage(leaf.stage)
}
