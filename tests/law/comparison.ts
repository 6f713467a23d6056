import { BOOLEAN } from '../../src/compiler/algebra/scalar.ts'

/** A comparison but for its operator and its arguments. */
export const COMPARISON = {
  kind: 'operator',
  oid: 0,
  equality: false,
  type: BOOLEAN,
  inputCollation: 0,
  strict: true,
  volatility: 'immutable',
} as const
