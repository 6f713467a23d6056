import { readFileSync } from 'node:fs'
import { distFile } from './embedded/dist-file.ts'
import { type Host, PROTECT } from './host.ts'
import { BEGIN, ownSettings } from './own-settings.ts'

/** The one thing of a driver that installing needs: run several statements. */
export interface Executor {
  query(sql: string): Promise<unknown>
}

/** Install pg_stream with this host, in one transaction; an error leaves nothing behind. */
export async function install(database: Executor, host: Host): Promise<void> {
  await inTransaction(
    database,
    readFileSync(distFile('pg_stream.sql'), 'utf8') + host.compileFunction + PROTECT,
  )
}

/** Replace every function and view by this version's; tables and what they hold stay. */
export async function upgrade(database: Executor, host: Host | undefined): Promise<void> {
  await inTransaction(
    database,
    readFileSync(distFile('pg_stream.replace.sql'), 'utf8') + (host?.compileFunction ?? '') + PROTECT,
  )
}

const DEADLOCK_DETECTED = '40P01'
const LOCK_NOT_AVAILABLE = '55P03'
const INTERNAL_ERROR = 'XX000'

/** How often others may be in the way before that is said. */
const TRIES = 50
/** So often nobody is kept waiting for long; where a refresh takes as long as all these, we wait for it like anybody. */
const SHORT_TRIES = 30
/** Less than a second, after which those who wait for us look for a deadlock. */
const SHORT_WAIT = '500ms'

/**
 * Others may be at work meanwhile, and lock the same things in another order: clients that were waiting for the server to
 * come back, say; or they may be upgrading as well, on another machine. Nothing is done then, and it is done again.
 */
async function inTransaction(database: Executor, script: string): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    await database.query(BEGIN)
    try {
      await database.query(
        ownSettings({ lock_timeout: tries <= SHORT_TRIES ? SHORT_WAIT : '0' }, 'transaction'),
      )
      await database.query(script)
      await database.query('COMMIT')
      return
    } catch (error) {
      // A connection that is lost has nothing to take back, and its end is the error to tell of.
      await database.query('ROLLBACK').catch(() => {})
      if (tries === TRIES || !isOfOthers(error)) throw error
      await database.query('SELECT pg_sleep(0.2 * random())')
    }
  }
}

function isOfOthers(error: unknown): boolean {
  const { code, message } = error as { readonly code?: unknown; readonly message?: string }
  // Two who replace one function: the second waits for the first, and is refused in words that are never translated.
  return (
    code === DEADLOCK_DETECTED ||
    code === LOCK_NOT_AVAILABLE ||
    (code === INTERNAL_ERROR && message === 'tuple concurrently updated')
  )
}

export async function isInstalled(database: Executor): Promise<boolean> {
  const { rows } = (await database.query(
    `SELECT to_regclass('pgstream.pgs_stream_tables') IS NOT NULL AS present`,
  )) as { rows: { present: boolean }[] }
  return rows[0]?.present === true
}

/** Stream tables stay as ordinary tables: what people query is not ours to delete. */
export async function uninstall(database: Executor): Promise<void> {
  await inTransaction(
    database,
    `SET LOCAL client_min_messages = warning;
     DROP EVENT TRIGGER IF EXISTS pg_stream_ddl;
     DROP EVENT TRIGGER IF EXISTS pg_stream_drop;
     DROP EVENT TRIGGER IF EXISTS pg_stream_rewrite;
     DROP SCHEMA pgstream_state, pgstream_changes, pgstream CASCADE;`,
  )
}
