import type pg from 'pg'
import { CONSTRUCTS, type Construct, createTables } from './constructs.ts'
import { type Bench, cleanChanges } from './database.ts'
import { rotated, Samples, timed } from './measure.ts'
import type { Options } from './options.ts'
import type { Report } from './report.ts'
import { rowsRead } from './rows-read.ts'

/** Does the refresh after a change of one row grow with the tables? One line per construct. */
export async function growthOfConstructs(bench: Bench, options: Options, report: Report): Promise<void> {
  const largest = options.rows ?? (options.quick ? 10_000 : 1_000_000)
  const sizes = [1000, 10_000, 100_000, 1_000_000].filter(
    (size) => size <= largest && size >= (options.quick ? 1000 : 10_000),
  )
  const clients = new Map<number, pg.Client>()
  for (const size of sizes) {
    const client = await (await bench.database(`constructs_${size}`)).connect()
    await createTables(client, size)
    clients.set(size, client)
  }
  const table = report.table(
    'Growth per construct: refresh after a change of one row (median ms, rows read at most)',
    ['construct', ...sizes.flatMap((size) => [`${size} rows`, 'read']), ...['largest / smallest', '']],
  )
  const ratios: number[] = []
  for (const [name, construct] of Object.entries(CONSTRUCTS)) {
    const refused = await create(clients, construct)
    if (refused !== null) {
      await drop(clients, construct)
      table.rows.push([name, ...sizes.flatMap(() => ['–', '–']), '–', refused])
      report.progress(table)
      continue
    }
    const { samples, read } = await measure(clients, construct, options.rounds * 2)
    const ratio = samples.median(`${sizes.at(-1)}`) / samples.median(`${sizes[0]}`)
    const figures = sizes.flatMap((size) => [samples.median(`${size}`), read.get(size) ?? Number.NaN])
    table.rows.push([name, ...figures, ratio, construct.grows ?? ''])
    report.progress(table)
    if (construct.grows === undefined) ratios.push(ratio)
    await drop(clients, construct)
  }
  report.atMost('growth per construct: the steepest', Math.max(...ratios), 1.5, '×')
  report.atLeast(
    'constructs maintained incrementally',
    table.rows.filter((row) => row[1] !== '–').length,
    table.rows.length,
  )
  for (const client of clients.values()) await client.end()
}

/** Null, or why it is refused. */
async function create(
  clients: ReadonlyMap<number, pg.Client>,
  { before, query }: Construct,
): Promise<string | null> {
  for (const client of clients.values()) {
    try {
      if (before) await client.query(before)
      await client.query(`SELECT pgstream.create_stream_table('st', $1, '1h', 'DIFFERENTIAL')`, [query])
    } catch (error) {
      return (error as Error).message
    }
    await client.query('ANALYZE')
  }
  return null
}

async function drop(clients: ReadonlyMap<number, pg.Client>, { after }: Construct): Promise<void> {
  for (const client of clients.values()) {
    await client.query(
      `SELECT pgstream.drop_stream_table(pgs_name) FROM pgstream.pgs_stream_tables WHERE pgs_name = 'st'`,
    )
    if (after) await client.query(after)
  }
}

async function measure(
  clients: ReadonlyMap<number, pg.Client>,
  construct: Construct,
  rounds: number,
): Promise<{ samples: Samples; read: Map<number, number> }> {
  const samples = new Samples()
  const read = new Map<number, number>()
  for (let round = -3; round < rounds; round++) {
    for (const [size, client] of rotated([...clients], Math.max(round, 0))) {
      await client.query(construct.change(1 + (((round + 10) * 7919) % (size - 1))))
      if (construct.below) await client.query(`SELECT pgstream.refresh_stream_table('${construct.below}')`)
      const before = await rowsRead(client)
      const ms = await timed(client, `SELECT pgstream.refresh_stream_table('st')`)
      if (round >= 0) samples.add(`${size}`, ms)
      // The first rounds of a connection make its plans.
      if (round >= 0) read.set(size, Math.max(read.get(size) ?? 0, (await rowsRead(client)) - before))
      await cleanChanges(client)
    }
  }
  return { samples, read }
}
