/**
 * The statements of one stage: sum the delta by group, join it with what is stored, write the difference, hand old and
 * new output rows upward. All of it is CTEs of the one refresh statement, so every part sees the same snapshot, and the
 * state table, read in it, is the state before.
 */
import type { Accumulator } from '../algebra/group-rule.ts'
import type { Column } from '../algebra/node.ts'
import type { Projection } from '../algebra/operators/project.ts'
import type { ColumnId, Scalar } from '../algebra/scalar.ts'
import { internalError } from '../catalog/error.ts'
import type { CompileRequest } from '../catalog/request.ts'
import { type Changed, differentiateInput } from '../delta/differentiate.ts'
import type { GroupStage, Stage } from '../delta/stage.ts'
import { groupMatch, isIdentity, keyImage, otherImage, storedMatch } from './image.ts'
import { type StageSource, stageOutputName } from './leaves.ts'
import { columnName } from './names.ts'
import { partitionQuery } from './partition-text.ts'
import { recursionQuery } from './recursion-text.ts'
import { redone } from './redo.ts'
import { printScalar } from './scalar.ts'
import { cte, indent, inlineCte, operand, type Printer, type Select } from './select.ts'

/** Where a stage keeps its groups: a table of its own, or the stream table when its columns are the accumulators. */
export interface StateTable {
  /** Qualified, quoted. */
  readonly sql: string
  /** What is stored under which (quoted) column name: keys and accumulators at least, but for those kept aside. */
  readonly columns: readonly StoredColumn[]
  readonly aside: Aside | null
}

/** A table of the accumulators that mostly follow from the others: a row for each group in which one does not. */
export interface Aside {
  readonly sql: string
  /** The keys, then `implied`. */
  readonly columns: readonly { readonly column: Column; readonly name: string }[]
  readonly implied: readonly Accumulator[]
}

export interface StoredColumn {
  readonly name: string
  /** Over the stage's keys and accumulators. */
  readonly value: Scalar
}

/** The stored name of a key or accumulator. */
export function storedName(state: StateTable, column: Column): string {
  const found = state.columns.find(({ value }) => value.kind === 'column' && value.id === column.id)
  if (!found) throw internalError(`column ${column.name} is not stored`)
  return found.name
}

/** A stage's stored rows as a leaf for the operators above. */
export function stateSource(stage: Stage, state: StateTable): StageSource {
  return {
    from: state.sql,
    output: stage.output,
    columns: (alias) => {
      const stored = new Map<ColumnId, string>()
      for (const column of storedColumns(stage))
        stored.set(column.id, `${alias}.${storedName(state, column)}`)
      return withOutputs(stage, stored)
    },
  }
}

/** What a stage keeps: of a group its keys and accumulators, of a partition or recursion its output rows. */
export function storedColumns(stage: Stage): readonly Column[] {
  if (stage.kind !== 'group') return stage.output.columns
  const { rule } = stage.node
  return [...rule.keys, ...rule.accumulators].map(({ column }) => column)
}

/** What is stored, and the output columns computed from it. */
export function withOutputs(
  stage: Stage,
  stored: ReadonlyMap<ColumnId, string>,
): ReadonlyMap<ColumnId, string> {
  if (stage.kind !== 'group') return stored
  const all = new Map(stored)
  const select: Select = { from: [], where: [], columns: stored, weight: null }
  for (const { column, value } of stage.node.rule.outputs) all.set(column.id, operand(value, select))
  return all
}

/** What a stage keeps, computed from the input: the content of the state table. */
export function stageFromScratch(stage: Stage, printer: Printer): string {
  if (stage.kind === 'recursion') return recursionQuery(stage.node, printer)
  if (stage.kind === 'partition') return partitionQuery(stage.node, printer.select(stage.node.input), printer)
  const { rule } = stage.node
  const aggregates = rule.accumulators.map(({ column, scratch }) => ({ column, value: scratch }))
  return printer.grouped(printer.select(stage.node.input), rule.keys, aggregates)
}

export interface StageChange {
  /** CTEs in order, each `name AS … ( … )`. */
  readonly ctes: readonly string[]
  /** The names of the CTEs that write, by what they do. */
  readonly inserted: string
  readonly updated: string | null
  readonly deleted: string | null
}

/** The CTEs that bring one stage up to date and give `stage_<n>_output`; null when its input cannot have changed. */
export function stageChange(
  stage: GroupStage,
  state: StateTable,
  changed: Changed,
  printer: Printer,
  withOutput: boolean,
): StageChange | null {
  const term = differentiateInput(stage, changed)
  if (!term) return null
  const { rule } = stage.node
  const { request } = printer
  const name = `stage_${stage.number}`
  const deltas = rule.accumulators.flatMap((accumulator) => accumulator.deltas)
  const input = printer.select(term)
  const summed = printer.grouped(
    input,
    rule.keys,
    deltas,
    doubtfulKeys(request, stage).flatMap(imagesOf(request, input)),
  )

  const before = new Map<ColumnId, string>()
  for (const { column } of rule.keys) before.set(column.id, `d.${columnName(column)}`)
  for (const { column } of deltas) before.set(column.id, `d.${columnName(column)}`)
  const kept = storedAccumulators(stage, state)
  for (const [id, stored] of kept.columns) before.set(id, stored)
  const scope: Select = { from: [], where: [], columns: before, weight: null }
  const redo = redoCondition(stage, state, scope, request)
  const items = [
    ...rule.keys.map(({ column }) => groupKey(request, state, column)),
    's.ctid AS tid',
    ...(state.aside ? ['a.ctid AS aside_tid'] : []),
    ...rule.accumulators.map(({ column }) => `${before.get(column.id)} AS old_${columnName(column)}`),
    ...rule.accumulators.map(
      ({ column, combine }) => `${print(combine, scope)} AS new_${columnName(column)}`,
    ),
    ...(redo ? [`${redo} AS redo`] : []),
  ]
  const keys = rule.keys.map(({ column }) => column)
  const match = (stored: (column: Column) => string) =>
    storedMatch(
      request,
      keys,
      keys.map(stored),
      keys.map((column) => `d.${columnName(column)}`),
    ).join(' AND ') || 'true'
  const { aside } = state
  const change = [
    `SELECT ${items.join(', ')}\nFROM ${name}_delta AS d`,
    `LEFT JOIN ${state.sql} AS s ON ${match((column) => `s.${storedName(state, column)}`)}`,
    ...(aside
      ? [
          `LEFT JOIN ${aside.sql} AS a ON ${match((column) => `a.${asideName(aside, column)}`)}`,
          `CROSS JOIN LATERAL (SELECT ${kept.implied.join(', ')}) AS i`,
        ]
      : []),
  ].join('\n')
  const ctes = [
    inlineCte(`${name}_delta`, summed),
    ...(redo
      ? [
          cte(`${name}_touched`, change),
          cte(`${name}_change`, withRedone(stage, state, `${name}_touched`, changed, printer)),
        ]
      : [cte(`${name}_change`, change)]),
    ...writes(request, stage, state, name),
    ...(aside ? asideWrites(request, stage, aside, name) : []),
    ...(withOutput ? [cte(stageOutputName(stage.number), outputRows(request, stage, name))] : []),
  ]
  const grouped = rule.keys.length > 0
  return {
    ctes,
    inserted: `${name}_inserted`,
    updated: `${name}_updated`,
    deleted: grouped ? `${name}_deleted` : null,
  }
}

/**
 * The key under which a group was shown: as it is stored, where equal keys may look different (1.0 and 1.00). The old
 * output row must be found by what it was.
 */
function groupKey(request: CompileRequest, state: StateTable, column: Column): string {
  const name = columnName(column)
  if (isIdentity(request, column)) return `d.${name}`
  return `CASE WHEN s.ctid IS NULL THEN d.${name} ELSE s.${storedName(state, column)} END AS ${name}`
}

/** Keys whose equal values may look different. */
function doubtfulKeys(request: CompileRequest, stage: GroupStage): readonly Projection[] {
  return stage.node.rule.keys.filter(({ column }) => !isIdentity(request, column))
}

/** How a key is written in the rows of a group's delta, with their weights. */
function imagesOf(request: CompileRequest, input: Select): (key: Projection) => string[] {
  return ({ column, value }) => {
    const name = columnName(column)
    const { image, condition } = keyImage(request, column, operand(value, input))
    const filter = condition === null ? '' : ` FILTER (WHERE ${condition})`
    return [
      `array_agg(${image})${filter} AS ${name}_images`,
      `array_agg(${input.weight ?? '1'})${filter} AS ${name}_weights`,
    ]
  }
}

/**
 * Must a group be computed anew? Where an accumulator says so, and where the rows that its key was written like may all
 * have left: a group shows its key as one of its rows has it. Never for a group that is gone. Null: no group ever.
 */
function redoCondition(
  stage: GroupStage,
  state: StateTable,
  scope: Select,
  request: CompileRequest,
): string | null {
  const { rule } = stage.node
  const doubts = doubtfulKeys(request, stage).map(({ column }) => {
    const name = columnName(column)
    const { image } = keyImage(request, column, `s.${storedName(state, column)}`)
    return `CASE WHEN s.ctid IS NULL THEN 0 > ANY (d.${name}_weights) ELSE (
    SELECT sum(i.weight) FROM unnest(d.${name}_images, d.${name}_weights) AS i(image, weight) WHERE i.image IS NOT DISTINCT FROM ${image}
  ) < 0 END`
  })
  const asked = rule.accumulators.flatMap(({ recompute }) => (recompute ? [print(recompute, scope)] : []))
  const any = [...asked, ...doubts].map((condition) => `(${condition}) IS TRUE`).join(' OR ')
  if (any === '') return null
  return rule.keys.length === 0 ? `(${any})` : `(${print(rule.count.combine, scope)} > 0 AND (${any}))`
}

/** `stage_n_touched` with what was computed anew put in its place. */
function withRedone(
  stage: GroupStage,
  state: StateTable,
  touched: string,
  changed: Changed,
  printer: Printer,
): string {
  const { request } = printer
  const { rule } = stage.node
  const again = redone(stage, touched, changed, printer)
  const items = [
    ...rule.keys.flatMap(({ column }) => {
      const name = columnName(column)
      return isIdentity(request, column)
        ? [`t.${name}`]
        : [`t.${name}`, `CASE WHEN t.redo THEN ${again.column(column)} ELSE t.${name} END AS new_${name}`]
    }),
    't.tid',
    ...(state.aside ? ['t.aside_tid'] : []),
    ...rule.accumulators.map(({ column }) => `t.old_${columnName(column)}`),
    ...rule.accumulators.map(({ column, recompute }) => {
      const name = `new_${columnName(column)}`
      return recompute
        ? `CASE WHEN t.redo THEN ${again.column(column)} ELSE t.${name} END AS ${name}`
        : `t.${name}`
    }),
  ]
  const match = groupMatch(
    request,
    rule.keys.map(({ column }) => column),
    rule.keys.map(({ column }) => `t.${columnName(column)}`),
    rule.keys.map(({ column }) => again.column(column)),
  )
  return `SELECT ${items.join(', ')}\nFROM ${touched} AS t\nLEFT JOIN ${again.from} ON ${['t.redo', ...match].join(' AND ')}`
}

/** Groups that died, changed, appeared. Found by ctid: `stage_n_change` has looked them up already. */
function writes(request: CompileRequest, stage: GroupStage, state: StateTable, name: string): string[] {
  const { rule } = stage.node
  const alive = `c.new_${columnName(rule.count.column)} > 0`
  const grouped = rule.keys.length > 0
  const fresh = stageRow(request, stage, 'new', 'c')
  const old = stageRow(request, stage, 'old', 'c')
  const doubtful = doubtfulKeys(request, stage).map(({ column }) => column)
  const isConstant = ({ value }: StoredColumn) =>
    value.kind === 'column' &&
    rule.keys.some(({ column }) => column.id === value.id) &&
    !doubtful.some(({ id }) => id === value.id)
  const values = state.columns.filter((column) => !isConstant(column))
  const assignments = values.map((column) => `${column.name} = ${print(column.value, fresh)}`)
  const compared = [...doubtful, ...rule.accumulators.map(({ column }) => column)].filter(
    (column) => !state.aside?.implied.some((each) => each.column === column),
  )
  const differs = otherImage(
    request,
    compared,
    compared.map((column) => print(refOf(column), old)),
    compared.map((column) => print(refOf(column), fresh)),
  )
  const inserts = `INSERT INTO ${state.sql} (${state.columns.map((column) => column.name).join(', ')})
SELECT ${state.columns.map((column) => print(column.value, fresh)).join(', ')}
FROM ${name}_change AS c
WHERE c.tid IS NULL${grouped ? ` AND ${alive}` : ''}
RETURNING 1`
  const updates = `UPDATE ${state.sql} AS s SET ${assignments.join(', ')}
FROM ${name}_change AS c
WHERE s.ctid = c.tid AND ${grouped ? `${alive} AND ` : ''}${differs}
RETURNING 1`
  const deletes = `DELETE FROM ${state.sql} AS s
USING ${name}_change AS c
WHERE s.ctid = c.tid AND NOT ${alive}
RETURNING 1`
  return [
    `${name}_inserted AS (\n  ${indent(inserts)}\n)`,
    `${name}_updated AS (\n  ${indent(updates)}\n)`,
    ...(grouped ? [`${name}_deleted AS (\n  ${indent(deletes)}\n)`] : []),
  ]
}

interface StoredAccumulators {
  readonly columns: ReadonlyMap<ColumnId, string>
  /** Select items: what is kept aside, as `i`. */
  readonly implied: readonly string[]
}

/** The accumulators of the group stored as `s`, and as `a` where they do not follow from the others. */
function storedAccumulators(stage: GroupStage, state: StateTable): StoredAccumulators {
  const { aside } = state
  const stored = new Map<ColumnId, string>()
  for (const { column } of stage.node.rule.accumulators)
    if (!aside?.implied.some((each) => each.column === column))
      stored.set(column.id, `s.${storedName(state, column)}`)
  const texts = new Map(stored)
  const implied: string[] = []
  for (const { column, implied: guess } of aside?.implied ?? []) {
    if (!aside || !guess) continue
    const text = print(guess, { from: [], where: [], columns: texts, weight: null })
    const either = `coalesce(a.${asideName(aside, column)}, ${text})`
    texts.set(column.id, either)
    stored.set(column.id, `i.${columnName(column)}`)
    implied.push(`CASE WHEN s.ctid IS NOT NULL THEN ${either} END AS ${columnName(column)}`)
  }
  return { columns: stored, implied }
}

function asideName(aside: Aside, column: Column): string {
  return aside.columns.find((each) => each.column === column)?.name ?? ''
}

/** Does the row of a group belong aside? Over the columns of `scope`. */
export function isApart(request: CompileRequest, aside: Aside, scope: Select): string {
  return otherImage(
    request,
    aside.implied.map(({ column }) => column),
    aside.implied.map(({ column }) => print(refOf(column), scope)),
    aside.implied.map(({ column, implied }) => print(implied ?? refOf(column), scope)),
  )
}

function asideWrites(request: CompileRequest, stage: GroupStage, aside: Aside, name: string): string[] {
  const { rule } = stage.node
  const fresh = stageRow(request, stage, 'new', 'c')
  const old = stageRow(request, stage, 'old', 'c')
  const implied = aside.implied.map(({ column }) => column)
  const alive = rule.keys.length > 0 ? `c.new_${columnName(rule.count.column)} > 0 AND ` : ''
  const stays = `${alive}${isApart(request, aside, fresh)}`
  const differs = otherImage(
    request,
    implied,
    implied.map((column) => print(refOf(column), old)),
    implied.map((column) => print(refOf(column), fresh)),
  )
  const keys = rule.keys.map(({ column }) => asideName(aside, column))
  const upserts = `INSERT INTO ${aside.sql} (${aside.columns.map((column) => column.name).join(', ')})
SELECT ${aside.columns.map(({ column }) => print(refOf(column), fresh)).join(', ')}
FROM ${name}_change AS c
WHERE ${stays} AND (c.aside_tid IS NULL OR ${differs})
ON CONFLICT (${keys.join(', ') || '(true)'}) DO UPDATE SET ${implied.map((column) => `${asideName(aside, column)} = EXCLUDED.${asideName(aside, column)}`).join(', ')}`
  const deletes = `DELETE FROM ${aside.sql} AS a
USING ${name}_change AS c
WHERE a.ctid = c.aside_tid AND (${stays}) IS NOT TRUE`
  return [
    `${name}_apart AS (\n  ${indent(upserts)}\n)`,
    `${name}_again_implied AS (\n  ${indent(deletes)}\n)`,
  ]
}

/** What the operators above see of the change: every touched group's old row with −1, its new row with +1. */
function outputRows(request: CompileRequest, stage: GroupStage, name: string): string {
  const { rule } = stage.node
  const rows = (version: 'old' | 'new', weight: number) => {
    const scope = stageRow(request, stage, version, 'c')
    const items = stage.output.columns.map(
      (column) => `${print(refOf(column), scope)} AS ${columnName(column)}`,
    )
    const exists =
      version === 'old'
        ? 'c.tid IS NOT NULL'
        : rule.keys.length === 0
          ? 'true'
          : `c.new_${columnName(rule.count.column)} > 0`
    return `SELECT ${[...items, `${weight} AS weight`].join(', ')}\nFROM ${name}_change AS c\nWHERE ${exists}`
  }
  return `${rows('old', -1)}\nUNION ALL\n${rows('new', 1)}`
}

/** Scope of one row of `stage_n_change`: its old or its new version. */
function stageRow(request: CompileRequest, stage: GroupStage, version: 'old' | 'new', alias: string): Select {
  const { rule } = stage.node
  const stored = new Map<ColumnId, string>()
  for (const { column } of rule.keys) {
    const differs = version === 'new' && !isIdentity(request, column)
    stored.set(column.id, `${alias}.${differs ? 'new_' : ''}${columnName(column)}`)
  }
  for (const { column } of rule.accumulators)
    stored.set(column.id, `${alias}.${version}_${columnName(column)}`)
  return { from: [], where: [], columns: withOutputs(stage, stored), weight: null }
}

function refOf(column: Column): Scalar {
  return { kind: 'column', id: column.id, type: column.type }
}

function print(scalar: Scalar, scope: Select): string {
  return printScalar(scalar, (id) => {
    const text = scope.columns.get(id)
    if (text === undefined) throw internalError(`column ${id} is not in the scope of its stage`)
    return text
  })
}
