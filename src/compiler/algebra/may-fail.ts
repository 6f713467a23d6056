import { INT2, INT4, INT8, NUMERIC } from './number-types.ts'
import { type Scalar, scalarArguments, scalarColumns } from './scalar.ts'

const INTEGERS: ReadonlySet<number> = new Set([INT2, INT4, INT8])
const COMPARISONS: ReadonlySet<string> = new Set(['=', '<>', '<', '<=', '>', '>='])
/** Of numeric they overflow at 10^131072 only; integers do much sooner. */
const NUMERIC_ARITHMETIC: ReadonlySet<string> = new Set(['+', '-', '*'])
/** Constructs that answer whatever their arguments are; `rule` is what the compiler writes itself. */
const TOTAL = /^(?:rule|IS NULL|IS NOT NULL|COALESCE|NULLIF|CASE|COLLATE|relabel as .*)$/

/**
 * May the evaluation end in an error, as 1 / 0 does? A query fails only on the rows that it evaluates the scalar for. A
 * term must not do so on rows that neither state has: those that came and went between two refreshes, and pairs of an old
 * row with a new one. What is not known to answer for every row counts as failing.
 */
export function mayFail(scalar: Scalar): boolean {
  // The same in every row: the query fails as well, or does not.
  if (scalarColumns(scalar).size === 0) return false
  return scalarArguments(scalar).some(mayFail) || !isTotal(scalar)
}

/** Given that its arguments do not fail. */
function isTotal(scalar: Scalar): boolean {
  switch (scalar.kind) {
    case 'column':
    case 'constant':
    case 'logic':
      return true
    case 'operator': {
      if (COMPARISONS.has(scalar.sql)) return true
      if (scalar.type.oid === NUMERIC && NUMERIC_ARITHMETIC.has(scalar.sql)) return true
      // By a positive constant: by zero fails, and the least integer by −1.
      const [, divisor] = scalar.args
      return (
        INTEGERS.has(scalar.type.oid) &&
        (scalar.sql === '/' || scalar.sql === '%') &&
        divisor?.kind === 'constant' &&
        /^'\d*[1-9]\d*'/.test(divisor.sql)
      )
    }
    case 'expression': {
      const [argument] = scalar.args
      const widens =
        scalar.construct === 'cast to numeric' && argument !== undefined && INTEGERS.has(argument.type.oid)
      return widens || TOTAL.test(scalar.construct)
    }
  }
}
