import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import { type Bench, createStreamTable, scalar } from './database.ts'
import { createOrders, JOIN_AGGREGATE } from './join-aggregate-schema.ts'
import { Samples } from './measure.ts'
import type { Options } from './options.ts'
import type { Report } from './report.ts'
import { residentMegabytes, startWorker } from './worker-process.ts'

/** From the commit of a row to the moment a reader sees it in the stream table, with the worker running. */
export async function latency(bench: Bench, options: Options, report: Report): Promise<void> {
  const database = await bench.database('latency')
  const [writer, reader] = [await database.connect(), await database.connect()]
  await createOrders(writer, options.quick ? 10_000 : 100_000)
  await createStreamTable(writer, 'totals', JOIN_AGGREGATE, 'AUTO', '1s')
  await createStreamTable(
    writer,
    'rows',
    `SELECT id, cust, amount FROM orders WHERE status = 'new'`,
    'AUTO',
    '1s',
  )
  const worker = startWorker(database.url)
  const samples = new Samples()
  const rounds = options.quick ? 30 : 200
  let memory: number
  try {
    await sleep(2_000)
    for (let round = 0; round < rounds; round++) {
      // At any moment of the worker's round.
      await sleep(50 + Math.random() * 100)
      const id = await scalar<string>(
        writer,
        `INSERT INTO orders (cust, amount, status) VALUES (${1 + round}, 1, 'new') RETURNING id`,
      )
      const committed = performance.now()
      const seen = () => scalar<boolean>(reader, `SELECT EXISTS (SELECT FROM rows WHERE id = ${id})`)
      while (!(await seen())) {
        if (performance.now() - committed > 10_000) throw new Error('the worker does not refresh')
        await sleep(1)
      }
      samples.add('one row', performance.now() - committed)
    }
    await underLoad(writer, reader, options, samples)
    memory = residentMegabytes(worker.pid)
  } finally {
    worker.kill()
  }
  const table = report.table(`From commit to visible, schedule '1s', worker running (ms)`, [
    'writes',
    'p50',
    'p95',
    'max',
  ])
  for (const load of ['one row', 'one row each 5 ms'])
    table.rows.push([load, ...[0.5, 0.95, 1].map((q) => samples.quantile(load, q))])
  report.atMost('commit to visible, median', samples.median('one row'), 25, ' ms')
  report.table('Worker', ['resident memory, MB']).rows.push([memory])
  report.atMost('worker resident memory', memory, 120, ' MB')
}

/** A stream of small writes; every twentieth is watched. */
async function underLoad(
  writer: pg.Client,
  reader: pg.Client,
  options: Options,
  samples: Samples,
): Promise<void> {
  for (let i = 0; i < (options.quick ? 200 : 1_000); i++) {
    const id = await scalar<string>(
      writer,
      `INSERT INTO orders (cust, amount, status) VALUES (${1 + i}, 1, 'new') RETURNING id`,
    )
    const committed = performance.now()
    if (i % 20 === 0) {
      while (!(await scalar<boolean>(reader, `SELECT EXISTS (SELECT FROM rows WHERE id = ${id})`)))
        await sleep(1)
      samples.add('one row each 5 ms', performance.now() - committed)
    }
    await sleep(5)
  }
}
