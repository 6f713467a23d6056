import {
  type Expression,
  type Operator,
  type Scalar,
  scalarArguments,
  scalarVolatility,
} from '../algebra/scalar.ts'
import { CompileError, SQLSTATE, unsupported } from '../catalog/error.ts'

/** The first part, from the left, whose value does not follow from its arguments alone; volatile ones come first. */
export function findUnstable(scalar: Scalar): Expression | Operator | undefined {
  const worst = scalarVolatility(scalar)
  return worst === 'immutable' ? undefined : findVolatility(scalar, worst)
}

function findVolatility(
  scalar: Scalar,
  volatility: 'stable' | 'volatile',
): Expression | Operator | undefined {
  if ((scalar.kind === 'operator' || scalar.kind === 'expression') && scalar.volatility === volatility)
    return scalar
  for (const arg of scalarArguments(scalar)) {
    const found = findVolatility(arg, volatility)
    if (found !== undefined) return found
  }
  return undefined
}

/**
 * Refuses what changes of the sources alone cannot keep up to date: volatile parts for good (in every mode but FULL),
 * stable ones because their value moves with time, user or settings and no change of a source tells.
 */
export function assertMaintainable(scalar: Scalar): void {
  const found = findUnstable(scalar)
  if (found === undefined) return
  const construct = found.kind === 'operator' ? `operator ${found.sql}` : found.construct
  if (found.volatility === 'volatile') {
    throw new CompileError(
      'user',
      SQLSTATE.featureNotSupported,
      construct,
      `volatile ${construct} cannot be maintained`,
      {
        detail:
          'Its value changes from call to call, so rows that were computed earlier cannot be found again.',
        hint: 'Use an immutable expression, or refresh mode FULL or AUTO.',
      },
    )
  }
  throw unsupported(
    construct,
    isByTimeZone(found)
      ? "Name the time zone, as in (… AT TIME ZONE 'UTC')::date, or use refresh mode FULL or AUTO."
      : 'Use an expression that depends on its arguments only, or refresh mode FULL or AUTO.',
    'It is stable, not immutable: its value depends on the time, the user, or session settings.',
  )
}

/** The part of a moment, or one so many days later: of the local time in a named zone it is the same for everybody. */
function isByTimeZone(found: Expression | Operator): boolean {
  return scalarArguments(found).some(({ type }) => type.oid === TIMESTAMPTZ) && PARTS.has(found.type.oid)
}

const TIMESTAMPTZ = 1184

/** date, time, timestamp, timestamptz, interval, and the numbers that extract and date_part give. */
const PARTS: ReadonlySet<number> = new Set([1082, 1083, 1114, TIMESTAMPTZ, 1186, 701, 1700])
