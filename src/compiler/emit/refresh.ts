/**
 * The refresh statements. Each is one SQL statement, so that frontier, deltas, tables and state are read at one snapshot.
 *
 * $1 f_xmax, $2 f_xids, $3 f_own_xid, $4 f_own_seq: the frontier (see plan.ts). A statement made for one changed source
 * checks in itself, at its own snapshot, that nothing else changed; if something did, every delta is empty, nothing is
 * written, and `applied` says so.
 */
import { THEN } from '../algebra/moment.ts'
import type { Node } from '../algebra/node.ts'
import { operatorOf } from '../algebra/operators/index.ts'
import type { Project } from '../algebra/operators/project.ts'
import type { Scan, ScanColumn } from '../algebra/operators/scan.ts'
import { isComposite } from '../catalog/composite.ts'
import type { CompileRequest } from '../catalog/request.ts'
import { type Changed, differentiate, scansOf } from '../delta/differentiate.ts'
import { inputOf, readsSourcesOnly, type Stage, type StagedQuery } from '../delta/stage.ts'
import { applyNet, type StoredTable } from './apply.ts'
import type { DeltaFilter } from './delta-filter.ts'
import {
  type ChangedSource,
  countNew,
  deltaRows,
  differs,
  hasNew,
  isNew,
  passingShare,
  repeatedRows,
} from './delta-rows.ts'
import {
  atMost,
  type CountedColumn,
  counted,
  fittedText,
  hasMarks,
  unlessChanged,
  whenChanged,
} from './fitted.ts'
import {
  type Bulk,
  CHANGED,
  COUNTED,
  type Fitted,
  type GeneratedFunction,
  scratchFunction,
} from './function.ts'
import { groupByImage, groupMatch, otherImage } from './image.ts'
import { fillLeaves, refreshLeaves, type StageSource } from './leaves.ts'
import { bufferName, collateClause, columnName, columnType, dollarQuote } from './names.ts'
import { partitionChange, partitionFunction } from './partition-stage.ts'
import { recursionChange } from './recursion-stage.ts'
import { redoFunctionOf } from './redo.ts'
import { Printer } from './select.ts'
import { cte, indent } from './select-text.ts'
import { sliceFunctions } from './slice-functions.ts'
import { isApart, stageChange, stageFromScratch, stateSource, storedColumns, withOutputs } from './stage.ts'
import { probingStages } from './stage-indexes.ts'
import { partitionTableOf, recursionTableOf, type Storage, stateTableOf } from './storage.ts'
import { dependsOnTime, storedMoment } from './temporal.ts'

export interface Definition {
  readonly request: CompileRequest
  readonly staged: StagedQuery
  readonly root: Project
  readonly storage: Storage
  /** Captured columns by source, ascending. */
  readonly sources: ReadonlyMap<number, readonly number[]>
  /** What all that a refresh reads asks of the changes of a source. */
  readonly filters: ReadonlyMap<number, DeltaFilter>
}

/** A query that is only ever recomputed: as the server prints it. */
export interface Recomputed {
  readonly request: CompileRequest
  readonly query: string
  readonly target: StoredTable
}

interface StatementOptions {
  /** Of many rows, which the planner is told. */
  readonly isBulk?: boolean
  /** With marks for what depends on which sources have changed (fitted.ts). */
  readonly isFitted?: boolean
  /** With marks for what depends on what the changes are. */
  readonly isMarked?: boolean
}

/** The statement for changes, few or many, in `relations`; returns one row of pgstream.refresh_result. */
export function refreshStatement(
  definition: Definition,
  relations: readonly number[],
  { isBulk = false, isFitted = false, isMarked = isFitted }: StatementOptions = {},
): string {
  const { request, staged, root, storage, sources } = definition
  const changedStages = new Set<number>()
  const changed: Changed = {
    relation: (oid) => relations.includes(oid),
    stage: (number) => changedStages.has(number),
  }
  const stageSources = new Map<number, StageSource>()
  const probing = isBulk ? new Set<number>() : probingStages(request, storage, staged)
  const filters = isMarked ? definition.filters : new Map<number, DeltaFilter>()
  const printer = new Printer(
    request,
    refreshLeaves(stageSources, {
      filters,
      isBulk,
      several: relations.length > 1,
      isFitted,
      isApart: isMarked && (isBulk || isFitted),
    }),
    probing,
  )
  const asked = staged.stages.filter((stage) => stageFunctions(request, stage).length > 0)
  const timed = [root, ...staged.stages.map(({ node }) => node)].some(dependsOnTime)
  const ctes = [
    ...(timed ? [cte(THEN, storedMoment(request))] : []),
    guard([...sources.keys()], relations, held(asked.map(inputOf)), isFitted),
    ...relations.map((relation) => {
      const mayRepeat = isMarked && repeats(definition, relation) !== null
      const source = { ...changedSource(definition, relation), filter: filters.get(relation) }
      const isSampled = shareOf(definition, relation) !== null
      const isAddedUp = !isMarked && isReadAgain(definition, relation)
      return deltaRows(request, source, { isBulk, isFitted, mayRepeat, isSampled, isAddedUp })
    }),
  ]
  let counts = { inserted: '0', updated: '0', deleted: '0' }
  for (const stage of staged.stages) {
    const state = storage.states.get(stage.number)
    if (state) stageSources.set(stage.number, stateSource(stage, state))
    if (stage.kind === 'partition') {
      const change = partitionChange(stage, partitionTableOf(request, storage, stage, root), changed, printer)
      if (!change) continue
      changedStages.add(stage.number)
      ctes.push(...printer.takeShared(), ...change.ctes)
      if (stage === storage.fused) counts = change
      continue
    }
    if (stage.kind === 'recursion') {
      const change = recursionChange(stage, recursionTableOf(request, storage, stage, root), changed, printer)
      if (!change) continue
      changedStages.add(stage.number)
      ctes.push(...printer.takeShared(), ...change.ctes)
      if (stage === storage.fused) counts = change
      continue
    }
    if (!state) continue
    const change = stageChange(stage, state, changed, printer, {
      withOutput: stage !== storage.fused,
      isBulk,
    })
    if (!change) continue
    changedStages.add(stage.number)
    ctes.push(...printer.takeShared(), ...change.ctes)
    if (stage === storage.fused) {
      const count = (name: string | null) => (name ? `(SELECT count(*) FROM ${name})` : '0')
      counts = {
        inserted: count(change.inserted),
        updated: count(change.updated),
        deleted: count(change.deleted),
      }
    }
  }
  if (!storage.fused) {
    const term = differentiate(root, changed)
    if (term) {
      const net = cte('net', printer.consolidated(term))
      ctes.push(...printer.takeShared(), net)
      const applied = applyNet(request, storage.target, 'net', 'target', isBulk)
      ctes.push(...applied.ctes)
      counts = applied
    }
  }
  return `WITH ${ctes.join(',\n')}
SELECT guard.ok AS applied, pg_current_snapshot() AS snapshot,
  ${counts.inserted} AS inserted, ${counts.updated} AS updated, ${counts.deleted} AS deleted
FROM guard`
}

/** The functions that a stage computes groups or partitions anew with. */
export function stageFunctions(request: CompileRequest, stage: Stage): readonly GeneratedFunction[] {
  if (stage.kind === 'recursion') return []
  const whole = stage.kind === 'group' ? redoFunctionOf(request, stage) : partitionFunction(request, stage)
  const parts = stage.kind === 'partition' ? sliceFunctions(request, stage) : []
  return [...(whole ? [whole] : []), ...parts]
}

/**
 * How many new rows each source has, negative when there are more than `limit`, and how often one was truncated. Many statements
 * are counted no further; a statement of many rows says how many by itself.
 */
export function pendingStatement(sources: readonly number[], limit: number): string {
  // A query over constants only.
  if (sources.length === 0) return 'SELECT ARRAY[0::bigint]'
  const counts = sources.map(
    (relation) =>
      `(SELECT coalesce(CASE WHEN count(*) > ${limit} THEN -1 ELSE 1 END * sum(coalesce(p.n, 1)), 0)::bigint FROM (SELECT b.n FROM ${bufferName(relation)} AS b WHERE ${isNew('b')} LIMIT ${limit + 1}) AS p)`,
  )
  return `SELECT ARRAY[${[...counts, `(SELECT count(*) FROM ${newTruncations(sources)})`].join(',\n  ')}]`
}

function newTruncations(sources: readonly number[]): string {
  return `pgstream.truncations AS b WHERE b.source_relid IN (${sources.join(', ')}) AND ${isNew('b')}`
}

/**
 * Conditions, always true, that have the statement lock what only a function that it calls will read. TRUNCATE is not
 * MVCC-safe: a lock taken in the middle of a statement may come after a TRUNCATE that its snapshot does not see, and the
 * table then looks empty. What a plan mentions is locked before the snapshot is taken (plancache.c). The setting is not
 * folded, so partitions are mentioned too.
 */
function held(nodes: readonly Node[]): readonly string[] {
  const tables = new Map(nodes.flatMap(scansOf).map((scan) => [scan.relation, scan.sql]))
  return [...tables]
    .sort(([a], [b]) => a - b)
    .map(
      ([, sql]) =>
        `NOT EXISTS (SELECT FROM ${sql} AS t WHERE current_setting('pg_stream.refreshing') = 'lock')`,
    )
}

function guard(
  all: readonly number[],
  relations: readonly number[],
  locks: readonly string[],
  isFitted: boolean,
): string {
  const unchanged = (relation: number) => `NOT ${hasNew(relation)}`
  const conditions = [
    ...all.filter((relation) => !relations.includes(relation)).map(unchanged),
    // Of constants only the time can change.
    all.length === 0 ? 'true' : `NOT EXISTS (SELECT FROM ${newTruncations(all)})`,
    ...locks,
  ]
  const fitted = isFitted
    ? relations.flatMap((relation) => [
        // As many as were counted are those that were: new rows only become more.
        unlessChanged(relation, `${countNew(relation)} <= ${counted(relation)}\n  AND `),
        whenChanged([relation], `${countNew(relation)} <= ${atMost(relation)}\n  AND `),
      ])
    : []
  return cte('guard', `SELECT ${fitted.join('')}${conditions.join('\n  AND ')} AS ok`)
}

/** For many changes in some of `relations`; null where the text cannot be marked, as that of `statement`, the one for few. */
export function fittedStatement(
  definition: Definition,
  relations: readonly number[],
  statement: string,
): Fitted | null {
  if (hasMarks(statement)) return null
  const marked = refreshStatement(definition, relations, { isFitted: true })
  const values: CountedColumn[] = []
  return {
    text: fittedText(marked, relations, CHANGED, COUNTED, values),
    values: values.map(
      ({ relation, attnum }) =>
        `pgstream._values_among(${relation}, ${attnum}, ${COUNTED}[${relations.indexOf(relation) + 1}])`,
    ),
    counted: relations.map(countNew),
    differs: relations.map((relation) => differs(definition.request, filteredSource(definition, relation))),
    repeated: relations.map((relation) => repeats(definition, relation)),
    passing: relations.map((relation) => shareOf(definition, relation)),
  }
}

function filteredSource(definition: Definition, relation: number): ChangedSource {
  return { ...changedSource(definition, relation), filter: definition.filters.get(relation) }
}

/** How many of many changes pass matters where they meet others. */
function shareOf(definition: Definition, relation: number): string | null {
  return isMultipliedIn(definition, relation)
    ? passingShare(definition.request, filteredSource(definition, relation))
    : null
}

/** For many changes in one source. `isBulk`: the planner is told that they are many. `statement`: the one for few. */
export function bulkStatement(
  definition: Definition,
  relations: readonly number[],
  isBulk: boolean,
  statement: string,
): Bulk {
  const repeated = relations.map((relation) => repeats(definition, relation))
  const isMarked = !hasMarks(statement)
  const text = refreshStatement(definition, relations, { isBulk, isMarked })
  const isRepeated = isMarked && repeated.some((each) => each !== null)
  return {
    text: isMarked ? fittedText(text, relations, CHANGED, COUNTED) : dollarQuote(text),
    repeated: isRepeated ? repeated : [],
    passing: isMarked ? relations.map((relation) => shareOf(definition, relation)) : [],
  }
}

/** Has a source the same rows again and again (delta-rows.ts), where each costs more than to add them up? */
function repeats(definition: Definition, relation: number): string | null {
  return isMultipliedIn(definition, relation)
    ? repeatedRows(definition.request, changedSource(definition, relation))
    : null
}

/**
 * Is what a change of the source touches computed anew: groups, partitions, what follows in a recursion? Then a row that changed in
 * what is read elsewhere only (when a customer was last seen, beside the median of what each region buys) must touch nothing. An
 * extreme is asked for only when it leaves.
 */
function isReadAgain({ request, staged, sources }: Definition, relation: number): boolean {
  const captured = sources.get(relation)?.length ?? 0
  if (captured === request.relations[relation]?.columns.length) return false
  return staged.stages.some(
    (stage) =>
      (stage.kind !== 'group' ||
        stage.node.rule.accumulators.some((each) => each.recomputesOften && each.extremeOf === null)) &&
      scansOf(inputOf(stage)).some((scan) => scan.relation === relation),
  )
}

/** All that is read in a refresh is read in these. */
export function readersOf({ root, staged }: Pick<Definition, 'root' | 'staged'>): readonly Node[] {
  return [root, ...staged.stages.map(inputOf)]
}

function isMultipliedIn(definition: Definition, relation: number): boolean {
  return readersOf(definition).some((node) => isMultiplied(node, relation))
}

/** Does a row of the source meet others, or is it made more than one? */
function isMultiplied(node: Node, relation: number): boolean {
  const reads = (each: Node) => scansOf(each).some((scan) => scan.relation === relation)
  return MULTIPLYING.has(node.op)
    ? reads(node)
    : operatorOf(node)
        .inputs(node)
        .some((input) => isMultiplied(input, relation))
}

const MULTIPLYING: ReadonlySet<Node['op']> = new Set([
  'join',
  'outer-join',
  'semi-join',
  'mark-join',
  'bound-filter',
  'expand',
  'recursion',
])

function changedSource(definition: Definition, relation: number): ChangedSource {
  const scans = readersOf(definition).flatMap(scansOf)
  const columns = scans.filter((scan) => scan.relation === relation).flatMap(captured)
  const attnums = definition.sources.get(relation) ?? []
  return {
    relation,
    columns: attnums.flatMap((attnum) => columns.find((column) => column.attnum === attnum) ?? []),
  }
}

interface FromScratch {
  readonly printer: Printer
  readonly ctes: readonly string[]
  readonly functions: readonly GeneratedFunction[]
  /** See held(). */
  readonly locks: readonly string[]
}

/** The functions that compute stages from scratch. */
export function scratchFunctions(definition: Definition): readonly GeneratedFunction[] {
  return fromScratch(definition).functions
}

/** Every stage from scratch, as CTEs, and the printer over them. */
function fromScratch(definition: Definition): FromScratch {
  const { request, staged } = definition
  const stageSources = new Map<number, StageSource>()
  const printer = new Printer(request, fillLeaves(stageSources))
  const ctes: string[] = []
  const functions: GeneratedFunction[] = []
  const read: Node[] = []
  for (const stage of staged.stages) {
    const name = scratchName(stage.number)
    const query = stageFromScratch(stage, printer)
    const columns = storedColumns(stage)
    // A stage over another stage reads that one's CTE, which no function sees; a function of one column of a row type
    // would return that row's columns.
    const [first, ...others] = columns
    const isRow = first && others.length === 0 && isComposite(request, first.type.oid)
    if (!readsSourcesOnly(stage) || isRow) ctes.push(cte(name, query))
    else {
      // A function's result has its types' collations: the columns' own are put back. Its columns are named as in the state
      // table, so that a plan made anew for an altered source can replace the function.
      const types = columns.map((column, i) => {
        const stored = columnName({ ...column, id: i + 1 })
        return {
          name: stored,
          sql: columnType(request, { ...column.type, collation: 0 }),
          output: `f.${stored}${collateClause(request, column.type.collation)} AS ${columnName(column)}`,
        }
      })
      const made = scratchFunction(request, stage.number, types, query)
      functions.push(made)
      read.push(inputOf(stage))
      ctes.push(cte(name, `SELECT ${types.map((each) => each.output).join(', ')}\nFROM ${made.name}() AS f`))
    }
    stageSources.set(stage.number, {
      from: name,
      output: stage.output,
      columns: (alias) =>
        withOutputs(stage, new Map(columns.map((column) => [column.id, `${alias}.${columnName(column)}`]))),
    })
  }
  return { printer, ctes, functions, locks: held(read) }
}

function scratchName(stage: number): string {
  return `stage_${stage}_scratch`
}

/** The table beside the stream table in which a stage is stored, whole or in part; null when there is none. */
export function ownTable(request: CompileRequest, storage: Storage, stage: Stage): OwnTable | null {
  const state = storage.states.get(stage.number)
  if (!state) return null
  const of = (table: StoredTable, where: string): OwnTable => {
    const list = table.columns.map(({ column }) => columnName(column)).join(', ')
    return { ...table, content: `SELECT ${list}\nFROM ${scratchName(stage.number)}${where}` }
  }
  const { aside } = state
  if (aside && stage.kind === 'group') {
    const all = storedColumns(stage)
    const columns = withOutputs(stage, new Map(all.map((column) => [column.id, columnName(column)])))
    const apart = isApart(request, aside, { from: [], where: [], columns, weight: null })
    const key = stage.node.rule.keys.map(({ column }) => column)
    return of({ sql: aside.sql, columns: aside.columns, key }, `\nWHERE ${apart}`)
  }
  return stage === storage.fused ? null : of(stateTableOf(request, storage, stage), '')
}

/** A stored table, and the query over the stage computed from scratch that tells its content. */
export interface OwnTable extends StoredTable {
  readonly content: string
}

/**
 * The first fill, into empty tables. Its snapshot is left in the setting `pg_stream.snapshot`, from inside the statement:
 * RETURNING every row only to count it would cost a tenth of the fill.
 */
export function fillStatement(definition: Definition | Recomputed): string {
  const taken = cte(
    'taken',
    "SELECT set_config('pg_stream.snapshot', pg_current_snapshot()::text, true) AS snapshot",
  )
  if ('query' in definition) {
    const names = definition.target.columns.map(({ name }) => name)
    return `WITH ${taken}\nINSERT INTO ${definition.target.sql} (${names.join(', ')})\nSELECT q.* FROM (\nSELECT r.* FROM (\n${definition.query}\n) AS r\nOFFSET 0) AS q\nWHERE (SELECT snapshot FROM taken) IS NOT NULL`
  }
  const { request, staged, root, storage } = definition
  const { printer, ctes, locks } = fromScratch(definition)
  const fills = staged.stages.flatMap((stage) => {
    const table = ownTable(request, storage, stage)
    if (!table) return []
    const insert = `INSERT INTO ${table.sql} (${table.columns.map(({ name }) => name).join(', ')})\n${table.content}`
    return [`stage_${stage.number}_filled AS (\n  ${indent(insert)}\n)`]
  })
  const select = printer.select(root)
  const outputs = root.outputs.map(({ column }) => ({
    name: columnName(column),
    value: { kind: 'column', id: column.id, type: column.type } as const,
  }))
  const names = storage.target.columns.map(({ name }) => name)
  const gates = ['(SELECT snapshot FROM taken) IS NOT NULL', ...locks]
  const rows = printer.gated({ ...select, gates }, (each) =>
    printer.render(each, outputs, false, each.gates === gates ? '' : '\nOFFSET 0'),
  )
  return `WITH ${[taken, ...ctes, ...fills].join(',\n')}\nINSERT INTO ${storage.target.sql} (${names.join(', ')})\n${rows}`
}

/** Recomputes everything and applies the difference: readers are not blocked, and what did not change is not written. */
export function fullStatement(definition: Definition | Recomputed): string {
  if ('query' in definition) {
    const { request, query, target } = definition
    const names = target.columns.map(({ column }) => columnName(column)).join(', ')
    const wanted = `SELECT q.*, 1 AS weight\nFROM (\n${query}\n) AS q(${names})`
    return applyDifference(request, target, wanted, [])
  }
  const { request, staged, root, storage } = definition
  const { printer, ctes: scratch, locks } = fromScratch(definition)
  const ctes = [...scratch]
  for (const stage of staged.stages) {
    const table = ownTable(request, storage, stage)
    if (!table) continue
    const name = `stage_${stage.number}`
    const wanted = `SELECT f.*, 1 AS weight\nFROM (\n${table.content}\n) AS f`
    ctes.push(cte(`${name}_net`, difference(request, table, wanted)))
    ctes.push(...applyNet(request, table, `${name}_net`, name, true).ctes)
  }
  const outputs = root.outputs.map(({ column }) => ({
    name: columnName(column),
    value: { kind: 'column', id: column.id, type: column.type } as const,
  }))
  return applyDifference(request, storage.target, printer.query(root, outputs, true), ctes, locks)
}

function applyDifference(
  request: CompileRequest,
  target: StoredTable,
  wanted: string,
  before: readonly string[],
  locks: readonly string[] = [],
): string {
  const applied = applyNet(request, target, 'net', 'target', true)
  const ctes = [...before, cte('net', difference(request, target, wanted)), ...applied.ctes]
  return `WITH ${ctes.join(',\n')}
SELECT ${locks.join(' AND ') || 'true'} AS applied, pg_current_snapshot() AS snapshot,
  ${applied.inserted} AS inserted, ${applied.updated} AS updated, ${applied.deleted} AS deleted`
}

/**
 * What must change in a stored table for it to hold the rows of `wanted` (which has a column `weight`, all 1). A key
 * pairs old and new rows by a hash join; without one, or without a hash of it, wanted ⊎ −stored is consolidated.
 */
function difference(request: CompileRequest, table: StoredTable, wanted: string): string {
  const pairs = table.columns.map(({ column, name }) => ({
    name: columnName(column),
    old: `s.${name}`,
    fresh: `n.${columnName(column)}`,
  }))
  const keyed = table.columns.filter(({ column }) => table.key?.some((each) => each.id === column.id))
  const match = groupMatch(
    request,
    keyed.map(({ column }) => column),
    keyed.map(({ name }) => `s.${name}`),
    keyed.map(({ column }) => `n.${columnName(column)}`),
  )
  // A FULL JOIN needs an equality to hash by: a key that is never NULL, or the hashes of one that may be. Of a type without hash
  // it merges, and then every condition must be one to merge by.
  const present = keyed.filter(({ column }) => !column.nullable)
  const hashes =
    match.length > keyed.length ||
    present.length === keyed.length ||
    present.some(({ column }) => request.types[column.type.oid]?.hashable)
  if (keyed.length > 0 && hashes) {
    const items = pairs.map(
      ({ name, old, fresh }) => `CASE WHEN n.weight IS NULL THEN ${old} ELSE ${fresh} END AS ${name}`,
    )
    return `SELECT ${items.join(', ')}, coalesce(n.weight, -1)::bigint AS weight
FROM (
  ${indent(wanted)}
) AS n
FULL JOIN ${table.sql} AS s ON ${match.join(' AND ')}
WHERE n.weight IS NULL OR s.ctid IS NULL
  OR ${otherImage(
    request,
    table.columns.map(({ column }) => column),
    pairs.map(({ old }) => old),
    pairs.map(({ fresh }) => fresh),
  )}`
  }
  const stored = `SELECT ${pairs.map(({ name, old }) => `${old} AS ${name}`).join(', ')}, -1 AS weight\nFROM ${table.sql} AS s`
  const groups = table.columns.map(({ column }) => groupByImage(request, column, `u.${columnName(column)}`))
  const items = table.columns.map(({ column }, i) => `${groups[i]?.output} AS ${columnName(column)}`)
  return `SELECT ${items.join(', ')}, sum(u.weight) AS weight
FROM (
  ${indent(wanted)}
  UNION ALL
  ${indent(stored)}
) AS u
GROUP BY ${groups.flatMap((group) => group.groupBy).join(', ')}
HAVING sum(u.weight) <> 0`
}

function captured(scan: Scan): readonly ScanColumn[] {
  return scan.own ? [scan.own, ...scan.columns] : scan.columns
}

/** The captured columns of each source: what the scans read. */
export function capturedColumns(staged: StagedQuery, root: Project): Map<number, number[]> {
  const sources = new Map<number, number[]>()
  for (const scan of [...staged.stages.map(inputOf), root].flatMap(scansOf)) {
    const columns = new Set([
      ...(sources.get(scan.relation) ?? []),
      ...captured(scan).map(({ attnum }) => attnum),
    ])
    sources.set(
      scan.relation,
      [...columns].sort((a, b) => a - b),
    )
  }
  return new Map([...sources].sort(([a], [b]) => a - b))
}
