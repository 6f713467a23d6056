/**
 * Is every join step of a term a probe? Starting from the delta, each further table must be reached by an equality on the
 * leading column of one of its indexes. Only then may a refresh turn hash and merge joins off; a table that no index
 * serves is better hashed once than scanned once per changed row.
 */
import type { Node } from '../algebra/node.ts'
import { operatorOf } from '../algebra/operators/index.ts'
import type { Read } from '../algebra/operators/read.ts'
import type { Scan } from '../algebra/operators/scan.ts'
import { BOOLEAN, type ColumnId, mapScalar, type Scalar, scalarColumns } from '../algebra/scalar.ts'

/** A join step, or a search for the rows of a group, that no index serves. */
export interface MissingProbe {
  readonly purpose: 'join' | 'group'
  readonly relation: number
  readonly sql: string
  /** Attnums that equalities fix: an index on one of them (first) would make it a probe. */
  readonly columns: readonly number[]
  /** The same, apart by what fixes them: those of one group can be the leading columns of one index. */
  readonly groups: readonly (readonly number[])[]
}

/** The scans in the joins of a term that cannot be probed. */
export function missingProbes(term: Node): readonly MissingProbe[] {
  const below = operatorOf(term).inputs(term).flatMap(missingProbes)
  return term.op === 'join' ? [...stepsWithoutIndex(term.inputs, term.predicate), ...below] : below
}

/** The tables that are read whole to find the rows of a few groups. */
export function missingGroupProbes(input: Node, keys: readonly Scalar[]): readonly MissingProbe[] {
  const nodes = subtree(input)
  if (nodes.some(({ op }) => !['scan', 'filter', 'project', 'join'].includes(op))) return []
  // Ids are unique, so a column is what the projection says that made it.
  const made = new Map(
    nodes.flatMap((node) =>
      node.op === 'project' ? node.outputs.map(({ column, value }) => [column.id, value] as const) : [],
    ),
  )
  const resolve = (scalar: Scalar): Scalar =>
    mapScalar(scalar, (each) => {
      const value = each.kind === 'column' ? made.get(each.id) : undefined
      // A column that is passed on keeps its id.
      return value === undefined ||
        (value.kind === 'column' && each.kind === 'column' && value.id === each.id)
        ? each
        : resolve(value)
    })
  const asked: Scalar = { kind: 'column', id: ASKED, type: BOOLEAN }
  const predicate = [
    ...nodes
      .flatMap((node) => (node.op === 'join' || node.op === 'filter' ? node.predicate : []))
      .map(resolve),
    ...keys.map((key): Scalar => ({ ...EQUALS, args: [resolve(key), asked] })),
  ]
  const scans = nodes.flatMap((node) => (node.op === 'scan' ? [node] : []))
  return unprobed(scans, predicate, new Set([ASKED])).map((each) => ({ ...each, purpose: 'group' }))
}

function subtree(node: Node): Node[] {
  return [node, ...operatorOf(node).inputs(node).flatMap(subtree)]
}

/** Stands for the keys asked for: no column has this id. */
const ASKED: ColumnId = -1

const EQUALS = {
  kind: 'operator',
  oid: 0,
  sql: '=',
  equality: true,
  type: BOOLEAN,
  inputCollation: 0,
  strict: true,
  volatility: 'immutable',
} as const

function stepsWithoutIndex(inputs: readonly Node[], predicate: readonly Scalar[]): MissingProbe[] {
  const scans = inputs.flatMap((input) => (isLiveScan(input) ? [input.of] : []))
  if (scans.length === inputs.length) return []
  const reached = inputs
    .filter((input) => !isLiveScan(input))
    .flatMap((input) =>
      operatorOf(input)
        .columns(input)
        .map(({ id }) => id),
    )
  return unprobed(scans, predicate, new Set(reached))
}

/** The scans that no chain of probes reaches from the columns known at first. */
function unprobed(
  scans: readonly Scan[],
  predicate: readonly Scalar[],
  known: ReadonlySet<ColumnId>,
): MissingProbe[] {
  const reached = new Set(known)
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
    return {
      purpose: 'join',
      relation: scan.relation,
      sql: scan.sql,
      columns,
      groups: fixedTogether(scan, predicate, scans, reached),
    }
  })
}

/**
 * Columns of the scan that equalities fix, one group for each set of other inputs that fixes them; only those that are
 * fixed by what is reached already, if there are such.
 */
function fixedTogether(
  scan: Scan,
  predicate: readonly Scalar[],
  scans: readonly Scan[],
  reached: ReadonlySet<ColumnId>,
): readonly (readonly number[])[] {
  const owner = (id: ColumnId) => scans.findIndex(({ columns }) => columns.some((each) => each.id === id))
  const groups = new Map<string, Set<number>>()
  const all = equalities(scan, predicate)
  const near = all.filter(({ needs }) => needs.every((id) => reached.has(id)))
  for (const { column, needs } of near.length > 0 ? near : all) {
    const by = [...new Set(needs.map(owner))].sort((a, b) => a - b).join(' ')
    const attnum = scan.columns.find(({ id }) => id === column)?.attnum
    if (attnum !== undefined) groups.set(by, (groups.get(by) ?? new Set()).add(attnum))
  }
  return [...groups.values()].map((group) => [...group].sort((a, b) => a - b))
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
  return new Set(
    equalities(scan, predicate)
      .filter(({ needs }) => !reached || needs.every((id) => reached.has(id)))
      .map(({ column }) => column),
  )
}

/** `column = expression over other inputs`, with the columns that the expression needs. */
function equalities(
  scan: Scan,
  predicate: readonly Scalar[],
): readonly { readonly column: ColumnId; readonly needs: readonly ColumnId[] }[] {
  const own = new Set(scan.columns.map(({ id }) => id))
  return predicate.flatMap((conjunct) => {
    if (conjunct.kind !== 'operator' || !conjunct.equality) return []
    const [left, right] = conjunct.args
    if (!left || !right) return []
    return [[left, right] as const, [right, left] as const].flatMap(([side, other]) => {
      if (side.kind !== 'column' || !own.has(side.id)) return []
      const needs = [...scalarColumns(other)]
      return needs.length > 0 && needs.every((id) => !own.has(id)) ? [{ column: side.id, needs }] : []
    })
  })
}
