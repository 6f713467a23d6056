/** Indexes on what is kept for stages, beside those of the tables' own keys. */
import { ref } from '../algebra/build.ts'
import { mayFail } from '../algebra/may-fail.ts'
import type { Column, Node } from '../algebra/node.ts'
import type { Project, Projection } from '../algebra/operators/project.ts'
import { storedId } from '../algebra/operators/read.ts'
import {
  type ColumnId,
  type Constant,
  hasMarkedStable,
  isForIndexes,
  mapScalar,
  type Scalar,
  scalarArguments,
  scalarColumns,
  type TypeRef,
} from '../algebra/scalar.ts'
import type { CompileRequest } from '../catalog/request.ts'
import { inputOf, type Stage, type StagedQuery } from '../delta/stage.ts'
import type { StoredTable } from './apply.ts'
import { fitsIndex, hashedKey, INDEX_COLUMNS, isLong, rowHash } from './image.ts'
import { keyColumns, orderOfFirst } from './partition-text.ts'
import { soughtByKey, soughtByResult, soughtByValue } from './probes.ts'
import { selfIndexes } from './recursion-stage.ts'
import { redoneColumns } from './redo.ts'
import { runningOf } from './running.ts'
import { printScalar } from './scalar.ts'
import { partitionTableOf, recursionTableOf, type Storage, stateTableOf } from './storage.ts'

interface Index {
  readonly table: string
  readonly columns: readonly string[]
  /** Those of them that may be too long for a btree. */
  readonly long: readonly StoredTable['columns'][number][]
}

/**
 * By which stored groups are found whose keys no unique index can have, by which stored rows of a partition are found, by which a stage finds the rows of its groups in an earlier stage, and by
 * which a join finds a stage's rows by a value: those whose sum is the greatest.
 */
export function stageIndexes(
  request: CompileRequest,
  storage: Storage,
  staged: StagedQuery,
  root: Project,
): readonly string[] {
  const indexes: Index[] = []
  const add = (table: StoredTable, columns: readonly string[], last?: string) => {
    const key = table.key?.flatMap((column) => nameOf(table, column) ?? []) ?? []
    const known = [key, ...indexes.filter((index) => index.table === table.sql).map((each) => each.columns)]
    const serves = (other: readonly string[]) =>
      columns.every((name) => other.slice(0, columns.length).includes(name)) &&
      (last === undefined || other[columns.length - 1] === last)
    if (known.some(serves)) return
    const long = table.columns.filter(({ column, name }) => columns.includes(name) && isLong(request, column))
    indexes.push({ table: table.sql, columns, long })
  }
  const hashes: string[] = []
  for (const stage of staged.stages) {
    const keys = stage.kind === 'group' ? stage.node.rule.keys.map(({ column }) => column) : []
    if (!fitsIndex(request, keys)) {
      const table = stateTableOf(request, storage, stage)
      const nameOfKey = (column: Column) => nameOf(table, column) ?? ''
      const hash = rowHash(request, hashedKey(request, keys), nameOfKey)
      if (hash) hashes.push(`CREATE INDEX ON ${table.sql} (${hash})`)
      add(table, keys.map(nameOfKey))
    }
    if (stage.kind === 'partition') {
      const { table, keyNames, orderName } = partitionTableOf(request, storage, stage, root)
      if (orderName === null) add(table, keyNames)
      else add(table, [...keyNames, orderName], orderName)
    }
    if (stage.kind === 'recursion') {
      const table = recursionTableOf(request, storage, stage, root)
      for (const columns of selfIndexes(stage))
        add(
          table.table,
          columns.map((id) => table.names.get(id) ?? ''),
        )
      // By a row that went, for another reason that there is for it.
      for (const { input, columns } of [stage.node.base, stage.node.step])
        for (const sought of soughtByResult(input, columns)) {
          const below = staged.stages.find(({ number }) => number === sought.stage)
          const kept = below && below !== stage && keptColumns(request, storage, below, sought.columns)
          if (kept && kept.names.length > 0) add(kept.table, kept.names)
        }
    }
    const looked = lookedUp(request, storage, staged, stage)
    const running = stage.kind === 'partition' ? runningOf(request, stage.node) : null
    const from = running && stageValue(running.node.input, ref(running.order))
    const isLast = from && (from.value.kind === 'column' || isForIndexes(from.value))
    const last = isLast && storedIn(request, storage, staged, from.stage)?.print(from.value)
    if (looked && last) add(looked.table, [...looked.columns, last], last)
    else if (looked) add(looked.table, looked.columns)
    const ordered = orderedBy(request, storage, staged, stage)
    if (ordered) add(ordered.table, ordered.columns)
  }
  const sought = [
    ...[...staged.stages.map(inputOf), root].flatMap(soughtByValue),
    ...staged.stages.flatMap((stage) => soughtByKey(inputOf(stage), askedKeysOf(stage))),
  ]
  for (const { stage, columns } of sought) {
    const below = staged.stages.find(({ number }) => number === stage)
    // Without a key there is one row.
    if (!below || (below.kind === 'group' && below.node.rule.keys.length === 0)) continue
    if (below === storage.fused) continue
    const { table, found } = keptColumns(request, storage, below, columns)
    const first = found.find(({ column }) => isShort(request, column.type))
    const computed = first ? null : computedOutput(request, table, outputsOf(below), columns)
    if (first) add(table, [first.name])
    else if (computed) add(table, [computed])
  }
  return [...hashes, ...new Set(indexes.flatMap((index) => statements(request, index)))]
}

/** Those of a stage's output columns that are kept as they are. */
function keptColumns(request: CompileRequest, storage: Storage, stage: Stage, columns: readonly ColumnId[]) {
  const table = stateTableOf(request, storage, stage)
  const kept = columns.map((id) => {
    const value = outputsOf(stage).find(({ column }) => column.id === id)?.value
    return value?.kind === 'column' ? value.id : id
  })
  const found = table.columns.filter(({ column }) => kept.includes(column.id))
  return { table, found, names: found.map(({ name }) => name) }
}

function outputsOf(stage: Stage): readonly Projection[] {
  return stage.kind === 'group' ? stage.node.rule.outputs : []
}

/** A hash index has room for any value, of one column. */
function statements(request: CompileRequest, { table, columns, long }: Index): readonly string[] {
  const short = columns.filter((column) => !long.some(({ name }) => name === column)).slice(0, INDEX_COLUMNS)
  const hashed = long.filter(({ column }) => request.types[column.type.oid]?.hashable)
  return [
    ...(short.length > 0 ? [`CREATE INDEX ON ${table} (${short.join(', ')})`] : []),
    ...hashed.map(({ name }) => `CREATE INDEX ON ${table} USING hash (${name})`),
  ]
}

/** What is read off several stored columns, as `avg` is, by an index over the expression. */
function computedOutput(
  request: CompileRequest,
  table: StoredTable,
  outputs: readonly Projection[],
  columns: readonly ColumnId[],
): string | null {
  for (const { column, value } of outputs) {
    if (!columns.includes(column.id) || !isIndexable(request, value) || mayFail(value)) continue
    const names = new Map(table.columns.map((each) => [each.column.id, each.name]))
    if ([...scalarColumns(value)].every((id) => names.has(id)))
      return `(${printScalar(value, (id) => names.get(id) ?? '')})`
  }
  return null
}

/** Categories of types: numbers, booleans, dates and intervals. Anything else may be too long for an index. */
const SHORT = /^[NBDT]$/

function isShort(request: CompileRequest, type: TypeRef): boolean {
  return SHORT.test(request.types[type.oid]?.category ?? '')
}

/** The stages that find the rows of a key by such an index. */
export function probingStages(
  request: CompileRequest,
  storage: Storage,
  staged: StagedQuery,
): ReadonlySet<number> {
  const probing = staged.stages.filter((stage) => lookedUp(request, storage, staged, stage) !== null)
  return new Set(probing.map(({ number }) => number))
}

function lookedUp(
  request: CompileRequest,
  storage: Storage,
  staged: StagedQuery,
  stage: Stage,
): { readonly table: StoredTable; readonly columns: readonly string[] } | null {
  const asked = askedOfStage(request, stage)
  const found = asked && storedIn(request, storage, staged, asked.stage)
  if (!found) return null
  const columns = asked.values.map((value) => found.print(value))
  return columns.length > 0 && columns.every((each) => each !== null) ? { table: found.table, columns } : null
}

/** The order in which an earlier stage's rows are wanted, as far as an index can have it. */
function orderedBy(
  request: CompileRequest,
  storage: Storage,
  staged: StagedQuery,
  stage: Stage,
): { readonly table: StoredTable; readonly columns: readonly string[] } | null {
  if (stage.kind !== 'partition' || stage.node.partition.keys.length > 0) return null
  const columns: string[] = []
  let table: StoredTable | null = null
  const orders = orderOfFirst(stage.node) ?? []
  const isReverse = orders.every(({ using, nullsFirst }) => using === DESCENDING && nullsFirst)
  for (const { value, using, nullsFirst } of orders) {
    const below = stageValue(stage.node.input, value)
    const found = below && storedIn(request, storage, staged, below.stage)
    const text = below && found ? found.print(below.value) : null
    if (!below || !found || text === null || !isShort(request, value.type)) break
    if (below.value.kind !== 'column' && !isIndexable(request, below.value)) break
    if (using !== ASCENDING && using !== DESCENDING) break
    table = found.table
    // An index is read from either end.
    const isPlain = isReverse || (using === ASCENDING && !nullsFirst)
    columns.push(
      isPlain ? text : `${text}${using === DESCENDING ? ' DESC' : ''} NULLS ${nullsFirst ? 'FIRST' : 'LAST'}`,
    )
  }
  return table && { table, columns }
}

const ASCENDING = 'OPERATOR(pg_catalog.<)'
const DESCENDING = 'OPERATOR(pg_catalog.>)'

interface Stored {
  readonly table: StoredTable
  /** Over what is stored; null where it is not. */
  print(value: Scalar): string | null
}

function storedIn(
  request: CompileRequest,
  storage: Storage,
  staged: StagedQuery,
  stage: number,
): Stored | null {
  const below = staged.stages.find(({ number }) => number === stage)
  if (!below) return null
  const table = stateTableOf(request, storage, below)
  const outputs = outputsOf(below)
  const nameOfColumn = (id: number) => {
    const value = outputs.find(({ column }) => column.id === id)?.value
    const kept = value?.kind === 'column' ? value.id : id
    return table.columns.find(({ column }) => column.id === kept)?.name
  }
  return {
    table,
    print: (value) => {
      if ([...scalarColumns(value)].some((id) => nameOfColumn(id) === undefined)) return null
      const text = printScalar(value, (id) => nameOfColumn(id) ?? '')
      return value.kind === 'column' ? text : `(${text})`
    },
  }
}

function nameOf(table: StoredTable, column: Column): string | undefined {
  return table.columns.find((each) => each.column.id === column.id)?.name
}

/** The key by which a stage may ask for its input's rows again. */
function askedKeysOf(stage: Stage): readonly Scalar[] {
  if (stage.kind === 'recursion') return []
  if (stage.kind === 'partition') return keyColumns(stage.node).map((column) => ref(column))
  return redoneColumns(stage).length > 0 ? stage.node.rule.keys.map(({ value }) => value) : []
}

/** What an earlier stage's rows are looked for by, where a stage reads that one alone. */
function askedOfStage(
  request: CompileRequest,
  stage: Stage,
): { readonly stage: number; readonly values: readonly Scalar[] } | null {
  if (stage.kind === 'recursion') return null
  const keys = askedKeysOf(stage)
  const found = keys.map((key) => stageValue(stage.node.input, key))
  const [first] = found
  if (!first || found.some((each) => each?.stage !== first.stage)) return null
  // What no index can be on is compared with what the others have found.
  const values = found.flatMap((each) => (each && !hasMarkedStable(each.value) ? [each.value] : []))
  return values.length > 0 && values.every((value) => value.kind === 'column' || isIndexable(request, value))
    ? { stage: first.stage, values }
    : null
}

/** An index computes it for every row, whoever writes, with no schema but PostgreSQL's in reach. */
function isIndexable(request: CompileRequest, value: Scalar): boolean {
  const isKnown = (each: Scalar): boolean =>
    (each.kind !== 'expression' || !each.parts.some((part) => part.includes('.'))) &&
    (each.kind !== 'operator' || !each.sql.includes('.')) &&
    (each.kind !== 'constant' || !isMoney(each)) &&
    scalarArguments(each).every(isKnown)
  return (
    isForIndexes(value) && scalarColumns(value).size > 0 && isShort(request, value.type) && isKnown(value)
  )
}

/** Such a constant is computed where it stands, by what the server takes for stable (see moneyConstant). */
function isMoney({ sql }: Constant): boolean {
  return sql.includes('::money')
}

/** A value over the rows of the one stage that is read; null where not every stored row has one. */
function stageValue(
  node: Node,
  value: Scalar,
  filtered = false,
): { readonly stage: number; readonly value: Scalar } | null {
  if (node.op === 'filter') return stageValue(node.input, value, true)
  // What they let pass depends on other rows, and which rows they show on the left ones alone.
  if (node.op === 'bound-filter' || node.op === 'semi-join') return stageValue(node.left, value, true)
  if (node.op === 'project')
    return stageValue(
      node.input,
      mapScalar(value, (each) =>
        each.kind === 'column'
          ? (node.outputs.find(({ column }) => column.id === each.id)?.value ?? each)
          : each,
      ),
      filtered,
    )
  if (node.op !== 'read' || node.of.op !== 'stage-output') return null
  const { of } = node
  // Rows that a condition leaves out would be computed as well.
  if (value.kind !== 'column' && filtered && mayFail(value)) return null
  return {
    stage: of.stage,
    value: mapScalar(value, (each) =>
      each.kind === 'column' ? { ...each, id: storedId(of, each.id) } : each,
    ),
  }
}
