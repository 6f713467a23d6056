import type pg from 'pg'
import { StartError } from '../../hosts/embedded/start-error.ts'
import { runWorker } from '../../worker/worker.ts'
import { connect } from '../connect.ts'
import { makeLog } from '../log.ts'
import { stopSignal } from '../stop-signal.ts'
import { requireInstalled } from './install.ts'

export async function worker(
  url: string,
  options: { concurrency: number; httpPort?: number },
): Promise<void> {
  const signal = stopSignal()
  await connect(url, async (client) => {
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
