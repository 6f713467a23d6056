import type pg from 'pg'
import { type Bench, cleanChanges, createStreamTable, type Database } from './database.ts'
import { transactionsPerSecond } from './load.ts'
import { rotated, Samples } from './measure.ts'
import type { Options } from './options.ts'
import type { Report } from './report.ts'

const ROWS = 100_000
const TABLES = ['bare', 'captured'] as const

interface Write {
  readonly what: string
  /** One row, as a statement of pgbench. */
  one(table: string): string
  many(table: string, client: number, round: number): string
}

/** `amount` and `region` are read by the stream table, `note` is not. */
const WRITES: readonly Write[] = [
  {
    what: 'INSERT',
    one: (table) => `INSERT INTO ${table} (region, amount, note) VALUES ('r' || :r % 1000, :r, 'new')`,
    many: (table) =>
      `INSERT INTO ${table} (region, amount, note) SELECT 'r' || i % 1000, i, 'new' FROM generate_series(1, ${ROWS}) AS i`,
  },
  {
    what: 'UPDATE, captured column',
    one: (table) => `UPDATE ${table} SET amount = amount + 1 WHERE id = :r`,
    many: (table, client) => `UPDATE ${table} SET amount = amount + 1 WHERE ${range(client)}`,
  },
  {
    what: 'UPDATE, other column',
    one: (table) => `UPDATE ${table} SET note = 'n' || :r WHERE id = :r`,
    many: (table, client, round) => `UPDATE ${table} SET note = 'n${round}' WHERE ${range(client)}`,
  },
]

function range(client: number): string {
  return `id > ${client * ROWS} AND id <= ${(client + 1) * ROWS}`
}

/** What capture costs the writer: the same statements on a table that nobody watches and on one that is captured. */
export async function writePath(bench: Bench, options: Options, report: Report): Promise<void> {
  const database = await bench.database('write_path')
  const admin = await database.connect()
  for (const table of TABLES) await createTable(admin, table)
  await createStreamTable(
    admin,
    'stream',
    'SELECT region, sum(amount) AS total, count(*) AS cnt FROM captured GROUP BY region',
  )
  await oneRow(database, admin, options, report)
  await bulk(database, admin, options, report)
}

/** Eight times a range of 100,000 rows, so that eight clients never wait for a row. */
async function createTable(client: pg.Client, table: string): Promise<void> {
  await client.query(`
    CREATE TABLE ${table} (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, region text NOT NULL, amount numeric NOT NULL, note text);
    INSERT INTO ${table} (region, amount, note) SELECT 'r' || i % 1000, i, 'old' FROM generate_series(1, ${8 * ROWS}) AS i;`)
  await client.query(`VACUUM ANALYZE ${table}`)
}

async function oneRow(database: Database, admin: pg.Client, options: Options, report: Report): Promise<void> {
  const table = report.table('Write path, statements of one row (median transactions per second)', [
    ...['write', 'clients', 'bare', 'captured', 'bare / captured', 'added per statement, µs'],
  ])
  const seconds = options.quick ? 1 : 4
  for (const write of WRITES) {
    for (const clients of [1, 8]) {
      const samples = new Samples()
      for (let round = 0; round < options.rounds; round++) {
        for (const name of rotated(TABLES, round)) {
          const script = `\\set r random(1, ${8 * ROWS})\n${write.one(name)};\n`
          samples.add(name, await transactionsPerSecond(database, script, clients, seconds))
        }
        await cleanChanges(admin)
      }
      const [bare, captured] = [samples.median('bare'), samples.median('captured')]
      table.rows.push([
        write.what,
        clients,
        bare,
        captured,
        bare / captured,
        (1e6 / captured - 1e6 / bare) * clients,
      ])
      report.progress(table)
      await admin.query('VACUUM bare, captured')
    }
  }
}

async function bulk(database: Database, admin: pg.Client, options: Options, report: Report): Promise<void> {
  const table = report.table(
    `Write path, statements of ${ROWS} rows (median ms until all clients are done)`,
    [...['write', 'clients', 'bare', 'captured', 'captured / bare', 'added per row, µs']],
  )
  const connections = await Promise.all(Array.from({ length: 8 }, () => database.connect()))
  for (const write of WRITES) {
    for (const clients of [1, 8]) {
      const samples = new Samples()
      for (let round = -1; round < options.rounds; round++) {
        for (const name of rotated(TABLES, round + 1)) {
          await admin.query('CHECKPOINT')
          const start = performance.now()
          await Promise.all(
            connections.slice(0, clients).map((each, i) => each.query(write.many(name, i, round))),
          )
          if (round >= 0) samples.add(name, performance.now() - start)
        }
        await cleanChanges(admin)
        if (write.what === 'INSERT')
          for (const name of TABLES) await admin.query(`DELETE FROM ${name} WHERE id > ${8 * ROWS}`)
        await cleanChanges(admin)
        await admin.query('VACUUM bare, captured')
      }
      const [bare, captured] = [samples.median('bare'), samples.median('captured')]
      table.rows.push([
        write.what,
        clients,
        bare,
        captured,
        captured / bare,
        ((captured - bare) * 1000) / ROWS / clients,
      ])
      report.progress(table)
      report.atMost(
        `capture in bulk: ${write.what}, ${clients} client${clients > 1 ? 's' : ''}`,
        captured / bare,
        1.35,
        '×',
      )
    }
  }
  await Promise.all(connections.map((each) => each.end()))
}
