/** Indexes on what is kept for stages, beside those of the tables' own keys. */
import type { Column, Node } from '../algebra/node.ts'
import type { Project } from '../algebra/operators/project.ts'
import { type StageOutput, storedId } from '../algebra/operators/read.ts'
import type { Scalar } from '../algebra/scalar.ts'
import type { CompileRequest } from '../catalog/request.ts'
import { inputOf, type Stage, type StagedQuery } from '../delta/stage.ts'
import type { StoredTable } from './apply.ts'
import { keyColumns } from './partition-text.ts'
import { soughtByValue } from './probes.ts'
import { selfIndexes } from './recursion-stage.ts'
import { redoneColumns } from './redo.ts'
import { partitionTableOf, recursionTableOf, type Storage, stateTableOf } from './storage.ts'

interface Index {
  readonly table: string
  readonly columns: readonly string[]
}

/**
 * By which stored rows of a partition are found, by which a stage finds the rows of its groups in an earlier stage, and by
 * which a join finds a stage's rows by a value: those whose sum is the greatest.
 */
export function stageIndexes(
  request: CompileRequest,
  storage: Storage,
  staged: StagedQuery,
  root: Project,
): readonly string[] {
  const indexes: Index[] = []
  const add = (table: StoredTable, columns: readonly string[]) => {
    const key = table.key?.flatMap((column) => nameOf(table, column) ?? []) ?? []
    const known = [key, ...indexes.filter((index) => index.table === table.sql).map((each) => each.columns)]
    const serves = (other: readonly string[]) =>
      columns.every((name) => other.slice(0, columns.length).includes(name))
    if (!known.some(serves)) indexes.push({ table: table.sql, columns })
  }
  for (const stage of staged.stages) {
    if (stage.kind === 'partition') {
      const { table, keyNames } = partitionTableOf(request, storage, stage, root)
      add(table, keyNames)
    }
    if (stage.kind === 'recursion') {
      const table = recursionTableOf(request, storage, stage, root)
      for (const columns of selfIndexes(stage))
        add(
          table.table,
          columns.map((id) => table.names.get(id) ?? ''),
        )
    }
    const looked = lookedUp(request, storage, staged, stage)
    if (looked) add(looked.table, looked.columns)
  }
  for (const query of [...staged.stages.map(inputOf), root])
    for (const { stage, columns } of soughtByValue(query)) {
      const below = staged.stages.find(({ number }) => number === stage)
      // Without a key there is one row.
      if (below?.kind !== 'group' || below.node.rule.keys.length === 0) continue
      const table = stateTableOf(request, storage, below)
      const { outputs } = below.node.rule
      const kept = columns.map((id) => {
        const value = outputs.find(({ column }) => column.id === id)?.value
        return value?.kind === 'column' ? value.id : id
      })
      const found = table.columns.filter(({ column }) => kept.includes(column.id) && isShort(request, column))
      const [first] = found
      if (first) add(table, [first.name])
    }
  return indexes.map(({ table, columns }) => `CREATE INDEX ON ${table} (${columns.join(', ')})`)
}

/** Categories of types: numbers, booleans, dates and intervals. Anything else may be too long for an index. */
const SHORT = /^[NBDT]$/

function isShort(request: CompileRequest, { type }: Column): boolean {
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
  const below = staged.stages.find((each) => each.number === asked?.stage)
  if (!asked || !below) return null
  const table = stateTableOf(request, storage, below)
  const names = asked.columns.map((id) => table.columns.find(({ column }) => column.id === id)?.name)
  const columns = names.filter((name) => name !== undefined)
  return columns.length === names.length && names.length > 0 ? { table, columns } : null
}

function nameOf(table: StoredTable, column: Column): string | undefined {
  return table.columns.find((each) => each.column.id === column.id)?.name
}

/** The columns of an earlier stage's output that a stage looks for rows by, where it reads that stage alone. */
function askedOfStage(
  request: CompileRequest,
  stage: Stage,
): { readonly stage: number; readonly columns: readonly number[] } | null {
  if (stage.kind === 'recursion') return null
  const isAsked = stage.kind === 'partition' || redoneColumns(request, stage).length > 0
  if (!isAsked) return null
  const keys: readonly Scalar[] =
    stage.kind === 'partition'
      ? keyColumns(stage.node).map(({ id, type }) => ({ kind: 'column', id, type }))
      : stage.node.rule.keys.map(({ value }) => value)
  const found = keys.map((key) => stageColumn(stage.node.input, key))
  const [first] = found
  if (!first || found.some((each) => each?.output !== first.output)) return null
  return { stage: first.output.stage, columns: found.flatMap((each) => (each ? [each.id] : [])) }
}

function stageColumn(
  node: Node,
  value: Scalar,
): { readonly output: StageOutput; readonly id: number } | null {
  if (value.kind !== 'column') return null
  if (node.op === 'filter') return stageColumn(node.input, value)
  if (node.op === 'project') {
    const output = node.outputs.find(({ column }) => column.id === value.id)
    return output ? stageColumn(node.input, output.value) : null
  }
  return node.op === 'read' && node.of.op === 'stage-output'
    ? { output: node.of, id: storedId(node.of, value.id) }
    : null
}
