import { ref, sql } from '../../algebra/build.ts'
import type { Column } from '../../algebra/node.ts'
import { BIGINT, BOOLEAN, NULL_SAFE, type Operator, type Scalar } from '../../algebra/scalar.ts'
import { comparedType } from '../../catalog/compared-type.ts'
import { isComposite } from '../../catalog/composite.ts'
import type { CompileRequest } from '../../catalog/request.ts'
import { expression } from '../binding.ts'
import { operatorFacts, operatorSql, typeFacts } from '../facts.ts'

/** Conjuncts: two columns of one type have the same value, NULL with NULL alike. */
export function sameKey(request: CompileRequest, left: Column, right: Column): readonly Scalar[] {
  return sameValue(request, ref(left), left.nullable, ref(right))
}

/** Conjuncts: two values of one type are the same; `nullable`: NULL with NULL alike, where the left one may be. */
export function sameValue(
  request: CompileRequest,
  left: Scalar,
  nullable: boolean,
  right: Scalar,
): readonly Scalar[] {
  const type = typeFacts(request, left.type.oid)
  const equality = operatorFacts(request, type.equality)
  const equal = equals(
    operatorSql(equality),
    [compared(request, left), compared(request, right)],
    equality.oid,
    left.type.collation,
  )
  if (!nullable) return [equal]
  const isNull = (value: Scalar) =>
    isComposite(request, value.type.oid)
      ? sql(BOOLEAN)`(${value} IS NOT DISTINCT FROM NULL)`
      : sql(BOOLEAN)`(${value} IS NULL)`
  const either = {
    ...sql(BOOLEAN)`((${equal}) OR (${isNull(left)} AND ${isNull(right)}))`,
    construct: NULL_SAFE,
  }
  if (!type.hashable) return [either]
  // No join is made by an OR, one by hashes is.
  const hash = (value: Scalar) => ({
    ...sql(BIGINT)`hash_record_extended(ROW(${compared(request, value)}), 0)`,
    construct: NULL_SAFE,
  })
  return [equals('=', [hash(left), hash(right)], 0, 0), either]
}

function compared(request: CompileRequest, value: Scalar): Scalar {
  const base = comparedType(request, value.type.oid)
  if (!base) return value
  return expression({
    construct: 'rule',
    parts: ['(', `)::${base.sql}`],
    args: [value],
    type: { ...value.type, oid: base.oid },
  })
}

function equals(operator: string, args: readonly Scalar[], oid: number, inputCollation: number): Operator {
  return {
    kind: 'operator',
    oid,
    sql: operator,
    equality: true,
    args,
    type: BOOLEAN,
    inputCollation,
    strict: true,
    volatility: 'immutable',
  }
}
