import type pg from 'pg'
import { afterAll, beforeAll } from 'vitest'
import { type FreshDatabase, freshDatabase } from '../support/server.ts'

/** A schema of its own in the test file's database, and sessions that look into it first. */
export interface Scene {
  readonly db: FreshDatabase
  readonly schema: string
  readonly client: pg.Client
  /** One more session; a superuser's unless a role is named. */
  open(role?: string): Promise<pg.Client>
}

/** One database per test file; call the result once per test. `setup` is run in the new schema. */
export function scenes(): (setup?: string) => Promise<Scene> {
  let db: FreshDatabase
  let made = 0
  beforeAll(async () => {
    db = await freshDatabase()
    return () => db.close()
  })
  return async (setup = '') => {
    made += 1
    const schema = `s${made}`
    const open = async (role?: string) => {
      const client = await db.connect(role)
      await client.query(`SET search_path = ${schema}, public`)
      return client
    }
    await db.client.query(`CREATE SCHEMA ${schema}; GRANT USAGE ON SCHEMA ${schema} TO PUBLIC`)
    const client = await open()
    if (setup) await client.query(setup)
    return { db, schema, client, open }
  }
}

/** Roles belong to the whole server, so they carry the database's name; dropped after the file. */
export function roles(get: () => FreshDatabase): (name: string) => Promise<string> {
  const known: string[] = []
  afterAll(async () => {
    for (const role of known) await get().client.query(`DROP OWNED BY ${role} CASCADE; DROP ROLE ${role}`)
  })
  return async (name) => {
    const role = `${name}_${get().name}`
    await get().client.query(`CREATE ROLE ${role} LOGIN`)
    known.push(role)
    return role
  }
}

export async function create(
  client: pg.Client,
  name: string,
  query: string,
  { mode = 'DIFFERENTIAL', schedule = '1h', initialize = true } = {},
): Promise<void> {
  await client.query('SELECT pgstream.create_stream_table($1, $2, $3, $4, $5)', [
    name,
    query,
    schedule,
    mode,
    initialize,
  ])
}

/** Refresh in whatever transaction the session is in; the action taken. */
export async function refresh(client: pg.Client, name: string): Promise<string> {
  const { rows } = await client.query('SELECT pgstream.refresh_stream_table($1) AS action', [name])
  return rows[0].action
}

/** Has the session come to wait for a lock? */
export async function untilWaiting(observer: pg.Client, waiting: pg.Client): Promise<void> {
  const pid = backendPid(waiting)
  for (let attempt = 0; attempt < 500; attempt++) {
    const { rows } = await observer.query('SELECT cardinality(pg_blocking_pids($1)) > 0 AS waits', [pid])
    if (rows[0].waits) return
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  throw new Error('the session does not wait')
}

export function backendPid(client: pg.Client): number {
  return Number((client as unknown as { processID: number }).processID)
}

/** SQLSTATE of what a query fails with; 'ok' when it does not. */
export async function outcome(query: Promise<unknown>): Promise<string> {
  try {
    await query
    return 'ok'
  } catch (error) {
    return String((error as { code?: string }).code ?? error)
  }
}
