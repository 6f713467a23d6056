/**
 * Where everything is kept: the stream table with exactly the query's columns, and a state table per stage, unless the
 * stream table's columns are the stage's keys and accumulators already, but for some that follow from the others in most
 * groups: then the state table has those of the other groups only.
 */
import type { Column } from '../algebra/node.ts'
import { operatorOf } from '../algebra/operators/index.ts'
import type { Project } from '../algebra/operators/project.ts'
import { mapScalar, type Scalar } from '../algebra/scalar.ts'
import { internalError } from '../catalog/error.ts'
import { quoteIdentifier } from '../catalog/quote.ts'
import type { CompileRequest } from '../catalog/request.ts'
import type { Stage, StagedQuery } from '../delta/stage.ts'
import type { StoredTable } from './apply.ts'
import { columnName, stateTableName, targetName } from './names.ts'
import type { Aside, StateTable, StoredColumn } from './stage.ts'

export interface Storage {
  readonly target: StoredTable
  readonly states: ReadonlyMap<number, StateTable>
  /** The stage whose groups are the rows of the stream table itself. */
  readonly fused: Stage | null
}

export function chooseStorage(request: CompileRequest, staged: StagedQuery, root: Project): Storage {
  const fused = fusedStage(staged, root)
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
    if (stage === fused) {
      const columns = root.outputs.map(({ value }, i) => ({
        name: target.columns[i]?.name ?? '',
        value: overAccumulators(stage, value),
      }))
      states.set(stage.number, { sql: target.sql, columns, aside: asideOf(request, stage, columns) })
    } else {
      const { rule } = stage.node
      const columns = numbered([...rule.keys, ...rule.accumulators]).map(({ column, name }) => ({
        name,
        value: { kind: 'column', id: column.id, type: column.type } as const,
      }))
      states.set(stage.number, { sql: stateTableName(request, stage.number), columns, aside: null })
    }
  }
  return { target, states, fused }
}

/** Named by position: a column added to or dropped from a source must not change what is stored. */
function numbered(columns: readonly { readonly column: Column }[]) {
  return columns.map(({ column }, i) => ({ column, name: columnName({ ...column, id: i + 1 }) }))
}

/** What the stream table does not show of a stage that is fused with it. */
function asideOf(request: CompileRequest, stage: Stage, shown: readonly StoredColumn[]): Aside | null {
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
function chooseKey(request: CompileRequest, root: Project): readonly Column[] | null {
  const columns = operatorOf(root).columns(root)
  const keys = operatorOf(root)
    .keys(root)
    .map((key) => key.map((id) => columns.find((column) => column.id === id)))
    .filter((key): key is Column[] =>
      key.every((column) => column && request.types[column.type.oid]?.sortable),
    )
  return keys.sort((a, b) => a.length - b.length)[0] ?? null
}

/** The root is a projection of one stage that shows every key and every accumulator, or what the others follow from. */
function fusedStage(staged: StagedQuery, root: Project): Stage | null {
  const { input } = root
  if (input.op !== 'read' || input.of.op !== 'stage-output') return null
  const number = input.of.stage
  const stage = staged.stages.find((each) => each.number === number)
  if (!stage) throw internalError(`stage ${number} does not exist`)
  const columns = root.outputs.map(({ value }) => ({ name: '', value: overAccumulators(stage, value) }))
  const { rule } = stage.node
  const needed = [...rule.keys, ...rule.accumulators.filter(({ implied }) => implied === null)]
  return needed.every(({ column }) => isShown(columns, column)) ? stage : null
}

function isShown(shown: readonly StoredColumn[], column: Column): boolean {
  return shown.some(({ value }) => value.kind === 'column' && value.id === column.id)
}

/** An expression over a stage's output, over what the stage stores. */
function overAccumulators(stage: Stage, value: Scalar): Scalar {
  return mapScalar(value, (scalar) => {
    if (scalar.kind !== 'column') return scalar
    return stage.node.rule.outputs.find(({ column }) => column.id === scalar.id)?.value ?? scalar
  })
}
