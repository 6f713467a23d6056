import pg from 'pg'
import { type EmbeddedServer, startServer } from '../src/hosts/embedded/server.ts'
import { install } from '../src/hosts/install.ts'

/** The server of a run: PostgreSQL's defaults, durable, with a cache that holds what is measured. */
const SETTINGS = { shared_buffers: '1GB' }

export class Bench {
  readonly server: EmbeddedServer
  readonly #clients: pg.Client[] = []

  private constructor(server: EmbeddedServer) {
    this.server = server
  }

  static async start(): Promise<Bench> {
    return new Bench(await startServer({ settings: SETTINGS }))
  }

  /** A database of its own for one part, with pg_stream. Nobody refreshes in it but the part. */
  async database(name: string): Promise<Database> {
    const admin = await this.#connect('postgres')
    await admin.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)
    await admin.query(`CREATE DATABASE ${name}`)
    await admin.end()
    const database = new Database(this.server, name, () => this.#connect(name))
    const client = await database.connect()
    await install(client, this.server.host)
    await client.end()
    return database
  }

  async #connect(database: string): Promise<pg.Client> {
    const client = new pg.Client({ connectionString: this.server.url.replace(/\/postgres$/, `/${database}`) })
    client.on('error', () => {}) // The query that is running reports it.
    await client.connect()
    this.#clients.push(client)
    return client
  }

  async stop(): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.end().catch(() => {})))
    await this.server.stop()
  }
}

export class Database {
  readonly name: string
  readonly port: number
  readonly url: string
  readonly connect: () => Promise<pg.Client>

  constructor(server: EmbeddedServer, name: string, connect: () => Promise<pg.Client>) {
    this.name = name
    this.port = server.port
    this.url = server.url.replace(/\/postgres$/, `/${name}`)
    this.connect = connect
  }
}

export async function scalar<T>(client: pg.Client, sql: string): Promise<T> {
  const { rows } = await client.query<Record<string, T>>(sql)
  const [value] = Object.values(rows[0] ?? {})
  return value as T
}

export async function createStreamTable(
  client: pg.Client,
  name: string,
  query: string,
  mode: 'AUTO' | 'DIFFERENTIAL' | 'FULL' = 'AUTO',
  schedule = '1h',
): Promise<void> {
  await client.query('SELECT pgstream.create_stream_table($1, $2, $3, $4)', [name, query, schedule, mode])
}

/** Empties the change buffers as the scheduler does between refreshes. */
export async function cleanChanges(client: pg.Client): Promise<void> {
  await client.query('SELECT pgstream._clean_changes(source_relid) FROM pgstream.pgs_change_tracking')
}

/** A benchmark of wrong results is worth nothing: every row of both, as often as it is there. */
export async function requireEqual(client: pg.Client, left: string, right: string): Promise<void> {
  const differing = await scalar<string>(
    client,
    `SELECT count(*) FROM ((TABLE ${left} EXCEPT ALL TABLE ${right}) UNION ALL (TABLE ${right} EXCEPT ALL TABLE ${left})) AS d`,
  )
  if (differing !== '0') throw new Error(`${left} and ${right} differ in ${differing} rows`)
}
