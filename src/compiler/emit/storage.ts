/**
 * Where everything is kept: the stream table with exactly the query's columns, and a state table per stage, unless the
 * stream table's columns are the stage's keys and accumulators already, but for some that follow from the others in most
 * groups: then the state table has those of the other groups only.
 */
import type { Column, Node } from '../algebra/node.ts'
import { operatorOf } from '../algebra/operators/index.ts'
import type { Project } from '../algebra/operators/project.ts'
import { type ColumnId, mapScalar, type Scalar } from '../algebra/scalar.ts'
import { internalError, unsupported } from '../catalog/error.ts'
import { quoteIdentifier } from '../catalog/quote.ts'
import type { CompileRequest } from '../catalog/request.ts'
import type { GroupStage, PartitionStage, RecursionStage, Stage, StagedQuery } from '../delta/stage.ts'
import type { StoredTable } from './apply.ts'
import { fitsIndex } from './image.ts'
import { columnName, stateTableName, targetName } from './names.ts'
import type { PartitionTable } from './partition-stage.ts'
import { keyColumns } from './partition-text.ts'
import type { RecursionTable } from './recursion-stage.ts'
import { runningColumns, runningOf } from './running.ts'
import { slicingOf } from './slices.ts'
import { type Aside, type StateTable, type StoredColumn, storedColumns, storedName } from './stage.ts'

export interface Storage {
  readonly target: StoredTable
  readonly states: ReadonlyMap<number, StateTable>
  /** The stage whose groups are the rows of the stream table itself. */
  readonly fused: Stage | null
}

export function chooseStorage(request: CompileRequest, staged: StagedQuery, root: Project): Storage {
  const fused = fusedStage(request, staged, root)
  const target: StoredTable = {
    sql: targetName(request),
    columns: root.outputs.map(({ column }, i) => ({
      column,
      name: quoteIdentifier(request.columns[i]?.name ?? column.name),
    })),
    key: chooseKey(request, root),
  }
  const states = new Map<number, StateTable>()
  for (const stage of staged.stages) {
    if (stage.kind !== 'group' && stage === fused) continue
    if (stage.kind === 'group' && stage === fused) {
      const columns = root.outputs.map(({ value }, i) => ({
        name: target.columns[i]?.name ?? '',
        value: overAccumulators(stage, value),
      }))
      states.set(stage.number, { sql: target.sql, columns, aside: asideOf(request, stage, columns) })
    } else {
      const all = storedColumns(stage).map((column) => ({ column }))
      for (const { column } of all) assertStorable(request, column)
      const columns = numbered(all).map(({ column, name }) => ({
        name,
        value: { kind: 'column', id: column.id, type: column.type } as const,
      }))
      states.set(stage.number, { sql: stateTableName(request, stage.number), columns, aside: null })
    }
  }
  return { target, states, fused }
}

/** The order of SEARCH and the path of CYCLE are values that no table can have. */
function assertStorable(request: CompileRequest, { type }: Column): void {
  const facts = request.types[type.oid]
  if (facts?.kind === 'p')
    throw unsupported(
      `a value of type ${facts.sql} in the middle of a query`,
      'Number the rows by it, as in row_number() OVER (ORDER BY …), or use refresh mode FULL or AUTO.',
      'What is read there is kept in a table, and no table can have such a column.',
    )
}

/** The table of a stage that keeps one of its own. */
export function stateTableOf(request: CompileRequest, storage: Storage, stage: Stage): StoredTable {
  const state = storage.states.get(stage.number)
  if (!state) throw internalError(`stage ${stage.number} has no state`)
  return {
    sql: state.sql,
    columns: storedColumns(stage).map((column) => ({ column, name: storedName(state, column) })),
    key: stage.kind === 'group' ? groupKey(request, stage) : chooseKey(request, stage.node),
  }
}

/** The keys of a group that a unique index can have; null where they do not fit one. */
function groupKey(request: CompileRequest, { node }: GroupStage): readonly Column[] | null {
  const keys = node.rule.keys.map(({ column }) => column)
  return fitsIndex(request, keys) ? keys : null
}

/** Where a partition stage keeps its rows. */
export function partitionTableOf(
  request: CompileRequest,
  storage: Storage,
  stage: PartitionStage,
  root: Project,
): PartitionTable {
  const isFused = stage === storage.fused
  const table = isFused ? storage.target : stateTableOf(request, storage, stage)
  const shown = (id: number) =>
    isFused ? shownAs(root, id) : table.columns.findIndex(({ column }) => column.id === id)
  const order = (slicingOf(request, stage.node) ?? runningOf(request, stage.node))?.order
  return {
    table,
    keyNames: keyColumns(stage.node).map(({ id }) => table.columns[shown(id)]?.name ?? ''),
    orderName: order ? (table.columns[shown(order.id)]?.name ?? null) : null,
    name: (id) => table.columns[shown(id)]?.name ?? null,
    root: isFused ? root : null,
  }
}

/** Where a recursion keeps its rows. */
export function recursionTableOf(
  request: CompileRequest,
  storage: Storage,
  stage: RecursionStage,
  root: Project,
): RecursionTable {
  const isFused = stage === storage.fused
  const table = isFused ? storage.target : stateTableOf(request, storage, stage)
  const column = (id: number) =>
    isFused ? table.columns[shownAs(root, id)] : table.columns.find((each) => each.column.id === id)
  return {
    table,
    names: new Map(stage.node.columns.map(({ id }) => [id, column(id)?.name ?? ''])),
    values: isFused
      ? root.outputs.map(({ column: made, value }) => ({
          column: made,
          of: value.kind === 'column' ? value.id : 0,
        }))
      : table.columns.map(({ column: made }) => ({ column: made, of: made.id })),
    isFused,
  }
}

/** Each column of the recursion once, and nothing else. */
function showsAll(root: Project, { node }: RecursionStage): boolean {
  return root.outputs.length === node.columns.length && node.columns.every(({ id }) => shownAs(root, id) >= 0)
}

/** The output that shows a column as it is; −1 for none. */
function shownAs(root: Project, id: number): number {
  return root.outputs.findIndex(({ value }) => value.kind === 'column' && value.id === id)
}

/** Named by position: a column added to or dropped from a source must not change what is stored. */
function numbered(columns: readonly { readonly column: Column }[]) {
  return columns.map(({ column }, i) => ({ column, name: columnName({ ...column, id: i + 1 }) }))
}

/** What the stream table does not show of a stage that is fused with it. */
function asideOf(request: CompileRequest, stage: GroupStage, shown: readonly StoredColumn[]): Aside | null {
  const { rule } = stage.node
  const implied = rule.accumulators.filter(({ column }) => !isShown(shown, column))
  if (implied.length === 0) return null
  return {
    sql: stateTableName(request, stage.number),
    columns: numbered([...rule.keys, ...implied]),
    implied,
  }
}

/** The smallest key whose columns can carry a unique index; null for a bag. */
function chooseKey(request: CompileRequest, root: Node): readonly Column[] | null {
  const columns = operatorOf(root).columns(root)
  const keys = operatorOf(root)
    .keys(root)
    .map((key) => key.map((id) => columns.find((column) => column.id === id)))
    .filter((key): key is Column[] =>
      key.every((column) => column && request.types[column.type.oid]?.sortable),
    )
    .filter((key) => fitsIndex(request, key))
  return keys.sort((a, b) => a.length - b.length)[0] ?? null
}

/**
 * The root is a projection of one stage that shows every key and every accumulator, or what the others follow from. Of a
 * partition stage it need only show the key, and may filter: nobody else reads that stage, and old rows are found by the key
 * (those of a slice by their order too).
 */
function fusedStage(request: CompileRequest, staged: StagedQuery, root: Project): Stage | null {
  const { input } = root
  const below = input.op === 'filter' ? input.input : input
  if (below.op === 'read' && below.of.op === 'stage-output') {
    const { stage: number } = below.of
    const found = staged.stages.find((each) => each.number === number)
    if (found?.kind === 'recursion') return input === below && showsAll(root, found) ? found : null
    // Rows that a filter leaves out are none to go on from.
    if (found?.kind === 'partition' && input !== below && runningOf(request, found.node)) return null
    if (found?.kind === 'partition')
      return foundBy(request, found).every((id) => shownAs(root, id) >= 0) ? found : null
  }
  if (input.op !== 'read' || input.of.op !== 'stage-output') return null
  const number = input.of.stage
  const stage = staged.stages.find((each) => each.number === number)
  if (stage?.kind !== 'group') throw internalError(`stage ${number} does not exist`)
  const columns = root.outputs.map(({ value }) => ({ name: '', value: overAccumulators(stage, value) }))
  const { rule } = stage.node
  // What is kept aside is written by a unique index over the keys.
  const isWhole = groupKey(request, stage) === null
  const needed = [...rule.keys, ...rule.accumulators.filter(({ implied }) => isWhole || implied === null)]
  return needed.every(({ column }) => isShown(columns, column)) ? stage : null
}

/** The columns by which the stored rows of a partition, or of a slice of one, are found. */
function foundBy(request: CompileRequest, { node }: PartitionStage): readonly ColumnId[] {
  const slicing = slicingOf(request, node)
  const running = runningOf(request, node)
  return [
    ...node.partition.keys,
    ...(slicing ? [slicing.order.id] : []),
    ...(running ? runningColumns(running) : []),
  ]
}

function isShown(shown: readonly StoredColumn[], column: Column): boolean {
  return shown.some(({ value }) => value.kind === 'column' && value.id === column.id)
}

/** An expression over a stage's output, over what the stage stores. */
function overAccumulators(stage: GroupStage, value: Scalar): Scalar {
  return mapScalar(value, (scalar) => {
    if (scalar.kind !== 'column') return scalar
    return stage.node.rule.outputs.find(({ column }) => column.id === scalar.id)?.value ?? scalar
  })
}
