/** ARRAY(SELECT … ORDER BY …): an aggregation without groups, which is the empty array over no rows. */
import { ref } from '../../algebra/build.ts'
import type { Project } from '../../algebra/operators/project.ts'
import type { Ordering } from '../../algebra/ordering.ts'
import type { TypeRef } from '../../algebra/scalar.ts'
import { internalError, unsupported } from '../../catalog/error.ts'
import { expression, Template } from '../binding.ts'
import { groupedRows } from '../distinct.ts'
import { castTypeSql } from '../facts.ts'
import type { Context } from './context.ts'

/** `rows`: the one column of the subquery, and what it is sorted by. */
export function arrayOf(rows: Project, order: readonly Ordering[], { ids, request }: Context): Project {
  const [first] = rows.outputs
  if (!first) throw internalError('a subquery without a column')
  const type = arrayType(first.column.type, request)
  const out = new Template().text('array_agg(').hole(ref(first.column))
  if (order.length > 0) out.text(' ORDER BY ').orderings(order)
  out.text(')')
  const written = expression({ construct: 'aggregate array_agg', parts: out.parts, args: out.args, type })
  const column = ids.make('array_agg', type, true)
  const grouped = groupedRows(
    rows,
    [],
    [{ column, name: 'array_agg', args: out.args, written, filter: null }],
    ids,
  )
  const value = expression({
    construct: 'COALESCE',
    parts: ['coalesce(', `, '{}'::${castTypeSql(request, type.oid)})`],
    args: [ref(column)],
    type,
  })
  return { op: 'project', input: grouped, outputs: [{ column: ids.make('array', type, false), value }] }
}

/** int2vector and oidvector: of the category of arrays, and elements of arrays. */
const VECTORS: ReadonlySet<number> = new Set([22, 30])

/** An array of arrays is one of more dimensions. */
function arrayType({ oid, collation }: TypeRef, request: Context['request']): TypeRef {
  const isArray = request.types[oid]?.category === 'A' && !VECTORS.has(oid)
  const found = isArray
    ? request.types[oid]
    : Object.values(request.types).find((type) => type.element === oid && type.category === 'A')
  if (!found || VECTORS.has(oid))
    throw unsupported(
      'ARRAY over a subquery of this type',
      'Give its values a type that has arrays, ROW(…)::a_type for rows, or aggregate them as JSON: (SELECT jsonb_agg(…) FROM …).',
    )
  return { oid: found.oid, typmod: -1, collation }
}
