import { ref, sql } from '../algebra/build.ts'
import { isIdentity } from '../algebra/identity.ts'
import type { Column, Node } from '../algebra/node.ts'
import type { AggregateCall } from '../algebra/operators/aggregate.ts'
import type { Projection } from '../algebra/operators/project.ts'
import { BIGINT, BOOLEAN, type ColumnId, type Scalar, type TypeRef } from '../algebra/scalar.ts'
import { groupedRows } from './distinct.ts'
import { imageOf } from './key-image.ts'
import type { Environment } from './query.ts'

const TEXT: TypeRef = { oid: 25, typmod: -1, collation: 100 }

export interface DistinctRows {
  readonly node: Node
  readonly keys: readonly Column[]
  /** For each condition: some row satisfies it. */
  readonly hits: readonly Column[]
}

/**
 * One row per combination of the keys. Where equal keys may look different and one of the ways that are there must be shown,
 * the images are counted below: when the one that is shown has left, they tell another.
 */
export function distinctRows(
  rows: Node,
  keys: readonly Projection[],
  conditions: readonly Scalar[],
  unseen: ReadonlySet<ColumnId>,
  context: Pick<Environment, 'request' | 'ids'>,
): DistinctRows {
  const images = keys.flatMap(({ column, value }) => {
    const image = unseen.has(column.id) ? null : imageOf(value, context.request)
    return image
      ? [{ column: context.ids.make('image', TEXT, false), value: sql(TEXT)`coalesce(${image}, '')` }]
      : []
  })
  const settled = keys.map(({ column }) => column.id)
  if (images.length === 0) return groupedBy(rows, keys, keys.length, conditions, settled, context)
  const below = groupedBy(rows, [...keys, ...images], keys.length, conditions, settled, context)
  const above = keys.map(({ column }, i) => ({
    column: context.ids.make(column.name, column.type, column.nullable),
    value: ref(below.keys[i] ?? column),
  }))
  const seen = above.flatMap(({ column }, i) => (unseen.has(keys[i]?.column.id ?? 0) ? [column.id] : []))
  return groupedBy(below.node, above, keys.length, below.hits.map(ref), seen, context)
}

/** Of the keys the first `shown`. */
function groupedBy(
  rows: Node,
  keys: readonly Projection[],
  shown: number,
  conditions: readonly Scalar[],
  settled: readonly ColumnId[],
  { ids, request }: Pick<Environment, 'request' | 'ids'>,
): DistinctRows {
  const counts = conditions.map((filter): AggregateCall => {
    return { column: ids.make('n', BIGINT, false), name: 'count', args: [], written: null, filter }
  })
  const outputs = keys.slice(0, shown).map(({ column }) => ({
    column: ids.make(column.name, column.type, column.nullable),
    value: ref(column),
  }))
  const hits = counts.map(({ column }) => ({
    column: ids.make('is_counted', BOOLEAN, false),
    value: sql(BOOLEAN)`(${ref(column)} > 0)`,
  }))
  const doubtful = keys.flatMap(({ column }) =>
    settled.includes(column.id) && !isIdentity(request, column) ? [column.id] : [],
  )
  return {
    node: {
      op: 'project',
      input: groupedRows(rows, keys, counts, ids, doubtful),
      outputs: [...outputs, ...hits],
    },
    keys: outputs.map(({ column }) => column),
    hits: hits.map(({ column }) => column),
  }
}
