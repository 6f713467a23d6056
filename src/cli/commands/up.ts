import pg from 'pg'
import type { Logger } from 'pino'
import type { Authentication } from '../../hosts/embedded/data-folder.ts'
import { type EmbeddedServer, startServer } from '../../hosts/embedded/server.ts'
import { StartError } from '../../hosts/embedded/start-error.ts'
import { install, isInstalled, upgrade } from '../../hosts/install.ts'
import { runWorker } from '../../worker/worker.ts'
import { type DemoOptions, runDemo } from '../demo/demo.ts'
import { makeLog } from '../log.ts'
import { stopSignal } from '../stop-signal.ts'

export interface UpOptions {
  readonly port?: number
  readonly data?: string
  readonly auth?: Authentication
  readonly httpPort?: number
  readonly demo?: boolean
}

/** An embedded server with pg_stream in database postgres, and the worker, until Ctrl-C. */
export async function up(options: UpOptions): Promise<void> {
  const signal = stopSignal()
  // The live view of the demo is in the way of anything less than a warning.
  const log = makeLog(options.demo && process.stdout.isTTY ? 'warn' : undefined)
  const server = await start(options, log, signal).catch((error: unknown) => {
    if (!signal.aborted) throw error
  })
  if (!server) return
  // Stops what uses the server, for either reason: asked to stop, or the server is gone.
  const end = new AbortController()
  if (signal.aborted) end.abort()
  else signal.addEventListener('abort', () => end.abort(), { once: true })
  const gone = server.exited.then((status) => {
    end.abort()
    if (!signal.aborted && status !== 0) throw new StartError(`the server ended by itself (status ${status})`)
  })
  gone.catch(() => {})
  try {
    if (!signal.aborted) await prepare(server)
    await run(server, { ...options, log, end })
  } catch (error) {
    if (!signal.aborted) {
      // The cause comes before its symptoms.
      if (end.signal.aborted) await gone
      throw error
    }
  } finally {
    end.abort()
    await server.stop()
    log.info('stopped')
  }
  await gone
}

function start({ port, data, auth }: UpOptions, log: Logger, signal: AbortSignal): Promise<EmbeddedServer> {
  return startServer({
    port,
    dataFolder: data,
    auth,
    signal,
    onLog: (line) => logServerLine(log, line),
    onWarning: (words) => log.warn(words),
  })
}

async function prepare(server: EmbeddedServer): Promise<void> {
  const client = new pg.Client(server.url)
  client.on('error', () => {})
  await client.connect()
  try {
    const change = (await isInstalled(client)) ? upgrade : install
    await change(client, server.host)
  } finally {
    await client.end().catch(() => {})
  }
}

async function run(
  server: EmbeddedServer,
  { httpPort, demo, log, end }: UpOptions & { log: Logger; end: AbortController },
): Promise<void> {
  const { signal } = end
  if (signal.aborted) return
  let worker: Promise<void> = Promise.resolve()
  const connected = new Promise<void>((resolve) => {
    worker = runWorker({ url: server.url, concurrency: 4, httpPort, log, signal, onConnected: resolve })
  })
  // A worker that fails, as when its HTTP port is taken, says so before ready is said.
  await Promise.race([connected, worker])
  if (signal.aborted) return worker
  const ready = `ready ${server.url}`
  if (demo) {
    await Promise.all([worker, demonstrate({ url: server.url, ready, signal }, log)])
  } else {
    process.stdout.write(`${ready}\n`)
    await worker
  }
}

/** A demo that fails, because somebody dropped its tables, say, is no reason to end the server. */
async function demonstrate(options: DemoOptions, log: Logger): Promise<void> {
  try {
    await runDemo(options)
  } catch (error) {
    if (error instanceof StartError) throw error
    log.error(
      { reason: error instanceof Error ? error.message : String(error) },
      'the demo ended; the server goes on',
    )
  }
}

/** PostgreSQL's own severity, as the level. */
function logServerLine(log: Logger, line: string): void {
  const [, severity] =
    /\b(DEBUG\d?|LOG|INFO|NOTICE|WARNING|ERROR|FATAL|PANIC|DETAIL|HINT|STATEMENT|CONTEXT): {2}/.exec(line) ??
    []
  if (severity === 'PANIC' || severity === 'FATAL') log.warn({ server: line })
  else log.debug({ server: line })
}
