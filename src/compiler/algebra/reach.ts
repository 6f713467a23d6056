/**
 * How far from its own row a window function looks, in the order of its window: what its frame says, or the offset of lag and
 * lead. Where that is bounded, a changed row changes the results of rows near it and of no others.
 */
import { DATE, FLOAT4, FLOAT8, INT2, INT4, INT8, NUMERIC, TIMESTAMP, TIMESTAMPTZ } from './number-types.ts'
import type { Scalar } from './scalar.ts'

/** So many rows or groups of peers, or all rows whose value is no further than the offset. */
export type Extent =
  | { readonly unit: 'ROWS' | 'GROUPS'; readonly count: number }
  | { readonly unit: 'RANGE'; readonly offset: Scalar }

/** Nothing on a side: no further than the peers of the row. */
export interface Reach {
  readonly before: readonly Extent[]
  readonly after: readonly Extent[]
}

/** The integer that a constant is, also where it was made wider: LIMIT and ROWS take bigint whatever was written. */
export function integerOf(scalar: Scalar): number | null {
  const [widened] = scalar.kind === 'expression' && scalar.parts.join('') === '::bigint' ? scalar.args : []
  if (widened) return integerOf(widened)
  const found =
    scalar.kind === 'constant' ? /^'(-?\d{1,15})'::(?:smallint|integer|bigint)$/.exec(scalar.sql) : null
  return found ? Number(found[1]) : null
}

/** The farthest of each unit; offsets of RANGE are not compared here, so that each of them stays. */
export function farthest(extents: readonly Extent[]): readonly Extent[] {
  const counted = (['ROWS', 'GROUPS'] as const).flatMap((unit): Extent[] => {
    const counts = extents.flatMap((each) => (each.unit === unit ? [each.count] : []))
    const count = Math.max(0, ...counts)
    return count > 0 ? [{ unit, count }] : []
  })
  const ranges = new Map(
    extents.flatMap((each) => (each.unit === 'RANGE' ? [[JSON.stringify(each.offset), each] as const] : [])),
  )
  return [...counted, ...ranges.values()]
}

const NUMBERS: ReadonlySet<number> = new Set([INT2, INT4, INT8, FLOAT4, FLOAT8, NUMERIC])

/**
 * Does a later row's range never begin before an earlier one's? Months do not keep the order of timestamps (one before
 * 30 March 11:00 is later than one before 31 March 10:00), nor days that of timestamps with a zone whose clocks are set back.
 */
export function keepsOrder(type: number, offset: Scalar): boolean {
  if (NUMBERS.has(type)) return true
  if (offset.kind !== 'constant' || offset.isNull) return false
  if (type === DATE) return true
  if (type === TIMESTAMP) return /^'(?:\d+ days ?)?(?:\d+:\d\d:\d\d(?:\.\d+)?)?'::interval/.test(offset.sql)
  return type === TIMESTAMPTZ && /^'\d+:\d\d:\d\d(?:\.\d+)?'::interval/.test(offset.sql)
}
