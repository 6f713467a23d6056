import type pg from 'pg'
import { type Bench, cleanChanges, requireEqual, scalar } from './database.ts'
import { median, rotated, Samples, timed } from './measure.ts'
import type { Options } from './options.ts'
import type { Report } from './report.ts'
import { rowsRead, stateBytes } from './rows-read.ts'
import { generateTpch, sizes } from './tpch/generate.ts'
import { tpchQueries } from './tpch/queries.ts'
import { RefreshFunctions } from './tpch/refresh-functions.ts'

/** Shares of the orders that change: half of them new, half of them gone; customers, parts and prices in proportion. */
const SHARES = [0.01, 0.1, 1] as const

/**
 * TPC-H: each of the 22 queries by REFRESH MATERIALIZED VIEW, FULL, DIFFERENTIAL and AUTO, after one new order and after
 * shares of the data changed. What is not maintained incrementally is shown with the reason and counts as not reached.
 */
export async function tpch(bench: Bench, options: Options, report: Report): Promise<void> {
  const scale = options.scale ?? (options.quick ? 0.01 : 0.1)
  const client = await (await bench.database('tpch')).connect()
  report.note(`  TPC-H data at scale factor ${scale}`)
  await generateTpch(client, scale)
  const queries = tpchQueries(scale)
  const refused = await createContestants(client, queries, report)
  const names = Object.keys(queries)
  const changes = new RefreshFunctions(client, scale)

  const oneOrder = await oneNewOrder(client, changes, names, refused, options)
  const table = report.table(`TPC-H at scale factor ${scale}: one new order (RF1 of one)`, [
    ...['query', 'REFRESH (ms)', 'FULL (ms)', 'differential (ms)', 'REFRESH / differential', 'rows read'],
    ...['rows of the result', 'state (KB)', 'AUTO chose'],
  ])
  for (const name of names) {
    const { refresh, full, differential, read } = oneOrder(name)
    table.rows.push([
      ...[name, refresh, full, differential, refresh / differential, read],
      Number(await scalar<string>(client, `SELECT count(*) FROM ${name}_matview`)),
      refused.has(name) ? 0 : (await stateBytes(client, `${name}_differential`)) / 1024,
      await latestAction(client, `${name}_auto`),
    ])
    report.progress(table)
  }
  const single = names.map((name) => oneOrder(name).differential)
  report.atLeast('TPC-H: queries maintained incrementally', names.length - refused.size, names.length)
  report.atMost('TPC-H, one new order: the slowest query', worst(single), 20, ' ms')
  report.atMost('TPC-H, one new order: the median query', median(single.filter(Number.isFinite)), 5, ' ms')

  for (const percent of SHARES)
    await share({ client, changes, names, refused, options, report, scale, percent })

  const reasons = report.table('TPC-H: what is not maintained incrementally', ['query', 'reason'])
  for (const [name, reason] of refused) reasons.rows.push([name, reason])
  await client.end()
}

/** What no differential refresh is made of counts as taking for ever. */
function worst(times: readonly number[]): number {
  return times.some((ms) => !Number.isFinite(ms)) ? Number.POSITIVE_INFINITY : Math.max(...times)
}

async function createContestants(
  client: pg.Client,
  queries: Readonly<Record<string, string>>,
  report: Report,
): Promise<Map<string, string>> {
  const refused = new Map<string, string>()
  const create = (name: string, query: string, mode: string) =>
    client.query('SELECT pgstream.create_stream_table($1, $2, $3, $4)', [name, query, '1h', mode])
  for (const [name, query] of Object.entries(queries)) {
    report.note(`  ${name}`)
    await client.query(`CREATE MATERIALIZED VIEW ${name}_matview AS ${query}`)
    await create(`${name}_full`, query, 'FULL')
    await create(`${name}_auto`, query, 'AUTO')
    await create(`${name}_differential`, query, 'DIFFERENTIAL').catch((error: Error) => {
      refused.set(name, error.message)
    })
  }
  const asked = await client.query<{ statement: string }>(
    'SELECT DISTINCT r.statement FROM pgstream.pgs_stream_tables s, pgstream.recommend_indexes(s.pgs_name) r',
  )
  const indexes = report.table('TPC-H: further indexes that recommend_indexes asks for', ['index'])
  for (const { statement } of asked.rows) {
    indexes.rows.push([statement])
    await client.query(statement)
  }
  await client.query('ANALYZE')
  return refused
}

interface Figures {
  readonly refresh: number
  readonly full: number
  readonly differential: number
  readonly read: number
}

async function oneNewOrder(
  client: pg.Client,
  changes: RefreshFunctions,
  names: readonly string[],
  refused: ReadonlyMap<string, string>,
  options: Options,
): Promise<(name: string) => Figures> {
  const all = new Map(names.map((name) => [name, new Samples()]))
  // The first rounds of a connection make its plans.
  for (let round = -2; round < options.rounds * 3; round++) {
    await changes.insertOrders(1)
    const isWhole = round >= 0 && round % 6 === 0
    for (const name of rotated(names, Math.max(round, 0))) {
      const samples = all.get(name) ?? new Samples()
      if (!refused.has(name)) {
        const isCounted = round === options.rounds * 3 - 1
        const before = isCounted ? await rowsRead(client) : 0
        const ms = await timed(client, refreshOf(`${name}_differential`))
        if (round >= 0) samples.add('differential', ms)
        if (isCounted) samples.add('read', (await rowsRead(client)) - before)
      }
      if (!isWhole) continue
      samples.add('refresh', await timed(client, `REFRESH MATERIALIZED VIEW ${name}_matview`))
      samples.add('full', await timed(client, refreshOf(`${name}_full`)))
      await client.query(refreshOf(`${name}_auto`))
    }
    await cleanChanges(client)
  }
  return (name) => {
    const samples = all.get(name) ?? new Samples()
    return {
      refresh: samples.median('refresh'),
      full: samples.median('full'),
      differential: samples.median('differential'),
      read: samples.median('read'),
    }
  }
}

interface ShareOfTheData {
  readonly client: pg.Client
  readonly changes: RefreshFunctions
  readonly names: readonly string[]
  readonly refused: ReadonlyMap<string, string>
  readonly options: Options
  readonly report: Report
  readonly scale: number
  readonly percent: number
}

async function share(run: ShareOfTheData): Promise<void> {
  const { client, changes, names, refused, report, scale, percent } = run
  const all = new Map(names.map((name) => [name, new Samples()]))
  const actions = new Map<string, string>()
  const orders = Math.max(1, Math.round((sizes(scale).orders * percent) / 100))
  const rounds = Math.max(2, Math.ceil(run.options.rounds / 2))
  // The first round is not counted: it makes plans, and teaches AUTO.
  for (let round = 0; round <= rounds; round++) {
    await changes.insertOrders(Math.ceil(orders / 2))
    await changes.deleteOrders(Math.floor(orders / 2))
    await changes.updateMasterData(Math.ceil((sizes(scale).customer * percent) / 100))
    for (const name of rotated(names, round)) {
      const contestants: [string, string][] = [
        ['refresh', `REFRESH MATERIALIZED VIEW ${name}_matview`],
        ['full', refreshOf(`${name}_full`)],
        ['auto', refreshOf(`${name}_auto`)],
      ]
      if (!refused.has(name)) contestants.push(['differential', refreshOf(`${name}_differential`)])
      for (const [contestant, sql] of rotated(contestants, round)) {
        const ms = await timed(client, sql)
        if (round > 0) all.get(name)?.add(contestant, ms)
      }
      actions.set(name, await latestAction(client, `${name}_auto`))
    }
    await cleanChanges(client)
    await client.query('VACUUM ANALYZE orders, lineitem')
  }
  const table = report.table(`TPC-H at scale factor ${scale}: ${percent} % changed (median ms)`, [
    ...['query', 'REFRESH', 'FULL', 'differential', 'AUTO', 'AUTO chose'],
    ...['REFRESH / differential', 'AUTO / better of the two'],
  ])
  let faster = 0
  const slowdowns: number[] = []
  for (const name of names) {
    const samples = all.get(name) ?? new Samples()
    const [refresh, full, auto] = ['refresh', 'full', 'auto'].map((each) => samples.median(each))
    const [r, f, a, d] = [refresh ?? NaN, full ?? NaN, auto ?? NaN, samples.median('differential')]
    const better = Number.isFinite(d) ? Math.min(f, d) : f
    if (d < r) faster++
    slowdowns.push(a / better)
    table.rows.push([name, r, f, d, a, actions.get(name) ?? '', r / d, a / better])
    report.progress(table)
    if (!refused.has(name)) await requireEqual(client, `${name}_differential`, `${name}_full`)
  }
  const what = `TPC-H, ${percent} % changed`
  if (percent > 0.01)
    report.atLeast(`${what}: queries faster than REFRESH`, faster, percent === 1 ? 20 : names.length)
  report.atMost(`${what}: AUTO of the better of FULL and differential`, Math.max(...slowdowns), 1.15, '×')
}

function refreshOf(name: string): string {
  return `SELECT pgstream.refresh_stream_table('${name}')`
}

async function latestAction(client: pg.Client, name: string): Promise<string> {
  return (
    (await scalar<string | undefined>(
      client,
      `SELECT h.action FROM pgstream.pgs_refresh_history h JOIN pgstream.pgs_stream_tables s USING (pgs_id)
       WHERE s.pgs_name = '${name}' AND h.action <> 'NO_DATA' ORDER BY h.refresh_id DESC LIMIT 1`,
    )) ?? ''
  )
}
