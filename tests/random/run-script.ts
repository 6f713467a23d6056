/** Runs a script: every refresh is compared with its query, and must have been differential. */
import { expectEqual, type SqlClient } from '../oracle/oracle.ts'
import { constructsOf } from './constructs.ts'
import { tend } from './plans.ts'
import type { Script, Step, StreamTable } from './script.ts'

export interface Sessions {
  readonly main: SqlClient
  /** Null where there is only one connection. */
  readonly other: SqlClient | null
  /** Looks after the tables between the steps, as autovacuum does. */
  readonly tending?: SqlClient
}

/** The case says nothing: the user's own query fails (an overflow), or it takes too long. */
export class Discarded extends Error {}

export interface RunCounts {
  refreshes: number
  differential: number
  /** Differential refreshes that changed a row. */
  changed: number
  noData: number
  reinitialized: number
  writes: number
  failedWrites: number
  streams: number
  /** Those that had rows at first. */
  filled: number
  /** How many stream tables had each construct. */
  readonly constructs: Record<string, number>
}

export function newCounts(): RunCounts {
  return {
    refreshes: 0,
    differential: 0,
    changed: 0,
    noData: 0,
    reinitialized: 0,
    writes: 0,
    failedWrites: 0,
    streams: 0,
    filled: 0,
    constructs: {},
  }
}

/** Data that a statement may well refuse: overflow, constraint, a row hit twice, a lock that the other session holds. */
const REFUSED_DATA = /^(22|23|21000|27000|40001|40P01|55P03|57014|55000)/

/** No transition table shows it. */
const HIDDEN =
  /^a MERGE (moved rows from one partition to another|inserted and updated rows of a partitioned table)$/

/**
 * Refusals of docs/SUPPORT.md that no generator sees coming: a column may be a constant several views below, and the time
 * stand in one that a recursion reads.
 */
const REFUSED =
  /GROUPING SETS (over|of) a constant( that also stands elsewhere)? cannot be|^operator [-+] cannot be/

const SCHEMA = '"random case"'

export async function runScript(
  sessions: Sessions,
  script: Script,
  counts: RunCounts = newCounts(),
): Promise<void> {
  const { main, other } = sessions
  for (const session of [main, other])
    for (const setting of [`search_path = ${SCHEMA}`, `lock_timeout = '150ms'`, `statement_timeout = '60s'`])
      await session?.query(`SET ${setting}`)
  await main.query(`CREATE SCHEMA ${SCHEMA}`)
  try {
    await runAll(sessions, script, counts)
  } finally {
    await other?.query('ROLLBACK')
    await main.query('ROLLBACK')
    await drop(main, script)
  }
}

async function runAll(sessions: Sessions, script: Script, counts: RunCounts): Promise<void> {
  const { main } = sessions
  for (const sql of script.setup) {
    const code = await failure(main, sql)
    // A first row may break a constraint; a query may not be one.
    if (code && isLacking(sql, code)) throw new Discarded(code.message)
    if (code && !(sql.startsWith('INSERT') && REFUSED_DATA.test(code.code)))
      throw new Error(`the generator made what PostgreSQL refuses: ${code.message}\n${sql}`)
  }
  const isTimed = [...script.setup, ...script.streams.map(({ query }) => query)].some((sql) => TIME.test(sql))
  for (const stream of script.streams) {
    await create(main, stream, isTimed)
    counts.streams += 1
    if ((await main.query(`SELECT FROM ${stream.name} LIMIT 1`)).rows.length > 0) counts.filled += 1
    for (const name of constructsOf(stream.query))
      counts.constructs[name] = (counts.constructs[name] ?? 0) + 1
  }
  const state: State = { inTransaction: false, isTimed, truncated: new Set() }
  for (const [i, step] of script.steps.entries()) {
    if (sessions.tending && i % 3 === 0) await tend(sessions.tending, 'random case')
    await run(sessions, script, step, state, counts)
  }
}

interface State {
  inTransaction: boolean
  /** A query asks for the time: it is that of the refresh's transaction only there. */
  readonly isTimed: boolean
  /** Stream tables for which something was truncated since their last refresh. */
  readonly truncated: Set<number>
}

/**
 * JSON_TABLE before PostgreSQL 17; XMLTABLE where the server is built without libxml, as PGlite is; a regular expression over
 * what is made of text that knows no case.
 */
function isLacking(sql: string, { code, message }: { readonly code: string; readonly message: string }) {
  if (message.startsWith('nondeterministic collations are not supported for')) return true
  return (sql.includes('JSON_TABLE(') && code === '42601') || (sql.includes('XMLTABLE(') && code === '0A000')
}

const TIME = /now\(\)|CURRENT_TIMESTAMP/

async function create(main: SqlClient, { name, query }: StreamTable, isTimed: boolean): Promise<void> {
  const wrong = await failure(main, `SELECT count(*) FROM (\n${query}\n) AS q`)
  if (wrong) {
    if (/^(22|57014)/.test(wrong.code) || isLacking(query, wrong)) throw new Discarded(wrong.message)
    throw new Error(`the generator made what PostgreSQL refuses: ${wrong.message}\n${query}`)
  }
  const creating = main.query(`SELECT pgstream.create_stream_table($1, $2, '1h', 'DIFFERENTIAL')`, [
    name,
    query,
  ])
  await creating.catch((error: Error) => {
    const isRefused = REFUSED.test(error.message) && (isTimed || !error.message.startsWith('operator'))
    throw isRefused ? new Discarded(error.message) : error
  })
  const { rows } = await main.query(
    `SELECT max(length(e ->> 'value'))::int AS longest
     FROM pgstream.pgs_stream_tables, jsonb_array_elements(plan -> 'explain') AS e
     WHERE pgs_id = pgstream._stream_table_id($1)`,
    [name],
  )
  const { longest } = rows[0] as { longest: number }
  if (longest > LONGEST) throw new Discarded(`a statement of ${longest} characters`)
  if (!isTimed) await expectEqual(main, name)
}

/**
 * Unions of joins of views of unions of joins multiply, and PostgreSQL then plans the statement for all sources for
 * minutes; in PGlite nothing can stop it.
 */
const LONGEST = 80_000

async function run(
  { main, other }: Sessions,
  script: Script,
  step: Step,
  state: State,
  counts: RunCounts,
): Promise<void> {
  const session = 'on' in step && step.on ? (other ?? main) : main
  const isMain = session === main
  switch (step.do) {
    case 'begin':
      await session.query(`BEGIN${step.isolation ? ` ISOLATION LEVEL ${step.isolation.toUpperCase()}` : ''}`)
      if (isMain) state.inTransaction = true
      return
    case 'commit':
    case 'rollback':
      await session.query(step.do.toUpperCase())
      if (isMain) state.inTransaction = false
      return
    case 'savepoint':
      await session.query(`SAVEPOINT ${step.name}`)
      return
    case 'rollback to':
      await session.query(`ROLLBACK TO SAVEPOINT ${step.name}`)
      return
    case 'write': {
      counts.writes += 1
      const inTransaction = isMain ? state.inTransaction : true
      if (inTransaction) await session.query('SAVEPOINT statement')
      const wrong = await failure(session, step.sql)
      if (wrong && !REFUSED_DATA.test(wrong.code))
        throw new Error(`${step.sql}: ${wrong.message} (${wrong.code})`)
      if (inTransaction) await session.query(`${wrong ? 'ROLLBACK TO' : 'RELEASE'} SAVEPOINT statement`)
      if (wrong) counts.failedWrites += 1
      else if (step.sql.startsWith('TRUNCATE')) for (const i of script.streams.keys()) state.truncated.add(i)
      return
    }
    case 'clean':
      if (!state.inTransaction)
        await main.query('SELECT pgstream._clean_changes(source_relid) FROM pgstream.pgs_change_tracking')
      return
    case 'refresh': {
      const stream = script.streams[step.stream]
      if (!stream) return
      if (state.inTransaction) {
        await refresh(main, stream, step.stream, state, counts)
      } else if (step.repeatable || state.isTimed) {
        await main.query(step.repeatable ? 'BEGIN ISOLATION LEVEL REPEATABLE READ' : 'BEGIN')
        await refresh(main, stream, step.stream, state, counts)
        await main.query('COMMIT')
      } else {
        await refresh(main, stream, step.stream, state, counts)
      }
    }
  }
}

async function refresh(
  main: SqlClient,
  stream: StreamTable,
  index: number,
  state: State,
  counts: RunCounts,
): Promise<void> {
  let action: string | undefined
  if (state.inTransaction) await main.query('SAVEPOINT refresh')
  try {
    const { rows } = await main.query('SELECT pgstream.refresh_stream_table($1) AS action', [stream.name])
    action = (rows as { action: string }[])[0]?.action
    if (state.inTransaction) await main.query('RELEASE SAVEPOINT refresh')
  } catch (error) {
    const { code = '' } = error as { code?: string }
    if (state.inTransaction) {
      await main.query('ROLLBACK TO SAVEPOINT refresh')
      // Its snapshot is older than the frontier, or than a truncation.
      if (code === '40001') return
    }
    if (/^(22|57014)/.test(code)) {
      // Right only if the user's query fails in the same way.
      const wrong = await failure(main, `SELECT count(*) FROM (\n${stream.query}\n) AS q`)
      if (wrong) throw new Discarded(wrong.message)
    }
    throw new Error(
      `refresh of ${stream.name} failed: ${(error as Error).message} (${code})\nquery: ${stream.query}`,
      { cause: error },
    )
  }
  counts.refreshes += 1
  await expectEqual(main, stream.name, { image: stream.image === true })
  const isForTruncation = action === 'REINITIALIZE' && state.truncated.has(index)
  if (action === 'DIFFERENTIAL') {
    counts.differential += 1
    if ((await lastChange(main, stream)) > 0) counts.changed += 1
  } else if (action === 'NO_DATA') counts.noData += 1
  else if (isForTruncation || HIDDEN.test(await lastReason(main, stream))) counts.reinitialized += 1
  else
    throw new Error(
      `refresh of ${stream.name} was ${action}, not DIFFERENTIAL: ${await lastReason(main, stream)}\nquery: ${stream.query}`,
    )
  if (!state.inTransaction) state.truncated.delete(index)
}

/** How many rows the last refresh changed, from the history, which must say the same action. */
async function lastChange(main: SqlClient, { name }: StreamTable): Promise<number> {
  const { rows } = await main.query(
    `SELECT action, (rows_inserted + rows_updated + rows_deleted)::int AS changed FROM pgstream.pgs_refresh_history
     WHERE pgs_id = pgstream._stream_table_id($1) ORDER BY refresh_id DESC LIMIT 1`,
    [name],
  )
  const last = (rows as { action: string; changed: number }[])[0]
  if (last?.action !== 'DIFFERENTIAL')
    throw new Error(`the history of ${name} says ${last?.action}, not DIFFERENTIAL`)
  return last.changed
}

async function lastReason(main: SqlClient, { name }: StreamTable): Promise<string> {
  const { rows } = await main.query(
    `SELECT coalesce(reason, 'no reason') AS reason FROM pgstream.pgs_refresh_history
     WHERE pgs_id = pgstream._stream_table_id($1) ORDER BY refresh_id DESC LIMIT 1`,
    [name],
  )
  return (rows as { reason: string }[])[0]?.reason ?? 'no history'
}

/** What is made for a case goes with it, and nothing is left. */
async function drop(main: SqlClient, { streams }: Script): Promise<void> {
  const { rows } = await main.query(
    "SELECT pgs_id, format('%I.%I', pgs_schema, pgs_name) AS name FROM pgstream.pgs_stream_tables ORDER BY pgs_id DESC",
  )
  for (const { name } of rows as { name: string }[])
    await main.query('SELECT pgstream.drop_stream_table($1)', [name])
  await main.query('SET client_min_messages = warning')
  await main.query(`DROP SCHEMA ${SCHEMA} CASCADE`)
  const left = await main.query(
    `SELECT relname FROM pg_class WHERE relnamespace IN ('pgstream_changes'::regnamespace, 'pgstream_state'::regnamespace)
     UNION ALL SELECT proname FROM pg_proc WHERE pronamespace IN ('pgstream_changes'::regnamespace, 'pgstream_state'::regnamespace)`,
  )
  if (left.rows.length > 0)
    throw new Error(`${streams.map((each) => each.name).join(', ')} left behind ${JSON.stringify(left.rows)}`)
}

async function failure(
  client: SqlClient,
  sql: string,
): Promise<{ readonly code: string; readonly message: string } | null> {
  try {
    await client.query(sql)
    return null
  } catch (error) {
    const { code, message } = error as { code?: string; message: string }
    if (code === undefined) throw error
    return { code, message }
  }
}
