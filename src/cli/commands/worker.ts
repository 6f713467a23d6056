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
  await connect(url, requireInstalled)
  await runWorker({ url, log: makeLog(), signal, ...options })
}
