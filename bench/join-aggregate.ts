import type pg from 'pg'
import { type Bench, cleanChanges, type Database, requireEqual } from './database.ts'
import { cleanHandWritten, createHandWrittenJoinAggregate, REFRESH_HAND } from './hand-written.ts'
import { createContestants, createOrders } from './join-aggregate-schema.ts'
import { rotated, Samples, timed } from './measure.ts'
import type { Options } from './options.ts'
import type { Report } from './report.ts'

interface Change {
  readonly on: string
  readonly what: string
  readonly rows: number
  /** Different rows in every round; the tables keep their sizes over the rounds of all changes. */
  sql(round: number): string
}

const REFRESH: Readonly<Record<string, string>> = {
  stream: `SELECT pgstream.refresh_stream_table('stream')`,
  hand: REFRESH_HAND,
  matview: 'REFRESH MATERIALIZED VIEW matview',
}

/** Orders × customers → 1,000 groups: our refresh against REFRESH MATERIALIZED VIEW and against a hand-written delta. */
export async function joinAggregate(bench: Bench, options: Options, report: Report): Promise<void> {
  const size = options.quick ? 100_000 : 1_000_000
  const database = await bench.database('join_aggregate')
  const client = await database.connect()
  report.note(`join-aggregate: ${size} orders`)
  await createOrders(client, size)
  await createContestants(client)
  await createHandWrittenJoinAggregate(client)
  const table = report.table(`Join-aggregate: ${size} orders × 10,000 customers → 1,000 groups (ms, median)`, [
    'changed',
    'rows',
    'pg_stream',
    'cold',
    'hand-written',
    'cold',
    'REFRESH MATVIEW',
    'faster than REFRESH',
    'of hand-written',
  ])
  let round = 0
  for (const change of changes(options.quick ? [1, 100, 10_000] : [1, 100, 10_000, 100_000])) {
    const warm = new Samples()
    const cold = new Samples()
    // Small changes: many rounds, because a millisecond is little against the noise of a commit.
    const rounds = change.rows <= 100 ? options.rounds * 5 : options.rounds
    await change_and_refresh(client, client, change, round++, ['stream', 'hand'], new Samples())
    for (let i = 0; i < rounds; i++) await change_and_refresh(client, client, change, round++, ['stream', 'hand'], warm)
    for (let i = 0; i < options.rounds; i++)
      await change_and_refresh(client, database, change, round++, ['stream', 'hand', 'matview'], cold)
    for (let i = 0; i < options.rounds; i++) await change_and_refresh(client, client, change, round++, ['stream', 'hand', 'matview'], new Samples(), warm)
    await requireEqual(client, 'stream', 'matview')
    await requireEqual(client, 'hand.result', 'matview')
    const [ours, hand, full] = [warm.median('stream'), warm.median('hand'), warm.median('matview')]
    table.rows.push([
      `${change.what} ${change.on}`, change.rows, ours, cold.median('stream'), hand, cold.median('hand'), full, `${(full / ours).toFixed(1)}×`, `${(ours / hand).toFixed(2)}×`,
    ])
    const label = `${change.rows}-row ${change.what} on ${change.on}`
    if (change.rows === 1 && !options.quick) report.atLeast(`${label}: faster than REFRESH`, full / ours, 100, '×')
    report.atMost(`${label}: of the hand-written delta`, ours / hand, 1.5, '×')
    if (change.rows >= 10_000) await client.query('VACUUM (ANALYZE) orders, customers, stream, hand.result')
  }
}

/**
 * One change, then every contestant's refresh in turn; `by` is a warm connection, or a database: then each refresh is
 * the first statement of a connection of its own. `matview` goes to `other` when given, and the rest nowhere.
 */
async function change_and_refresh(
  writer: pg.Client, by: pg.Client | Database, change: Change, round: number, contestants: readonly string[], samples: Samples, other?: Samples,
): Promise<void> {
  await writer.query(change.sql(round))
  for (const contestant of rotated(contestants, round)) {
    const client = 'connect' in by && 'url' in by ? await by.connect() : (by as pg.Client)
    const ms = await timed(client, REFRESH[contestant] ?? '')
    if (client !== by) await client.end()
    if (!other) samples.add(contestant, ms)
    else if (contestant === 'matview') other.add(contestant, ms)
  }
  await cleanChanges(writer)
  await cleanHandWritten(writer, ['orders_log', 'customers_log'])
}
