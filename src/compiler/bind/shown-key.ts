/**
 * A group shows its key as one of its rows has it, of several ways to write it (1.0 and 1.00). Counted are the rows that
 * surely write it so: as long as there is one nothing has to be looked up when another leaves. Mostly all rows of a group
 * do. Where they did not when the group was read, one is known of; when that leaves the group is read anew.
 */
import { isAlwaysRecomputed } from '../algebra/aggregate-functions.ts'
import { ref, sameScalar, sql, WEIGHT } from '../algebra/build.ts'
import type { Accumulator, GroupRule } from '../algebra/group-rule.ts'
import { isDoubtful } from '../algebra/identity.ts'
import type { ColumnIds, Node } from '../algebra/node.ts'
import { FLOAT4, FLOAT8, NUMERIC } from '../algebra/number-types.ts'
import { operatorOf } from '../algebra/operators/index.ts'
import { withTail } from '../algebra/ordering.ts'
import { BIGINT, BOOLEAN, type Expression, INTEGER, type Scalar, type TypeRef } from '../algebra/scalar.ts'
import { internalError } from '../catalog/error.ts'
import type { CompileRequest } from '../catalog/request.ts'
import { imageOf } from './key-image.ts'

/** Ordered by bytes, which is the fastest: images are told apart, not sorted. */
const TEXT: TypeRef = { oid: 25, typmod: -1, collation: 950 }
const TEXTS: TypeRef = { oid: 1009, typmod: -1, collation: 950 }
const BIGINTS: TypeRef = { oid: 1016, typmod: -1, collation: 0 }

/** When all groups have the keys that they will have: those of subqueries get more of them. */
export function withShownKeys(node: Node, request: CompileRequest, ids: ColumnIds): Node {
  const operator = operatorOf(node)
  const whole = operator.withInputs(
    node,
    operator.inputs(node).map((input) => withShownKeys(input, request, ids)),
  )
  return whole.op === 'aggregate' ? { ...whole, rule: withShownKey(whole.rule, request, ids) } : whole
}

/** The rule with what says whether a group may go on showing its key as it does. */
function withShownKey(rule: GroupRule, request: CompileRequest, ids: ColumnIds): GroupRule {
  const doubtful = rule.keys.filter(({ column }) => isDoubtful(request, rule, column))
  if (doubtful.length === 0 || isAlwaysRecomputed(rule)) return rule
  const shown = doubtful.map(({ column }) => ({
    column: ids.make(column.name, column.type, column.nullable),
    value: ref(column),
  }))
  const values = doubtful.map(({ value }) => value)
  const image = imageOfAll(values, request)
  const filter = whereDoubtful(values)
  const filtered = (call: Expression) => (filter ? withTail(call, [' FILTER (WHERE ', ')'], [filter]) : call)
  const column = ids.make('written_alike', BIGINT, false)
  const images = ids.make('images', TEXTS, true)
  const weights = ids.make('weights', BIGINTS, true)
  const [least, greatest] = [sql(TEXT)`min(${image})`, sql(TEXT)`max(${image})`].map(filtered)
  if (!least || !greatest) throw internalError('a key without an image')
  const change = sql(
    BIGINT,
  )`(SELECT sum(i.weight) FROM unnest(${ref(images)}, ${ref(weights)}) AS i(image, weight) WHERE i.image IS NOT DISTINCT FROM ${imageOfAll(
    shown.map((each) => ref(each.column)),
    request,
  )})`
  const counted = sql(BIGINT)`(coalesce(${ref(column)}, 0) + coalesce(${change}, 0))::bigint`
  const combine = filter
    ? sql(BIGINT)`CASE WHEN ${ref(images)} IS NULL THEN ${rule.count.combine} ELSE ${counted} END`
    : counted
  const accumulator: Accumulator = {
    column,
    deltas: [
      { column: images, value: filtered(sql(TEXTS)`array_agg(${image})`) },
      { column: weights, value: filtered(sql(BIGINTS)`array_agg((${WEIGHT})::bigint)`) },
    ],
    usual: null,
    combine,
    scratch: sql(BIGINT)`CASE WHEN ${least} IS NOT DISTINCT FROM ${greatest} THEN count(*) ELSE 1 END`,
    recompute: sql(BOOLEAN)`(${combine} <= 0)`,
    recomputesOften: false,
    // Where a group is there because of some of its rows it does not follow from their number.
    implied: sameScalar(rule.count.scratch, sql(BIGINT)`count(*)`) ? ref(rule.count.column) : null,
    staysImplied: null,
    extremeOf: null,
  }
  return { ...rule, shown, accumulators: [...rule.accumulators, accumulator] }
}

/** What tells apart how the values are written. */
function imageOfAll(values: readonly Scalar[], request: CompileRequest): Scalar {
  const images = values.map((value) => {
    if (value.type.oid === NUMERIC) return sql(INTEGER)`scale(${value})`
    const image = imageOf(value, request)
    if (!image) throw internalError('a key that is written in one way only')
    return image
  })
  const [first, ...others] = images
  if (!first) throw internalError('no key to tell the image of')
  if (others.length === 0) return first.type.oid === INTEGER.oid ? first : sql(TEXT)`(${first}) COLLATE "C"`
  return {
    kind: 'expression',
    construct: 'rule',
    parts: ['(ROW(', ...others.map(() => ', '), '))::text COLLATE "C"'],
    args: images,
    closed: true,
    type: TEXT,
    volatility: 'immutable',
    strict: false,
  }
}

/** Floats are written in two ways as 0 and −0 only. Null: any value may be. */
function whereDoubtful(values: readonly Scalar[]): Scalar | null {
  if (!values.every(({ type }) => type.oid === FLOAT4 || type.oid === FLOAT8)) return null
  const [first, ...others] = values.map((value) => sql(BOOLEAN)`(${value} = 0)`)
  return first ? others.reduce((any, each) => sql(BOOLEAN)`(${any} OR ${each})`, first) : null
}
