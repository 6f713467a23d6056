/**
 * Join: inner join of any number of inputs under conjuncts; none is a cross join; no input at all is one empty row.
 *
 * Shape: all columns of all inputs.
 * Keys: the keys of the inputs that equalities do not already fix, together.
 * Class: multilinear.
 * Delta: C being the inputs that changed (Δ is null for the others, and their before and after are the same):
 *   |C| ≤ 4, inclusion–exclusion over states after:  Δ = Σ_{∅≠S⊆C} (−1)^{|S|−1} (⋈_{i∈S} Δᵢ) ⋈ (⋈_{j∉S} after_j)
 *   otherwise telescoping:                           Δ = Σ_{i∈C} (⋈_{j<i} after_j) ⋈ Δᵢ ⋈ (⋈_{j>i} before_j)
 * The first needs no `before`; the second has |C| terms, not 2^|C|−1 (FIELD a1: equal at 4, 4.2 s against 32 ms at 9). Its
 * order is of lookups: what is found by its key comes after what it is found from (TPC-H q8: 150 ms of CPU → 15 ms).
 * A source that is read in three inputs or more: step by step (step-by-step.ts), each step added up.
 * Inputs that store `before` (stages) also telescope, last in the order, where `before` is what is wanted.
 * Several terms have pairs that add up to nothing, of an old row with a new one: what may fail is computed after they are
 * consolidated (an equality is not: without it there is no join). With them goes what adds up to nothing in one input, so
 * its changed rows are not consolidated before (TPC-H q9, 1 % changed: the planner had taken 60,000 of them for 2,000, and
 * compared each with all changed orders).
 * State: none of its own.
 * Cost: the changed rows and those that they meet, a probe for each where the other input has an index on the join
 * columns; without one the input is read whole, and explain_st names the index.
 * Nulls: a conjunct that is NULL drops the pair.
 * Refuses: nothing.
 * Source: DBSP23 Thm 3.4; FIELD a1.
 */
import { mayFail } from '../may-fail.ts'
import type { Key, Node } from '../node.ts'
import type { Differentials, Operator } from '../operator.ts'
import type { ColumnId, Scalar } from '../scalar.ts'
import { operatorOf } from './index.ts'
import { stepByStep } from './step-by-step.ts'
import { addTerms } from './union-all.ts'

export interface Join {
  readonly op: 'join'
  readonly inputs: readonly Node[]
  /** Conjuncts. */
  readonly predicate: readonly Scalar[]
}

/** 2^4 − 1 = 15 terms at most; measured in FIELD a1. */
const INCLUSION_EXCLUSION_LIMIT = 4

export const join: Operator<Join> = {
  op: 'join',
  class: 'multilinear',
  inputs: (node) => node.inputs,
  withInputs: (node, inputs) => ({ ...node, inputs }),
  scalars: (node) => node.predicate,
  columns: (node) => node.inputs.flatMap((input) => operatorOf(input).columns(input)),
  keys: joinKeys,
  differentiate: (node, inputs) => {
    const changed = node.inputs.flatMap((_, i) => (inputs.delta(i) === null ? [] : [i]))
    const storesBefore = changed.some((i) => inputs.stored(i) === 'before')
    const apart =
      changed.length > 1 ? node.predicate.filter((each) => mayFail(each) && !isEquality(each)) : []
    const joined = { ...node, predicate: node.predicate.filter((each) => !apart.includes(each)) }
    const terms =
      stepByStep(joined, inputs, changed) ??
      (changed.length <= INCLUSION_EXCLUSION_LIMIT && !storesBefore
        ? inclusionExclusion(joined, inputs, changed)
        : telescope(joined, inputs, changed))
    const sum = addTerms(join.columns(node), terms)
    if (!sum || changed.length < 2 || !(inputs.strict || apart.length > 0)) return sum
    const net: Node = { op: 'consolidate', input: sum }
    return apart.length === 0 ? net : { op: 'filter', input: net, predicate: apart }
  },
  // A failing equality is computed for pairs.
  settles: (node, changed) =>
    changed > 1 && !node.predicate.some((each) => mayFail(each) && isEquality(each)),
  describe: (node, scalar) =>
    node.inputs.length === 0
      ? 'one row'
      : `join (${node.inputs.length})${node.predicate.length > 0 ? ` ON ${node.predicate.map(scalar).join(' AND ')}` : ''}`,
}

function isEquality(conjunct: Scalar): boolean {
  return conjunct.kind === 'operator' && conjunct.equality
}

function inclusionExclusion(node: Join, inputs: Differentials, changed: readonly number[]): Node[] {
  const terms: Node[] = []
  for (let subset = 1; subset < 1 << changed.length; subset++) {
    const inDelta = new Set(changed.filter((_, bit) => subset & (1 << bit)))
    const term: Join = {
      ...node,
      inputs: node.inputs.map((_, i) => (inDelta.has(i) ? deltaOf(inputs, i) : inputs.after(i))),
    }
    terms.push(inDelta.size % 2 === 1 ? term : { op: 'negate', input: term })
  }
  return terms
}

function telescope(node: Join, inputs: Differentials, changed: readonly number[]): Node[] {
  const lookups = lookupOrder(node)
  const order = [...changed].sort(
    (a, b) =>
      Number(inputs.stored(a) === 'before') - Number(inputs.stored(b) === 'before') ||
      lookups.indexOf(a) - lookups.indexOf(b),
  )
  const rank = new Map(order.map((input, position) => [input, position]))
  return order.map((input, position) => ({
    ...node,
    inputs: node.inputs.map((_, j) => {
      if (j === input) return deltaOf(inputs, j)
      return (rank.get(j) ?? -1) > position ? inputs.before(j) : inputs.after(j)
    }),
  }))
}

/** All inputs, each after those whose rows fix one row of it; those that fix each other's as they come. */
function lookupOrder(node: Join): readonly number[] {
  const inputs = node.inputs.map(joinInput)
  const fixes = inputs.map((_, from) =>
    inputs.map((_, to) => from !== to && isDetermined(inputs, [from], to, node.predicate)),
  )
  const order: number[] = []
  let pending = inputs.map((_, i) => i)
  while (pending.length > 0) {
    const isFirst = (i: number) => pending.every((from) => !fixes[from]?.[i] || fixes[i]?.[from])
    const next = pending.find(isFirst) ?? pending[0] ?? 0
    order.push(next)
    pending = pending.filter((i) => i !== next)
  }
  return order
}

function deltaOf(inputs: Differentials, i: number): Node {
  const delta = inputs.delta(i)
  return delta ?? inputs.after(i)
}

/**
 * The keys of all inputs together identify a row of the join. An input whose key is equated to columns that the other
 * inputs' rows fix adds nothing and is left out (a foreign key to its parent). Inputs are tried in both orders.
 */
function joinKeys(node: Join): readonly Key[] {
  const inputs = node.inputs.map(joinInput)
  if (inputs.some((input) => input.keys.length === 0)) return []
  const found: Key[] = []
  for (const order of [inputs.map((_, i) => i), inputs.map((_, i) => inputs.length - 1 - i)]) {
    let kept = [...order]
    for (const candidate of order) {
      const rest = kept.filter((i) => i !== candidate)
      if (isDetermined(inputs, rest, candidate, node.predicate)) kept = rest
    }
    const choices = kept
      .sort((a, b) => a - b)
      .map((i) => inputs[i]?.keys ?? [])
      .map((keys) => [...keys].sort((a, b) => a.length - b.length)[0] ?? [])
    found.push(choices.flat())
    // Another single-column key of the only input that counts is a key as well.
    const only = kept.length === 1 ? inputs[kept[0] ?? 0]?.keys : undefined
    if (only) found.push(...only)
  }
  const unique = new Map(found.map((key) => [key.join(), key]))
  return [...unique.values()]
}

export interface JoinInput {
  readonly columns: ReadonlySet<ColumnId>
  readonly keys: readonly Key[]
}

function joinInput(input: Node): JoinInput {
  const operator = operatorOf(input)
  return {
    columns: new Set(operator.columns(input).map((column) => column.id)),
    keys: operator.keys(input),
  }
}

/** Do the rows of `from` fix the row of `target`, going from input to input over equalities? */
export function isDetermined(
  inputs: readonly JoinInput[],
  from: readonly number[],
  target: number,
  predicate: readonly Scalar[],
): boolean {
  const equal = equatedColumns(predicate)
  const fixed = new Set(from.flatMap((i) => [...(inputs[i]?.columns ?? [])]))
  const isFixed = (id: ColumnId) =>
    fixed.has(id) || [...(equal.get(id) ?? [])].some((other) => fixed.has(other))
  const pending = new Set(inputs.map((_, i) => i).filter((i) => !from.includes(i)))
  for (let progress = true; progress; ) {
    progress = false
    for (const i of pending) {
      const input = inputs[i]
      if (!input?.keys.some((key) => key.every(isFixed))) continue
      if (i === target) return true
      for (const id of input.columns) fixed.add(id)
      pending.delete(i)
      progress = true
    }
  }
  return false
}

/** column = column among the conjuncts, under the collation the column has itself (else two keys could compare equal). */
export function equatedColumns(predicate: readonly Scalar[]): Map<ColumnId, Set<ColumnId>> {
  const equal = new Map<ColumnId, Set<ColumnId>>()
  for (const conjunct of predicate) {
    if (conjunct.kind !== 'operator' || !conjunct.equality) continue
    const [left, right] = conjunct.args
    if (left?.kind !== 'column' || right?.kind !== 'column') continue
    if (left.type.collation !== right.type.collation || left.type.collation !== conjunct.inputCollation)
      continue
    add(equal, left.id, right.id)
    add(equal, right.id, left.id)
  }
  return equal
}

function add(map: Map<ColumnId, Set<ColumnId>>, from: ColumnId, to: ColumnId): void {
  const set = map.get(from) ?? new Set()
  set.add(to)
  map.set(from, set)
}
