import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import { serveHttp } from './http.ts'
import { WorkerMetrics } from './metrics.ts'
import { Session } from './session.ts'

export interface WorkerOptions {
  readonly url: string
  /** Refreshes at the same time, each on a connection of its own. */
  readonly concurrency: number
  readonly httpPort?: number | undefined
  readonly log: Logger
  readonly signal: AbortSignal
  readonly onConnected?: () => void
}

const FIRST_PAUSE_MS = 100
const LONGEST_PAUSE_MS = 5_000

/**
 * Refresh what is due until the signal. The worker decides nothing: the database says when (`pgstream._poll`) and what
 * (`pgstream.run_scheduler`), so any number of workers may run, and one that dies takes nothing with it.
 */
export async function runWorker({
  url,
  concurrency,
  httpPort,
  log,
  signal,
  onConnected,
}: WorkerOptions): Promise<void> {
  const metrics = new WorkerMetrics()
  if (httpPort !== undefined) await serveHttp(httpPort, metrics, signal)
  let pause = FIRST_PAUSE_MS
  while (!signal.aborted) {
    const session = new Session({ url, concurrency, log, metrics, signal })
    try {
      await session.connect()
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
      metrics.reconnects.inc()
    } finally {
      metrics.connected(undefined)
      await session.close()
    }
  }
  log.info('worker stopped')
}
