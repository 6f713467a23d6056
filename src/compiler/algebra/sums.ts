/**
 * Sums that follow from stored ones and from those of a delta (FIELD a3): SUM as SQL has it, and for numeric the scale that it
 * is shown with.
 */

import { and, ref, sameScalar, sql, TRUE, WEIGHT } from './build.ts'
import type { Accumulator } from './group-rule.ts'
import type { Column, ColumnIds } from './node.ts'
import { FLOAT8_TYPE, INT2, INT4, INT4_TYPE, INT8, INTERVAL, NUMERIC, NUMERIC_TYPE } from './number-types.ts'
import type { Projection } from './operators/project.ts'
import { BOOLEAN, type Scalar, type TypeRef } from './scalar.ts'

/** The columns of a sum: what is stored, and what the deltas add. */
export interface Total {
  readonly column: Column
  readonly delta: Column
}

export function totalOf(type: TypeRef, ids: ColumnIds, name = 'sum'): Total {
  return { column: ids.make(name, type, true), delta: ids.make('dsum', type, true) }
}

/** SUM as SQL has it: NULL while `counted` is 0, and no digits but those of `scales`. */
export function sumAccumulator(
  argument: Scalar,
  conditions: readonly Scalar[],
  { column, delta }: Total,
  counted: Accumulator,
  scales: Accumulator | null,
  ids: ColumnIds,
): Accumulator {
  const { type } = column
  const isInterval = argument.type.oid === INTERVAL
  const finite = isInterval ? [...conditions, sql(BOOLEAN)`isfinite(${argument})`] : conditions
  const deltas: Projection[] = [
    {
      column: delta,
      value: filtered(type, weighted(argument, type), finite, type.oid === INT8 ? '::bigint' : ''),
    },
  ]
  const total = sql(type)`coalesce(${ref(column)} + ${ref(delta)}, ${ref(column)}, ${ref(delta)})`
  let recompute: Scalar | null = null
  if (argument.type.oid === NUMERIC) {
    recompute = sql(
      BOOLEAN,
    )`(${total} IN ('NaN'::numeric, 'Infinity'::numeric, '-Infinity'::numeric)) IS TRUE`
    if (scales) recompute = sql(BOOLEAN)`(${recompute} OR ${scales.combine} >= 1e16016)`
  }
  if (isInterval) {
    const infinite = ids.make('infinite', BOOLEAN, true)
    deltas.push({
      column: infinite,
      value: filtered(BOOLEAN, sql(BOOLEAN)`bool_or(NOT isfinite(${argument}))`, conditions, ''),
    })
    recompute = sql(
      BOOLEAN,
    )`(coalesce(${ref(infinite)}, false) OR NOT coalesce(isfinite(${ref(column)}), true))`
  }
  // The total has every digit of the sum, and of values that left perhaps zeros after them.
  const shown = scales
    ? sql(type)`round(${total}, ${largestScale(scales.combine, either(column, delta))})`
    : total
  return {
    column,
    deltas,
    usual: null,
    combine: sql(type)`CASE WHEN ${counted.combine} = 0 THEN NULL ELSE ${shown} END`,
    scratch: filtered(type, sql(type)`sum(${argument})`, conditions, ''),
    recompute,
    recomputesOften: false,
    implied: null,
    staysImplied: null,
    extremeOf: null,
  }
}

/**
 * How many finite values there are of each scale, as one number of base 10^16: its digit at s counts those of scale s, so
 * the largest scale is seen from its length. 10^16 rows of a group are out of reach, and 16 digits are four of numeric's
 * own. Scales beyond 1000 count as 1001, and have the sum computed anew: no modifier gives one, and round() of
 * PostgreSQL 15 stops at 2000. Mostly all values have one scale: then it is the sum's.
 */
export function scalesAccumulator(
  argument: Scalar,
  conditions: readonly Scalar[],
  sum: Total,
  counted: Accumulator,
  ids: ColumnIds,
): Accumulator {
  const column = ids.make('scales', NUMERIC_TYPE, false)
  const delta = ids.make('dscales', NUMERIC_TYPE, true)
  // scale() of NaN and infinities is NULL. Looked up costs 30 ns a row, read from text 350.
  const one = (value: Scalar) => ofScale(sql(INT4_TYPE)`scale(${value})`)
  const own = either(sum.column, sum.delta)
  const [added] = counted.deltas
  // Of many rows those of other scales than that of a stored sum are counted: to add up a power for each row costs as much
  // as all else that is summed.
  const sample = [
    { column: ids.make('usual', INT4_TYPE, true), value: sql(INT4_TYPE)`scale(${ref(sum.column)})` },
    { column: ids.make('power', NUMERIC_TYPE, true), value: one(ref(sum.column)) },
  ] as const
  const power = sql(NUMERIC_TYPE)`coalesce(${ref(sample[1].column)}, 0)`
  const others = filtered(
    NUMERIC_TYPE,
    summed(sql(NUMERIC_TYPE)`(coalesce(${one(argument)}, 0) - ${power})`, WEIGHT, NUMERIC_TYPE),
    [...conditions, sql(BOOLEAN)`scale(${argument}) IS DISTINCT FROM ${ref(sample[0].column)}`],
    '',
  )
  const usual = added && {
    sample,
    deltas: [
      {
        column: delta,
        value: sql(NUMERIC_TYPE)`(coalesce(${power} * ${added.value}, 0) + coalesce(${others}, 0))`,
      },
    ],
  }
  return {
    column,
    deltas: [
      {
        column: delta,
        value: filtered(NUMERIC_TYPE, summed(one(argument), WEIGHT, NUMERIC_TYPE), conditions, ''),
      },
    ],
    usual: usual ?? null,
    combine: sql(NUMERIC_TYPE)`(coalesce(${ref(column)}, 0) + coalesce(${ref(delta)}, 0))`,
    scratch: sql(
      NUMERIC_TYPE,
    )`coalesce(${filtered(NUMERIC_TYPE, sql(NUMERIC_TYPE)`sum(${one(argument)})`, conditions, '')}, 0)`,
    recompute: null,
    recomputesOften: false,
    implied: sql(NUMERIC_TYPE)`coalesce(${one(ref(sum.column))} * ${ref(counted.column)}, 0)`,
    staysImplied: added
      ? sql(BOOLEAN)`(scale(${own}) <= 1000 AND ${ref(delta)} = ${one(own)} * ${ref(added.column)})`
      : null,
    extremeOf: null,
  }
}

function ofScale(scale: Scalar): Scalar {
  return sql(
    NUMERIC_TYPE,
  )`coalesce((${SCALES})[${scale} + 1], ('1e' || (16 * least(${scale}, 1001))::text)::numeric)`
}

/** The powers of 10^16 for the scales that values have. What power() gives has decimals in PostgreSQL 15. */
const SCALES = sql(
  NUMERIC_TYPE,
)`'{1,1e16,1e32,1e48,1e64,1e80,1e96,1e112,1e128,1e144,1e160,1e176,1e192,1e208,1e224,1e240,1e256,1e272,1e288,1e304,1e320}'::numeric[]`

/**
 * The largest scale that `scales` counts: its length tells, and for the usual ones the powers that it is not below. NULL: still
 * that of `own`, the sum.
 */
function largestScale(scales: Scalar, own: Scalar): Scalar {
  return sql(
    INT4_TYPE,
  )`CASE WHEN ${scales} < 1e336 THEN width_bucket(${scales}, ${SCALES}) - 1 WHEN ${scales} IS NULL THEN scale(${own}) ELSE (length((${scales})::text) - 1) / 16 END`
}

/** The stored sum; of a group that is new, or had no values, the one of the deltas. */
function either(column: Column, delta: Column): Scalar {
  return sql(column.type)`coalesce(${ref(column)}, ${ref(delta)})`
}

/** sum(argument × weight), wide enough that no product overflows. */
function weighted(argument: Scalar, type: TypeRef): Scalar {
  switch (argument.type.oid) {
    case INT2:
    case INT4:
      return sql(type)`sum((${argument})::bigint * ${WEIGHT})`
    case INT8:
      return summed(sql(type)`(${argument})::numeric`, WEIGHT, type)
    case INTERVAL:
      // A product with a float has 53 bits, an interval's time 63.
      return summed(argument, sql(FLOAT8_TYPE)`(${WEIGHT})::double precision`, type)
    case NUMERIC:
      return summed(argument, WEIGHT, type)
    default:
      return sql(type)`sum((${argument}) * ${WEIGHT})`
  }
}

/** Nearly all weights are 1 or −1, and to multiply a numeric costs 75 ns more than to take it as it is. */
function summed(argument: Scalar, factor: Scalar, type: TypeRef): Scalar {
  return sql(
    type,
  )`sum(CASE ${WEIGHT} WHEN 1 THEN ${argument} WHEN -1 THEN -(${argument}) ELSE (${argument}) * ${factor} END)`
}

export function filtered(
  type: TypeRef,
  aggregate: Scalar,
  conditions: readonly Scalar[],
  cast: '' | '::bigint',
): Scalar {
  const where = and(conditions)
  const plain = sameScalar(where, TRUE)
  if (cast === '::bigint')
    return plain
      ? sql(type)`(${aggregate})::bigint`
      : sql(type)`(${aggregate} FILTER (WHERE ${where}))::bigint`
  return plain ? aggregate : sql(type)`${aggregate} FILTER (WHERE ${where})`
}

export function sumType(argument: TypeRef): TypeRef {
  const oid =
    argument.oid === INT2 || argument.oid === INT4 ? INT8 : argument.oid === INT8 ? NUMERIC : argument.oid
  return { oid, typmod: -1, collation: 0 }
}
