/**
 * Has a query at most one row? Then LIMIT leaves it as it is, whatever the order: tools write `SELECT count(*) … LIMIT 100`, and
 * object mappers `… WHERE id = other.id LIMIT 1`.
 */
import type { Node } from '../algebra/node.ts'
import { operatorOf } from '../algebra/operators/index.ts'
import { isDetermined } from '../algebra/operators/join.ts'
import { type ColumnId, type Scalar, scalarColumns } from '../algebra/scalar.ts'

/** For each row of the queries around. `above`: conditions that stand over `node`. */
export function hasOneRow(node: Node, above: readonly Scalar[] = []): boolean {
  if (node.op === 'project' && above.length === 0) return hasOneRow(node.input)
  if (node.op === 'filter') return hasOneRow(node.input, [...above, ...node.predicate])
  const nodes = node.op === 'join' ? node.inputs : [node]
  const predicate = node.op === 'join' ? [...above, ...node.predicate] : above
  const inputs = nodes.map((each) => {
    const operator = operatorOf(each)
    return {
      columns: new Set(operator.columns(each).map(({ id }) => id)),
      keys: each !== node && hasOneRow(each) ? [[]] : operator.keys(each),
    }
  })
  const own = new Set(inputs.flatMap(({ columns }) => [...columns]))
  const given = { columns: new Set(predicate.flatMap((each) => givenBy(each, own))), keys: [] }
  return inputs.every((_, i) => isDetermined([...inputs, given], [inputs.length], i, predicate))
}

/** The column that a conjunct equates to what is no column of the query, under the collation it has itself. */
function givenBy(conjunct: Scalar, own: ReadonlySet<ColumnId>): readonly ColumnId[] {
  if (conjunct.kind !== 'operator' || !conjunct.equality) return []
  const isOwn = (scalar: Scalar) => [...scalarColumns(scalar)].some((id) => own.has(id))
  const [left, right] = conjunct.args
  return [
    [left, right],
    [right, left],
  ].flatMap(([column, value]) =>
    column?.kind === 'column' &&
    value &&
    isOwn(column) &&
    !isOwn(value) &&
    column.type.collation === conjunct.inputCollation
      ? [column.id]
      : [],
  )
}
