import type pg from 'pg'
import { type Bench, cleanChanges, createStreamTable, requireEqual } from './database.ts'
import {
  cleanHandWritten,
  createHandWrittenAggregate,
  createHandWrittenScan,
  REFRESH_HAND,
  REFRESH_HAND_SCAN,
} from './hand-written.ts'
import { rotated, Samples, timed } from './measure.ts'
import type { Options } from './options.ts'
import type { Report, Table } from './report.ts'

const QUERIES = {
  scan: 'SELECT id, region, category, amount, score FROM src',
  filter: 'SELECT id, region, amount FROM src WHERE amount > 5000',
  aggregate: 'SELECT region, sum(amount) AS total, count(*) AS cnt FROM src GROUP BY region',
  join: 'SELECT s.id, s.region, s.amount, d.region_name FROM src s JOIN dim d ON s.region = d.region',
  'join-aggregate':
    'SELECT d.region_name, sum(s.amount) AS total, count(*) AS cnt FROM src s JOIN dim d ON s.region = d.region GROUP BY d.region_name',
} as const
const KEYS = {
  scan: 'id',
  filter: 'id',
  aggregate: 'region',
  join: 'id',
  'join-aggregate': 'region_name',
} as const
type Query = keyof typeof QUERIES
const NAMES = Object.keys(QUERIES) as Query[]
const MODES = ['AUTO', 'DIFFERENTIAL', 'FULL'] as const

/** The matrix of the reference implementation: five queries, three sizes, three shares of changed rows, all modes. */
export async function matrix(bench: Bench, options: Options, report: Report): Promise<void> {
  const table = report.table('Matrix: refresh after a share of the source changed (median ms)', [
    ...['query', 'rows', 'changed %', 'AUTO', 'AUTO chose', 'DIFFERENTIAL', 'FULL'],
    ...['REFRESH', 'REFRESH CONCURRENTLY', 'hand-written'],
    ...['FULL / AUTO', 'REFRESH / AUTO', 'DIFFERENTIAL / hand-written'],
  ])
  const largest = options.rows ?? (options.quick ? 100_000 : 1_000_000)
  for (const rows of [10_000, 100_000, 1_000_000].filter((size) => size <= largest))
    for (const percent of [1, 10, 50]) await cell(bench, options, report, table, rows, percent)
}

async function cell(
  bench: Bench,
  options: Options,
  report: Report,
  table: Table,
  rows: number,
  percent: number,
): Promise<void> {
  const client = await (await bench.database('matrix')).connect()
  // A quarter of a minute each at a million rows.
  const concurrently = rows <= 100_000
  await createSource(client, rows)
  for (const query of NAMES) {
    for (const mode of MODES) await createStreamTable(client, streamName(query, mode), QUERIES[query], mode)
    for (const view of concurrently ? [matviewName(query), concurrentName(query)] : [matviewName(query)]) {
      await client.query(`CREATE MATERIALIZED VIEW ${view} AS ${QUERIES[query]}`)
      await client.query(`CREATE UNIQUE INDEX ON ${view} (${KEYS[query]})`)
    }
  }
  await createHandWrittenAggregate(client, 'src')
  await createHandWrittenScan(client)
  const samples = Object.fromEntries(NAMES.map((query) => [query, new Samples()])) as Record<Query, Samples>
  const actions = new Map<Query, string>()
  // The first round is not counted: it fills caches, and teaches AUTO.
  for (let round = 0; round <= options.rounds; round++) {
    await change(client, rows, percent, round)
    for (const query of rotated(NAMES, round)) {
      const contestants: [string, string][] = [
        ...MODES.map((mode): [string, string] => [
          mode,
          `SELECT pgstream.refresh_stream_table('${streamName(query, mode)}')`,
        ]),
        ['REFRESH', `REFRESH MATERIALIZED VIEW ${matviewName(query)}`],
        // What leaves readers unblocked, as ours does.
        ...(concurrently
          ? [
              ['CONCURRENTLY', `REFRESH MATERIALIZED VIEW CONCURRENTLY ${concurrentName(query)}`] as [
                string,
                string,
              ],
            ]
          : []),
        ...(query === 'aggregate' ? [['hand', REFRESH_HAND] as [string, string]] : []),
        ...(query === 'scan' ? [['hand', REFRESH_HAND_SCAN] as [string, string]] : []),
      ]
      for (const [contestant, sql] of rotated(contestants, round)) {
        const ms = await timed(client, sql)
        if (round > 0) samples[query].add(contestant, ms)
      }
      actions.set(query, await latestAction(client, streamName(query, 'AUTO')))
    }
    await cleanChanges(client)
    await cleanHandWritten(client, ['src_log', 'scan_log'])
    // As autovacuum would; more often it would only make the plans of small refreshes anew.
    if (rows * percent >= 1_000_000) await client.query('VACUUM ANALYZE')
  }
  for (const query of NAMES) {
    for (const mode of MODES) await requireEqual(client, streamName(query, mode), matviewName(query))
    const { AUTO, DIFFERENTIAL, FULL, REFRESH, CONCURRENTLY, hand } = samples[query].medians()
    const [auto, delta, full] = [AUTO ?? NaN, DIFFERENTIAL ?? NaN, FULL ?? NaN]
    table.rows.push([
      ...[query, rows, percent, auto, actions.get(query) ?? '', delta, full],
      ...[REFRESH ?? NaN, CONCURRENTLY ?? NaN, hand ?? NaN],
      ...[full / auto, (REFRESH ?? NaN) / auto, delta / (hand ?? NaN)],
    ])
    report.progress(table)
    const name = `${query}, ${rows} rows, ${percent} %`
    report.atMost(`${name}: AUTO of FULL`, auto / full, 1.1, '×')
    if (hand !== undefined) report.atMost(`${name}: differential of hand-written`, delta / hand, 1.5, '×')
  }
  await requireEqual(client, 'hand.result', matviewName('aggregate'))
  await requireEqual(client, 'hand.scan', matviewName('scan'))
  await client.end()
}

function streamName(query: Query, mode: string): string {
  return `${query.replace('-', '_')}_${mode.toLowerCase()}`
}

function concurrentName(query: Query): string {
  return `${matviewName(query)}_concurrent`
}

function matviewName(query: Query): string {
  return `${query.replace('-', '_')}_matview`
}

async function latestAction(client: pg.Client, name: string): Promise<string> {
  const { rows } = await client.query<{ action: string }>(
    `SELECT h.action FROM pgstream.pgs_refresh_history h JOIN pgstream.pgs_stream_tables s USING (pgs_id)
     WHERE s.pgs_name = $1 ORDER BY h.refresh_id DESC LIMIT 1`,
    [name],
  )
  return rows[0]?.action ?? ''
}

async function createSource(client: pg.Client, rows: number): Promise<void> {
  await client.query(`
    CREATE TABLE dim (region text PRIMARY KEY, region_name text NOT NULL);
    INSERT INTO dim SELECT 'region_' || i, 'The region no. ' || i FROM generate_series(1, 5) AS i;
    CREATE TABLE src (id int PRIMARY KEY, region text NOT NULL, category text NOT NULL, amount numeric NOT NULL, score int NOT NULL);
    INSERT INTO src
    SELECT i, 'region_' || 1 + i % 5, 'category_' || i % 10, (i::bigint * 7919 % 1000000) / 100.0, i % 100
    FROM generate_series(1, ${rows}) AS i;`)
  await client.query('VACUUM ANALYZE src, dim')
}

/** 70 % UPDATE, 15 % DELETE, 15 % INSERT, all over the table; every row of it has the same chance. */
async function change(client: pg.Client, rows: number, percent: number, round: number): Promise<void> {
  const changed = (rows * percent) / 100
  const [updated, replaced] = [Math.round(changed * 0.7), Math.round(changed * 0.15)]
  await client.query(`SELECT setseed(${(round + 1) / 100})`)
  await client.query(`
    BEGIN;
    CREATE TEMP TABLE chosen ON COMMIT DROP AS
    SELECT id, row_number() OVER () AS n FROM (SELECT id FROM src ORDER BY random() LIMIT ${updated + replaced}) AS s;
    UPDATE src SET amount = amount + 1, score = score + 1 FROM chosen c WHERE c.id = src.id AND c.n <= ${updated};
    DELETE FROM src USING chosen c WHERE c.id = src.id AND c.n > ${updated};
    INSERT INTO src
    SELECT i, 'region_' || 1 + i % 5, 'category_' || i % 10, (i::bigint * 7919 % 1000000) / 100.0, i % 100
    FROM (SELECT max(id) AS last FROM src) AS m, generate_series(m.last + 1, m.last + ${replaced}) AS i;
    COMMIT`)
}
