/**
 * Outer join: every row of the left side with each row of the right that meets the condition, or with NULLs where none
 * does (LEFT JOIN). RIGHT JOIN is one with its sides exchanged, FULL JOIN one more the padded anti join of the right
 * side.
 *
 * Shape: the left columns, then the right ones, nullable.
 * Keys: those of the left where it fixes the right row; otherwise with one of the right that holds a column that is
 * never NULL there.
 * Class: threshold.
 * Delta: one side at its state before and the other after:
 *   Δ(L ⟕ R) = (ΔL ⟕ R) ⊎ (L ⋈ ΔR) ⊎ −pad(L ⋈ τ), τ being the change of having a match: match-change.ts.
 * With both changed, terms hold rows that add up to nothing: they are added up first for what may fail above. A condition of
 * the join that may fail itself meets pairs of an old row with a new one; where it then fails the query is computed anew.
 * State: none; whether a row was or is matched is asked of the right side.
 * Cost: the changed rows and those that they meet on the other side, and a probe of the right side for each left row
 * that may have gained or lost its match.
 * Nulls: a condition that is NULL is no match.
 * Refuses: nothing.
 * Source: LarsonZhou07; DBSP23 Thm 3.4.
 */
import { internalError } from '../../catalog/error.ts'
import type { Column, Key, Node } from '../node.ts'
import type { Differentials, Operator } from '../operator.ts'
import type { Scalar } from '../scalar.ts'
import { operatorOf } from './index.ts'
import { isDetermined } from './join.ts'
import { matchChange } from './match-change.ts'
import type { Projection } from './project.ts'
import { addTerms } from './union-all.ts'

export interface OuterJoin {
  readonly op: 'outer-join'
  readonly left: Node
  readonly right: Node
  /** Conjuncts. */
  readonly predicate: readonly Scalar[]
  /** The right columns, those that nobody reads perhaps among them, as the NULLs of a row without a match. */
  readonly nulls: readonly Projection[]
}

export const outerJoin: Operator<OuterJoin> = {
  op: 'outer-join',
  class: 'threshold',
  inputs: (node) => [node.left, node.right],
  withInputs: (node, [left = node.left, right = node.right]) => ({ ...node, left, right }),
  scalars: (node) => node.predicate,
  columns: (node) => [
    ...operatorOf(node.left).columns(node.left),
    ...operatorOf(node.right)
      .columns(node.right)
      .map((column) => ({ ...column, nullable: true })),
  ],
  keys: outerJoinKeys,
  differentiate: (node, inputs) => {
    const columns = outerJoin.columns(node)
    const [deltaLeft, deltaRight] = [inputs.delta(0), inputs.delta(1)]
    const { left, right } = versions(inputs)
    const change = matchChange(node, inputs, left)
    const terms: Node[] = []
    if (deltaLeft) terms.push({ ...node, left: deltaLeft, right })
    if (deltaRight) terms.push({ op: 'join', inputs: [left, deltaRight], predicate: node.predicate })
    if (change)
      terms.push({ op: 'negate', input: { op: 'project', input: change, outputs: padded(node, columns) } })
    return settled(addTerms(columns, terms), inputs)
  },
  describe: (node, scalar) =>
    `outer-join${node.predicate.length > 0 ? ` ON ${node.predicate.map(scalar).join(' AND ')}` : ''}`,
}

/** Without rows that neither state has, where something above may fail on them. */
export function settled(sum: Node | null, inputs: Differentials): Node | null {
  const bothChange = inputs.delta(0) !== null && inputs.delta(1) !== null
  return sum && bothChange && inputs.strict ? { op: 'consolidate', input: sum } : sum
}

/** A left row with NULLs for the right ones. */
export function padded(node: OuterJoin, columns: readonly Column[]): readonly Projection[] {
  const left = operatorOf(node.left).columns(node.left).length
  return columns.map((column, i) => {
    if (i < left) return { column, value: { kind: 'column', id: column.id, type: column.type } }
    const found = node.nulls.find((each) => each.column.id === column.id)
    if (!found) throw internalError(`column ${column.id} has no NULL`)
    return found
  })
}

/**
 * One side is read before the change and one after. The right side should be the one that is stored as it is wanted: rows
 * with weights in it have to be added up for every left row. Where no condition joins the sides (`isApart`) all of it would be
 * added up, while the left side is asked only when the first right row comes or the last one goes.
 */
export function versions(
  inputs: Differentials,
  isApart = false,
): { readonly left: Node; readonly right: Node } {
  const bothChange = inputs.delta(0) !== null && inputs.delta(1) !== null
  const isLeftBefore =
    !bothChange || (inputs.stored(1) === 'after' && (isApart || !meetsSum(inputs.before(0))))
  return isLeftBefore
    ? { left: inputs.before(0), right: inputs.after(1) }
    : { left: inputs.after(0), right: inputs.before(1) }
}

/** Is a right side below read as a stored state and a delta added up? */
function meetsSum(node: Node): boolean {
  if (node.op === 'outer-join' || node.op === 'semi-join' || node.op === 'mark-join')
    return isSum(node.right) || meetsSum(node.left)
  return operatorOf(node).inputs(node).some(meetsSum)
}

function isSum(node: Node): boolean {
  if (node.op === 'read') return node.version === (node.of.op === 'scan' ? 'before' : 'after')
  return operatorOf(node).inputs(node).some(isSum)
}

function outerJoinKeys(node: OuterJoin): readonly Key[] {
  const [left, right] = [node.left, node.right].map((input) => ({
    columns: new Set(
      operatorOf(input)
        .columns(input)
        .map(({ id }) => id),
    ),
    keys: operatorOf(input).keys(input),
  }))
  if (!left || !right || left.keys.length === 0 || right.keys.length === 0) return []
  if (isDetermined([left, right], [0], 1, node.predicate)) return left.keys
  const present = new Set(
    operatorOf(node.right)
      .columns(node.right)
      .filter(({ nullable }) => !nullable)
      .map(({ id }) => id),
  )
  // A row of NULLs must not be taken for the padding.
  const rights = right.keys.filter((key) => key.some((id) => present.has(id)))
  return left.keys.flatMap((key) => rights.map((other) => [...key, ...other])).slice(0, 4)
}
