/**
 * bound-filters: a comparison of rows with one row whose columns nobody else reads is an operator of its own.
 * Law: πL(L ⋈(v < b) B) = σ(v < b)(L, B), B having at most one row. Reason: when B changes, only rows between what it was
 * and what it is change their mind; a join would take away all that passed and add all that pass.
 */
import { mayFail } from '../algebra/may-fail.ts'
import { isGroupNode, isPartitionNode, type Node } from '../algebra/node.ts'
import type { BoundFilter, Compared } from '../algebra/operators/bound-filter.ts'
import { operatorOf } from '../algebra/operators/index.ts'
import type { Join } from '../algebra/operators/join.ts'
import { type ColumnId, type Scalar, scalarColumns } from '../algebra/scalar.ts'

/** `needed`: the columns that are read above, null: all. Null: there is no such comparison. */
export function boundFilters(join: Join, needed: ReadonlySet<ColumnId> | null): Node | null {
  if (!needed) return null
  for (const right of join.inputs) {
    const ids = idsOf(right)
    if (!isOneRow(right) || [...ids].some((id) => needed.has(id))) continue
    const reading = join.predicate.filter((each) => [...scalarColumns(each)].some((id) => ids.has(id)))
    const compared = reading.flatMap((each) => comparison(each, ids) ?? [])
    if (compared.length === 0 || compared.length < reading.length) continue
    const rest: Join = {
      ...join,
      inputs: join.inputs.filter((each) => each !== right),
      predicate: join.predicate.filter((each) => !reading.includes(each)),
    }
    return compared.reduce<Node>((node, each) => filtered(node, right, each), rest)
  }
  return null
}

/** As near to the table as what is compared is at hand. */
function filtered(node: Node, right: Node, compared: Compared): Node {
  const above: BoundFilter = { op: 'bound-filter', left: node, right, ...compared }
  if (node.op !== 'join') return above
  const read = [...scalarColumns(compared.value)]
  const at = node.inputs.findIndex((input) => read.every((id) => idsOf(input).has(id)))
  const inputs = node.inputs.map((left, i): Node => (i === at ? { ...above, left } : left))
  const [only, ...others] = inputs
  if (at < 0 || !only) return above
  if (others.length > 0) return { ...node, inputs }
  return node.predicate.length === 0 ? only : { op: 'filter', input: only, predicate: node.predicate }
}

/** One row of a state, or none. */
function isOneRow(node: Node): boolean {
  if (!isGroupNode(node) && !isPartitionNode(node)) return false
  return operatorOf<Node>(node)
    .keys(node)
    .some((key) => key.length === 0)
}

/** Those whose values have an order. */
const COMPARISONS: ReadonlySet<string> = new Set(['<', '<=', '>', '>='])

function comparison(conjunct: Scalar, ofBound: ReadonlySet<ColumnId>): Compared | null {
  if (conjunct.kind !== 'operator' || !COMPARISONS.has(conjunct.sql) || mayFail(conjunct)) return null
  const [left, right] = conjunct.args
  if (!left || !right) return null
  const isBound = (scalar: Scalar) => {
    const columns = [...scalarColumns(scalar)]
    return columns.length > 0 && columns.every((id) => ofBound.has(id))
  }
  const isValue = (scalar: Scalar) => {
    const columns = [...scalarColumns(scalar)]
    return columns.length > 0 && columns.every((id) => !ofBound.has(id))
  }
  const [value, bound] = isBound(right) ? [left, right] : [right, left]
  if (!isBound(bound) || !isValue(value)) return null
  // The bound will be a subquery, whose collation is never an explicit one.
  const isPlain = [value, bound].every(({ type }) => type.collation === conjunct.inputCollation)
  return isPlain || conjunct.inputCollation === 0 ? { comparison: conjunct, value, bound } : null
}

function idsOf(node: Node): ReadonlySet<ColumnId> {
  return new Set(
    operatorOf(node)
      .columns(node)
      .map(({ id }) => id),
  )
}
