/**
 * Groups whose delta does not tell their new value are computed anew from the stage's input, all of them in one query:
 * at worst it reads the input once, as FULL does, and where the group key has an index it probes.
 *
 * Over source tables alone that query is a function of its own, which takes the keys as arrays. Its plan is not bound to
 * the refresh statement's (nothing but probes), it may use parallel workers, and it is not called when no group asks.
 * Over an earlier stage, whose state after the change is visible in the refresh statement only, it is a CTE.
 */
import { ref } from '../algebra/build.ts'
import type { Column, Node } from '../algebra/node.ts'
import { operatorOf } from '../algebra/operators/index.ts'
import type { Projection } from '../algebra/operators/project.ts'
import type { Read } from '../algebra/operators/read.ts'
import type { Scan } from '../algebra/operators/scan.ts'
import { type ColumnId, indexed, type Scalar } from '../algebra/scalar.ts'
import type { CompileRequest } from '../catalog/request.ts'
import { type Changed, leavesOf, stateOf } from '../delta/differentiate.ts'
import type { GroupStage as Stage } from '../delta/stage.ts'
import { askedKeys } from './asked-keys.ts'
import { type GeneratedFunction, redoFunction } from './function.ts'
import { groupMatch, isIdentity, keyMatch, lackingMatches, manyGroupsMatch, probingMatches } from './image.ts'
import { refreshLeaves } from './leaves.ts'
import { isSoughtByKey } from './lookup.ts'
import { collateClause, columnName, columnType, functionName } from './names.ts'
import { type MissingProbe, missingGroupProbes } from './probes.ts'
import { Printer } from './select.ts'
import { indent, operand, type Select } from './select-text.ts'

/** The FROM item `redone`, one row per group that asked: its key as its rows have it, and the accumulators anew. */
export interface Redone {
  readonly from: string
  /** Name of a key's or accumulator's column in it. */
  column(column: Column): string
}

/** What a stage may have to compute anew. */
export function redoneColumns(stage: Stage): readonly Projection[] {
  const { rule } = stage.node
  const asked = rule.accumulators.filter((accumulator) => accumulator.recompute)
  if (asked.length === 0) return []
  return [...rule.keys, ...asked.map(({ column, scratch }) => ({ column, value: scratch }))]
}

/** How the refresh statement reads what was computed anew for the rows of `touched` whose column `redo` is true. */
export function redone(stage: Stage, touched: string, changed: Changed, printer: Printer): Redone {
  const { request } = printer
  const { keys } = stage.node.rule
  const columns = redoneColumns(stage)
  if (!readsSourcesOnly(stage.node.input)) {
    const rows = printer.select(stateOf(stage.node.input, 'after', changed))
    const askedValues = keys.map(({ value }) => value)
    const isProbed =
      printer.probing.has(stage.number) || isSoughtByKey(stage.node.input, askedValues, printer)
    // Where nobody asks nothing is read: a condition over no other table is looked at before everything else.
    const asks = `EXISTS (SELECT FROM ${touched} AS a WHERE a.redo)`
    const wanted: WantedKeys = {
      columns: keys.map(({ column }) => column),
      stored: keys.map(({ value }) => operand(value, rows)),
      touched,
      conditions: ['t.redo', asks],
    }
    const joined = rowsOfKeys(stage.node.input, rows, wanted, isProbed, printer)
    const query = printer.grouped(
      plainRows(joined, stage.node.input, printer),
      keys,
      columns.slice(keys.length),
    )
    return { from: `(${indent(query)}) AS r`, column: (column) => `r.${columnName(column)}` }
  }
  const asked = askedKeys(
    request,
    keys.map(({ column }) => column),
  )
  const args = asked.from(`${touched} AS t WHERE t.redo`)
  const named = storedNames(columns)
  return {
    from: `${redoName(request, stage)}(${args.join(', ')}) AS r`,
    column: (column) => `r.${named.get(column.id)}${collateClause(request, column.type.collation)}`,
  }
}

/** Keys, what the input's rows have of them, and the CTE that asks for them, under these conditions. */
export interface WantedKeys {
  readonly columns: readonly Column[]
  readonly stored: readonly string[]
  readonly touched: string
  readonly conditions: readonly string[]
}

/** The rows of an input over stages that have a key in `touched`. Probed, those without a key are another look. */
export function rowsOfKeys(
  input: Node,
  rows: Select,
  { columns: keys, stored, touched, conditions }: WantedKeys,
  isProbed: boolean,
  printer: Printer,
): Select {
  const { request } = printer
  const asked = keys.map((column) => `t.${columnName(column)}`)
  const matches = isProbed
    ? probingMatches(request, keys, stored, asked)
    : [(printer.isBulk ? manyGroupsMatch : groupMatch)(request, keys, stored, asked)]
  const columns = operatorOf(input).columns(input)
  const [first, ...others] = matches.map((match) =>
    printer.meeting(rows, columns, `${touched} AS t`, [...match, ...conditions], isProbed),
  )
  if (first && others.length === 0) return first
  const outputs = columns.map((column) => ({ name: columnName(column), value: ref(column) }))
  const isWeighted = rows.weight !== null
  const arms = [...(first ? [first] : []), ...others].map((arm) => printer.render(arm, outputs, isWeighted))
  return printer.derived(arms.join('\nUNION ALL\n'), 'r', columns, isWeighted)
}

/** The function behind `redone`, where it is one. */
export function redoFunctionOf(request: CompileRequest, stage: Stage): GeneratedFunction | null {
  const columns = redoneColumns(stage)
  const { keys } = stage.node.rule
  const { input } = stage.node
  if (columns.length === 0 || !readsSourcesOnly(input)) return null
  const printer = new Printer(request, refreshLeaves(new Map()))
  const rows = printer.select(stateOf(input, 'after', { relation: () => false, stage: () => false }))
  const {
    args,
    rows: wanted,
    ...asking
  } = askedKeys(
    request,
    keys.map(({ column }) => column),
  )
  const asks = keys.map(({ value }) => value)
  const query = (match: readonly string[], isFew: boolean) => {
    const groups = extremesAreProbed(request, stage)
      ? probingQuery(stage, rows, wanted, match, asking.key, printer)
      : printer.grouped(
          foundRows(input, rows, wanted, match, isFew && isSoughtByKey(input, asks, printer), printer),
          keys,
          columns.slice(keys.length),
        )
    return `SELECT q.*, true\nFROM (\n  ${indent(groups)}\n) AS q`
  }
  const stored = keys.map(({ value }) => operand(value, rows))
  const asked = keys.map(({ column }, i) => asking.key(column, i))
  const keyColumns = keys.map(({ column }) => column)
  const plain = keys.map(({ column }, i) =>
    keyMatch(request, { ...column, nullable: false }, stored[i] ?? '', asked[i] ?? ''),
  )
  const lacking = lackingMatches(
    request,
    keyColumns,
    stored,
    asked,
    keys.map((_, i) => `g.k${i + 1}`),
  )
  const queries = (isFew: boolean) => ({
    plain: query(plain, isFew),
    lacking: lacking.map(({ match }) => query(match, isFew)),
  })
  const named = storedNames(columns)
  return redoFunction(
    redoName(request, stage),
    args,
    [
      ...columns.map(({ column }) => ({
        name: named.get(column.id) ?? '',
        sql: columnType(request, { ...column.type, collation: 0 }),
      })),
      // A function of one column of a row type would return that row's columns instead.
      { name: 'redone', sql: 'boolean' },
    ],
    lacking.map(({ lacks }) => lacks),
    queries(false),
    queries(true),
  )
}

/** The rows of the keys that are `wanted`, each key by itself where `isSought`. */
export function foundRows(
  input: Node,
  rows: Select,
  wanted: readonly string[],
  match: readonly string[],
  isSought: boolean,
  printer: Printer,
): Select {
  const [asking] = wanted
  if (isSought && asking) return printer.meeting(rows, operatorOf(input).columns(input), asking, match, true)
  return { ...rows, from: [...rows.from, ...wanted], where: [...rows.where, ...match] }
}

/** One look at the end of an index per group and extreme: `SELECT min(x) … WHERE k = g.k` (planagg.c). */
function probingQuery(
  stage: Stage,
  rows: Select,
  wanted: readonly string[],
  match: readonly string[],
  key: (column: Column, i: number) => string,
  printer: Printer,
): string {
  const { rule } = stage.node
  const asked = rule.accumulators.filter((accumulator) => accumulator.recompute)
  const probes = asked.map(({ column, scratch }) => {
    const query = printer.render(
      { ...rows, where: [...rows.where, ...match] },
      [{ name: 'value', value: scratch }],
      false,
    )
    return `LATERAL (${indent(query)}) AS p_${column.id}`
  })
  const items = [
    ...rule.keys.map(({ column }, i) => `${key(column, i)} AS ${columnName(column)}`),
    ...asked.map(({ column }) => `p_${column.id}.value AS ${columnName(column)}`),
  ]
  return `SELECT ${items.join(', ')}\nFROM ${[...wanted, ...probes].join(',\n     ')}`
}

/** Is everything asked for an extreme that an index over (group key, value) ends with? */
function extremesAreProbed(request: CompileRequest, stage: Stage): boolean {
  const { rule, input } = stage.node
  if (rule.keys.some(({ column }) => column.nullable || !isIdentity(request, column))) return false
  const keys = rule.keys.map(({ value }) => value)
  const asked = rule.accumulators.filter((accumulator) => accumulator.recompute)
  return asked.every(({ extremeOf }) => extremeOf !== null && isIndexed(input, keys, extremeOf))
}

/**
 * Has the one table below an index in which the rows of a key follow each other in this order? `sorted`: up or down. `isTurned`:
 * where NULLs come as in DESC NULLS LAST, or as in ASC NULLS LAST; else either will do.
 */
export function isIndexed(
  input: Node,
  keys: readonly Scalar[],
  order: Scalar,
  indexes: 'indexes' | 'sorted' = 'indexes',
  isTurned: boolean | null = null,
): boolean {
  const scan = scanBelow(input)
  const [columns, last] = [keys.map((key) => columnBelow(input, key)), columnBelow(input, order)]
  if (!scan || last === null) return false
  return scan[indexes].some(
    (index, i) =>
      columns.every((key) => key !== null && index.slice(0, keys.length).includes(key)) &&
      index[keys.length] === last &&
      (isTurned === null || (scan.turned?.[i]?.[keys.length] ?? false) === isTurned),
  )
}

/** The indexes that would spare a group's rows, or its extreme, from being looked for in a whole table. */
export function missingForRedo(request: CompileRequest, stage: Stage): readonly MissingProbe[] {
  const { rule, input } = stage.node
  const often = rule.accumulators.filter(({ recomputesOften }) => recomputesOften)
  if (often.length === 0 || extremesAreProbed(request, stage)) return []
  const scan = scanBelow(input)
  if (rule.keys.length > 0 || !scan)
    return missingGroupProbes(
      input,
      rule.keys.map(({ value }) => value),
    )
  // The whole table is one group: only the end of an index tells its extreme sooner.
  return often.flatMap(({ extremeOf }) => {
    const id = extremeOf ? columnBelow(input, extremeOf) : null
    const column = scan.columns.find((each) => each.id === id)
    const { relation, sql } = scan
    return column
      ? [{ purpose: 'group' as const, relation, sql, columns: [column.attnum], groups: [[column.attnum]] }]
      : []
  })
}

/** The index in which the rows of a key, all but the last of `columns`, follow each other by the last. */
export function missingForOrder(input: Node, columns: readonly Scalar[]): readonly MissingProbe[] {
  const scan = scanBelow(input)
  const found = columns.map((column) => {
    const id = columnBelow(input, column)
    return scan?.columns.find((each) => each.id === id)?.attnum
  })
  const attnums = found.flatMap((attnum) => attnum ?? [])
  if (!scan || attnums.length < found.length) return []
  const { relation, sql } = scan
  return [{ purpose: 'near', relation, sql, columns: attnums, groups: [attnums] }]
}

/** The one table that the input reads, through filters and projections. */
export function scanBelow(node: Node): Scan | null {
  if (node.op === 'scan') return node
  if (node.op === 'filter' || node.op === 'project') return scanBelow(node.input)
  return null
}

/** The table's own column that a scalar over `node` is; null when it is computed. */
export function columnBelow(node: Node, found: Scalar): number | null {
  const value = indexed(found)
  if (value.kind !== 'column') return null
  if (node.op === 'filter') return columnBelow(node.input, value)
  if (node.op !== 'project') return value.id
  const output = node.outputs.find(({ column }) => column.id === value.id)
  return output ? columnBelow(node.input, output.value) : null
}

export function readsSourcesOnly(input: Node): boolean {
  return leavesOf(input).every((leaf: Read['of']) => leaf.op === 'scan')
}

function redoName(request: CompileRequest, stage: Stage): string {
  return functionName(request, `redo_${stage.number}`)
}

/** Numbered in themselves, so that a plan made anew for an altered source can replace the function. */
export function storedNames(columns: readonly { readonly column: Column }[]): ReadonlyMap<number, string> {
  return new Map(columns.map(({ column }, i) => [column.id, columnName({ ...column, id: i + 1 })]))
}

/** Rows made with a delta are added up first, then each stands as often as its weight says. */
export function plainRows(
  rows: Select,
  input: Node,
  printer: Printer,
  first: readonly ColumnId[] = [],
): Select {
  if (rows.weight === null) return rows
  const all = operatorOf(input).columns(input)
  const place = ({ id }: Column) => (first.includes(id) ? first.indexOf(id) : first.length)
  const columns = all.toSorted((a, b) => place(a) - place(b))
  const net = printer.derived(printer.consolidatedRows(rows, columns), 'net', columns, true)
  return {
    ...net,
    from: [...net.from, `LATERAL generate_series(1, ${net.weight}) AS copies`],
    weight: null,
  }
}
