/**
 * Which left rows began or ceased to have a match when the right side changed: L ⋈ τ, with weight +1 or −1 for each.
 *
 * Where equalities f(L) = g(R) are all that joins the sides, τ is a table of values of g: `key-match`. Any other condition is
 * asked for each left row that meets a changed right one: `row-match`. Conditions on one side alone filter that side.
 */
import { ref } from '../build.ts'
import type { Node } from '../node.ts'
import type { Differentials } from '../operator.ts'
import { type ColumnId, type Scalar, scalarColumns } from '../scalar.ts'
import { operatorOf } from './index.ts'
import type { KeyMatch, MatchKey } from './key-match.ts'

/** The columns of a table of keys go by numbers that no column of a query has; nobody sees them but its own join. */
export const FIRST_KEY: ColumnId = 1_000_000

interface Matching {
  readonly left: Node
  readonly right: Node
  readonly predicate: readonly Scalar[]
}

/** Null when no right row changed. `left`: the state of the left side that is wanted. */
export function matchChange(
  { left: leftInput, right: rightInput, predicate }: Matching,
  inputs: Differentials,
  left: Node,
): Node | null {
  const delta = inputs.delta(1)
  if (!delta) return null
  const version = inputs.stored(1)
  const state = version === 'after' ? inputs.after(1) : inputs.before(1)
  const lefts = idsOf(leftInput)
  const rights = idsOf(rightInput)
  const reads = (conjunct: Scalar, ids: ReadonlySet<ColumnId>) =>
    [...scalarColumns(conjunct)].some((id) => ids.has(id))
  const onRight = predicate.filter((each) => !reads(each, lefts))
  const onLeft = predicate.filter((each) => reads(each, lefts) && !reads(each, rights))
  const mixed = predicate.filter((each) => reads(each, lefts) && reads(each, rights))
  const filtered = (input: Node): Node =>
    onRight.length === 0 ? input : { op: 'filter', input, predicate: onRight }
  const keys = mixed.map((each, i) => equated(each, FIRST_KEY + i, lefts, rights))
  if (keys.every((key) => key !== null)) {
    const change: KeyMatch = {
      op: 'key-match',
      delta: filtered(delta),
      state: filtered(state),
      version,
      keys,
    }
    const joined: Node = {
      op: 'join',
      inputs: [left, change],
      predicate: [...onLeft, ...keys.map(({ match }) => match)],
    }
    const outputs = operatorOf(left)
      .columns(left)
      .map((column) => ({ column, value: ref(column) }))
    return { op: 'project', input: joined, outputs }
  }
  const rows = onLeft.length === 0 ? left : ({ op: 'filter', input: left, predicate: onLeft } as const)
  return {
    op: 'row-match',
    left: rows,
    delta: filtered(delta),
    state: filtered(state),
    version,
    predicate: mixed,
  }
}

/** Does the right side ask the same of every left row: is there any row at all? */
export function isApart({ left, right, predicate }: Matching): boolean {
  const [lefts, rights] = [idsOf(left), idsOf(right)]
  return !predicate.some((each) => {
    const read = [...scalarColumns(each)]
    return read.some((id) => lefts.has(id)) && read.some((id) => rights.has(id))
  })
}

function idsOf(node: Node): ReadonlySet<ColumnId> {
  return new Set(
    operatorOf(node)
      .columns(node)
      .map(({ id }) => id),
  )
}

/**
 * `f(L) = g(R)` as a key; null for anything else. Values that are one group are one to this equality as well: it is the
 * type's own, under the collation that g has.
 */
export function equated(
  conjunct: Scalar,
  id: ColumnId,
  lefts: ReadonlySet<ColumnId>,
  rights: ReadonlySet<ColumnId>,
): MatchKey | null {
  if (conjunct.kind !== 'operator' || !conjunct.equality || !/^(?:=|OPERATOR\(.*\.=\))$/.test(conjunct.sql))
    return null
  const isOf = (scalar: Scalar, ids: ReadonlySet<ColumnId>) => {
    const columns = [...scalarColumns(scalar)]
    return columns.length > 0 && columns.every((id) => ids.has(id))
  }
  for (const [f, g] of [[0, 1] as const, [1, 0] as const]) {
    const [left, right] = [conjunct.args[f], conjunct.args[g]]
    if (!left || !right || !isOf(left, lefts) || !isOf(right, rights)) continue
    if (right.type.collation !== conjunct.inputCollation) return null
    const key: Scalar = { kind: 'column', id, type: right.type }
    const args = f === 0 ? [left, key] : [key, left]
    return {
      column: { id, name: 'key', type: right.type, nullable: true },
      value: right,
      match: { ...conjunct, args },
    }
  }
  return null
}
