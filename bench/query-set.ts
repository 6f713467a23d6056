/** A set of queries over one schema, each refreshed in every way after one event and after shares of the data changed. */
import type pg from 'pg'
import { cleanChanges, requireEqual, scalar } from './database.ts'
import { median, rotated, Samples, timed } from './measure.ts'
import type { Options } from './options.ts'
import type { Report } from './report.ts'
import { rowsRead, stateBytes } from './rows-read.ts'

export interface QuerySet {
  readonly title: string
  readonly queries: Readonly<Record<string, string>>
  /** One event, as an application would write it: `new order`, `bid`. */
  readonly event: string
  oneEvent(): Promise<void>
  /** Changes this share of the data, in per cent: inserts, deletes and updates. */
  share(percent: number): Promise<void>
}

const SHARES = [0.01, 0.1, 1] as const

interface Run {
  readonly client: pg.Client
  readonly set: QuerySet
  readonly names: readonly string[]
  /** Why, by query: what is not maintained incrementally. */
  readonly refused: ReadonlyMap<string, string>
  readonly options: Options
  readonly report: Report
}

export async function measureQuerySet(
  client: pg.Client,
  set: QuerySet,
  options: Options,
  report: Report,
): Promise<void> {
  const names = Object.keys(set.queries)
  const refused = await createContestants(client, set, report)
  const run: Run = { client, set, names, refused, options, report }
  report.atLeast(`${set.title}: maintained incrementally`, names.length - refused.size, names.length)
  await oneEvent(run)
  for (const percent of SHARES) await share(run, percent)
  const reasons = report.table(`${set.title}: what is not maintained incrementally`, ['query', 'reason'])
  for (const [name, reason] of refused) reasons.rows.push([name, reason])
}

async function createContestants(
  client: pg.Client,
  { title, queries }: QuerySet,
  report: Report,
): Promise<Map<string, string>> {
  const refused = new Map<string, string>()
  const create = (name: string, query: string, mode: string, initialize = true) =>
    client.query('SELECT pgstream.create_stream_table($1, $2, $3, $4, $5)', [
      name,
      query,
      '1h',
      mode,
      initialize,
    ])
  for (const [name, query] of Object.entries(queries))
    await create(`${name}_differential`, query, 'DIFFERENTIAL', false).catch((error: Error) => {
      refused.set(name, error.message)
    })
  // Before anything is computed: without them TPC-H q17 and q20 take hours, in every way.
  const asked = await client.query<{ statement: string }>(
    'SELECT DISTINCT r.statement FROM pgstream.pgs_stream_tables s, pgstream.recommend_indexes(s.pgs_name) r ORDER BY 1',
  )
  const indexes = report.table(
    `${title}: indexes that recommend_indexes asked for besides the primary keys`,
    ['index'],
  )
  for (const { statement } of asked.rows) {
    report.note(`  ${statement}`)
    indexes.rows.push([statement])
    await client.query(statement)
  }
  for (const [name, query] of Object.entries(queries)) {
    report.note(`  ${name}`)
    await client.query(`CREATE MATERIALIZED VIEW ${name}_matview AS ${query}`)
    await create(`${name}_full`, query, 'FULL')
    await create(`${name}_auto`, query, 'AUTO')
    if (!refused.has(name)) await client.query(refreshOf(`${name}_differential`))
  }
  await client.query('ANALYZE')
  return refused
}

async function oneEvent({ client, set, names, refused, options, report }: Run): Promise<void> {
  const all = new Map(names.map((name) => [name, new Samples()]))
  const rounds = options.rounds * 3
  // The first rounds of a connection make its plans.
  for (let round = -2; round < rounds; round++) {
    await set.oneEvent()
    const isWhole = round >= 0 && round % 6 === 0
    for (const name of rotated(names, Math.max(round, 0))) {
      const samples = all.get(name) ?? new Samples()
      if (!refused.has(name)) {
        const isLast = round === rounds - 1
        const before = isLast ? await rowsRead(client) : 0
        const ms = await timed(client, refreshOf(`${name}_differential`))
        if (round >= 0) samples.add('differential', ms)
        if (isLast) samples.add('read', (await rowsRead(client)) - before)
      }
      // As often as its rival, so that its plans are kept as long.
      await client.query(refreshOf(`${name}_auto`))
      if (!isWhole) continue
      samples.add('refresh', await timed(client, `REFRESH MATERIALIZED VIEW ${name}_matview`))
      samples.add('full', await timed(client, refreshOf(`${name}_full`)))
    }
    await cleanChanges(client)
  }
  const table = report.table(`${set.title}: one ${set.event} (median ms)`, [
    ...['query', 'REFRESH', 'FULL', 'differential', 'REFRESH / differential', 'rows read'],
    ...['rows of the result', 'state (KB)', 'AUTO chose'],
  ])
  for (const [name, samples] of all) {
    const [refresh, differential] = [samples.median('refresh'), samples.median('differential')]
    table.rows.push([
      ...[
        name,
        refresh,
        samples.median('full'),
        differential,
        refresh / differential,
        samples.median('read'),
      ],
      Number(await scalar<string>(client, `SELECT count(*) FROM ${name}_matview`)),
      (await stateBytes(client, `${name}_differential`)) / 1024,
      await latestAction(client, `${name}_auto`),
    ])
    report.progress(table)
  }
  const times = [...all]
    .filter(([name]) => !refused.has(name))
    .map(([, samples]) => samples.median('differential'))
  report.atMost(`${set.title}, one ${set.event}: the slowest query`, Math.max(...times), 20, ' ms')
  report.atMost(`${set.title}, one ${set.event}: the median query`, median(times), 5, ' ms')
}

type Contestant = 'refresh' | 'full' | 'auto' | 'differential'

/** Who comes first reads what was just written for the first time, so in four rounds each is before each other one twice. */
const ORDERS: readonly (readonly Contestant[])[] = [
  ['auto', 'differential', 'full', 'refresh'],
  ['differential', 'auto', 'refresh', 'full'],
  ['full', 'refresh', 'auto', 'differential'],
  ['refresh', 'full', 'differential', 'auto'],
]

/** Between two rounds of all four: what takes milliseconds, and is compared, needs more of them than what takes seconds. */
const PAIRS: readonly (readonly Contestant[])[] = [
  ['auto', 'differential'],
  ['differential', 'auto'],
]

/** Round 0 is not counted: it makes plans, and teaches AUTO. */
function contestantsOf(round: number): readonly Contestant[] {
  const nth = (round - 1) % (PAIRS.length + 1)
  const orders = round === 0 || nth === 0 ? ORDERS : PAIRS
  const at = round === 0 ? 0 : nth === 0 ? (round - 1) / (PAIRS.length + 1) : nth - 1
  return orders[at % orders.length] ?? []
}

async function share({ client, set, names, refused, options, report }: Run, percent: number): Promise<void> {
  const all = new Map(names.map((name) => [name, new Samples()]))
  const actions = new Map<string, string>()
  const rounds = Math.max(2, 2 * Math.ceil(options.rounds / 4)) * (PAIRS.length + 1)
  for (let round = 0; round <= rounds; round++) {
    await set.share(percent)
    for (const name of rotated(names, round)) {
      const statements: Readonly<Record<Contestant, string>> = {
        refresh: `REFRESH MATERIALIZED VIEW ${name}_matview`,
        full: refreshOf(`${name}_full`),
        auto: refreshOf(`${name}_auto`),
        differential: refreshOf(`${name}_differential`),
      }
      for (const contestant of contestantsOf(round)) {
        if (contestant === 'differential' && refused.has(name)) continue
        const ms = await timed(client, statements[contestant])
        if (round > 0) all.get(name)?.add(contestant, ms)
      }
      actions.set(name, await latestAction(client, `${name}_auto`))
    }
    await cleanChanges(client)
    // As autovacuum would; more often it would only make the plans of small refreshes anew.
    if (percent >= 1) await client.query('VACUUM ANALYZE')
  }
  const table = report.table(`${set.title}: ${percent} % changed (median ms)`, [
    ...['query', 'REFRESH', 'FULL', 'differential', 'AUTO', 'AUTO chose'],
    ...['REFRESH / differential', 'AUTO / better of FULL and differential'],
  ])
  let faster = 0
  const slowdowns: number[] = []
  for (const [name, samples] of all) {
    const [refresh, full, auto] = [samples.median('refresh'), samples.median('full'), samples.median('auto')]
    const differential = samples.median('differential')
    const slowdown = auto / (refused.has(name) ? full : Math.min(full, differential))
    if (differential < refresh) faster++
    slowdowns.push(slowdown)
    const chosen = actions.get(name) ?? ''
    table.rows.push([name, refresh, full, differential, auto, chosen, refresh / differential, slowdown])
    report.progress(table)
    if (refused.has(name)) continue
    await client.query(refreshOf(`${name}_full`))
    await requireEqual(client, `${name}_differential`, `${name}_full`)
  }
  const what = `${set.title}, ${percent} % changed`
  if (percent > 0.01) {
    const wanted = percent < 1 ? names.length : names.length - 2
    report.atLeast(`${what}: queries faster than REFRESH`, faster, wanted)
  }
  report.atMost(`${what}: AUTO of the better one, the slowest`, Math.max(...slowdowns), 1.15, '×')
}

function refreshOf(name: string): string {
  return `SELECT pgstream.refresh_stream_table('${name}')`
}

async function latestAction(client: pg.Client, name: string): Promise<string> {
  const { rows } = await client.query<{ action: string }>(
    `SELECT h.action FROM pgstream.pgs_refresh_history h JOIN pgstream.pgs_stream_tables s USING (pgs_id)
     WHERE s.pgs_name = $1 AND h.action <> 'NO_DATA' ORDER BY h.refresh_id DESC LIMIT 1`,
    [name],
  )
  return rows[0]?.action ?? ''
}
