/** `x = ANY (SELECT …)`: when its test holds for a row, and when it is unknown. */
import { sql } from '../../algebra/build.ts'
import type { Column, Node } from '../../algebra/node.ts'
import { operatorOf } from '../../algebra/operators/index.ts'
import { BOOLEAN, type Scalar, scalarColumns } from '../../algebra/scalar.ts'
import { isComposite } from '../../catalog/composite.ts'
import type { CompileRequest } from '../../catalog/request.ts'
import { operatorSql } from '../facts.ts'

/**
 * Ways for the test to be neither true nor false, of a row for which it is not true; conjuncts each. An equality is unknown
 * where a side is NULL, which a probe can ask for; of anything else only the test itself tells.
 */
export function unknownWays(
  test: readonly Scalar[],
  sides: readonly [Node, Node],
  request: CompileRequest,
): readonly (readonly Scalar[])[] {
  const columns = sides.flatMap((side) => operatorOf(side).columns(side))
  const parts = test.map((each) => nullSides(each, columns, request))
  if (parts.some((part) => part === null) || parts.length > MOST_COLUMNS) {
    const [first, ...rest] = test
    if (!first) return []
    const whole: Scalar = rest.length === 0 ? first : { kind: 'logic', op: 'and', args: test, type: BOOLEAN }
    return [[sql(BOOLEAN)`((${whole}) IS NULL)`]]
  }
  const ways = test.reduce<readonly (readonly Scalar[])[]>(
    (all, each, i) =>
      all.flatMap((way) => [[...way, each], ...(parts[i] ?? []).map((isNull) => [...way, isNull])]),
    [[]],
  )
  return ways.filter((way) => !way.every((each, i) => each === test[i]))
}

/** Of `x <> ALL (…)`, which is `x NOT IN (…)`, the equalities that make it false: an index finds what meets them. */
export function equalitiesOf(test: readonly Scalar[], request: CompileRequest): readonly Scalar[] | null {
  const [only, ...others] = test
  if (!only || others.length > 0) return null
  const parts = only.kind === 'logic' && only.op === 'or' ? only.args : [only]
  const found = parts.flatMap((each) => {
    if (each.kind !== 'operator') return []
    const facts = request.operators[request.operators[each.oid]?.negator ?? 0]
    const isEquality =
      facts?.equality === true && each.args.every(({ type }) => request.types[type.oid]?.equality !== 0)
    return facts && isEquality ? [{ ...each, oid: facts.oid, sql: operatorSql(facts), equality: true }] : []
  })
  return found.length === parts.length ? found : null
}

/** Of more columns there would be too many ways. */
const MOST_COLUMNS = 2

/** Which sides of an equality may be NULL, as conditions; null for a test of another kind. */
function nullSides(
  test: Scalar,
  columns: readonly Column[],
  request: CompileRequest,
): readonly Scalar[] | null {
  if (
    test.kind !== 'operator' ||
    !test.equality ||
    !test.strict ||
    !/^(?:=|OPERATOR\(.*\.=\))$/.test(test.sql)
  )
    return null
  if (test.args.some(({ type }) => isComposite(request, type.oid) || type.oid === RECORD)) return null
  return test.args
    .filter((arg) => arg.kind !== 'column' || columns.find(({ id }) => id === arg.id)?.nullable !== false)
    .filter((arg) => arg.kind !== 'constant' || arg.isNull)
    .map((arg) =>
      scalarColumns(arg).size === 0 && arg.kind === 'constant'
        ? { kind: 'constant', sql: 'true', isNull: false, type: BOOLEAN }
        : sql(BOOLEAN)`((${arg}) IS NULL)`,
    )
}

const RECORD = 2249
