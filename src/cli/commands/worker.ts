import type pg from 'pg'
import { StartError } from '../../hosts/embedded/start-error.ts'
import { runWorker } from '../../worker/worker.ts'
import { connect, withoutPassword } from '../connect.ts'
import { makeLog } from '../log.ts'
import { stopSignal } from '../stop-signal.ts'
import { requireInstalled } from './install.ts'

export async function worker(
  url: string,
  options: { concurrency: number; httpPort?: number },
): Promise<void> {
  const signal = stopSignal()
  await connect(url, async (client) => {
    await requireOwnConnection(client, url)
    await requireInstalled(client)
    await requireSchedulerRole(client)
  })
  await runWorker({ url, log: makeLog(), signal, ...options })
}

/** What the server would refuse again and again (`pgstream._check_scheduler_role`). */
async function requireSchedulerRole(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ role: string; installer: string; may: boolean }>(
    `SELECT quote_ident(current_user) AS role, quote_ident(pg_get_userbyid(nspowner)) AS installer, pg_has_role(nspowner, 'USAGE') AS may
     FROM pg_namespace WHERE nspname = 'pgstream'`,
  )
  const { role, installer, may } = rows[0] ?? {}
  if (may === false)
    throw new StartError(
      `role ${role} may not run the scheduler; connect as ${installer}, which installed pg_stream, or as a superuser`,
    )
}

/** Of a pool that others use at the time a connection may still be given to the same client again. */
const ROUNDS = 10

/**
 * A worker keeps settings, claims and statements in its sessions. Through a pooler that gives these to whoever has the next
 * transaction they would be lost to it, and found by others. A pooler cannot tell a client the server's process number.
 */
async function requireOwnConnection(client: pg.Client, url: string): Promise<void> {
  const pid = await processOf(client)
  if (pid === Reflect.get(client, 'processID')) return
  const isShared = await connect(url, async (other) => {
    for (let round = 0; round < ROUNDS; round++)
      if ((await processOf(other)) === pid || (await processOf(client)) !== pid) return true
    return false
  })
  if (isShared)
    throw new StartError(
      `${withoutPassword(url)} is a pooler that gives connections to others after each transaction; a worker needs its own: give it the server's address, or that of a pool in session mode`,
    )
}

async function processOf(client: pg.Client): Promise<number | undefined> {
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
  return rows[0]?.pid
}
