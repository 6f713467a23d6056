import type { ScaleUse } from '../algebra/aggregate-functions.ts'
import { type ColumnId, type Scalar, scalarArguments, scalarColumns } from '../algebra/scalar.ts'

/** Numeric operators whose value is the same whatever zeros their operands end in; so is a comparison's. */
const BLIND_OPERATORS: ReadonlySet<string> = new Set(['+', '-', '*', '=', '<>', '<', '<=', '>', '>='])
const BLIND_CONSTRUCTS =
  /^(?:COALESCE|NULLIF|CASE|IS NULL|IS NOT NULL|cast to (?:integer|bigint|smallint|double precision|real))$/
/** The scale of the result is given, so nothing above shows that of the operand. */
const ROUNDING = /^function (?:round|trunc)\(numeric, int(?:eger|4)\)$/

/** What a scalar makes of the scale of a numeric column that it reads. A bare column hides it: the zeros are equal. */
export function scaleUse(scalar: Scalar, id: ColumnId): ScaleUse {
  if (scalar.kind === 'column' || !scalarColumns(scalar).has(id)) return 'hidden'
  if (scalar.kind === 'expression' && ROUNDING.test(scalar.construct)) {
    const inside = scalarArguments(scalar).map((arg) => scaleUse(arg, id))
    return worst(inside)
  }
  if (
    scalar.kind === 'operator' &&
    scalar.sql === '/' &&
    scalar.args.some((arg) => arg.kind === 'column' && arg.id === id)
  )
    return worst(['quotient', ...scalar.args.map((arg) => scaleUse(arg, id))])
  const below = worst(scalarArguments(scalar).map((arg) => scaleUse(arg, id)))
  return isBlind(scalar) ? below : 'shown'
}

function isBlind(scalar: Scalar): boolean {
  switch (scalar.kind) {
    case 'operator':
      return BLIND_OPERATORS.has(scalar.sql)
    case 'expression':
      return BLIND_CONSTRUCTS.test(scalar.construct)
    default:
      return true
  }
}

function worst(uses: readonly ScaleUse[]): ScaleUse {
  if (uses.includes('shown')) return 'shown'
  return uses.includes('quotient') ? 'quotient' : 'hidden'
}
