/**
 * How the leaves of a term are read.
 *
 * A refresh: `after` of a source is the live table, its `delta` the CTE over the change buffer, `before` both with the
 * delta's sign turned (UNION ALL with weights: index conditions go through the Append). A stage's `before` is its state
 * table as the statement's snapshot shows it, its `delta` the CTE of old and new output rows.
 * A fill: sources are the live tables, stages the CTEs that compute them from scratch.
 */
import type { Column, Node } from '../algebra/node.ts'
import { type Read, type StageOutput, storedId } from '../algebra/operators/read.ts'
import type { Scan } from '../algebra/operators/scan.ts'
import { internalError } from '../catalog/error.ts'
import { quoteIdentifier } from '../catalog/quote.ts'
import type { CompileRequest } from '../catalog/request.ts'
import type { DeltaFilter } from './delta-filter.ts'
import { deltaColumn, deltaColumns } from './delta-rows.ts'
import { columnName, deltaName } from './names.ts'
import type { Leaves, Printer } from './select.ts'
import { conditions, indent, type Select } from './select-text.ts'

/** Where a stage's stored rows are, and how its output columns are computed from them. */
export interface StageSource {
  /** FROM item without alias. */
  readonly from: string
  readonly output: StageOutput
  /** The output columns of a stored row named `alias`. */
  columns(alias: string): ReadonlyMap<number, string>
}

/** `isBulk`: the deltas are of many rows. `several`: more than one source may have changed. */
export function refreshLeaves(
  stages: ReadonlyMap<number, StageSource>,
  {
    isBulk = false,
    several = true,
    isFitted = false,
    isApart = isFitted,
    filters = new Map(),
  }: {
    readonly isBulk?: boolean
    readonly several?: boolean
    readonly isFitted?: boolean
    readonly isApart?: boolean
    /** What the changes are known to meet, by source. */
    readonly filters?: ReadonlyMap<number, DeltaFilter>
  } = {},
): Leaves {
  return {
    isPlain: false,
    isBulk,
    isFitted,
    isApart,
    perhapsEmpty: ({ of }) => {
      if (of.op === 'stage-output') return stageOutputName(of.stage)
      return several ? deltaName(of.relation) : null
    },
    read: (read, alias, printer) => {
      const { of, version } = read
      if (of.op === 'scan') {
        if (version === 'after') return liveTable(of, alias)
        if (version === 'delta') {
          const changes = scanDelta(of, alias, printer.request, filters.get(of.relation))
          printer.changes.note(of, changes)
          return { ...changes, isUnmeasured: isBulk, isHardlyMeasured: isFitted }
        }
      } else {
        if (version === 'before') return called(storedStage(stageOf(stages, of), alias), of)
        if (version === 'delta') return { ...stageDelta(of, alias), isUnmeasured: isBulk || isFitted }
      }
      return bothWays(read, printer, of.op === 'scan' ? filters.get(of.relation) : undefined)
    },
  }
}

export function fillLeaves(stages: ReadonlyMap<number, StageSource>): Leaves {
  return {
    isPlain: true,
    isBulk: false,
    isWhole: true,
    perhapsEmpty: () => null,
    read: ({ of }, alias) =>
      of.op === 'scan'
        ? liveTable(of, alias)
        : { ...called(storedStage(stageOf(stages, of), alias), of), isUnmeasured: true },
  }
}

function stageOf(stages: ReadonlyMap<number, StageSource>, output: StageOutput): StageSource {
  const found = stages.get(output.stage)
  if (!found) throw internalError(`stage ${output.stage} is read before it is made`)
  return found
}

function liveTable(scan: Scan, alias: (base: string) => string): Select {
  const name = alias(scan.name)
  return {
    from: [`${scan.own ? 'ONLY ' : ''}${scan.sql} AS ${name}`],
    where: [],
    columns: new Map(scan.columns.map((column) => [column.id, `${name}.${quoteIdentifier(column.name)}`])),
    weight: null,
  }
}

function scanDelta(
  scan: Scan,
  alias: (base: string) => string,
  request: CompileRequest,
  filter?: DeltaFilter,
): Select {
  const name = alias(`d_${scan.name}`)
  return {
    from: [`${deltaName(scan.relation)} AS ${name}`],
    where: scan.own ? [`${deltaColumn(request, scan.own, name)} = ${scan.relation}::oid`] : [],
    columns: deltaColumns(request, scan, name),
    weight: `${name}.weight`,
    ...(filter && { filtered: new Set(filter.predicate) }),
  }
}

function storedStage(stage: StageSource, alias: (base: string) => string): Select {
  const name = alias(`stage${stage.output.stage}`)
  return { from: [`${stage.from} AS ${name}`], where: [], columns: stage.columns(name), weight: null }
}

/** The stage's columns as this reader calls them. */
function called(select: Select, output: StageOutput): Select {
  if (!output.stored) return select
  const columns = output.columns.map(({ id }): [number, string] => {
    const text = select.columns.get(storedId(output, id))
    if (text === undefined) throw internalError(`stage ${output.stage} has no column ${id}`)
    return [id, text]
  })
  return { ...select, columns: new Map(columns) }
}

function stageDelta(output: StageOutput, alias: (base: string) => string): Select {
  const name = alias(`d_stage${output.stage}`)
  const stored = output.stored ?? output.columns
  return called(
    {
      from: [`${stageOutputName(output.stage)} AS ${name}`],
      where: [],
      columns: new Map(stored.map((column) => [column.id, `${name}.${columnName(column)}`])),
      weight: `${name}.weight`,
    },
    output,
  )
}

/**
 * The state that is not stored: the stored one plus (a stage's after) or minus (a table's before) the delta. The delta is a
 * subquery of its own: PostgreSQL carries the condition of a probe into each arm of the Append, but not into the scan of a
 * CTE (reparameterize_path), and would then read the table whole (measured: 100,000 rows for one).
 */
function bothWays(read: Read, printer: Printer, filter?: DeltaFilter): Select {
  const columns: readonly Column[] = read.of.columns
  if (read.of.op === 'stage-output' && read.of.keys.some((key) => key.length === 0))
    return oneRow(read, read.of, printer)
  const isScan = read.of.op === 'scan'
  const delta: Node = { ...read, version: 'delta' }
  const arms = [
    { select: passing(printer.select({ ...read, version: isScan ? 'after' : 'before' }), filter), tail: '' },
    { select: printer.select(isScan ? { op: 'negate', input: delta } : delta), tail: '\nOFFSET 0' },
  ].map(({ select, tail }) => printer.arm(select, columns, columns, true, tail))
  const [stored = '', changed = ''] = arms
  const changes = `\nUNION ALL\n(${indent(changed)})`
  const isStage = read.of.op !== 'scan'
  const relation = read.of.op === 'scan' ? read.of.relation : null
  const gone = relation === null ? changes : printer.when([relation], changes)
  const both = printer.derived(`${stored}${gone}`, 'u', columns, true)
  const [union = ''] = both.from
  const alias = union.slice(union.lastIndexOf(') AS '))
  const way = (query: string) => `(${indent(query)}${alias}`
  const ways = { after: way(stored), changes: way(changed), union }
  const name = alias.slice(') AS '.length)
  if (read.of.op === 'scan') printer.changes.note(read.of, both, name)
  return {
    ...both,
    isUnion: true,
    ...(filter && { filtered: new Set(filter.predicate) }),
    ...(isStage && { isUnmeasured: printer.isBulk }),
    from: [relation === null ? printer.apart(ways) : printer.before(relation, name, ways)],
  }
}

/** What every reader asks, asked here: of the changes it was. */
function passing(select: Select, filter?: DeltaFilter): Select {
  return filter
    ? { ...select, where: [...select.where, ...conditions(filter.predicate, select, [select])] }
    : select
}

/**
 * The one row of a stage after the change, as it is: with the stored one, its end and its successor there would be three of it,
 * and 3ⁿ where n such are joined (measured, TPC-DS q9, averages of slices of a table of which all changed: over 2 minutes → 0.9 s).
 */
function oneRow(read: Read, { stage, columns }: StageOutput, printer: Printer): Select {
  const stored = printer.select({ ...read, version: 'before' })
  const delta = printer.select({ ...read, version: 'delta' })
  const kept = {
    ...stored,
    where: [...stored.where, `NOT EXISTS (SELECT FROM ${stageOutputName(stage)})`],
  }
  const came = { ...delta, where: [...delta.where, `${delta.weight} > 0`], weight: null }
  const arms = [kept, came].map((select) => printer.arm(select, columns, columns, false))
  return printer.derived(arms.join('\nUNION ALL\n'), 'u', columns, false)
}

export function stageOutputName(stage: number): string {
  return `stage_${stage}_output`
}
