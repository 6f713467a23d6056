/** Building scalars: for rules, which say what they mean in SQL with holes, and for the places that combine them. */
import type { Column } from './node.ts'
import {
  BOOLEAN,
  type ColumnRef,
  type Constant,
  type Expression,
  type Scalar,
  type TypeRef,
} from './scalar.ts'

/** The weight of the row at hand, wherever a term has one. Id 0 is never given to a column. */
export const WEIGHT: ColumnRef = { kind: 'column', id: 0, type: { oid: 21, typmod: -1, collation: 0 } }

export const TRUE: Constant = { kind: 'constant', sql: 'true', isNull: false, type: BOOLEAN }

export function ref(column: Column): ColumnRef {
  return { kind: 'column', id: column.id, type: column.type }
}

/** `sql(type)`…${scalar}…`` — an immutable, closed expression; write it so that it needs no parentheses. */
export function sql(type: TypeRef): (parts: TemplateStringsArray, ...args: Scalar[]) => Expression {
  return (parts, ...args) => ({
    kind: 'expression',
    construct: 'rule',
    parts: [...parts],
    args,
    closed: true,
    type,
    volatility: 'immutable',
    strict: false,
  })
}

/** Structural equality; locations and names play no part in scalars. */
export function sameScalar(a: Scalar, b: Scalar): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b)
}

export function and(conjuncts: readonly Scalar[]): Scalar {
  const [first, ...rest] = conjuncts
  if (first === undefined) return TRUE
  return rest.length === 0 ? first : { kind: 'logic', op: 'and', args: conjuncts, type: BOOLEAN }
}
