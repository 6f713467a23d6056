/**
 * Is every join step of a term a probe? Starting from the delta, each further table must be reached by an equality on the
 * leading column of one of its indexes. Only then may a refresh turn hash and merge joins off; a table that no index
 * serves is better hashed once than scanned once per changed row.
 */
import type { Node } from '../algebra/node.ts'
import { operatorOf } from '../algebra/operators/index.ts'
import type { Read } from '../algebra/operators/read.ts'
import type { Scan } from '../algebra/operators/scan.ts'
import { type ColumnId, type Scalar, scalarColumns } from '../algebra/scalar.ts'

/** A join step that no index serves. */
export interface MissingProbe {
  readonly relation: number
  readonly sql: string
  /** Attnums that equalities fix: an index on one of them (first) would make it a probe. */
  readonly columns: readonly number[]
}

/** The scans in the joins of a term that cannot be probed. */
export function missingProbes(term: Node): readonly MissingProbe[] {
  const below = operatorOf(term).inputs(term).flatMap(missingProbes)
  return term.op === 'join' ? [...stepsWithoutIndex(term.inputs, term.predicate), ...below] : below
}

function stepsWithoutIndex(inputs: readonly Node[], predicate: readonly Scalar[]): MissingProbe[] {
  const scans = inputs.flatMap((input) => (isLiveScan(input) ? [input.of] : []))
  if (scans.length === inputs.length) return []
  const reached = new Set<ColumnId>(
    inputs
      .filter((input) => !isLiveScan(input))
      .flatMap((input) =>
        operatorOf(input)
          .columns(input)
          .map(({ id }) => id),
      ),
  )
  const pending = new Set(scans)
  for (let progress = true; progress; ) {
    progress = false
    for (const scan of pending) {
      if (!isProbed(scan, predicate, reached)) continue
      for (const { id } of scan.columns) reached.add(id)
      pending.delete(scan)
      progress = true
    }
  }
  return [...pending].map((scan) => {
    const fixed = fixedColumns(scan, predicate, null)
    const columns = scan.columns.filter(({ id }) => fixed.has(id)).map(({ attnum }) => attnum)
    return { relation: scan.relation, sql: scan.sql, columns }
  })
}

type LiveScan = Read & { readonly of: Scan }

function isLiveScan(node: Node): node is LiveScan {
  return node.op === 'read' && node.of.op === 'scan' && node.version === 'after'
}

function isProbed(scan: Scan, predicate: readonly Scalar[], reached: ReadonlySet<ColumnId>): boolean {
  const fixed = fixedColumns(scan, predicate, reached)
  return scan.indexes.some(([leading]) => leading !== undefined && fixed.has(leading))
}

/** Columns of the scan that an equality fixes from columns already reached (null: from any other input). */
function fixedColumns(
  scan: Scan,
  predicate: readonly Scalar[],
  reached: ReadonlySet<ColumnId> | null,
): ReadonlySet<ColumnId> {
  const own = new Set(scan.columns.map(({ id }) => id))
  const fixed = new Set<ColumnId>()
  for (const conjunct of predicate) {
    if (conjunct.kind !== 'operator' || !conjunct.equality) continue
    const [left, right] = conjunct.args
    if (!left || !right) continue
    for (const [side, other] of [[left, right] as const, [right, left] as const]) {
      if (side.kind !== 'column' || !own.has(side.id)) continue
      const needs = [...scalarColumns(other)]
      if (needs.length > 0 && needs.every((id) => (reached ? reached.has(id) : !own.has(id))))
        fixed.add(side.id)
    }
  }
  return fixed
}
