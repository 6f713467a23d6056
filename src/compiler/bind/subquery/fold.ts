/** Truth values put into conditions, and what follows from them. */
import { BOOLEAN, type ColumnId, type Constant, type Scalar, scalarArguments } from '../../algebra/scalar.ts'

export const TRUTH = {
  true: { kind: 'constant', sql: 'true', isNull: false, type: BOOLEAN },
  false: { kind: 'constant', sql: 'false', isNull: false, type: BOOLEAN },
  unknown: { kind: 'constant', sql: 'NULL::boolean', isNull: true, type: BOOLEAN },
} as const satisfies Record<string, Constant>

/** AND, OR and NOT over known values, outside of anything else. */
export function fold(scalar: Scalar): Scalar {
  if (scalar.kind !== 'logic') return scalar
  const args = scalar.args.map(fold)
  if (scalar.op === 'not') {
    const [arg] = args
    if (arg && isTruth(arg, 'true')) return TRUTH.false
    if (arg && isTruth(arg, 'false')) return TRUTH.true
    return arg && isTruth(arg, 'unknown') ? arg : { ...scalar, args }
  }
  const [neutral, final] = scalar.op === 'and' ? (['true', 'false'] as const) : (['false', 'true'] as const)
  if (args.some((arg) => isTruth(arg, final))) return TRUTH[final]
  const [first, ...rest] = args.filter((arg) => !isTruth(arg, neutral))
  if (!first) return TRUTH[neutral]
  return rest.length === 0 ? first : { ...scalar, args: [first, ...rest] }
}

export function isTruth(scalar: Scalar, truth: keyof typeof TRUTH): boolean {
  return scalar.kind === 'constant' && scalar.sql === TRUTH[truth].sql
}

/**
 * What a condition that keeps or drops rows makes of a column: `positive`, false and unknown come to the same; `negative`,
 * true and unknown do; null, all three count.
 */
export function polarity(condition: Scalar, id: ColumnId): 'positive' | 'negative' | null {
  const found = new Set<'positive' | 'negative' | null>()
  const visit = (scalar: Scalar, now: 'positive' | 'negative' | null): void => {
    if (scalar.kind === 'column' && scalar.id === id) found.add(now)
    const flipped = now && (now === 'positive' ? 'negative' : 'positive')
    const below = scalar.kind !== 'logic' ? null : scalar.op === 'not' ? flipped : now
    for (const arg of scalarArguments(scalar)) visit(arg, below)
  }
  visit(condition, 'positive')
  const [only = null, ...others] = found
  return others.length === 0 ? only : null
}
