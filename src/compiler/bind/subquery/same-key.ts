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
  const type = typeFacts(request, left.type.oid)
  const equality = operatorFacts(request, type.equality)
  const equal = equals(
    operatorSql(equality),
    [compared(request, left), compared(request, right)],
    equality.oid,
    left.type.collation,
  )
  if (!left.nullable) return [equal]
  const isNull = (column: Column) =>
    isComposite(request, column.type.oid)
      ? sql(BOOLEAN)`(${ref(column)} IS NOT DISTINCT FROM NULL)`
      : sql(BOOLEAN)`(${ref(column)} IS NULL)`
  const either = {
    ...sql(BOOLEAN)`((${equal}) OR (${isNull(left)} AND ${isNull(right)}))`,
    construct: NULL_SAFE,
  }
  if (!type.hashable) return [either]
  // No join is made by an OR, one by hashes is.
  const hash = (column: Column) => ({
    ...sql(BIGINT)`hash_record_extended(ROW(${compared(request, column)}), 0)`,
    construct: NULL_SAFE,
  })
  return [equals('=', [hash(left), hash(right)], 0, 0), either]
}

function compared(request: CompileRequest, column: Column): Scalar {
  const base = comparedType(request, column.type.oid)
  if (!base) return ref(column)
  return expression({
    construct: 'rule',
    parts: ['(', `)::${base.sql}`],
    args: [ref(column)],
    type: { ...column.type, oid: base.oid },
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
