/** Variances and standard deviations from N, Σx and Σx², by the steps of numeric_stddev_internal (numeric.c). */

import { ref, sql } from './build.ts'
import type { Accumulator } from './group-rule.ts'
import { INT2, INT4, INT8, NUMERIC, NUMERIC_TYPE } from './number-types.ts'
import type { AggregateCall } from './operators/aggregate.ts'
import { BIGINT, type Scalar } from './scalar.ts'

export const VARIANCES: ReadonlySet<string> = new Set([
  'var_pop',
  'var_samp',
  'variance',
  'stddev_pop',
  'stddev_samp',
  'stddev',
])

/** x², in a type where it cannot overflow. */
export function squareOf(argument: Scalar): Scalar {
  switch (argument.type.oid) {
    case INT2:
    case INT4:
      return sql({ oid: INT8, typmod: -1, collation: 0 })`((${argument})::bigint * (${argument})::bigint)`
    case INT8:
      return sql(NUMERIC_TYPE)`((${argument})::numeric * (${argument})::numeric)`
    default:
      return sql(NUMERIC_TYPE)`((${argument}) * (${argument}))`
  }
}

/**
 * numeric_stddev_internal, step by step: the numerator has twice the scale of the sum, the quotient the scale that division
 * gives it, and the root is rounded to that scale. sqrt() takes at least the scale of its argument; with twice the digits of
 * the root, rounding a second time cannot go another way.
 */
export function variance(
  call: AggregateCall,
  counted: Accumulator,
  sum: Accumulator,
  squares: Accumulator,
  isScaled: boolean,
): Scalar {
  const n = sql(NUMERIC_TYPE)`(${ref(counted.column)})::numeric`
  const s = sumNumeric(sum)
  // Values that left may have left zeros behind; the sum has as many digits as those that are there.
  const s2 = isScaled
    ? sql(NUMERIC_TYPE)`round(${sumNumeric(squares)}, coalesce(2 * scale(${s}), 0))`
    : sumNumeric(squares)
  const numerator = sql(NUMERIC_TYPE)`(${n} * ${s2} - ${s} * ${s})`
  const isSample = call.name !== 'var_pop' && call.name !== 'stddev_pop'
  const least = isSample ? sql(BIGINT)`1` : sql(BIGINT)`0`
  const denominator = isSample
    ? sql(NUMERIC_TYPE)`nullif(${n} * (${n} - 1), 0)`
    : sql(NUMERIC_TYPE)`nullif(${n} * ${n}, 0)`
  const quotient = sql(NUMERIC_TYPE)`(${numerator} / ${denominator})`
  const shown = call.name.startsWith('stddev')
    ? sql(
        NUMERIC_TYPE,
      )`round(sqrt(round(${quotient}, 2 * scale(${quotient}) + length(trunc(${quotient})::text) + 4)), scale(${quotient}))`
    : quotient
  return sql(
    NUMERIC_TYPE,
  )`CASE WHEN ${ref(counted.column)} <= ${least} THEN NULL WHEN ${numerator} = 'NaN'::numeric THEN 'NaN'::numeric WHEN ${numerator} <= 0 THEN 0::numeric ELSE ${shown} END`
}

function sumNumeric({ column }: Accumulator): Scalar {
  return column.type.oid === NUMERIC ? ref(column) : sql(NUMERIC_TYPE)`(${ref(column)})::numeric`
}
