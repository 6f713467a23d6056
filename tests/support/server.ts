import pg from 'pg'
import { afterAll, inject } from 'vitest'
import { databaseUrl, type ProvidedServer } from './global-setup.ts'

export interface FreshDatabase {
  readonly url: string
  readonly name: string
  /** A superuser's connection. */
  readonly client: pg.Client
  /** One more connection, closed together with the database. */
  connect(user?: string): Promise<pg.Client>
  close(): Promise<void>
}

export interface DatabaseOptions {
  /** Install pg_stream (the default), or leave the database plain. */
  readonly pgStream?: boolean
  /** With event triggers (the default), or without, as on a managed server. */
  readonly watched?: boolean
}

/** The server of this run. */
export function testServer(): ProvidedServer {
  return inject('server')
}

let made = 0

/** A database of its own, empty but for pg_stream; close it when done. */
export async function freshDatabase({
  pgStream = true,
  watched = true,
}: DatabaseOptions = {}): Promise<FreshDatabase> {
  const server = testServer()
  if (pgStream && server.installError) throw new Error(server.installError)
  made += 1
  const name = `test_${process.pid}_${made}`
  await administer(
    server.url,
    `CREATE DATABASE ${name} TEMPLATE ${pgStream ? server.template : server.plainTemplate}`,
  )
  const url = databaseUrl(server.url, name)
  const clients: pg.Client[] = []
  const connect = async (user?: string) => {
    const target = new URL(url)
    if (user !== undefined) target.username = encodeURIComponent(user)
    const client = new pg.Client(target.href)
    // A test that kills the server, or a database that is dropped, ends connections: their queries tell.
    client.on('error', () => {})
    await client.connect()
    clients.push(client)
    return client
  }
  const client = await connect()
  if (!watched)
    await client.query(
      'DROP EVENT TRIGGER pg_stream_ddl; DROP EVENT TRIGGER pg_stream_drop; DROP EVENT TRIGGER pg_stream_rewrite',
    )
  return {
    url,
    name,
    client,
    connect,
    async close() {
      await Promise.all(clients.map((client) => client.end().catch(() => {})))
      await administer(server.url, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)
    },
  }
}

/** The server's major version. */
export async function serverVersion(client: pg.Client): Promise<number> {
  const { rows } = await client.query(`SELECT current_setting('server_version_num')::int / 10000 AS version`)
  return rows[0].version
}

const shared = new Map<boolean, Promise<FreshDatabase>>()

/** Run with a connection to the test file's own database, made at first use and dropped after the file. */
export async function withClient<T>(
  run: (client: pg.Client) => Promise<T>,
  { pgStream = true }: DatabaseOptions = {},
): Promise<T> {
  let database = shared.get(pgStream)
  if (!database) {
    database = freshDatabase({ pgStream })
    shared.set(pgStream, database)
  }
  const { url } = await database
  const client = new pg.Client(url)
  await client.connect()
  try {
    return await run(client)
  } finally {
    await client.end()
  }
}

afterAll(async () => {
  for (const database of shared.values()) await (await database.catch(() => undefined))?.close()
})

async function administer(url: string, statement: string): Promise<void> {
  const client = new pg.Client(url)
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}
