/**
 * What every reader of a source asks of its rows by themselves. Of many changes only those are kept that pass: kept whole, each
 * term would go through all of them (measured, TPC-H q19 at scale factor 1, 1 % changed: of 60,000 lines 1,300 pass).
 *
 * The planner knows nothing of the values, and would expect one row in 200 of an equality, which is too few where most pass and
 * too many where hardly any do. So a sample says how many in 200 pass, and whether a row does is compared with as many values.
 */
import { mayFail } from '../algebra/may-fail.ts'
import { readsMoment } from '../algebra/moment.ts'
import type { Node } from '../algebra/node.ts'
import { operatorOf } from '../algebra/operators/index.ts'
import type { Scan } from '../algebra/operators/scan.ts'
import { type Scalar, scalarColumns } from '../algebra/scalar.ts'

export interface DeltaFilter {
  readonly scan: Scan
  /** Conjuncts; in the trees of the readers these very objects. */
  readonly predicate: readonly Scalar[]
}

/**
 * By source, of all readers of `nodes`. What may fail is asked only of rows that one of the two states has (differentiate.ts),
 * and what the time is part of is another condition for what was than for what is.
 */
export function deltaFilters(nodes: readonly Node[]): ReadonlyMap<number, DeltaFilter> {
  const filters = new Map<number, DeltaFilter>()
  for (const { scan, predicate } of nodes.flatMap((node) => readers(node, []))) {
    const others = filters.get(scan.relation)
    const asked = others ? others.predicate.filter((each) => predicate.includes(each)) : predicate
    filters.set(scan.relation, { scan, predicate: asked })
  }
  for (const [relation, { predicate }] of filters) if (predicate.length === 0) filters.delete(relation)
  return filters
}

function readers(node: Node, above: readonly Scalar[]): DeltaFilter[] {
  const scan = node.op === 'read' ? node.of : node
  if (scan.op === 'stage-output') return []
  if (scan.op === 'scan') return [{ scan, predicate: above.filter((each) => isOf(scan, each)) }]
  const asked = node.op === 'filter' || node.op === 'join' ? [...above, ...node.predicate] : []
  return operatorOf(node)
    .inputs(node)
    .flatMap((input) => readers(input, asked))
}

function isOf(scan: Scan, scalar: Scalar): boolean {
  if (mayFail(scalar) || readsMoment(scalar) || (scalar.kind === 'operator' && scalar.isRepeated))
    return false
  const columns = [...scalarColumns(scalar)]
  return columns.length > 0 && columns.every((id) => scan.columns.some((column) => column.id === id))
}
