/** Orders of rows: what operators that look at rows in a sequence are told. */
import { type Expression, type Scalar, scalarColumns } from './scalar.ts'

export interface Ordering {
  readonly value: Scalar
  /** The operator that sorts, as after USING: `OPERATOR(pg_catalog.<)`. */
  readonly using: string
  readonly nullsFirst: boolean
}

/** `(value) USING operator NULLS LAST`, as parts with a hole for the value. */
export function orderingParts({ using, nullsFirst }: Ordering): readonly [string, string] {
  // Without the parentheses a whole number would be the place of a column.
  return ['(', `) USING ${using} NULLS ${nullsFirst ? 'FIRST' : 'LAST'}`]
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

/** All columns read by the orderings. */
export function orderingColumns(orderings: readonly Ordering[]): ReadonlySet<number> {
  const read = new Set<number>()
  for (const { value } of orderings) scalarColumns(value, read)
  return read
}
