/** A refresh as the algebra has it, without SQL: stages bottom-up, each by its group rule, then the root. */
import type { GroupRule } from '../../src/compiler/algebra/group-rule.ts'
import type { Node } from '../../src/compiler/algebra/node.ts'
import type { StageOutput } from '../../src/compiler/algebra/operators/read.ts'
import {
  type Changed,
  differentiate,
  differentiateInput,
  stateOf,
} from '../../src/compiler/delta/differentiate.ts'
import { cutIntoStages, type PartitionStage, type RecursionStage } from '../../src/compiler/delta/stage.ts'
import { type Bag, consolidate, imageOfRow, type Row, rowsOf, valueIn } from './bag.ts'
import { evaluate, groupScope, rowScope } from './evaluate.ts'
import { branchRows, columnIds, type Leaves, meaning, rows, type StoredRow, withSelf } from './meaning.ts'
import type { Value } from './value.ts'

/** Group keys and accumulators by the image of the key. */
export type GroupState = ReadonlyMap<string, Row>

/** The state that a rule keeps for these rows. */
export function stateFromScratch(rule: GroupRule, input: Bag): GroupState {
  const state = new Map<string, Row>()
  for (const [image, { keys, group }] of groupsOf(rule, expanded(input)))
    state.set(image, new Map([...keys, ...scratchOf(rule, group)]))
  return state
}

/** The state after a change, from the state before it: what the rule promises is that it equals stateFromScratch(after). */
export function stateAfter(rule: GroupRule, before: GroupState, delta: Bag, after: Bag): GroupState {
  const state = new Map(before)
  const remaining = groupsOf(rule, expanded(after))
  for (const [image, { keys, group }] of groupsOf(rule, delta)) {
    const stored = before.get(image)
    const sums = rule.accumulators
      .flatMap((accumulator) => accumulator.deltas)
      .map(({ column, value }) => [column.id, evaluate(value, groupScope(group))] as const)
    const old = rule.accumulators.map(
      ({ column }) => [column.id, stored ? valueIn(stored, column.id) : null] as const,
    )
    const scope = rowScope(new Map([...keys, ...old, ...sums]))
    const fresh = rule.accumulators.map(({ column, combine, recompute, scratch }) => {
      const again = recompute !== null && evaluate(recompute, scope) === true
      const value = again
        ? evaluate(scratch, groupScope(remaining.get(image)?.group ?? []))
        : evaluate(combine, scope)
      return [column.id, value] as const
    })
    const row = new Map<number, Value>([...keys, ...fresh])
    if (rule.keys.length === 0 || Number(valueIn(row, rule.count.column.id)) > 0) state.set(image, row)
    else state.delete(image)
  }
  return state
}

/** The operator's output for one stored row, in the order of its columns. */
export function outputOf(rule: GroupRule, state: Row): Row {
  const keys = rule.keys.map(({ column }) => [column.id, valueIn(state, column.id)] as const)
  const outputs = rule.outputs.map(
    ({ column, value }) => [column.id, evaluate(value, rowScope(state))] as const,
  )
  return new Map([...keys, ...outputs])
}

function scratchOf(rule: GroupRule, group: Bag): (readonly [number, Value])[] {
  return rule.accumulators.map(({ column, scratch }) => [column.id, evaluate(scratch, groupScope(group))])
}

function expanded(bag: Bag): Bag {
  return rowsOf(bag).map((row) => ({ row, weight: 1 }))
}

function groupsOf(rule: GroupRule, bag: Bag): Map<string, { readonly keys: Row; readonly group: Bag }> {
  const groups = new Map<string, { readonly keys: Row; readonly group: Bag }>()
  if (rule.keys.length === 0) groups.set('', { keys: new Map(), group: bag })
  else
    for (const each of bag) {
      const keys = new Map(
        rule.keys.map(({ column, value }) => [column.id, evaluate(value, rowScope(each.row))]),
      )
      const image = imageOfRow(keys, [...keys.keys()])
      groups.set(image, { keys, group: [...(groups.get(image)?.group ?? []), each] })
    }
  return groups
}

export interface Maintained {
  /** By stage: what the rule made of the old state, and the state from scratch. */
  readonly stages: readonly { readonly maintained: GroupState; readonly scratch: GroupState }[]
  /** The change of the query's result. */
  readonly delta: Bag
}

/** One refresh of `query` after the change that `sources` holds, of the relations that `isChanged` names. */
export function maintain(query: Node, sources: Leaves, isChanged: (relation: number) => boolean): Maintained {
  const { stages, root } = cutIntoStages(query)
  const outputs = new Map<number, Record<'before' | 'after' | 'delta', readonly StoredRow[]>>()
  const leaves: Leaves = {
    rows: (of, version) => {
      if (of.op === 'scan') return sources.rows(of, version)
      const output = outputs.get(of.stage)
      if (!output) throw new Error(`stage ${of.stage} is read before it is made`)
      return output[version]
    },
  }
  const changedStages = new Set<number>()
  const changed: Changed = { relation: isChanged, stage: (number) => changedStages.has(number) }
  const done: { maintained: GroupState; scratch: GroupState }[] = []
  /** Only touched keys are looked at; the others keep what they had. */
  const partitionStage = ({ number, node, output }: PartitionStage) => {
    const before = meaning({ ...node, input: stateOf(node.input, 'before', changed) }, leaves)
    const scratch = meaning({ ...node, input: stateOf(node.input, 'after', changed) }, leaves)
    const term = differentiateInput({ kind: 'partition', number, node, output }, changed)
    const keyOf = (row: Row) => imageOfRow(row, node.partition.keys)
    const touched = new Set(term ? rows(term, leaves).map(({ row }) => keyOf(row)) : [])
    if (term) changedStages.add(number)
    const after = [
      ...before.filter(({ row }) => !touched.has(keyOf(row))),
      ...scratch.filter(({ row }) => touched.has(keyOf(row))),
    ]
    const stored = (bag: Bag, sign: number) =>
      bag.map(({ row, weight }) => storedOutput(output, row, sign * weight))
    const delta = consolidate(
      [...before.map(({ row, weight }) => ({ row, weight: -weight })), ...after],
      output.columns.map(({ id }) => id),
    )
    outputs.set(number, { before: stored(before, 1), after: stored(after, 1), delta: stored(delta, 1) })
    const image = (bag: Bag): GroupState =>
      new Map(bag.map(({ row, weight }) => [`${imageOfRow(row, columnIds(node))} ${weight}`, row]))
    done.push({ maintained: image(after), scratch: image(scratch) })
  }
  /** As emit/recursion-stage.ts: take out what may have lost its reason, derive again what has another. */
  const recursionStage = (stage: RecursionStage) => {
    const { number, node, output } = stage
    const ids = columnIds(node)
    const imageOf = (row: Row) => imageOfRow(row, ids)
    const over = (version: 'before' | 'after'): RecursionStage['node'] => ({
      ...node,
      base: { ...node.base, input: stateOf(node.base.input, version, changed) },
      step: { ...node.step, input: stateOf(node.step.input, version, changed) },
    })
    const now = over('after')
    const before = meaning(over('before'), leaves)
    const scratch = meaning(now, leaves)
    const term = differentiateInput(stage, changed)
    const stored = new Map(before.map((each) => [imageOf(each.row), each]))
    const next = (bag: Bag) => branchRows(node, now.step, withSelf(leaves, node, bag))
    const gone = new Map<string, Bag[number]>()
    let lost = term ? rows(term, withSelf(leaves, node, before)).filter(({ weight }) => weight < 0) : []
    while (lost.length > 0) {
      const found = lost.flatMap(({ row }) => {
        const image = imageOf(row)
        const each = stored.get(image)
        if (!each || gone.has(image)) return []
        gone.set(image, each)
        return [each]
      })
      lost = [...next(found)]
    }
    const kept = before.filter(({ row }) => !gone.has(imageOf(row)))
    const isKept = (row: Row) => stored.has(imageOf(row)) && !gone.has(imageOf(row))
    const again = [...branchRows(node, now.base, leaves), ...next(kept)].filter(({ row }) =>
      gone.has(imageOf(row)),
    )
    const gained = (term ? consolidate(rows(term, withSelf(leaves, node, kept)), ids) : []).filter(
      ({ row, weight }) => weight > 0 && !gone.has(imageOf(row)),
    )
    const fresh: Bag[number][] = []
    const seen = new Set<string>()
    let round: Bag = [...again, ...gained]
    while (round.length > 0) {
      const added = consolidate(round, ids).flatMap(({ row, weight }) => {
        if (!node.recursion.isDistinct) return [{ row, weight }]
        if (isKept(row) || seen.has(imageOf(row))) return []
        seen.add(imageOf(row))
        return [{ row, weight: 1 }]
      })
      fresh.push(...added)
      round = next(added)
    }
    if (term) changedStages.add(number)
    const after = consolidate([...kept, ...fresh], ids)
    const delta = consolidate([...before.map(({ row, weight }) => ({ row, weight: -weight })), ...after], ids)
    const rowsStored = (bag: Bag) => bag.map(({ row, weight }) => storedOutput(output, row, weight))
    outputs.set(number, { before: rowsStored(before), after: rowsStored(after), delta: rowsStored(delta) })
    const image = (bag: Bag): GroupState =>
      new Map(bag.map(({ row, weight }) => [`${imageOf(row)} ${weight}`, row]))
    done.push({ maintained: image(after), scratch: image(consolidate(scratch, ids)) })
  }
  for (const stage of stages) {
    const { number, output } = stage
    if (stage.kind === 'partition') {
      partitionStage(stage)
      continue
    }
    if (stage.kind === 'recursion') {
      recursionStage(stage)
      continue
    }
    const { rule, input } = stage.node
    const before = stateFromScratch(rule, meaning(stateOf(input, 'before', changed), leaves))
    const after = meaning(stateOf(input, 'after', changed), leaves)
    const term = differentiateInput(stage, changed)
    const maintained = term ? stateAfter(rule, before, rows(term, leaves), after) : before
    if (term) changedStages.add(number)
    const stored = (state: GroupState, weight: number) =>
      [...state.values()].map((row) => storedOutput(output, outputOf(rule, row), weight))
    outputs.set(number, {
      before: stored(before, 1),
      after: stored(maintained, 1),
      delta: [...stored(before, -1), ...stored(maintained, 1)],
    })
    done.push({ maintained, scratch: stateFromScratch(rule, after) })
  }
  const term = differentiate(root, changed)
  return { stages: done, delta: term ? meaning(term, leaves) : [] }
}

function storedOutput(output: StageOutput, row: Row, weight: number): StoredRow {
  return { values: output.columns.map((column) => valueIn(row, column.id)), weight }
}
