/** Values as the law tests know them: numbers stand for every numeric type, infinite intervals included. */
export type Value = number | boolean | string | null

/** SQL equality of two values that are not NULL: NaN equals itself, as it does in numeric and in float8. */
export function equal(a: Value, b: Value): boolean {
  return a === b || (Number.isNaN(a) && Number.isNaN(b))
}

/** btree order of two values of one type, none of them NULL: NaN is the greatest number. */
export function compare(a: Value, b: Value): number {
  if (equal(a, b)) return 0
  if (Number.isNaN(a)) return 1
  if (Number.isNaN(b)) return -1
  return a !== null && b !== null && a < b ? -1 : 1
}

/** GREATEST and LEAST, and what max and min are made of: NULLs do not count; all NULL is NULL. */
export function extreme(values: readonly Value[], direction: 1 | -1): Value {
  return values.reduce(
    (best, value) =>
      value !== null && (best === null || compare(value, best) * direction > 0) ? value : best,
    null,
  )
}

/** Text that is the same for equal values and NULLs alike; zero has one sign. */
export function imageOf(values: readonly Value[]): string {
  return values.map((value) => `${typeof value} ${String(value)}`).join('|')
}
