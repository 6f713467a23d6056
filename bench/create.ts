import type pg from 'pg'
import type { CompileRequest } from '../src/compiler/catalog/request.ts'
import { compile } from '../src/compiler/compile.ts'
import { type Bench, createStreamTable, scalar } from './database.ts'
import { createOrders, JOIN_AGGREGATE } from './join-aggregate-schema.ts'
import { median, rotated, Samples, timed } from './measure.ts'
import type { Options } from './options.ts'
import type { Report } from './report.ts'

interface Definition {
  readonly what: string
  readonly query: string
  readonly key: string
}

const DEFINITIONS: readonly Definition[] = [
  { what: 'join-aggregate', query: JOIN_AGGREGATE, key: 'region' },
  {
    what: 'aggregate with state',
    query: 'SELECT cust, avg(amount) AS mean, max(amount) AS most FROM orders GROUP BY cust',
    key: 'cust',
  },
  { what: 'filter', query: 'SELECT id, cust, amount FROM orders WHERE amount > 50', key: 'id' },
  {
    what: 'join',
    query: 'SELECT o.id, o.amount, c.region FROM orders o JOIN customers c ON c.id = o.cust',
    key: 'id',
  },
]

/** Creating and storing a stream table, against a materialized view with the index of its key; compiling. */
export async function create(bench: Bench, options: Options, report: Report): Promise<void> {
  const client = await (await bench.database('creation')).connect()
  const size = options.quick ? 100_000 : 1_000_000
  await createOrders(client, size)
  const table = report.table(`Creation over ${size} orders (median ms) and storage (MB)`, [
    ...['query', 'create_stream_table', 'CREATE MATERIALIZED VIEW + index', 'ratio'],
    ...['stored', 'matview stored', 'ratio'],
  ])
  for (const definition of DEFINITIONS) {
    const samples = new Samples()
    let [stored, matviewStored] = [0, 0]
    // The first round fills caches.
    for (let round = -1; round < options.rounds; round++) {
      for (const contestant of rotated(['stream', 'matview'] as const, round + 1)) {
        await client.query('CHECKPOINT')
        const ms =
          contestant === 'stream'
            ? await createStream(client, definition)
            : await createMatview(client, definition)
        if (round >= 0) samples.add(contestant, ms)
      }
      stored = await streamBytes(client)
      matviewStored = Number(await scalar<string>(client, `SELECT pg_total_relation_size('matview')`))
      await client.query('DROP MATERIALIZED VIEW matview')
      await client.query(`SELECT pgstream.drop_stream_table('stream')`)
    }
    const [ours, theirs] = [samples.median('stream'), samples.median('matview')]
    table.rows.push([
      ...[definition.what, ours, theirs, ours / theirs],
      ...[stored / 1e6, matviewStored / 1e6, stored / matviewStored],
    ])
    report.progress(table)
    report.atMost(`create_stream_table: ${definition.what}`, ours / theirs, 1.5, '×')
    report.atMost(`storage: ${definition.what}`, stored / matviewStored, 2, '×')
  }
  await compiling(client, options, report)
}

async function createStream(client: pg.Client, { query }: Definition): Promise<number> {
  const start = performance.now()
  await createStreamTable(client, 'stream', query)
  return performance.now() - start
}

/** Ours is analyzed as well, a materialized view is not: that is part of what ours costs. */
async function createMatview(client: pg.Client, { query, key }: Definition): Promise<number> {
  const view = await timed(client, `CREATE MATERIALIZED VIEW matview AS ${query}`)
  return view + (await timed(client, `CREATE UNIQUE INDEX ON matview (${key})`))
}

async function streamBytes(client: pg.Client): Promise<number> {
  const bytes = await scalar<string>(
    client,
    `SELECT pg_total_relation_size('stream') + coalesce(sum(pg_total_relation_size(t::regclass)), 0)
     FROM pgstream.pgs_stream_tables AS s LEFT JOIN LATERAL jsonb_array_elements_text(s.plan -> 'stateTables') AS t ON true`,
  )
  return Number(bytes)
}

/** The compiler alone, and with the process that the embedded server starts for it. */
async function compiling(client: pg.Client, options: Options, report: Report): Promise<void> {
  const table = report.table('Compiling a definition (median ms)', [
    'query',
    'the compiler, warm',
    'in the embedded server',
  ])
  const [pure, embedded]: [number[], number[]] = [[], []]
  for (const { what, query } of DEFINITIONS) {
    const request = await compileRequest(client, query)
    const times: number[] = []
    for (let i = 0; i < 200; i++) {
      const start = performance.now()
      compile(request)
      times.push(performance.now() - start)
    }
    const samples: number[] = []
    for (let i = 0; i < options.rounds; i++) {
      const start = performance.now()
      await client.query('SELECT pgstream._compile($1)', [JSON.stringify(request)])
      samples.push(performance.now() - start)
    }
    pure.push(median(times.slice(100)))
    embedded.push(median(samples))
    table.rows.push([what, median(times.slice(100)), median(samples)])
    report.progress(table)
  }
  report.atMost('compiling, the slowest', Math.max(...pure), 20, ' ms')
  report.atMost('compiling in the embedded server, the slowest', Math.max(...embedded), 150, ' ms')
}

async function compileRequest(client: pg.Client, query: string): Promise<CompileRequest> {
  await client.query('BEGIN')
  try {
    // Two statements: the second must see the view that the first made.
    const view = await scalar<number>(client, `SELECT pgstream._make_view($$${query}$$)`)
    const { rows } = await client.query<{ request: CompileRequest }>(
      `SELECT pgstream._compile_request($1, 1, 'public', 'stream', 'AUTO') AS request`,
      [view],
    )
    const [first] = rows
    if (!first) throw new Error('no compile request')
    return first.request
  } finally {
    await client.query('ROLLBACK')
  }
}
