/**
 * The walk that turns a query into the term for its delta: each operator's own rule, bottom-up. It knows no operator.
 * `changed` says which leaves may have changed; what depends on none of them has no delta.
 */

import { mayFail } from '../algebra/may-fail.ts'
import type { Node } from '../algebra/node.ts'
import { operatorOf } from '../algebra/operators/index.ts'
import type { Read } from '../algebra/operators/read.ts'
import type { Scan } from '../algebra/operators/scan.ts'
import { internalError } from '../catalog/error.ts'
import { inputOf, type Stage } from './stage.ts'

export interface Changed {
  relation(oid: number): boolean
  stage(number: number): boolean
}

/**
 * The term for the change of `node`, or null when none of its leaves changed. `strict`: something above it may fail, on a
 * row that came and went between two refreshes as well. A change buffer has such rows, so it is consolidated first; the
 * delta of a stage has none.
 */
export function differentiate(node: Node, changed: Changed, strict = false): Node | null {
  const leaf = leafOf(node)
  if (leaf) {
    if (!isChanged(leaf, changed)) return null
    const delta: Read = { op: 'read', version: 'delta', of: leaf }
    return strict && leaf.op === 'scan' ? { op: 'consolidate', input: delta } : delta
  }
  const operator = operatorOf(node)
  const inputs = operator.inputs(node)
  const input = (i: number): Node => {
    const found = inputs[i]
    if (!found) throw internalError(`${node.op} has no input ${i}`)
    return found
  }
  const strictBelow = strict || operator.scalars(node).some(mayFail)
  const settles = (count: number) => operator.settles?.(node, count) === true
  const deltasOf = (isStrict: boolean) => inputs.map((each) => differentiate(each, changed, isStrict))
  const touched = inputs.filter((each) => leavesOf(each).some((found) => isChanged(found, changed)))
  let deltas = deltasOf(strictBelow && !settles(touched.length))
  // A change of a leaf may come to nothing on its way.
  if (strictBelow && settles(touched.length) && !settles(deltas.filter((each) => each !== null).length))
    deltas = deltasOf(true)
  return operator.differentiate(node, {
    delta: (i) => deltas[i] ?? null,
    before: (i) => stateOf(input(i), 'before', changed),
    after: (i) => stateOf(input(i), 'after', changed),
    stored: (i) =>
      largeLeavesOf(input(i)).some((each) => each.op === 'stage-output' && isChanged(each, changed))
        ? 'before'
        : 'after',
    strict,
  })
}

/** The term for the change of a stage's input. */
export function differentiateInput(stage: Stage, changed: Changed): Node | null {
  const { node } = stage
  const operator = operatorOf<Stage['node']>(node)
  const evaluated = operator.onDelta?.(node) ?? operator.scalars(node)
  // A row that came and went would have what hangs on it derived again.
  const strict = stage.kind === 'recursion' || evaluated.some(mayFail)
  return differentiate(inputOf(stage), changed, strict)
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
    operator.inState?.(node, version) ?? node,
    operator.inputs(node).map((input) => stateOf(input, version, changed)),
  )
}

/** The stored relations that a query reads, each occurrence once. */
export function leavesOf(node: Node): Read['of'][] {
  const leaf = leafOf(node)
  return leaf ? [leaf] : operatorOf(node).inputs(node).flatMap(leavesOf)
}

function largeLeavesOf(node: Node): Read['of'][] {
  const leaf = leafOf(node)
  if (leaf) return [leaf]
  const operator = operatorOf(node)
  return (operator.large?.(node) ?? operator.inputs(node)).flatMap(largeLeavesOf)
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
