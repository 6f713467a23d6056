/** From staged algebra to the plan: all the DDL and SQL of one stream table. */

import { THEN } from '../algebra/moment.ts'
import type { Column, Node } from '../algebra/node.ts'
import type { Project } from '../algebra/operators/project.ts'
import { readColumns } from '../bind/read-columns.ts'
import { settledText } from '../catalog/printed.ts'
import { quoteIdentifier } from '../catalog/quote.ts'
import type { CompileRequest, RelationFacts } from '../catalog/request.ts'
import { type Changed, differentiate, differentiateInput } from '../delta/differentiate.ts'
import type { StagedQuery } from '../delta/stage.ts'
import type { StoredTable } from './apply.ts'
import { cachedLimit } from './cached-limit.ts'
import { deltaFilters } from './delta-filter.ts'
import {
  bulkFunction,
  cachedFunction,
  fillFunction,
  fittedFunction,
  fullFunction,
  type GeneratedFunction,
  pendingFunction,
} from './function.ts'
import { hashedKey, INDEX_COLUMNS, rowHash } from './image.ts'
import { fillLeaves } from './leaves.ts'
import { columnType, targetName } from './names.ts'
import { missingForPartition } from './partition-stage.ts'
import type { MissingIndex, Plan, PlanColumn, Reason } from './plan.ts'
import { type MissingProbe, missingProbes } from './probes.ts'
import { missingForRecursion } from './recursion-stage.ts'
import { missingForRedo } from './redo.ts'
import {
  bulkStatement,
  capturedColumns,
  type Definition,
  fillStatement,
  fittedStatement,
  fullStatement,
  ownTable,
  pendingStatement,
  readersOf,
  refreshStatement,
  scratchFunctions,
  stageFunctions,
} from './refresh.ts'
import { Printer } from './select.ts'
import { cte } from './select-text.ts'
import { stageIndexes } from './stage-indexes.ts'
import { chooseStorage } from './storage.ts'
import { asStored, dependsOnTime, storedMoment } from './temporal.ts'
import { queryText } from './text/query-text.ts'

/** A statement as explain shows it, and the function that runs it. */
export interface Statement {
  readonly sql: string
  readonly function: string
}

export interface Emitted {
  readonly plan: Omit<Plan, 'explain' | 'lineage' | 'notices'>
  readonly definition: Definition | null
  /** The statements by the name under which explain shows them. */
  readonly statements: ReadonlyMap<string, Statement>
  readonly missing: readonly MissingProbe[]
}

/** A query that is maintained incrementally. `whole` is the query before it was cut into stages. */
export function emitDifferential(
  request: CompileRequest,
  whole: Project,
  staged: StagedQuery,
  root: Project,
): Emitted {
  const storage = chooseStorage(request, staged, root)
  const sources = capturedColumns(staged, root)
  const filters = deltaFilters(readersOf({ root, staged }))
  const definition: Definition = { request, staged, root, storage, sources, filters }
  const relations = [...sources.keys()]
  const statements = new Map<string, Statement>()
  const functions: GeneratedFunction[] = []
  const missing: MissingProbe[] = []
  const timed = [root, ...staged.stages.map(({ node }) => node)].some(dependsOnTime)
  const pair = (variant: string, label: string, changed: readonly number[]) => {
    const statement = refreshStatement(definition, changed)
    const gaps = [
      ...terms(staged, root, changed).flatMap(missingProbes),
      ...staged.stages.flatMap((stage) => (stage.kind === 'recursion' ? missingForRecursion(stage) : [])),
    ]
    missing.push(...gaps)
    const cached = cachedFunction(request, variant, statement, gaps.length === 0, timed)
    // With several sources a few changes of one may meet many of another: there the guess that is too low does less harm.
    const isBulkOfOne = changed.length === 1
    const fitted = changed.length > 1 ? fittedStatement(definition, changed, statement) : null
    const bulk = fitted
      ? fittedFunction(request, variant, fitted, timed)
      : bulkFunction(request, variant, bulkStatement(definition, changed, isBulkOfOne, statement), timed)
    functions.push(cached, bulk)
    statements.set(`delta sql (${label})`, { sql: statement, function: cached.name })
    return { function: cached.name, bulk: bulk.name }
  }
  const single = relations.map((relation) => ({
    relation,
    ...pair(`from_${relation}`, relationName(request, relation), [relation]),
  }))
  // With one source the statement for it is the general one.
  const [first] = single
  const general =
    relations.length > 1
      ? pair('from_all', 'several sources', relations)
      : first
        ? { function: first.function, bulk: first.bulk }
        : null
  // Nothing but time has passed.
  if (timed) pair('from_time', 'time', [])
  const full = fullFunction(request, fullStatement(definition), timed)
  const fill = fillFunction(request, fillStatement(definition), timed)
  const limit = cachedLimit(staged, root)
  const pending = pendingFunction(request, pendingStatement(relations, limit))
  missing.push(
    ...staged.stages.flatMap((stage) =>
      stage.kind === 'group'
        ? missingForRedo(request, stage)
        : stage.kind === 'partition'
          ? missingForPartition(request, stage)
          : [],
    ),
  )
  const redo = staged.stages.flatMap((stage) => stageFunctions(request, stage))
  functions.push(...scratchFunctions(definition), ...redo, full, fill, pending)
  statements.set('full sql', { sql: fullStatement(definition), function: full.name })
  const own = staged.stages.flatMap((stage) => ownTable(request, storage, stage) ?? [])
  const printer = new Printer(request, fillLeaves(new Map()))
  const stored = printer.query(asStored(whole), outputsOf(request, whole), false)
  const query = timed ? `WITH ${cte(THEN, storedMoment(request))}\n${stored}` : stored
  return {
    definition,
    statements,
    missing: unique(missing),
    plan: {
      version: 1,
      strategy: 'DIFFERENTIAL',
      reasons: [],
      columns: planColumns(request),
      key: storage.target.key?.map((key) => nameOf(storage.target, key)) ?? null,
      sources: [...sources].map(([relation, columns]) => ({ relation, columns })),
      reads: [],
      install: {
        tables: [
          createTable(targetName(request), planColumns(request)),
          ...own.map(({ sql, columns }) =>
            createTable(
              sql,
              columns.map(({ column, name }) => ({ name, sql: columnType(request, column.type) })),
            ),
          ),
        ],
        functions: functions.map(({ ddl }) => ddl),
        indexes: [
          ...indexesOf(request, storage.target),
          ...own.flatMap((table) => indexesOf(request, table)),
          ...stageIndexes(request, storage, staged, root),
        ],
      },
      refresh: { single, general, pending: pending.name, full: full.name, fill: fill.name },
      cachedLimit: limit,
      stateTables: own.map(({ sql }) => sql),
      query,
      ...(timed ? { dependsOnTime: true } : {}),
      ...(request.hasLongValues ? { hasLongValues: true } : {}),
      missingIndexes: missingIndexes(missing),
    },
  }
}

/** A query that is recomputed; `reasons` say why, and are empty when FULL was asked for. */
export function emitFull(request: CompileRequest, reasons: readonly Reason[]): Emitted {
  const columns: Column[] = request.columns.map((column, i) => ({
    id: i + 1,
    name: column.name,
    type: { oid: column.type, typmod: column.typmod, collation: column.collation },
    nullable: true,
  }))
  const target: StoredTable = {
    sql: targetName(request),
    columns: columns.map((column) => ({ column, name: quoteIdentifier(column.name) })),
    key: null,
  }
  const query = request.definitionIsStale ? queryText(request) : settledText(request.definition)
  const recomputing = fullStatement({ request, query, target })
  const full = fullFunction(request, recomputing, true)
  const fill = fillFunction(request, fillStatement({ request, query, target }), true)
  return {
    definition: null,
    statements: new Map([['full sql', { sql: recomputing, function: full.name }]]),
    missing: [],
    plan: {
      version: 1,
      strategy: 'FULL',
      reasons,
      columns: planColumns(request),
      key: null,
      sources: [],
      reads: [...readColumns(request)].map(([relation, columns]) => ({ relation, columns })),
      install: {
        tables: [createTable(targetName(request), planColumns(request))],
        functions: [full.ddl, fill.ddl],
        indexes: indexesOf(request, target),
      },
      refresh: { single: [], general: null, pending: null, full: full.name, fill: fill.name },
      cachedLimit: null,
      stateTables: [],
      query,
      missingIndexes: [],
    },
  }
}

/** The delta terms of a change in `relations`: of every stage's input and of the root. */
function terms(staged: StagedQuery, root: Project, relations: readonly number[]): Node[] {
  const stages = new Set<number>()
  const changed: Changed = {
    relation: (oid) => relations.includes(oid),
    stage: (number) => stages.has(number),
  }
  const found: Node[] = []
  for (const stage of staged.stages) {
    const term = differentiateInput(stage, changed)
    if (!term) continue
    stages.add(stage.number)
    found.push(term)
  }
  const term = differentiate(root, changed)
  return term ? [...found, term] : found
}

function unique(missing: readonly MissingProbe[]): readonly MissingProbe[] {
  const key = ({ relation, purpose, columns, expressions = [], isTurned = false }: MissingProbe) =>
    JSON.stringify([relation, purpose, columns, expressions, isTurned])
  return [...new Map(missing.map((each) => [key(each), each])).values()]
}

/** Each once; one for a join serves a group as well. */
function missingIndexes(missing: readonly MissingProbe[]): readonly MissingIndex[] {
  const found = new Map<string, MissingIndex>()
  const add = (key: string, index: MissingIndex) => {
    if (!found.has(key) || index.purpose === 'join') found.set(key, index)
  }
  for (const { relation, groups, expressions = [], purpose, isTurned } of missing) {
    for (const columns of groups.map((group) => group.slice(0, INDEX_COLUMNS)))
      add(`${relation} ${columns.join(' ')}${isTurned ? ' turned' : ''}`, {
        relation,
        columns,
        purpose,
        ...(isTurned ? { isTurned } : {}),
      })
    for (const all of expressions.map((group) => group.slice(0, INDEX_COLUMNS))) {
      const columns = [...new Set(all.flatMap((each) => each.columns))].sort((a, b) => a - b)
      const texts = all.map(({ sql }) => sql)
      add(`${relation} ${JSON.stringify(texts)}`, { relation, columns, expressions: texts, purpose })
    }
  }
  return [...found.values()]
}

function outputsOf(request: CompileRequest, project: Project) {
  return project.outputs.map(({ column }, i) => ({
    name: quoteIdentifier(request.columns[i]?.name ?? column.name),
    value: { kind: 'column', id: column.id, type: column.type } as const,
  }))
}

function planColumns(request: CompileRequest): readonly PlanColumn[] {
  return request.columns.map(({ name, sql, type, typmod, collation }) => {
    const unlimited = typmod === -1 ? columnType(request, { oid: type, typmod, collation }) : null
    return {
      name: quoteIdentifier(name),
      sql: unlimited ?? columnType(request, { oid: type, typmod, collation }, sql),
    }
  })
}

function createTable(name: string, columns: readonly PlanColumn[]): string {
  return `CREATE TABLE ${name} (\n  ${columns.map((column) => `${column.name} ${column.sql}`).join(',\n  ')}\n)`
}

function indexesOf(request: CompileRequest, table: StoredTable): string[] {
  if (table.key === null) {
    const hash = rowHash(
      request,
      table.columns.map(({ column }) => column),
      (column) => nameOf(table, column),
    )
    return hash ? [`CREATE INDEX ON ${table.sql} (${hash})`] : []
  }
  if (table.key.length === 0) return [`CREATE UNIQUE INDEX ON ${table.sql} ((true))`]
  const nulls = table.key.some((column) => column.nullable) ? ' NULLS NOT DISTINCT' : ''
  const hashed = hashedKey(request, table.key)
  const hash = hashed.length > 0 ? rowHash(request, hashed, (column) => nameOf(table, column)) : null
  return [
    `CREATE UNIQUE INDEX ON ${table.sql} (${table.key.map((key) => nameOf(table, key)).join(', ')})${nulls}`,
    ...(hash ? [`CREATE INDEX ON ${table.sql} (${hash})`] : []),
  ]
}

function nameOf(table: StoredTable, column: Column): string {
  return table.columns.find((each) => each.column.id === column.id)?.name ?? ''
}

function relationName(request: CompileRequest, oid: number): string {
  const facts: RelationFacts | undefined = request.relations[oid]
  return facts ? `${quoteIdentifier(facts.schema)}.${quoteIdentifier(facts.name)}` : String(oid)
}
