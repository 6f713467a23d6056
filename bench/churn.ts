import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import { type Bench, createStreamTable, type Database, requireEqual, scalar } from './database.ts'
import type { Options } from './options.ts'
import type { Report } from './report.ts'
import { startWorker } from './worker-process.ts'

const ROWS = 20_000
const TABLES: readonly (readonly [string, string])[] = [
  ['copy', 'SELECT id, k, v FROM src WHERE v % 2 = 0'],
  ['sums', 'SELECT k, count(*) AS n, sum(v) AS v FROM src GROUP BY k'],
  ['most', 'SELECT k, max(v) AS v FROM src GROUP BY k'],
  ['met', 'SELECT sums.k, sums.v, most.v AS most FROM sums JOIN most ON most.k = sums.k'],
]

/** Bytes of everything that can bloat, indexes and TOAST included. */
const SIZES = `SELECT
  (SELECT sum(pg_total_relation_size(relid)) FROM pgstream.pgs_change_tracking t, pg_partition_tree(t.buffer))::float8 / 1e6 AS buffers,
  (SELECT sum(pg_total_relation_size(pgs_relid)) FROM pgstream.pgs_stream_tables)::float8 / 1e6 AS stream_tables,
  (SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0) FROM pg_class c
   WHERE c.relnamespace = 'pgstream_state'::regnamespace AND c.relkind = 'r')::float8 / 1e6 AS state,
  (SELECT sum(pg_total_relation_size(c.oid)) FROM pg_class c
   WHERE c.relnamespace = 'pgstream'::regnamespace AND c.relkind = 'r' AND c.relname <> 'pgs_refresh_history')::float8 / 1e6 AS catalog,
  pg_total_relation_size('src')::float8 / 1e6 AS source`

interface Sizes {
  readonly buffers: number
  readonly stream_tables: number
  readonly state: number
  readonly catalog: number
  readonly source: number
}

/**
 * Half an hour of writers that change everything over and over, with a worker: what grows? The second half is compared with
 * the first; whatever leaks, leaks for as long as it runs.
 */
export async function churn(bench: Bench, options: Options, report: Report): Promise<void> {
  const minutes = options.quick ? 1 : Number(process.env.PG_STREAM_CHURN_MINUTES ?? 30)
  const database = await bench.database('churn')
  const client = await database.connect()
  await client.query(`CREATE TABLE src (id int PRIMARY KEY, k int NOT NULL, v int NOT NULL);
    INSERT INTO src SELECT i, i % 200, i FROM generate_series(1, ${ROWS}) AS i;
    CREATE INDEX ON src (k, v); ANALYZE src`)
  for (const [name, query] of TABLES) await createStreamTable(client, name, query, 'AUTO', '1s')
  const worker = startWorker(database.url)
  const end = Date.now() + minutes * 60_000
  const samples: Sizes[] = []
  let transactions = 0
  try {
    const writers = [1, 2].map(async () => {
      transactions += await write(await database.connect(), end)
    })
    const sampler = async () => {
      while (Date.now() < end) {
        await sleep((minutes * 60_000) / 30)
        samples.push((await client.query<Sizes>(SIZES)).rows[0] as Sizes)
      }
    }
    await Promise.all([...writers, sampler()])
  } finally {
    worker.kill()
  }
  await check(database)
  const half = samples.length >> 1
  const most = (part: readonly Sizes[], key: keyof Sizes) => Math.max(...part.map((each) => each[key]))
  const table = report.table(`${minutes} minutes of churn, ${transactions} transactions: MB, at most`, [
    'relations',
    'first half',
    'second half',
    'ratio',
  ])
  for (const key of ['source', 'buffers', 'stream_tables', 'state', 'catalog'] as const) {
    const [first, second] = [most(samples.slice(0, half), key), most(samples.slice(half), key)]
    table.rows.push([key.replace('_', ' '), first, second, second / first])
  }
  const total = (part: readonly Sizes[]) =>
    Math.max(...part.map((each) => each.buffers + each.stream_tables + each.state + each.catalog))
  report.atMost(
    'churn: second half over first half',
    total(samples.slice(half)) / total(samples.slice(0, half)),
    1.25,
    '×',
  )
}

/**
 * One row at a time mostly, now and then a hundred, and all of them once in a while. Writers of many rows may deadlock with
 * each other, stream tables or not: then one begins anew.
 */
async function write(client: pg.Client, end: number): Promise<number> {
  let done = 0
  while (Date.now() < end) {
    try {
      await writeOnce(client, done % 1_000)
      done += 1
    } catch (error) {
      if ((error as { code?: string }).code !== '40P01') throw error
    }
  }
  return done
}

async function writeOnce(client: pg.Client, kind: number): Promise<void> {
  const id = 1 + Math.floor(Math.random() * ROWS)
  if (kind === 999) await client.query('UPDATE src SET v = v + 1 WHERE id % 10 = 3')
  else if (kind % 50 === 0)
    await client.query(`UPDATE src SET k = (k + 1) % 200, v = v + 1 WHERE id BETWEEN ${id} AND ${id + 100}`)
  else if (kind % 3 === 0)
    await client.query(
      `WITH gone AS (DELETE FROM src WHERE id = ${id} RETURNING *) INSERT INTO src SELECT id + 1000000, k, v FROM gone ON CONFLICT DO NOTHING`,
    )
  else if (kind % 3 === 1)
    await client.query(
      `WITH gone AS (DELETE FROM src WHERE id > 1000000 AND id % 7 = ${id % 7} RETURNING *) INSERT INTO src SELECT id - 1000000, k, v FROM gone ON CONFLICT DO NOTHING`,
    )
  else await client.query(`UPDATE src SET v = v + 1 WHERE id = ${id}`)
}

async function check(database: Database): Promise<void> {
  const client = await database.connect()
  await client.query(`SELECT pgstream.refresh_stream_table('met'), pgstream.refresh_stream_table('copy')`)
  for (const [name, query] of TABLES) {
    await client.query(`CREATE TEMP VIEW wanted_${name} AS ${query}`)
    await requireEqual(client, name, `wanted_${name}`)
  }
  if (
    (await scalar<string>(
      client,
      'SELECT count(*) FROM pgstream.pgs_refresh_history WHERE status = $$FAILED$$',
    )) !== '0'
  )
    throw new Error('a refresh failed')
}
