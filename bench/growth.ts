import type pg from 'pg'
import { type Bench, cleanChanges } from './database.ts'
import { createContestants, createOrders } from './join-aggregate-schema.ts'
import { rotated, Samples, timed } from './measure.ts'
import type { Options } from './options.ts'
import type { Report } from './report.ts'

const REFRESH = `SELECT pgstream.refresh_stream_table('stream')`

/** Does the price of a 1-row refresh, or of none, grow with the source? The sizes take turns within one run. */
export async function growth(bench: Bench, options: Options, report: Report): Promise<void> {
  const sizes = options.quick ? [10_000, 100_000] : [100_000, 1_000_000, 10_000_000]
  const clients = new Map<number, pg.Client>()
  for (const size of sizes) {
    const client = await (await bench.database(`growth_${size}`)).connect()
    await createOrders(client, size)
    await createContestants(client)
    clients.set(size, client)
  }
  const samples = new Samples()
  const kinds = ['INSERT orders', 'UPDATE orders', 'UPDATE customers', 'nothing'] as const
  // The first rounds of a connection make its plans.
  for (let round = -3; round < options.rounds * 10; round++) {
    for (const [size, client] of rotated([...clients], Math.max(round, 0))) {
      for (const kind of kinds) {
        await client.query(statement(kind, size, round + 10))
        const ms = await timed(client, REFRESH)
        if (round >= 0) samples.add(`${kind} ${size}`, ms)
      }
      await cleanChanges(client)
    }
  }
  const table = report.table('Growth: refresh of the join-aggregate after one row (median ms)', [
    ...['source rows', ...kinds, 'nothing (p95)', 'REFRESH'],
  ])
  for (const [size, client] of clients) {
    const refresh: number[] = []
    for (let i = 0; i < (size > 1_000_000 ? 1 : 3); i++)
      refresh.push(await timed(client, 'REFRESH MATERIALIZED VIEW matview'))
    table.rows.push([
      size,
      ...kinds.map((kind) => samples.median(`${kind} ${size}`)),
      samples.quantile(`nothing ${size}`, 0.95),
      Math.min(...refresh),
    ])
    report.progress(table)
  }
  const [first, last] = [sizes[0] ?? 0, sizes.at(-1) ?? 0]
  for (const kind of ['INSERT orders', 'UPDATE orders'] as const) {
    const ratio = samples.median(`${kind} ${last}`) / samples.median(`${kind} ${first}`)
    report.atMost(`${kind}, 1 row: ${last} of ${first} source rows`, ratio, 1.3, '×')
  }
  report.atMost(`no-change refresh at ${last} rows`, samples.median(`nothing ${last}`), 1, ' ms')
}

/** An UPDATE of a customer moves all its orders, so it grows with them: shown, not judged. */
function statement(kind: string, size: number, round: number): string {
  switch (kind) {
    case 'INSERT orders':
      return `INSERT INTO orders (cust, amount, status) VALUES (${1 + ((round * 37) % 10_000)}, 10, 'new')`
    case 'UPDATE orders':
      return `UPDATE orders SET amount = amount + 1 WHERE id = ${1 + ((round * 7919) % size)}`
    case 'UPDATE customers':
      return `UPDATE customers SET region = 'r' || ((id + ${round}) % 1000) WHERE id = ${1 + ((round * 41) % 10_000)}`
    default:
      return 'SELECT 1'
  }
}
