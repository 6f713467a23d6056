import { type ColumnId, mapScalar, type Scalar } from '../algebra/scalar.ts'

/**
 * Columns replaced by the expressions that a projection computes them by. Those read what is below it, where an id may mean
 * another column: they are not replaced again.
 */
export function substitute(scalar: Scalar, computed: ReadonlyMap<ColumnId, Scalar>): Scalar {
  return mapScalar(scalar, (each) => (each.kind === 'column' ? (computed.get(each.id) ?? each) : each))
}
