import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import { serveHttp } from './http.ts'
import { WorkerMetrics } from './metrics.ts'
import { PATIENCE, type Patience } from './questions.ts'
import { type FatalRefresh, Session } from './session.ts'

export interface WorkerOptions {
  readonly url: string
  /** Refreshes at the same time, each on a connection of its own. */
  readonly concurrency: number
  readonly httpPort?: number | undefined
  readonly log: Logger
  readonly signal: AbortSignal
  readonly onConnected?: () => void
  readonly patience?: Patience
}

const FIRST_PAUSE_MS = 100
const LONGEST_PAUSE_MS = 5_000

/**
 * Refresh what is due until the signal. The worker decides nothing: the database says when (`pgstream._await`) and what
 * (`pgstream._run`), so any number of workers may run, and one that dies takes nothing with it.
 */
export async function runWorker({
  url,
  concurrency,
  httpPort,
  log,
  signal,
  onConnected,
  patience = PATIENCE,
}: WorkerOptions): Promise<void> {
  const metrics = new WorkerMetrics()
  if (httpPort !== undefined) await serveHttp({ port: httpPort, metrics, log, signal })
  let session: Session | undefined
  const fatal: FatalRefresh[] = []
  // A bug in a callback must not take the server down with us: it costs the connections, which are made again.
  const survive = (error: Error) => {
    log.error({ reason: error?.stack ?? String(error) }, 'uncaught error')
    session?.abandon(error)
  }
  process.on('uncaughtException', survive)
  let pause = FIRST_PAUSE_MS
  let connections = 0
  while (!signal.aborted) {
    session = new Session({ url, concurrency, log, metrics, signal, patience, fatal })
    try {
      await session.connect()
      if (connections > 0) metrics.reconnects.inc()
      connections += 1
      log.info({ concurrency }, 'worker connected')
      onConnected?.()
      pause = FIRST_PAUSE_MS
      await session.run()
    } catch (error) {
      if (signal.aborted) break
      log.warn(
        { reason: error instanceof Error ? error.message : String(error), retryMs: pause },
        'worker disconnected',
      )
      await sleep(pause, undefined, { signal }).catch(() => {})
      pause = Math.min(pause * 2, LONGEST_PAUSE_MS)
    } finally {
      metrics.connected(undefined)
      await session.close()
    }
  }
  process.off('uncaughtException', survive)
  log.info('worker stopped')
}
