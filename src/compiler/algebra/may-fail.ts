import { FLOAT4, FLOAT8, INT2, INT4, INT8, NUMERIC } from './number-types.ts'
import { type Expression, type Scalar, scalarArguments, scalarColumns } from './scalar.ts'

const INTEGERS: ReadonlySet<number> = new Set([INT2, INT4, INT8])
const COMPARISONS: ReadonlySet<string> = new Set(['=', '<>', '<', '<=', '>', '>='])
/** Of numeric they overflow at 10^131072 only; integers do much sooner. */
const NUMERIC_ARITHMETIC: ReadonlySet<string> = new Set(['+', '-', '*'])
/** Constructs that answer whatever their arguments are; `rule` is what the compiler writes itself. */
const TOTAL = /^(?:rule|IS (?:NOT )?(?:NULL|TRUE|FALSE|UNKNOWN)|COALESCE|NULLIF|CASE|COLLATE|relabel as .*)$/
/** How PostgreSQL's own comparisons with all elements of an array are printed. */
const ARRAY_COMPARISON = /^ (?:=|<>|<|<=|>|>=) (?:ANY|ALL) \($/
const DISTINCT = 'IS DISTINCT FROM'
const LIKE: ReadonlySet<string> = new Set(['~~', '!~~', '~~*', '!~~*'])
/** The default one, C and POSIX. Others may be nondeterministic, for which there is no LIKE before PostgreSQL 18. */
const DETERMINISTIC: ReadonlySet<number> = new Set([100, 950, 951])

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

function isPositive(scalar: Scalar | undefined): boolean {
  if (scalar?.kind === 'expression' && isWidening(scalar)) return isPositive(scalar.args[0])
  return scalar?.kind === 'constant' && /^'[\d.]*[1-9][\d.]*'/.test(scalar.sql)
}

const WIDER: Readonly<Record<number, readonly number[]>> = {
  [INT2]: [INT4, INT8, NUMERIC, FLOAT4, FLOAT8],
  [INT4]: [INT8, NUMERIC, FLOAT4, FLOAT8],
  [INT8]: [NUMERIC, FLOAT4, FLOAT8],
  [FLOAT4]: [FLOAT8],
}

/** A cast to a type that has room for every value: PostgreSQL's own, which nobody can replace. */
export function isWidening({ parts: [before, after], args: [arg, ...others], type }: Expression): boolean {
  const isCast = before === '' && after?.startsWith('::') === true && others.length === 0
  return isCast && arg !== undefined && WIDER[arg.type.oid]?.includes(type.oid) === true
}

/** Given that its arguments do not fail. */
function isTotal(scalar: Scalar): boolean {
  switch (scalar.kind) {
    case 'column':
    case 'constant':
    case 'logic':
      return true
    case 'operator': {
      if (COMPARISONS.has(scalar.sql) || scalar.isRepeated) return true
      if (scalar.type.oid === NUMERIC && NUMERIC_ARITHMETIC.has(scalar.sql)) return true
      if (LIKE.has(scalar.sql) && DETERMINISTIC.has(scalar.inputCollation))
        return isPlainPattern(scalar.args[1])
      // By a positive constant: by zero fails, and the least integer by −1.
      const isDivision = scalar.sql === '/' || scalar.sql === '%'
      const isExact = INTEGERS.has(scalar.type.oid) || scalar.type.oid === NUMERIC
      return isDivision && isExact && isPositive(scalar.args[1])
    }
    case 'expression':
      return isWidening(scalar) || isComparison(scalar) || TOTAL.test(scalar.construct)
  }
}

/** `x = ANY (array)`, and `IS DISTINCT FROM` where no other operator stands for it. */
function isComparison({ construct, parts: [, between = ''] }: Expression): boolean {
  return ARRAY_COMPARISON.test(between) || (construct === DISTINCT && between === ` ${DISTINCT} `)
}

/** A pattern that is known, and escapes nothing: one that ends in a backslash fails where it gets that far. */
function isPlainPattern(scalar: Scalar | undefined): boolean {
  return scalar?.kind === 'constant' && /^'[^\\]*'/.test(scalar.sql) && !scalar.sql.includes('\\')
}
