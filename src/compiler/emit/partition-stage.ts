/**
 * The statements of one partition stage: which keys did the delta touch, the rows that are stored for them, the rows that
 * the operator gives for them now, and the difference of the two, by image. All but the new rows are CTEs of the refresh
 * statement; those come from a function of its own where only source tables are read, for the reasons of redo.ts.
 */
import { ref, TRUE } from '../algebra/build.ts'
import type { Column, Node, PartitionNode } from '../algebra/node.ts'
import { operatorOf } from '../algebra/operators/index.ts'
import type { Project } from '../algebra/operators/project.ts'
import type { ColumnId } from '../algebra/scalar.ts'
import type { CompileRequest } from '../catalog/request.ts'
import { type Changed, differentiateInput, stateOf } from '../delta/differentiate.ts'
import type { PartitionStage } from '../delta/stage.ts'
import { type Applied, applyNet, type StoredTable } from './apply.ts'
import { askedKeys } from './asked-keys.ts'
import { emptiedBy } from './emptied.ts'
import { nearFirst, nearFirstOfKey } from './first-touched.ts'
import { term as linear, unionOf } from './fitted.ts'
import { type GeneratedFunction, redoFunction } from './function.ts'
import { keyMatch, lackingMatches, probingMatches } from './image.ts'
import { refreshLeaves, stageOutputName } from './leaves.ts'
import { isSoughtByKey } from './lookup.ts'
import { collateClause, columnName, columnType, functionName } from './names.ts'
import {
  leftRows,
  missingForNearest,
  type Nearest,
  nearestChanges,
  nearestFor,
  nearestRows,
} from './nearest.ts'
import {
  firstOfAll,
  firstOfKey,
  isTurnedOrder,
  isUsual,
  keyColumns,
  orderOfFirst,
  partitionQuery,
} from './partition-text.ts'
import { type MissingProbe, missingGroupProbes } from './probes.ts'
import {
  columnBelow,
  foundRows,
  isIndexed,
  missingForOrder,
  plainRows,
  readsSourcesOnly,
  rowsOfKeys,
  scanBelow,
  storedNames,
} from './redo.ts'
import {
  firstTouched,
  isBehind,
  lastBefore,
  type Running,
  runningOf,
  runOn,
  storedBehind,
  unindexedRunning,
} from './running.ts'
import { Printer } from './select.ts'
import { at, cte, indent, type Select } from './select-text.ts'
import { type SliceColumns, sliceColumns, slicedRows, touchedSlices } from './slice-functions.ts'
import { slicingOf, unindexedSlicing } from './slices.ts'

/** Where the rows are kept. */
export interface PartitionTable {
  readonly table: StoredTable
  /** The stored names of the key's columns, in order. */
  readonly keyNames: readonly string[]
  /** Of the column by whose values slices are told; null where there are none. */
  readonly orderName: string | null
  /** The stored name of one of the operator's columns. */
  name(id: number): string | null
  /** The query above, where the stored rows are those of the stream table; else the operator's own output is stored. */
  readonly root: Project | null
}

export interface PartitionChange extends Applied {
  readonly ctes: readonly string[]
}

/** The CTEs that bring the stored rows up to date; null when the input cannot have changed. */
export function partitionChange(
  stage: PartitionStage,
  { table, keyNames, orderName, name: nameOf, root }: PartitionTable,
  changed: Changed,
  printer: Printer,
): PartitionChange | null {
  const term = differentiateInput(stage, changed)
  if (!term) return null
  const { request } = printer
  const name = `stage_${stage.number}`
  const touched = `${name}_touched`
  const slicing = orderName === null ? null : slicingOf(request, stage.node)
  const running = orderName === null ? null : runningOf(request, stage.node)
  const stored = { sql: table.sql, name: nameOf }
  const keys = keyColumns(stage.node)
  const columns = table.columns.map(({ column }) => column)
  const delta = printer.select(term)
  const asked = slicing ? [...keys, slicing.order] : keys
  const nearest = nearestFor(stage.node, printer)
  const ofKeys = (rows: Select) =>
    printer.grouped(
      rows,
      asked.map((column) => ({ column, value: ref(column) })),
      [],
    )
  const near = (rows: Select) =>
    printer.isBulk ? rows : nearRows(stage.node, rows, stored, keyNames, printer)
  const touchedKeys = running
    ? firstTouched(running, delta, printer)
    : asked.length === 0
      ? (nearFirst(stage.node, delta, stored, printer) ??
        printer.render(delta, [{ name: 'touched', value: TRUE }], false, '\nLIMIT 1'))
      : nearest
        ? touchedNearest(stage.node, nearest, changed, near, ofKeys, printer)
        : ofKeys(readsSourcesOnly(stage.node.input) ? delta : near(delta))
  // Each by itself: of an OR an index would find all rows without a key, whichever is asked for.
  const matches = probingMatches(
    request,
    keys,
    keyNames.map((key) => `s.${key}`),
    keys.map((column) => `t.${columnName(column)}`),
    true,
  )
  const items = table.columns.map((each) => `s.${each.name} AS ${columnName(each.column)}`).join(', ')
  const slices = `${name}_slices`
  const before = `${name}_before`
  const oldRows = running
    ? storedBehind(request, running, stored, table.columns, touched)
    : slicing
      ? storedInSlices(request, table, sliceColumns(stage, slicing), { keyNames, orderName, slices })
      : matches
          .map(
            (match) =>
              `SELECT ${items}, -1 AS weight\nFROM ${touched} AS t, ${table.sql} AS s${match.length > 0 ? `\nWHERE ${match.join(' AND ')}` : ''}`,
          )
          .join('\nUNION ALL\n')
  const rows = running
    ? runOn(request, running, changedRows(stage, running, touched, changed, printer), before, printer)
    : slicing
      ? functionRows(stage, slicedRows(request, stage, slicing, `${slices} AS t`), request)
      : newSelect(stage, touched, changed, printer)
  const newRows = above(stage, rows, root, request)
  const net = root ? 'net' : stageOutputName(stage.number)
  const both: Select = {
    from: [`(\n  ${indent(`${oldRows}\nUNION ALL\n${newRows}`)}\n) AS u`],
    where: [],
    columns: new Map(columns.map((column) => [column.id, `u.${columnName(column)}`])),
    weight: 'u.weight',
  }
  const applied = applyNet(request, table, net, root ? 'target' : name)
  return {
    ...applied,
    // Of the type that the literal weight of a stored row has: only then does a probe go through their UNION ALL.
    ctes: [
      cte(touched, touchedKeys),
      ...(slicing ? [cte(slices, touchedSlices(request, stage, slicing, touched))] : []),
      ...(running ? [cte(before, lastBefore(request, running, stored, touched))] : []),
      cte(net, printer.consolidatedRows(both, columns, 'integer')),
      ...applied.ctes,
    ],
  }
}

/** What of the delta comes near the first rows of its key, where only these are wanted. */
function nearRows(
  node: PartitionNode,
  delta: Select,
  stored: { readonly sql: string; name(id: number): string | null },
  keyNames: readonly string[],
  printer: Printer,
): Select {
  const keys = keyColumns(node)
  const [match, ...others] = probingMatches(
    printer.request,
    keys,
    keyNames.map((key) => `s.${key}`),
    keys.map(({ id }) => at(delta, id)),
    true,
  )
  const near = match && others.length === 0 ? nearFirstOfKey(node, delta, stored, match, printer) : null
  return near === null ? delta : { ...delta, where: [...delta.where, near] }
}

/** The keys of the left rows that changed, whatever these meet, and of those that a changed row of the table comes near. */
function touchedNearest(
  node: PartitionNode,
  nearest: Nearest,
  changed: Changed,
  near: (rows: Select) => Select,
  ofKeys: (rows: Select) => string,
  printer: Printer,
): string {
  const { left, right } = nearestChanges(node, nearest, changed)
  const arm = (term: Node | null, rows: (all: Select) => Select) => {
    if (!term) return []
    const query = linear(ofKeys(rows(printer.split(() => printer.select(term)))))
    return [{ query, needs: [...emptiedBy(term)] }]
  }
  const arms = [...arm(left, (rows) => leftRows(node, nearest, rows)), ...arm(right, near)]
  const [first, ...others] = arms
  if (!first || others.length === 0) return first?.query ?? ''
  const all = printer.isFitted
    ? unionOf(
        arms.map(({ query, needs }) => printer.when(needs, query)),
        first.query,
      )
    : arms.map(({ query }) => query).join('\nUNION ALL\n')
  const keys = keyColumns(node)
  return ofKeys(printer.derived(all, 'k', keys, false))
}

/** The input's rows now, of each touched partition those from the first change on. */
function changedRows(
  { node, number }: PartitionStage,
  running: Running,
  touched: string,
  changed: Changed,
  printer: Printer,
): Select {
  const { keys, order } = running
  const rows = printer.select(stateOf(node.input, 'after', changed))
  const stored = keys.map(({ id }) => at(rows, id))
  const conditions = [isBehind(running, at(rows, order.id)), isTouched(touched)]
  const wanted = { columns: keys, stored, touched, conditions }
  const isProbed = readsSourcesOnly(node.input) || isProbing(node, number, keys, printer)
  return plainRows(rowsOfKeys(node.input, rows, wanted, isProbed, printer), node.input, printer)
}

/**
 * Where nothing is touched nothing is read: a condition over no other table is looked at before everything else (TPC-DS q78, a
 * row that is none of its rows: 4,900 rows read → 3).
 */
function isTouched(touched: string): string {
  return `EXISTS (SELECT FROM ${touched})`
}

/** Do indexes find the rows of a key, each by itself? */
function isProbing(
  { input }: PartitionStage['node'],
  number: number,
  keys: readonly Column[],
  printer: Printer,
): boolean {
  const asked = keys.map((column) => ref(column))
  return printer.probing.has(number) || isSoughtByKey(input, asked, printer)
}

/** The operator's output now, for the touched keys. */
function newSelect(stage: PartitionStage, touched: string, changed: Changed, printer: Printer): Select {
  const { request } = printer
  const { node } = stage
  const keys = keyColumns(node)
  if (!readsSourcesOnly(node.input)) {
    const outputs = operatorOf(node).columns(node)
    const firstRows = firstOfStage(stage, touched, changed, printer)
    if (firstRows) {
      const query = partitionQuery(node, plainRows(firstRows, node.input, printer), printer)
      return printer.derived(query, 'p', outputs, false)
    }
    const nearest = nearestFor(node, printer)
    const input = nearest?.left ?? node.input
    const rows = printer.select(stateOf(input, 'after', changed))
    const found = nearest ? leftRows(node, nearest, rows) : rows
    const stored = keys.map(({ id }) => at(found, id))
    const wanted = { columns: keys, stored, touched, conditions: [isTouched(touched)] }
    const isProbed = isProbing(node, stage.number, keys, printer)
    const joined = rowsOfKeys(input, rows, wanted, isProbed, printer)
    const plain = plainRows(joined, input, printer, sortedBy(node))
    const all = nearest
      ? nearestRows(node, nearest, plain, nearestNow(nearest, changed, printer), printer)
      : plain
    return printer.derived(partitionQuery(node, all, printer), 'p', outputs, false)
  }
  const args = askedKeys(request, keys).from(`${touched} AS t`)
  return functionRows(stage, `${partitionFunctionName(request, stage)}(${args.join(', ')})`, request)
}

function nearestNow({ right }: Nearest, changed: Changed, printer: Printer): Select {
  return printer.whole(() => printer.select(stateOf(right, 'after', changed)))
}

/**
 * The columns by which an operator sorts its rows. Grouped in this order they come sorted: the planner, who takes each weight for
 * 1,000 copies, would sort them afterwards at any price (measured, a window over another's result, keys that may be NULL, 2,400 of
 * 60,000 rows changed: 20 s → 0.5 s).
 */
function sortedBy(node: PartitionNode): readonly ColumnId[] {
  const order = node.op === 'window' ? (node.calls[0]?.order ?? []) : node.order
  return [
    ...node.partition.keys,
    ...order.flatMap(({ value }) => (value.kind === 'column' ? [value.id] : [])),
  ]
}

/** The stored rows of slices. The planner, who knows nothing of these, may find no other way than a look for each. */
function storedInSlices(
  request: CompileRequest,
  table: StoredTable,
  { keys, low, high, nulls }: SliceColumns,
  { keyNames, orderName, slices }: { keyNames: readonly string[]; orderName: string | null; slices: string },
): string {
  const matches = probingMatches(
    request,
    keys,
    keyNames.map((name) => `s.${name}`),
    keys.map((column) => `t.${columnName(column)}`),
    true,
  )
  const within = [
    [`s.${orderName} >= t.${columnName(low)}`, `s.${orderName} <= t.${columnName(high)}`],
    ...(low.nullable ? [[`s.${orderName} IS NULL`, `t.${columnName(nulls)}`]] : []),
  ]
  const names = table.columns.map(({ name }) => `s.${name}`).join(', ')
  const items = table.columns.map(({ column, name }) => `s.${name} AS ${columnName(column)}`).join(', ')
  return matches
    .flatMap((match) => within.map((conditions) => [...match, ...conditions].join(' AND ')))
    .map(
      (where) => `SELECT ${items}, -1 AS weight
FROM ${slices} AS t, LATERAL (
  SELECT ${names}
  FROM ${table.sql} AS s
  WHERE ${where}
  OFFSET 0
) AS s`,
    )
    .join('\nUNION ALL\n')
}

/** What a function returns that computes rows of the operator's output. */
function functionRows({ node }: PartitionStage, call: string, request: CompileRequest): Select {
  const outputs = operatorOf(node).columns(node)
  const named = storedNames(outputs.map((column) => ({ column })))
  return {
    from: [`${call} AS p`],
    where: [],
    columns: new Map(
      outputs.map(({ id, type }) => {
        const collation = collateClause(request, type.collation)
        const read = `p.${named.get(id)}`
        return [id, collation === '' ? read : `(${read}${collation})`]
      }),
    ),
    weight: null,
  }
}

/**
 * Where the first rows of an earlier stage's are wanted: the first of its stored rows, one more for each that is gone, and
 * the change. What an index on the state orders is not read further.
 */
function firstOfStage(
  stage: PartitionStage,
  touched: string,
  changed: Changed,
  printer: Printer,
): Select | null {
  const { node } = stage
  if (node.partition.keys.length > 0 || orderOfFirst(node) === null) return null
  const below = stageBelow(node.input)
  const delta = differentiateInput(stage, changed)
  if (!below || !delta) return null
  const columns = operatorOf(node.input).columns(node.input)
  const before = printer.select(stateOf(node.input, 'before', changed))
  const gone = `(SELECT coalesce(-sum(d.weight), 0) FROM ${stageOutputName(below)} AS d WHERE d.weight < 0)`
  const tail = firstOfAll(node, before, printer, gone)
  if (tail === null) return null
  // Where nothing is touched, as by a row that came and went, no old rows are taken away either.
  const asked = (rows: Select) => ({ ...rows, where: [...rows.where, isTouched(touched)] })
  const stored = printer.arm(asked(before), columns, columns, true, tail)
  const changes = printer.arm(asked(printer.select(delta)), columns, columns, true)
  const both = `(${indent(stored)})\nUNION ALL\n(${indent(changes)})`
  return printer.derived(`SELECT f.*\nFROM (\n  ${indent(both)}\n) AS f`, 'u', columns, true)
}

/** The one stage that the input reads, through filters and projections. */
function stageBelow(node: Node): number | null {
  if (node.op === 'filter' || node.op === 'project') return stageBelow(node.input)
  return node.op === 'read' && node.of.op === 'stage-output' ? node.of.stage : null
}

/** New rows as they are stored: through what stands above the operator, where that is stored. */
function above(stage: PartitionStage, rows: Select, root: Project | null, request: CompileRequest): string {
  const printer = new Printer(request, {
    read: () => rows,
    isPlain: true,
    isBulk: false,
    perhapsEmpty: () => null,
  })
  const node: Node = root ?? { op: 'read', version: 'after', of: stage.output }
  const outputs = operatorOf(node)
    .columns(node)
    .map((column) => ({
      name: columnName(column),
      value: { kind: 'column', id: column.id, type: column.type } as const,
    }))
  return printer.query(node, outputs, true)
}

/** The function that computes the rows of keys anew, where the input is source tables alone. */
export function partitionFunction(request: CompileRequest, stage: PartitionStage): GeneratedFunction | null {
  const { node } = stage
  if (!readsSourcesOnly(node.input) || slicingOf(request, node) || runningOf(request, node)) return null
  const printer = new Printer(request, refreshLeaves(new Map()))
  const unchanged: Changed = { relation: () => false, stage: () => false }
  const nearest = nearestFor(node, printer)
  const input = printer.select(stateOf(nearest?.left ?? node.input, 'after', unchanged))
  const rows = nearest ? leftRows(node, nearest, input) : input
  const keys = keyColumns(node)
  const outputs = operatorOf(node).columns(node)
  const asked = askedKeys(request, keys)
  const asks = keys.map((column) => ref(column))
  const query = (match: readonly string[], isFew: boolean) => {
    const isSought = isFew && isSoughtByKey(node.input, asks, printer)
    const restricted = nearest
      ? nearestRows(
          node,
          nearest,
          foundRows(nearest.left, rows, asked.rows, match, isSought, printer),
          nearestNow(nearest, unchanged, printer),
          printer,
        )
      : restrictedTo(node, rows, asked.rows, match, isSought, printer)
    return `SELECT q.*, true\nFROM (\n  ${indent(partitionQuery(node, restricted, printer))}\n) AS q`
  }
  const stored = keys.map(({ id }) => at(rows, id))
  const wanted = keys.map((column, i) => asked.key(column, i))
  const plain = keys.map((column, i) =>
    keyMatch(request, { ...column, nullable: false }, stored[i] ?? '', wanted[i] ?? ''),
  )
  const lacking = lackingMatches(
    request,
    keys,
    stored,
    wanted,
    keys.map((_, i) => `g.k${i + 1}`),
  )
  const queries = (isFew: boolean) => ({
    plain: query(plain, isFew),
    lacking: lacking.map(({ match }) => query(match, isFew)),
  })
  const named = storedNames(outputs.map((column) => ({ column })))
  return redoFunction(
    partitionFunctionName(request, stage),
    asked.args,
    [
      ...outputs.map((column) => ({
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

/** The input's rows of the keys that are asked for; of each key no more than are needed. */
function restrictedTo(
  node: PartitionNode,
  rows: Select,
  asked: readonly string[],
  match: readonly string[],
  isSought: boolean,
  printer: Printer,
): Select {
  const all = { ...rows, where: [...rows.where, ...match] }
  const first = firstOfKey(node, rows, printer)
  if (first === null) return foundRows(node.input, rows, asked, match, isSought, printer)
  const columns = operatorOf(node.input).columns(node.input)
  const outputs = columns.map((column) => ({ name: columnName(column), value: ref(column) }))
  const alias = printer.alias('first')
  return {
    from: [...asked, `LATERAL (${indent(printer.render(all, outputs, false, first))}) AS ${alias}`],
    where: [],
    columns: new Map(columns.map((column) => [column.id, `${alias}.${columnName(column)}`])),
    weight: null,
  }
}

/** The indexes that would spare the rows of a partition, or all but some of them, from being looked for. */
export function missingForPartition(
  request: CompileRequest,
  { node }: PartitionStage,
): readonly MissingProbe[] {
  const ordered = missingOrder(node)
  if (ordered) return [ordered]
  const nearest = missingForNearest(node)
  const keys = keyColumns(node)
  const slicing = unindexedSlicing(request, node) ?? unindexedRunning(request, node)
  return [
    ...(nearest ? [nearest] : []),
    ...(keys.length > 0 ? missingGroupProbes(node.input, keys.map(ref)) : []),
    ...(slicing ? missingForOrder(node.input, [...keys, slicing.order].map(ref)) : []),
  ]
}

/** Of one table: its columns that are the key, and then the first of the order. */
function missingOrder(node: PartitionNode): MissingProbe | null {
  const scan = scanBelow(node.input)
  const [first] = orderOfFirst(node) ?? []
  const keys = keyColumns(node).map(ref)
  if (!scan || !first || !isUsual(first)) return null
  const isTurned = isTurnedOrder(first)
  if (isIndexed(node.input, keys, first.value, 'indexes', isTurned)) return null
  const attnums = [...keys, first.value].map((value) => {
    const id = columnBelow(node.input, value)
    return scan.columns.find((column) => column.id === id)?.attnum
  })
  const columns = attnums.filter((attnum) => attnum !== undefined)
  const isWhole = columns.length === attnums.length && new Set(columns).size === columns.length
  const { relation, sql } = scan
  return isWhole
    ? { purpose: 'order', relation, sql, columns, groups: [columns], ...(isTurned ? { isTurned } : {}) }
    : null
}

function partitionFunctionName(request: CompileRequest, stage: PartitionStage): string {
  return functionName(request, `redo_${stage.number}`)
}
