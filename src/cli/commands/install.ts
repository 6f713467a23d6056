import type pg from 'pg'
import { StartError } from '../../hosts/embedded/start-error.ts'
import type { Host } from '../../hosts/host.ts'
import { install, isInstalled, uninstall, upgrade } from '../../hosts/install.ts'
import { outside } from '../../hosts/outside.ts'
import { serverHost } from '../../hosts/server-host.ts'
import { connect } from '../connect.ts'

export async function installCommand(url: string): Promise<void> {
  let host: Host = outside
  await connect(url, async (client) => {
    await requirePrimary(client)
    if (await isInstalled(client))
      throw new StartError('pg_stream is already installed there; use pg-stream upgrade')
    await requireVersion(client)
    await requireRights(client)
    host = await serverHost(client)
    await install(client, host)
  })
  console.log('installed')
  if (host !== outside) return
  console.error(
    'note: there is no compiler on this server yet, so create_stream_table is refused; `pg-stream up` starts a server that has one',
  )
}

export async function upgradeCommand(url: string): Promise<void> {
  await connect(url, async (client) => {
    await requirePrimary(client)
    await requireInstalled(client)
    await requireRights(client)
    const host = await serverHost(client)
    // What another way of compiling has put there stays.
    await upgrade(client, host === outside ? undefined : host)
  })
  console.log('upgraded')
}

export async function uninstallCommand(url: string): Promise<void> {
  await connect(url, async (client) => {
    await requirePrimary(client)
    await requireInstalled(client)
    await uninstall(client)
  })
  console.log('uninstalled')
}

export async function requireInstalled(client: pg.Client): Promise<void> {
  if (!(await isInstalled(client)))
    throw new StartError('pg_stream is not installed there; use pg-stream install')
}

async function requirePrimary(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ standby: boolean }>('SELECT pg_is_in_recovery() AS standby')
  if (rows[0]?.standby) throw new StartError('the server is a standby: connect to the primary, or promote it')
}

async function requireVersion(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ version: number }>(
    `SELECT current_setting('server_version_num')::int / 10000 AS version`,
  )
  const version = rows[0]?.version ?? 0
  if (version < 15) throw new StartError(`pg_stream needs PostgreSQL 15 or later; this is ${version}`)
}

/** Functions that set a parameter which no module of the server has defined are a superuser's, or take a grant. */
async function requireRights(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ lacking: string; role: string }>(
    `SELECT string_agg(p, ', ') AS lacking, quote_ident(current_user) AS role
     FROM unnest('{pg_stream.internal,pg_stream.refreshing}'::text[]) AS p WHERE NOT has_parameter_privilege(p, 'SET')`,
  )
  const { lacking, role } = rows[0] ?? {}
  if (lacking)
    throw new StartError(
      `role ${role} may not set the parameters of pg_stream; have a superuser run: GRANT SET ON PARAMETER ${lacking} TO ${role}`,
    )
}
