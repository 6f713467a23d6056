import pg from 'pg'
import { StartError } from '../hosts/embedded/start-error.ts'
import { ownSettings } from '../hosts/own-settings.ts'

/** Run with a connection to the database, closed afterwards; a server that cannot be reached is one clear line. */
export async function connect<T>(url: string, run: (client: pg.Client) => Promise<T>): Promise<T> {
  if (!/^postgres(ql)?:\/\//.test(url))
    throw new StartError(`${url} is not a URL like postgresql://user@host/database`)
  const client = clientOf(url)
  let lost: Error | undefined
  client.on('error', (error) => {
    lost ??= error
  })
  try {
    await client.connect()
  } catch (error) {
    throw new StartError(`cannot connect to ${withoutPassword(url)}: ${reasonOf(error)}`)
  }
  try {
    await client.query(ownSettings({}, 'session'))
    // After Ctrl-C nobody waits for it any more (where the system can tell; PostgreSQL refuses the setting elsewhere).
    await client.query(`SET client_connection_check_interval = '500ms'`).catch(() => {})
    return await run(client)
  } catch (error) {
    // The driver says of what is asked after the end only that there is no connection, and not why.
    if (lost && !(error instanceof Error && 'code' in error))
      throw new StartError(`the connection to ${withoutPassword(url)} was lost: ${reasonOf(lost)}`)
    throw error
  } finally {
    await client.end().catch(() => {})
  }
}

function clientOf(url: string): pg.Client {
  try {
    return new pg.Client({ connectionString: url, application_name: 'pg-stream' })
  } catch (error) {
    // It is not shown: a password that is not written as it should be cannot be told from the rest.
    if (error instanceof Error && 'code' in error && error.code === 'ERR_INVALID_URL')
      throw new StartError(
        'the URL cannot be read; write it like postgresql://user@host:5432/database, with %23 for # and the like in a password',
      )
    throw error
  }
}

export function withoutPassword(url: string): string {
  try {
    const safe = new URL(url)
    safe.password = ''
    for (const secret of ['password', 'sslpassword']) safe.searchParams.delete(secret)
    return safe.href
  } catch {
    return 'the server'
  }
}

export function reasonOf(error: unknown): string {
  const { code, message, errors } = error as { code?: string; message: string; errors?: Error[] }
  if (code === 'ECONNREFUSED') return 'connection refused'
  if (code === 'ENOTFOUND') return 'unknown host'
  return message || errors?.[0]?.message || String(code)
}
