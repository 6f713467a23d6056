import { type ColumnId, mapScalar, type Scalar } from '../algebra/scalar.ts'

/** Columns replaced by the expressions that compute them, as deep as they go. */
export function substitute(scalar: Scalar, computed: ReadonlyMap<ColumnId, Scalar>): Scalar {
  return mapScalar(scalar, (each) => {
    if (each.kind !== 'column') return each
    const value = computed.get(each.id)
    // A column that stands for itself (passed through a projection) ends the descent.
    if (!value || (value.kind === 'column' && value.id === each.id)) return each
    return substitute(value, computed)
  })
}
