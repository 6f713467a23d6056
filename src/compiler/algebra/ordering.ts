/** Orders of rows: what operators that look at rows in a sequence are told. */
import { sameScalar } from './build.ts'
import type { Expression, Scalar } from './scalar.ts'

export interface Ordering {
  readonly value: Scalar
  /** The operator that sorts, as after USING: `OPERATOR(pg_catalog.<)`; null: the type's own. */
  readonly using: string | null
  readonly nullsFirst: boolean
}

/** `(value) USING operator NULLS LAST`, as parts with a hole for the value. */
export function orderingParts({ using, nullsFirst }: Ordering): readonly [string, string] {
  return using === null ? ['(', ')'] : ['(', `) USING ${using} NULLS ${nullsFirst ? 'FIRST' : 'LAST'}`]
}

/** Appends text and holes to an expression. */
export function withTail(call: Expression, tail: readonly string[], args: readonly Scalar[]): Expression {
  const [first = '', ...rest] = tail
  const parts = [...call.parts.slice(0, -1), (call.parts.at(-1) ?? '') + first, ...rest]
  return { ...call, parts, args: [...call.args, ...args] }
}

/** The columns that the orderings read as they are. */
export function orderedColumns(orderings: readonly Ordering[]): ReadonlySet<number> {
  return new Set(orderings.flatMap(({ value }) => (value.kind === 'column' ? [value.id] : [])))
}

/** Without those that sort by what is sorted by before. */
export function distinctOrderings(orderings: readonly Ordering[]): readonly Ordering[] {
  return orderings.filter((each, i) =>
    orderings.slice(0, i).every((before) => !sameScalar(before.value, each.value)),
  )
}

export function sameOrdering(a: Ordering, b: Ordering | undefined): boolean {
  return (
    b !== undefined && a.using === b.using && a.nullsFirst === b.nullsFirst && sameScalar(a.value, b.value)
  )
}
