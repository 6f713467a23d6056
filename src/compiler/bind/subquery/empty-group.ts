import { sql } from '../../algebra/build.ts'
import type { AggregateCall } from '../../algebra/operators/aggregate.ts'
import type { Scalar } from '../../algebra/scalar.ts'
import { FULL_HINT, unsupported } from '../../catalog/error.ts'

/** Aggregates of pg_catalog that are a number over no rows; any other is NULL (pg_aggregate.dat, orderedsetaggs.c). */
const NUMBERS: ReadonlyMap<string, '0' | '1'> = new Map([
  ['count', '0'],
  ['regr_count', '0'],
  ['rank', '1'],
  ['dense_rank', '1'],
  ['percent_rank', '0'],
  ['cume_dist', '1'],
])

/**
 * What `value`, the column of a call that is NULL where there is no group, is to a query whose group without rows is a row
 * nevertheless. Null: the column itself.
 */
export function overNoRows({ column, name, written }: AggregateCall, value: Scalar): Scalar | null {
  if (written && !written.parts[0]?.startsWith(`${name}(`))
    throw unsupported(
      `aggregate ${name} in a correlated subquery`,
      FULL_HINT,
      'What it is over no rows is not known.',
    )
  const number = NUMBERS.get(name)
  if (!number) return null
  return number === '0' ? sql(column.type)`coalesce(${value}, 0)` : sql(column.type)`coalesce(${value}, 1)`
}
