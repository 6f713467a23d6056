/**
 * The statements of one stage: sum the delta by group, join it with what is stored, write the difference, hand old and
 * new output rows upward. All of it is CTEs of the one refresh statement, so every part sees the same snapshot, and the
 * state table, read in it, is the state before.
 */
import type { Accumulator, GroupRule } from '../algebra/group-rule.ts'
import { isDoubtful, isIdentity } from '../algebra/identity.ts'
import type { Column } from '../algebra/node.ts'
import type { Projection } from '../algebra/operators/project.ts'
import type { ColumnId, Scalar } from '../algebra/scalar.ts'
import { internalError } from '../catalog/error.ts'
import type { CompileRequest } from '../catalog/request.ts'
import { type Changed, differentiateInput } from '../delta/differentiate.ts'
import type { GroupStage, Stage } from '../delta/stage.ts'
import { bulkMatch, groupMatch, otherImage, storedMatch } from './image.ts'
import { type StageSource, stageOutputName } from './leaves.ts'
import { columnName } from './names.ts'
import { filledInput } from './nearest.ts'
import { partitionQuery } from './partition-text.ts'
import { recursionQuery } from './recursion-text.ts'
import { redone } from './redo.ts'
import { printScalar } from './scalar.ts'
import type { Printer } from './select.ts'
import { cte, indent, inlineCte, operand, type Select } from './select-text.ts'

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
  if (stage.kind === 'partition') return partitionQuery(stage.node, filledInput(stage.node, printer), printer)
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
  { withOutput, isBulk }: { readonly withOutput: boolean; readonly isBulk: boolean },
): StageChange | null {
  const term = differentiateInput(stage, changed)
  if (!term) return null
  const { rule } = stage.node
  const { request } = printer
  const name = `stage_${stage.number}`
  const samples = isBulk ? rule.accumulators.flatMap(({ usual }) => [...(usual?.sample ?? [])]) : []
  const deltas = rule.accumulators.flatMap(({ usual, deltas: own }) => (isBulk && usual?.deltas) || own)
  const input = printer.select(term)
  const sampled = (id: ColumnId, of: string): [ColumnId, string] => [
    id,
    `(SELECT u.${of} FROM ${name}_usual AS u)`,
  ]
  const summed = printer.grouped(
    {
      ...input,
      columns: new Map([
        ...input.columns,
        ...samples.map(({ column }) => sampled(column.id, columnName(column))),
      ]),
    },
    rule.keys,
    deltas,
  )

  const before = new Map<ColumnId, string>()
  for (const { column } of rule.keys) before.set(column.id, `d.${columnName(column)}`)
  for (const { column } of deltas) before.set(column.id, `d.${columnName(column)}`)
  for (const [id, stored] of storedAccumulators(stage, state)) before.set(id, stored)
  for (const { column, value } of rule.shown ?? [])
    for (const key of rule.keys)
      if (value.kind === 'column' && value.id === key.column.id)
        before.set(column.id, shownKey(request, state, key.column))
  const fresh = asideValues(state, before)
  for (const { id, name: of } of fresh) before.set(id, `i.${of}`)
  const scope: Select = { from: [], where: [], columns: before, weight: null }
  const later = (scalar: Scalar) => replaced(scalar, new Map(fresh.map((each) => [each.combine, each.ref])))
  const redo = redoCondition(rule, scope, later)
  const items = [
    ...rule.keys.map(({ column }) => {
      const shown = shownKey(request, state, column)
      return shown === `d.${columnName(column)}` ? shown : `${shown} AS ${columnName(column)}`
    }),
    's.ctid AS tid',
    ...(state.aside ? ['a.ctid AS aside_tid'] : []),
    ...rule.accumulators.map(({ column }) => `${oldValue(state, column)} AS old_${columnName(column)}`),
    ...rule.accumulators.map(
      ({ column, combine }) => `${print(later(combine), scope)} AS new_${columnName(column)}`,
    ),
    ...(redo ? [`${redo} AS redo`] : []),
  ]
  const keys = rule.keys.map(({ column }) => column)
  const match = (stored: (column: Column) => string) =>
    (isBulk ? bulkMatch : storedMatch)(
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
          // Computed once: without OFFSET they would be put in wherever they are named.
          `CROSS JOIN LATERAL (SELECT ${fresh.map((each) => `${each.text} AS ${each.name}`).join(', ')} OFFSET 0) AS i`,
        ]
      : []),
  ].join('\n')
  const ctes = [
    ...(samples.length > 0 ? [cte(`${name}_usual`, sampleOf(stage, state, samples))] : []),
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
function shownKey(request: CompileRequest, state: StateTable, column: Column): string {
  const name = columnName(column)
  if (isIdentity(request, column)) return `d.${name}`
  return `CASE WHEN s.ctid IS NULL THEN d.${name} ELSE s.${storedName(state, column)} END`
}

/**
 * Must a group be computed anew? Where an accumulator says so, but for a group that is gone. Null: no group ever.
 */
function redoCondition(rule: GroupRule, scope: Select, later: (scalar: Scalar) => Scalar): string | null {
  const asked = rule.accumulators.flatMap(({ recompute }) =>
    recompute ? [`(${print(later(recompute), scope)}) IS TRUE`] : [],
  )
  if (asked.length === 0) return null
  const any = asked.join(' OR ')
  return rule.keys.length === 0 ? `(${any})` : `(${print(later(rule.count.combine), scope)} > 0 AND (${any}))`
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
      return isDoubtful(request, rule, column)
        ? [`t.${name}`, `CASE WHEN t.redo THEN ${again.column(column)} ELSE t.${name} END AS new_${name}`]
        : [`t.${name}`]
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
  const doubtful = rule.keys.flatMap(({ column }) => (isDoubtful(request, rule, column) ? [column] : []))
  const isConstant = ({ value }: StoredColumn) =>
    value.kind === 'column' &&
    rule.keys.some(({ column }) => column.id === value.id) &&
    !doubtful.some(({ id }) => id === value.id)
  const values = state.columns.filter((column) => !isConstant(column))
  const assignments = values.map((column) => `${column.name} = ${print(column.value, fresh)}`)
  const compared = [...doubtful, ...rule.accumulators.map(({ column }) => column)].filter(
    (column) => !isAside(state.aside, column),
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

/** Of the groups on the first pages, however many there are. */
function sampleOf(stage: GroupStage, state: StateTable, samples: readonly Projection[]): string {
  const columns = storedAccumulators(stage, state)
  const scope: Select = { from: [], where: [], columns, weight: null }
  const items = samples.map(({ column, value }) => `${print(value, scope)} AS ${columnName(column)}`)
  return `SELECT ${items.join(', ')}\nFROM ${state.sql} AS s\nWHERE s.ctid < '(4,0)'\nLIMIT 1`
}

/** The accumulators of the group stored as `s`, and as `a` where they do not follow from the others. */
function storedAccumulators(stage: GroupStage, state: StateTable): ReadonlyMap<ColumnId, string> {
  const { aside } = state
  const stored = new Map<ColumnId, string>()
  for (const { column } of stage.node.rule.accumulators)
    if (!isAside(aside, column)) stored.set(column.id, `s.${storedName(state, column)}`)
  for (const { column, implied } of aside?.implied ?? []) {
    if (!aside || !implied) continue
    const text = print(implied, { from: [], where: [], columns: stored, weight: null })
    stored.set(
      column.id,
      `CASE WHEN s.ctid IS NOT NULL THEN coalesce(a.${asideName(aside, column)}, ${text}) END`,
    )
  }
  return stored
}

interface AsideValue {
  /** What stands for the new value in other expressions. */
  readonly id: ColumnId
  readonly ref: Scalar
  readonly combine: Scalar
  readonly name: string
  readonly text: string
}

/** The new values of what is kept aside: NULL where it follows from the others as it did. */
function asideValues({ aside }: StateTable, before: ReadonlyMap<ColumnId, string>): readonly AsideValue[] {
  const scope: Select = { from: [], where: [], columns: before, weight: null }
  return (aside?.implied ?? []).map(({ column, combine, staysImplied }) => {
    const text = print(combine, scope)
    const id = -column.id
    return {
      id,
      ref: { kind: 'column', id, type: column.type },
      combine,
      name: columnName(column),
      text:
        aside && staysImplied
          ? `CASE WHEN a.${asideName(aside, column)} IS NULL AND ${print(staysImplied, scope)} THEN NULL ELSE ${text} END`
          : text,
    }
  })
}

/** Of what is kept aside only what is there. */
function oldValue(state: StateTable, column: Column): string {
  const { aside } = state
  return aside && isAside(aside, column) ? `a.${asideName(aside, column)}` : `s.${storedName(state, column)}`
}

function isAside(aside: Aside | null, column: Column): boolean {
  return aside?.implied.some((each) => each.column === column) ?? false
}

function asideName(aside: Aside, column: Column): string {
  return aside.columns.find((each) => each.column === column)?.name ?? ''
}

/** Does the row of a group belong aside? Over the columns of `scope`. */
export function isApart(request: CompileRequest, aside: Aside, scope: Select): string {
  const conditions = aside.implied.map(({ column, implied, staysImplied }) => {
    const value = print(refOf(column), scope)
    const other = otherImage(request, [column], [value], [print(implied ?? refOf(column), scope)])
    return staysImplied ? `${value} IS NOT NULL AND ${other}` : other
  })
  return conditions.length === 1 ? `${conditions[0]}` : `(${conditions.join(' OR ')})`
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
WHERE a.ctid = c.aside_tid AND c.aside_tid IS NOT NULL AND (${stays}) IS NOT TRUE`
  return [
    `${name}_apart AS (\n  ${indent(upserts)}\n)`,
    `${name}_again_implied AS (\n  ${indent(deletes)}\n)`,
  ]
}

/**
 * What the operators above see of the change: the old row of a touched group with −1, its new row with +1; nothing where
 * both are the same, as the greatest value of many mostly is, or a group that only has one more row.
 */
function outputRows(request: CompileRequest, stage: GroupStage, name: string): string {
  const { rule } = stage.node
  const { columns } = stage.output
  const old = stageRow(request, stage, 'old', 'c')
  const fresh = stageRow(request, stage, 'new', 'c')
  const pairs = columns.map((column) => ({
    column,
    was: print(refOf(column), old),
    is: print(refOf(column), fresh),
  }))
  const compared = pairs.filter(({ was, is }) => was !== is)
  const differs = otherImage(
    request,
    compared.map(({ column }) => column),
    compared.map(({ was }) => was),
    compared.map(({ is }) => is),
  )
  const alive = rule.keys.length === 0 ? null : `c.new_${columnName(rule.count.column)} > 0`
  const rows = (values: readonly string[], weight: number, where: readonly string[]) => {
    const items = columns.map((column, i) => `${values[i]} AS ${columnName(column)}`)
    return `SELECT ${[...items, `${weight} AS weight`].join(', ')}\nFROM ${name}_change AS c\nWHERE ${where.join(' AND ')}`
  }
  return `${rows(
    pairs.map(({ was }) => was),
    -1,
    ['c.tid IS NOT NULL', alive ? `CASE WHEN ${alive} THEN ${differs} ELSE true END` : differs],
  )}\nUNION ALL\n${rows(
    pairs.map(({ is }) => is),
    1,
    [...(alive ? [alive] : []), `CASE WHEN c.tid IS NOT NULL THEN ${differs} ELSE true END`],
  )}`
}

/** Scope of one row of `stage_n_change`: its old or its new version. */
function stageRow(request: CompileRequest, stage: GroupStage, version: 'old' | 'new', alias: string): Select {
  const { rule } = stage.node
  const stored = new Map<ColumnId, string>()
  for (const { column } of rule.keys) {
    const differs = version === 'new' && isDoubtful(request, rule, column)
    stored.set(column.id, `${alias}.${differs ? 'new_' : ''}${columnName(column)}`)
  }
  for (const { column } of rule.accumulators)
    stored.set(column.id, `${alias}.${version}_${columnName(column)}`)
  return { from: [], where: [], columns: withOutputs(stage, stored), weight: null }
}

function refOf(column: Column): Scalar {
  return { kind: 'column', id: column.id, type: column.type }
}

/** What is in `by` gives way to what stands for it. */
function replaced(scalar: Scalar, by: ReadonlyMap<Scalar, Scalar>): Scalar {
  const other = by.get(scalar)
  if (other) return other
  if (scalar.kind === 'column' || scalar.kind === 'constant') return scalar
  return { ...scalar, args: scalar.args.map((arg) => replaced(arg, by)) }
}

function print(scalar: Scalar, scope: Select): string {
  return printScalar(scalar, (id) => {
    const text = scope.columns.get(id)
    if (text === undefined) throw internalError(`column ${id} is not in the scope of its stage`)
    return text
  })
}
