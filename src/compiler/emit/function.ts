/** Wrapping a statement into the function that the refresh driver calls. */

import { quoteLiteral } from '../catalog/quote.ts'
import type { CompileRequest } from '../catalog/request.ts'
import { PASSING, REPEATED, VALUES } from './fitted.ts'
import { dollarQuote, functionName } from './names.ts'
import type { PlanColumn } from './plan.ts'
import { indent } from './select-text.ts'

/**
 * What every generated function pins. `pg_stream.refreshing` lets the writes pass the stream table's guard. JIT is off:
 * switched-off join methods carry a cost of 1e10 before PostgreSQL 18, which would start it for a one-row refresh. Outer joins
 * are put in order together with the delta, however many they are: with the default limit of 8 the others would be joined
 * whole first. From twelve on, as by default, in any order that is good enough: each changed source adds a join of them all,
 * and looking at all orders takes the first refresh of a connection 0.7 s with eleven tables around one of them.
 */
const PINNED = [
  'search_path = pg_catalog, pg_temp',
  "pg_stream.refreshing = 'on'",
  'jit = off',
  'join_collapse_limit = 100',
  'from_collapse_limit = 100',
  'geqo = on',
  'geqo_threshold = 12',
]

/** Output of bytea and floats, and `quote_ident`, count as immutable, and yet depend on these. */
const BEHIND_IMMUTABLE: ReadonlySet<string> = new Set([
  'bytea_output',
  'extra_float_digits',
  'quote_all_identifiers',
])

/** How constants are printed here: NULL without quotes, in an array, is none. */
const PRINTED_ARRAYS = 'array_nulls = on'

/** The settings of the definition: those that an immutable expression can see, or, for a query that is recomputed, all. */
function definedUnder(request: CompileRequest, all: boolean): string[] {
  const settings = Object.entries(request.settings)
    .filter(([name]) => all || BEHIND_IMMUTABLE.has(name))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name} = ${quoteLiteral(value)}`)
  return all ? settings : [PRINTED_ARRAYS, ...settings]
}

/** Cached plans: made once per connection, whatever the frontier. */
const CACHED = ['plan_cache_mode = force_generic_plan']

/**
 * Nothing but index probes from the delta: a hash join would read the other table whole (FIELD a1: 4.2 s → 32 ms), and so
 * would a sequential scan that was planned while the table was small.
 */
const PROBING = ['enable_hashjoin = off', 'enable_mergejoin = off', 'enable_seqscan = off']

/** Room for the hashes and sorts of a large change; the plan is made for it anew. */
const BULK = ["work_mem = '64MB'"]

/**
 * What changes is what was just written, and so are the rows it meets: probes find their pages in memory. The default, 4,
 * is of a disk, and has the planner read a table whole for one row in fifty (measured: 72 ms → 35 ms).
 * Of a small change: begin with a filtered scan of a table rather than with its look-ups (2,026 rows read → 38).
 */
const IN_MEMORY = ['random_page_cost = 1.1']

export interface GeneratedFunction {
  readonly name: string
  readonly ddl: string
}

/** For small changes: static SQL, one plan per connection. */
export function cachedFunction(
  request: CompileRequest,
  variant: string,
  statement: string,
  probing: boolean,
  timed = false,
): GeneratedFunction {
  const body = `#variable_conflict use_column
DECLARE
  pgstream_result pgstream.refresh_result;
BEGIN
  ${indent(intoResult(statement))};
  RETURN pgstream_result;
END`
  const settings = [
    ...PINNED,
    ...definedUnder(request, timed),
    ...CACHED,
    ...(probing ? [...PROBING, ...IN_MEMORY] : []),
  ]
  return generated(request, variant, body, settings)
}

/** For large changes: planned at each call, with the frontier's values and the tables' present sizes. `timed`: see fullFunction. */
export function bulkFunction(
  request: CompileRequest,
  variant: string,
  { text, repeated, passing }: Bulk,
  timed = false,
): GeneratedFunction {
  const body = `DECLARE
  pgstream_result pgstream.refresh_result;${array(REPEATED, 'boolean', repeated, 'false')}${array(PASSING, 'int', passing, '0')}
BEGIN
  EXECUTE ${text}
  INTO pgstream_result USING $1, $2, $3, $4;
  RETURN pgstream_result;
END`
  const settings = [...PINNED, ...definedUnder(request, timed), ...BULK, ...IN_MEMORY]
  return generated(request, `${variant}_bulk`, body, settings)
}

/** A statement as an expression over the arrays REPEATED and PASSING, and how their elements are made; null: it is not asked of that source. */
export interface Bulk {
  readonly text: string
  readonly repeated: readonly (string | null)[]
  readonly passing: readonly (string | null)[]
}

function array(name: string, type: string, elements: readonly (string | null)[], otherwise: string): string {
  if (elements.every((each) => each === null)) return ''
  const values = elements.map((each) => each ?? otherwise)
  return `\n  ${name} ${type}[] := ARRAY[${values.join(',\n    ')}];`
}

/** The same over the arrays CHANGED and COUNTED as well. */
export interface Fitted extends Bulk {
  /** How many new rows a source has. */
  readonly counted: readonly string[]
  /** How many values a column may have among the changes. */
  readonly values: readonly string[]
  /** Do they add up to something? Asked of sources that have some. */
  readonly differs: readonly string[]
}

export const CHANGED = 'pgstream_changed'
export const COUNTED = 'pgstream_counted'

/** More rows are not added up only to see whether that leaves any: planning is what it saves. */
const ADDED_UP = 10_000

/** As many as there never are: whatever the statement finds, it is made for. */
const ANY_NUMBER = '1000000000000'

/**
 * The same for several sources, fitted to what has changed: see fitted.ts. What is written between the counting and the
 * statement is seen by its guard; then it is done once more, in a way that is right for any number of changes.
 */
export function fittedFunction(
  request: CompileRequest,
  variant: string,
  fitted: Fitted,
  timed = false,
): GeneratedFunction {
  const rows = fitted.differs.map((differs, i) => {
    const count = `${COUNTED}[${i + 1}]`
    return `CASE WHEN ${count} = 0 OR (${count} <= ${ADDED_UP} AND NOT (${differs})) THEN 0 ELSE ${count} END`
  })
  const body = `DECLARE
  pgstream_result pgstream.refresh_result;
  ${COUNTED} bigint[] := ARRAY[${fitted.counted.join(',\n    ')}];
  ${CHANGED} bigint[] := ARRAY[${rows.join(',\n    ')}];${array(REPEATED, 'boolean', fitted.repeated, 'false')}${array(PASSING, 'int', fitted.passing, '0')}${array(VALUES, 'bigint', fitted.values, '200')}
BEGIN
  LOOP
    EXECUTE ${fitted.text}
    INTO pgstream_result USING $1, $2, $3, $4;
    EXIT WHEN pgstream_result.applied OR ${CHANGED}[1] = ${ANY_NUMBER};
    ${CHANGED} := array_fill(${ANY_NUMBER}::bigint, ARRAY[cardinality(${CHANGED})]);
    ${COUNTED} := ${CHANGED};
  END LOOP;
  RETURN pgstream_result;
END`
  const settings = [...PINNED, ...definedUnder(request, timed), ...BULK, ...IN_MEMORY]
  return generated(request, `${variant}_bulk`, body, settings)
}

/** For FULL. `recomputed`: a query that is not maintained incrementally, and may read any setting. */
export function fullFunction(
  request: CompileRequest,
  statement: string,
  recomputed = false,
): GeneratedFunction {
  return plannedFunction(request, 'full', statement, [
    ...PINNED,
    ...definedUnder(request, recomputed),
    ...BULK,
  ])
}

function plannedFunction(
  request: CompileRequest,
  variant: string,
  statement: string,
  settings: readonly string[],
): GeneratedFunction {
  const body = `DECLARE
  pgstream_result pgstream.refresh_result;
BEGIN
  EXECUTE ${dollarQuote(statement)}
  INTO pgstream_result USING $1, $2, $3, $4;
  RETURN pgstream_result;
END`
  return generated(request, variant, body, settings)
}

/** The first fill: see fillStatement; and fullFunction. */
export function fillFunction(
  request: CompileRequest,
  statement: string,
  recomputed = false,
): GeneratedFunction {
  const body = `DECLARE
  pgstream_result pgstream.refresh_result;
  pgstream_rows bigint;
BEGIN
  EXECUTE ${dollarQuote(statement)};
  GET DIAGNOSTICS pgstream_rows = ROW_COUNT;
  pgstream_result := ROW(true, current_setting('pg_stream.snapshot')::pg_snapshot, pgstream_rows, 0, 0);
  RETURN pgstream_result;
END`
  return generated(request, 'fill', body, [...PINNED, ...definedUnder(request, recomputed), ...BULK])
}

/** The look into the change buffers that precedes every refresh. */
export function pendingFunction(request: CompileRequest, statement: string): GeneratedFunction {
  const body = `BEGIN\n  RETURN (${indent(statement)});\nEND`
  return generated(
    request,
    'pending',
    body,
    ['search_path = pg_catalog, pg_temp', ...CACHED, 'enable_seqscan = off'],
    'bigint[]',
  )
}

/**
 * A stage from scratch, for fill and FULL. Only a SELECT of its own may use parallel workers, not one inside an INSERT:
 * RETURN QUERY is such a SELECT (measured: 250 ms → 130 ms, as CREATE TABLE AS). STABLE keeps the caller's snapshot. Its plan is
 * kept by the connection, and PostgreSQL takes no plan away when a role is altered: one that policies have a part in, which hold
 * for the owner at that moment only, must not be made.
 */
export function scratchFunction(
  request: CompileRequest,
  stage: number,
  columns: readonly PlanColumn[],
  query: string,
): GeneratedFunction {
  const name = functionName(request, `stage_${stage}`)
  const body = `#variable_conflict use_column\nBEGIN\n  RETURN QUERY\n  ${indent(query)};\nEND`
  const ddl = `CREATE OR REPLACE FUNCTION ${name}() RETURNS TABLE (${columns.map((column) => `${column.name} ${column.sql}`).join(', ')})
LANGUAGE plpgsql STABLE
${secured(request)}AS ${dollarQuote(`\n${body}\n`)}`
  return { name, ddl }
}

function secured({ relations }: CompileRequest): string {
  return Object.values(relations).some((each) => each.isSecured) ? 'SET row_security = off\n' : ''
}

/** Up to this many groups the plan for computing them anew is kept: made for ten, as unnest of a parameter is. */
const KEPT_PLAN_GROUPS = 10

/** A query over keys: for those without a NULL, and for those that lack some of their columns. */
export interface Recomputing {
  readonly plain: string
  readonly lacking: readonly string[]
}

/**
 * Groups from scratch: see redo.ts. The caller's pins on join methods do not reach it. Keys without a NULL among them
 * are met by plain equality, which is joined and estimated best (500 groups of a million rows: 370 ms → 140 ms). One that
 * lacks a column makes no difference to the others: a look for any key by an OR reads all rows that lack the column, for each
 * (the first rows of 940 users, of which one is NULL in 2,600 of 85,000 rows: 1.9 s → 30 ms). `lacks`: which keys are asked
 * for by each query of `lacking`, as a condition on `g`.
 */
export function redoFunction(
  name: string,
  args: readonly { readonly name: string; readonly type: string }[],
  columns: readonly PlanColumn[],
  lacks: readonly string[],
  many: Recomputing,
  few: Recomputing,
): GeneratedFunction {
  const numbers = args.map((_, i) => i + 1)
  const params = numbers.map((n) => `$${n}`).join(', ')
  const [first] = args
  // The only group of a key of no columns is asked for by a boolean.
  const hasKeys = first?.type.endsWith('[]') === true
  const execute = (text: string) => `RETURN QUERY EXECUTE ${dollarQuote(text)}\n    USING ${params};`
  const keep = (text: string) => `RETURN QUERY\n    ${indent(indent(text))};`
  const sized = (kept: string, planned: string) =>
    hasKeys
      ? `IF cardinality($1) <= ${KEPT_PLAN_GROUPS} THEN\n    ${keep(kept)}\n  ELSE\n    ${execute(planned)}\n  END IF;`
      : keep(kept)
  const all = numbers.map((n) => `pgstream_asked_${n}`)
  const apart = lacks.map(
    (condition, i) => `SELECT ${numbers.map((n) => `array_agg(g.k${n})`).join(', ')}
    INTO ${params}
    FROM unnest(${all.join(', ')}) AS g(${numbers.map((n) => `k${n}`).join(', ')})
    WHERE ${condition};
  IF $1 IS NOT NULL THEN
  ${indent(sized(few.lacking[i] ?? '', many.lacking[i] ?? ''))}
  END IF;`,
  )
  const declared =
    apart.length === 0
      ? ''
      : `DECLARE\n${args.map(({ type }, i) => `  ${all[i]} ${type} := $${i + 1};`).join('\n')}\n`
  const lacking = numbers.map((n) => `array_position($${n}, NULL) IS NOT NULL`).join(' OR ')
  const others =
    apart.length === 0 ? '' : `\n  IF NOT (${lacking}) THEN\n    RETURN;\n  END IF;\n  ${apart.join('\n  ')}`
  const body = `#variable_conflict use_column
${declared}BEGIN
  ${sized(few.plain, many.plain)}${others}
END`
  const settings = [
    'enable_hashjoin = on',
    'enable_mergejoin = off',
    'enable_seqscan = on',
    ...BULK,
    ...IN_MEMORY,
  ]
  const ddl = `CREATE OR REPLACE FUNCTION ${name}(${args.map((arg) => arg.type).join(', ')}) RETURNS TABLE (${columns.map((column) => `${column.name} ${column.sql}`).join(', ')})
LANGUAGE plpgsql STABLE STRICT
${settings.map((setting) => `SET ${setting}`).join('\n')}
AS ${dollarQuote(`\n${body}\n`)}`
  return { name, ddl }
}

/** Looks into indexes that are there: `inOrder`, each for a value in the order of one, of which few are wanted. */
export function probeFunction(
  name: string,
  args: readonly { readonly type: string }[],
  columns: readonly PlanColumn[],
  query: string,
  inOrder: boolean,
): GeneratedFunction {
  const body = `#variable_conflict use_column\nBEGIN\n  RETURN QUERY\n  ${indent(query)};\nEND`
  const settings = [
    ...CACHED,
    ...PROBING,
    ...IN_MEMORY,
    ...(inOrder ? ['enable_sort = off', 'enable_bitmapscan = off'] : BULK),
  ]
  const ddl = `CREATE OR REPLACE FUNCTION ${name}(${args.map(({ type }) => type).join(', ')}) RETURNS TABLE (${columns.map((column) => `${column.name} ${column.sql}`).join(', ')})
LANGUAGE plpgsql STABLE STRICT
${settings.map((setting) => `SET ${setting}`).join('\n')}
AS ${dollarQuote(`\n${body}\n`)}`
  return { name, ddl }
}

function generated(
  request: CompileRequest,
  variant: string,
  body: string,
  settings: readonly string[],
  result = 'pgstream.refresh_result',
): GeneratedFunction {
  const name = functionName(request, variant)
  const ddl = `CREATE OR REPLACE FUNCTION ${name}(bigint, bigint[], bigint, bigint) RETURNS ${result}
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
${[...settings, ...asWritten(request)].map((setting) => `SET ${setting}`).join('\n')}
AS ${dollarQuote(`\n${body}\n`)}`
  return { name, ddl }
}

/**
 * PostgreSQL 18 takes a table and the same one FROM ONLY for the same rows where it removes a join of a table with itself
 * (remove_self_joins_recurse in analyzejoins.c, as of 18.4), and loses those of its children.
 */
function asWritten({ server, relations }: CompileRequest): readonly string[] {
  const hasChildren = Object.values(relations).some((each) => each.kind === 'r' && each.hasChildren)
  return hasChildren && server.versionNum >= 180000 ? ['enable_self_join_elimination = off'] : []
}

/** plpgsql takes INTO anywhere a SELECT list ends; WITH clauses that write must stay at the top level. */
function intoResult(statement: string): string {
  const at = statement.lastIndexOf('\nFROM guard')
  return `${statement.slice(0, at)}\nINTO pgstream_result${statement.slice(at)}`
}
