/** LIMIT for each value of some columns: the rows whose number in the order lies between the places. */

import { ref, sql } from '../../algebra/build.ts'
import type { ColumnIds, Node } from '../../algebra/node.ts'
import { operatorOf } from '../../algebra/operators/index.ts'
import type { Limit } from '../../algebra/operators/limit.ts'
import type { WindowCall } from '../../algebra/operators/window.ts'
import { integerOf } from '../../algebra/reach.ts'
import { BIGINT, BOOLEAN, type ColumnId, type Scalar, scalarColumns } from '../../algebra/scalar.ts'
import { expression } from '../binding.ts'

export function limitByKey(node: Limit, keys: readonly ColumnId[], ids: ColumnIds): Node {
  const { input, order } = node
  const offset = node.offset && notNegative(node.offset, 'OFFSET')
  const count = node.count && notNegative(node.count, 'LIMIT')
  // Of no rows there are no ties.
  const isSome = count && integerOf(count) === null ? sql(BOOLEAN)`(((${count}) > 0) IS NOT FALSE)` : null
  const withTies = node.withTies && (count === null || integerOf(count) !== 0)
  const numbered = (name: string, hasPeers: boolean): WindowCall => ({
    column: ids.make(name, BIGINT, false),
    call: expression({ construct: `window function ${name}`, parts: [`${name}()`], args: [], type: BIGINT }),
    order,
    frame: FRAME,
    hasPeers,
    reach: null,
  })
  const number = numbered('row_number', false)
  const last = withTies ? numbered('rank', true) : number
  const isFixed = [offset, count].every((each) => each === null || scalarColumns(each).size === 0)
  // NULL, which a subquery may give, leaves nothing out.
  const skipped = isFixed ? offset : offset && sql(BIGINT)`coalesce(${offset}, 0)`
  const first: Scalar[] = skipped ? [sql(BOOLEAN)`(${ref(number.column)} > (${skipped}))`] : []
  // Both numbers may be as large as there are any: their sum may not.
  const place = skipped ? sql(BIGINT)`(${ref(last.column)} - (${skipped}))` : ref(last.column)
  const end = endOf(offset, count)
  const isBefore = end ? atMost(ref(last.column), end) : count && atMost(place, count)
  const before = isBefore && (isFixed ? isBefore : sql(BOOLEAN)`(${isBefore} IS NOT FALSE)`)
  const predicate = [...first, ...(before ? [before] : []), ...(withTies && isSome ? [isSome] : [])]
  const window: Node = {
    op: 'window',
    input,
    partition: { keys },
    calls: withTies ? [number, last] : [number],
  }
  const outputs = operatorOf(input)
    .columns(input)
    .map((column) => ({ column, value: ref(column) }))
  return { op: 'project', input: { op: 'filter', input: window, predicate }, outputs }
}

/** The last place as one number, by which the rows behind it need not be kept. */
function endOf(offset: Scalar | null, count: Scalar | null): Scalar | null {
  const [skipped, wanted] = [offset && integerOf(offset), count && integerOf(count)]
  if (skipped === null || wanted === null) return null
  const end = skipped + wanted
  return Number.isSafeInteger(end)
    ? { kind: 'constant', sql: `'${end}'::bigint`, isNull: false, type: BIGINT }
    : null
}

/** PostgreSQL has its own way to say it: a subquery with that place. */
export function notNegative(value: Scalar, clause: 'LIMIT' | 'OFFSET'): Scalar {
  if ((integerOf(value) ?? -1) >= 0) return value
  return expression({
    construct: clause,
    parts: ['CASE WHEN ', ` < 0 THEN (SELECT 1::bigint ${clause} `, ') ELSE ', ' END'],
    args: [value, value, value],
    type: BIGINT,
  })
}

function atMost(place: Scalar, end: Scalar): Scalar {
  return {
    kind: 'operator',
    oid: 0,
    sql: '<=',
    equality: false,
    args: [place, end],
    type: BOOLEAN,
    inputCollation: 0,
    strict: true,
    volatility: 'immutable',
  }
}

const FRAME = expression({
  construct: 'a window frame',
  parts: ['ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW'],
  args: [],
  type: BOOLEAN,
})
