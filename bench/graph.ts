import type { ChildProcess } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import { type Bench, createStreamTable, type Database, requireEqual, scalar } from './database.ts'
import { Samples } from './measure.ts'
import type { Options } from './options.ts'
import type { Report } from './report.ts'
import { processorMs, startWorker } from './worker-process.ts'

/** Stream tables as name, query, schedule; `ends` are those that are read. */
interface Shape {
  readonly name: string
  readonly tables: readonly (readonly [string, string])[]
  readonly ends: readonly string[]
  /** Milliseconds at the median, with any number of workers. */
  readonly atMost?: number
}

const shapes: readonly Shape[] = [
  {
    name: 'chain of 10',
    tables: Array.from({ length: 10 }, (_, i) => [
      `c${i + 1}`,
      `SELECT id, v + 1 AS v FROM ${i ? `c${i}` : 'base'}`,
    ]),
    ends: ['c10'],
    atMost: 60,
  },
  {
    name: '3 layers × 20, each reads one below',
    tables: [1, 2, 3].flatMap((layer) =>
      Array.from({ length: 20 }, (_, i): [string, string] => [
        `l${layer}_${i}`,
        layer === 1
          ? `SELECT id, k, v * ${i + 1} AS v FROM base`
          : `SELECT id, k, v + 1 AS v FROM l${layer - 1}_${i}`,
      ]),
    ),
    ends: Array.from({ length: 20 }, (_, i) => `l3_${i}`),
    atMost: 150,
  },
  {
    name: '3 layers × 20, each reads two below: one group',
    tables: [1, 2, 3].flatMap((layer) =>
      Array.from({ length: 20 }, (_, i): [string, string] => [
        `m${layer}_${i}`,
        layer === 1
          ? `SELECT id, v * ${i + 1} AS v FROM base`
          : `SELECT a.id, a.v + b.v AS v FROM m${layer - 1}_${i} AS a JOIN m${layer - 1}_${(i + 1) % 20} AS b ON a.id = b.id`,
      ]),
    ),
    ends: Array.from({ length: 20 }, (_, i) => `m3_${i}`),
  },
  {
    name: 'four-way diamond',
    tables: [
      ['by_k', 'SELECT k, count(*) AS n, sum(v) AS v FROM base GROUP BY k'],
      ['most', 'SELECT k, max(id) AS id FROM base GROUP BY k'],
      ['even', 'SELECT k, count(*) AS n FROM base WHERE id % 2 = 0 GROUP BY k'],
      ['odd', 'SELECT k, count(*) AS n FROM base WHERE id % 2 = 1 GROUP BY k'],
      [
        'met',
        `SELECT most.id, by_k.v, even.n AS even, odd.n AS odd
         FROM by_k JOIN most ON most.k = by_k.k JOIN even ON even.k = by_k.k JOIN odd ON odd.k = by_k.k`,
      ],
    ],
    ends: ['met'],
    atMost: 25,
  },
]

/** Graphs of stream tables: from the commit of a row at the base to the moment it is seen at the end. */
export async function graph(bench: Bench, options: Options, report: Report): Promise<void> {
  const table = report.table(`Graphs: from the commit of one row at the base to visible at the end (ms)`, [
    'graph',
    'workers',
    'p50',
    'p95',
    'max',
  ])
  for (const shape of shapes) {
    const database = await bench.database('graph')
    const [writer, reader] = [await database.connect(), await database.connect()]
    await writer.query(`CREATE TABLE base (id int PRIMARY KEY, k int NOT NULL, v int NOT NULL);
      INSERT INTO base SELECT i, i % 499, i % 1000 FROM generate_series(1, ${options.quick ? 2_000 : 20_000}) AS i; CREATE INDEX ON base (k); ANALYZE base`)
    for (const [name, query] of shape.tables)
      await createStreamTable(writer, name, query, 'AUTO', shape.ends.includes(name) ? '1s' : 'calculated')
    const samples = new Samples()
    for (const workers of [1, 4])
      await measure(database, shape, workers, options, { writer, reader }, samples)
    for (const workers of [1, 4])
      table.rows.push([shape.name, workers, ...[0.5, 0.95, 1].map((q) => samples.quantile(`${workers}`, q))])
    if (shape.atMost !== undefined)
      report.atMost(
        `${shape.name}, median`,
        Math.max(samples.median('1'), samples.median('4')),
        shape.atMost,
        ' ms',
      )
    await check(writer, shape)
  }
}

async function measure(
  database: Database,
  shape: Shape,
  count: number,
  options: Options,
  { writer, reader }: { writer: pg.Client; reader: pg.Client },
  samples: Samples,
): Promise<void> {
  const workers: ChildProcess[] = Array.from({ length: count }, () =>
    startWorker(database.url, '--concurrency', '1'),
  )
  try {
    await sleep(2_000)
    for (let round = 0; round < (options.quick ? 10 : 60); round++) {
      await sleep(50 + Math.random() * 100)
      const id = await scalar<number>(
        writer,
        'INSERT INTO base SELECT max(id) + 1, (max(id) + 1) % 499, 1 FROM base RETURNING id',
      )
      const committed = performance.now()
      const seen = shape.ends.map((end) => `EXISTS (SELECT FROM ${end} WHERE id = ${id})`).join(' AND ')
      while (!(await scalar<boolean>(reader, `SELECT ${seen}`))) {
        if (performance.now() - committed > 20_000) throw new Error('the workers do not refresh')
        await sleep(1)
      }
      // The first statements of a session are planned.
      if (round >= 5) samples.add(`${count}`, performance.now() - committed)
    }
  } finally {
    for (const worker of workers) worker.kill()
    await Promise.all(workers.map((worker) => new Promise((resolve) => worker.once('exit', resolve))))
  }
}

/** Every stream table equals its query. */
async function check(client: pg.Client, { tables }: Shape): Promise<void> {
  for (const [name, query] of tables) {
    await client.query('SELECT pgstream.refresh_stream_table($1)', [name])
    await client.query(`CREATE OR REPLACE TEMP VIEW wanted_${name} AS ${query}`)
    await requireEqual(client, name, `wanted_${name}`)
  }
}

/** What 1,000 stream tables cost while nothing happens, over two rounds of what looks at all of them; and one of them changes. */
export async function idle(bench: Bench, options: Options, report: Report): Promise<void> {
  const count = options.quick ? 100 : 1_000
  const seconds = options.quick ? 5 : 66
  const database = await bench.database('idle')
  const client = await database.connect()
  report.note(`${count} stream tables …`)
  for (let i = 0; i < count; i++) {
    await client.query(`CREATE TABLE t${i} (id int PRIMARY KEY, v int)`)
    await createStreamTable(client, `st${i}`, `SELECT id, v FROM t${i}`, 'AUTO', i % 2 ? '1s' : '1m')
  }
  const worker = startWorker(database.url)
  try {
    // Each is looked at once, at the end of its first bound; afterwards the counters tell.
    const unseen = () => scalar<string>(client, 'SELECT count(*) FROM pgstream.frontiers WHERE seen IS NULL')
    while ((await unseen()) !== '0') await sleep(1_000)
    await sleep(options.quick ? 5_000 : 30_000)
    const pids = async () => [
      worker.pid,
      ...(
        await client.query<{ pid: number }>(
          `SELECT pid FROM pg_stat_activity WHERE application_name = 'pg_stream worker' AND datname = current_database()`,
        )
      ).rows.map(({ pid }) => pid),
    ]
    const watched = await pids()
    const used = () => watched.map(processorMs).reduce((a, b) => a + b, 0)
    const before = used()
    await sleep(seconds * 1_000)
    const percent = (used() - before) / (seconds * 10)
    report
      .table(`${count} stream tables, nothing to do`, ['% of a core, worker and its sessions', 'sessions'])
      .rows.push([percent, watched.length - 1])
    report.atMost(`${count} idle stream tables`, percent, 2, ' % of a core')
    const samples = new Samples()
    for (let round = 0; round < (options.quick ? 5 : 30); round++) {
      await sleep(50 + Math.random() * 100)
      await client.query(`INSERT INTO t${1 + 2 * round} VALUES (1, 1)`)
      const committed = performance.now()
      while ((await scalar<string>(client, `SELECT count(*) FROM st${1 + 2 * round}`)) === '0') await sleep(1)
      samples.add('one', performance.now() - committed)
    }
    report
      .table(`One of ${count} changes: from commit to visible (ms)`, ['p50', 'p95', 'max'])
      .rows.push([0.5, 0.95, 1].map((q) => samples.quantile('one', q)))
  } finally {
    worker.kill()
  }
}
