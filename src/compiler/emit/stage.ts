/**
 * The statements of one stage: sum the delta by group, join it with what is stored, write the difference, hand old and
 * new output rows upward. All of it is CTEs of the one refresh statement, so every part sees the same snapshot, and the
 * state table, read in it, is the state before.
 */
import type { Column, Node } from '../algebra/node.ts'
import type { ColumnId, Scalar } from '../algebra/scalar.ts'
import { internalError } from '../catalog/error.ts'
import type { CompileRequest } from '../catalog/request.ts'
import { type Changed, differentiateInput, stateOf } from '../delta/differentiate.ts'
import type { Stage } from '../delta/stage.ts'
import { isIdentity, keyMatch, otherImage } from './image.ts'
import { type StageSource, stageOutputName } from './leaves.ts'
import { columnName } from './names.ts'
import { printScalar } from './scalar.ts'
import { cte, indent, inlineCte, operand, type Printer, type Select } from './select.ts'

/** Where a stage keeps its groups: a table of its own, or the stream table when its columns are the accumulators. */
export interface StateTable {
  /** Qualified, quoted. */
  readonly sql: string
  /** What is stored under which (quoted) column name: keys and accumulators at least. */
  readonly columns: readonly StoredColumn[]
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
  const { rule } = stage.node
  return {
    from: state.sql,
    output: stage.output,
    columns: (alias) => {
      const stored = new Map<ColumnId, string>()
      for (const { column } of [...rule.keys, ...rule.accumulators])
        stored.set(column.id, `${alias}.${storedName(state, column)}`)
      return withOutputs(stage, stored)
    },
  }
}

/** Keys, accumulators, and the output columns computed from them. */
export function withOutputs(
  stage: Stage,
  stored: ReadonlyMap<ColumnId, string>,
): ReadonlyMap<ColumnId, string> {
  const all = new Map(stored)
  const select: Select = { from: [], where: [], columns: stored, weight: null }
  for (const { column, value } of stage.node.rule.outputs) all.set(column.id, operand(value, select))
  return all
}

/** `SELECT keys, accumulators` over the input from scratch: the content of the state table. */
export function stageFromScratch(stage: Stage, printer: Printer): string {
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
  stage: Stage,
  state: StateTable,
  changed: Changed,
  printer: Printer,
  withOutput: boolean,
): StageChange | null {
  const term = differentiateInput(stage, changed)
  if (!term) return null
  const { rule } = stage.node
  const name = `stage_${stage.number}`
  const deltas = rule.accumulators.flatMap((accumulator) => accumulator.deltas)
  const summed = printer.grouped(printer.select(term), rule.keys, deltas)

  const before = new Map<ColumnId, string>()
  for (const { column } of rule.keys) before.set(column.id, `d.${columnName(column)}`)
  for (const { column } of deltas) before.set(column.id, `d.${columnName(column)}`)
  for (const { column } of rule.accumulators) before.set(column.id, `s.${storedName(state, column)}`)
  const scope: Select = { from: [], where: [], columns: before, weight: null }
  const recomputed = recomputation(stage, scope, changed, printer)
  const items = [
    ...rule.keys.map(({ column }) => groupKey(printer.request, state, column)),
    's.ctid AS tid',
    ...rule.accumulators.map(({ column }) => `s.${storedName(state, column)} AS old_${columnName(column)}`),
    ...rule.accumulators.map(({ column, combine, recompute }) => {
      const sum = print(combine, scope)
      const value = recompute
        ? `CASE WHEN ${print(recompute, scope)} THEN r_${column.id}.value ELSE ${sum} END`
        : sum
      return `${value} AS new_${columnName(column)}`
    }),
  ]
  const match =
    rule.keys.length === 0
      ? 'true'
      : rule.keys
          .map(({ column }) =>
            keyMatch(printer.request, column, `s.${storedName(state, column)}`, `d.${columnName(column)}`),
          )
          .join(' AND ')
  const change = `SELECT ${items.join(', ')}\nFROM ${name}_delta AS d\nLEFT JOIN ${state.sql} AS s ON ${match}${recomputed}`
  const ctes = [
    inlineCte(`${name}_delta`, summed),
    cte(`${name}_change`, change),
    ...writes(printer.request, stage, state, name),
    ...(withOutput ? [cte(stageOutputName(stage.number), outputRows(stage, name))] : []),
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
 * The key under which a group is shown: as it is stored, where equal keys may look different (1.0 and 1.00). What the
 * delta says instead is never written, and the old output row must be found by what it was.
 */
function groupKey(request: CompileRequest, state: StateTable, column: Column): string {
  const name = columnName(column)
  if (isIdentity(request, column)) return `d.${name}`
  return `CASE WHEN s.ctid IS NULL THEN d.${name} ELSE s.${storedName(state, column)} END AS ${name}`
}

/** One lateral probe per accumulator that may need it; its WHERE is a one-time filter, so it costs nothing when false. */
function recomputation(stage: Stage, scope: Select, changed: Changed, printer: Printer): string {
  const { rule, input } = stage.node
  return rule.accumulators
    .filter((accumulator) => accumulator.recompute)
    .map(({ column, recompute, scratch }) => {
      const rows = plainRows(stateOf(input, 'after', changed), printer)
      const conditions = rule.keys.map((key) =>
        keyMatch(printer.request, key.column, operand(key.value, rows), `d.${columnName(key.column)}`),
      )
      const where = [...(recompute ? [print(recompute, scope)] : []), ...rows.where, ...conditions]
      const query = printer.render({ ...rows, where }, [{ name: 'value', value: scratch }], false)
      return `\nLEFT JOIN LATERAL (${indent(query)}) AS r_${column.id} ON true`
    })
    .join('')
}

/** A state as rows: one made with a delta is added up first, then each row stands as often as its weight says. */
function plainRows(state: Node, printer: Printer): Select {
  const rows = printer.select(state)
  if (rows.weight === null) return rows
  const net = printer.select({ op: 'consolidate', input: state })
  return { ...net, from: [...net.from, `LATERAL generate_series(1, ${net.weight}) AS copies`], weight: null }
}

/** Groups that died, changed, appeared. Found by ctid: `stage_n_change` has looked them up already. */
function writes(request: CompileRequest, stage: Stage, state: StateTable, name: string): string[] {
  const { rule } = stage.node
  const alive = `c.new_${columnName(rule.count.column)} > 0`
  const grouped = rule.keys.length > 0
  const fresh = stageRow(stage, 'new', 'c')
  const old = stageRow(stage, 'old', 'c')
  const isKey = ({ value }: StoredColumn) =>
    value.kind === 'column' && rule.keys.some(({ column }) => column.id === value.id)
  const values = state.columns.filter((column) => !isKey(column))
  const assignments = values.map((column) => `${column.name} = ${print(column.value, fresh)}`)
  const differs = otherImage(
    request,
    rule.accumulators.map(({ column }) => column),
    rule.accumulators.map(({ column }) => print(refOf(column), old)),
    rule.accumulators.map(({ column }) => print(refOf(column), fresh)),
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

/** What the operators above see of the change: every touched group's old row with −1, its new row with +1. */
function outputRows(stage: Stage, name: string): string {
  const { rule } = stage.node
  const rows = (version: 'old' | 'new', weight: number) => {
    const scope = stageRow(stage, version, 'c')
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
export function stageRow(stage: Stage, version: 'old' | 'new', alias: string): Select {
  const { rule } = stage.node
  const stored = new Map<ColumnId, string>()
  for (const { column } of rule.keys) stored.set(column.id, `${alias}.${columnName(column)}`)
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
