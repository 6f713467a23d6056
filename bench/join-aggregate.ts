import type pg from 'pg'
import { type Bench, cleanChanges, type Database, requireEqual, scalar } from './database.ts'
import { cleanHandWritten, createHandWrittenJoinAggregate, REFRESH_HAND } from './hand-written.ts'
import { type Change, changes } from './join-aggregate-changes.ts'
import { type AmountType, createContestants, createOrders } from './join-aggregate-schema.ts'
import { rotated, Samples, timed } from './measure.ts'
import type { Options } from './options.ts'
import type { Report } from './report.ts'

const REFRESH = {
  stream: `SELECT pgstream.refresh_stream_table('stream')`,
  hand: REFRESH_HAND,
  matview: 'REFRESH MATERIALIZED VIEW matview',
} as const
type Contestant = keyof typeof REFRESH

interface Rig {
  readonly database: Database
  readonly client: pg.Client
  round: number
}

/** Orders × customers → 1,000 groups: our refresh against REFRESH MATERIALIZED VIEW and against a hand-written delta. */
export async function joinAggregate(bench: Bench, options: Options, report: Report): Promise<void> {
  await ofAmounts(bench, options, report, 'numeric(12, 2)')
  await ofAmounts(bench, options, report, 'numeric')
}

async function ofAmounts(bench: Bench, options: Options, report: Report, amount: AmountType): Promise<void> {
  const size = options.quick ? 100_000 : 1_000_000
  const ofNumeric = amount === 'numeric' ? ' of numeric without a scale' : ''
  const database = await bench.database(`join_aggregate${amount === 'numeric' ? '_numeric' : ''}`)
  const client = await database.connect()
  const rig: Rig = { database, client, round: 0 }
  await createOrders(client, size, amount)
  await createContestants(client)
  await createHandWrittenJoinAggregate(client)
  const table = report.table(
    `Join-aggregate${ofNumeric}: ${size} orders × 10,000 customers → 1,000 groups (median ms)`,
    [
      ...['change', 'rows', 'action', 'pg_stream', 'hand-written', 'ratio'],
      ...['pg_stream cold', 'hand-written cold', 'REFRESH', 'REFRESH / pg_stream'],
    ],
  )
  for (const change of changes(options.quick ? [1, 100, 10_000] : [1, 100, 10_000, 100_000])) {
    const [warm, cold, withMatview] = [new Samples(), new Samples(), new Samples()]
    // A millisecond is little against the noise of a commit, so small changes get more rounds.
    const rounds = change.rows <= 100 ? options.rounds * 5 : options.rounds
    await refreshes(rig, change, ['stream', 'hand'], 'warm', new Samples())
    for (let i = 0; i < rounds; i++) await refreshes(rig, change, ['stream', 'hand'], 'warm', warm)
    for (let i = 0; i < options.rounds; i++) await refreshes(rig, change, ['stream', 'hand'], 'cold', cold)
    for (let i = 0; i < options.rounds; i++)
      await refreshes(rig, change, ['stream', 'hand', 'matview'], 'warm', withMatview)
    await requireEqual(client, 'stream', 'matview')
    await requireEqual(client, 'hand.result', 'matview')

    const [ours, hand, full] = [warm.median('stream'), warm.median('hand'), withMatview.median('matview')]
    const action = await scalar<string>(
      client,
      'SELECT action FROM pgstream.pgs_refresh_history ORDER BY refresh_id DESC LIMIT 1',
    )
    const row = [change.what, change.rows, action, ours, hand, ours / hand]
    table.rows.push([...row, cold.median('stream'), cold.median('hand'), full, full / ours])
    report.progress(table)
    if (change.rows === 1 && !options.quick)
      report.atLeast(`${change.what}${ofNumeric}: faster than REFRESH`, full / ours, 100, '×')
    report.atMost(
      `${change.what}, ${change.rows} rows${ofNumeric}: of the hand-written delta`,
      ours / hand,
      1.5,
      '×',
    )
    if (change.rows >= 10_000) await client.query('VACUUM ANALYZE orders, customers, stream, hand.result')
  }
}

/** One change, then the refreshes of all contestants; cold: each the first statement of a new connection. */
async function refreshes(
  rig: Rig,
  change: Change,
  contestants: readonly Contestant[],
  connection: 'warm' | 'cold',
  samples: Samples,
): Promise<void> {
  const round = rig.round++
  await rig.client.query(change.sql(round))
  for (const contestant of rotated(contestants, round)) {
    const client = connection === 'cold' ? await rig.database.connect() : rig.client
    samples.add(contestant, await timed(client, REFRESH[contestant]))
    if (client !== rig.client) await client.end()
  }
  await cleanChanges(rig.client)
  await cleanHandWritten(rig.client, ['orders_log', 'customers_log'])
}
