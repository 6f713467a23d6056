import { spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type EmbeddedServer, startServer } from '../../src/hosts/embedded/server.ts'
import { install } from '../../src/hosts/install.ts'
import { expectEqual, expectExact } from '../oracle/oracle.ts'
import { SCHEMA, STREAM_TABLES, startLoad } from '../race/workload.ts'

const ROUNDS = 3

// A server of its own, that keeps its data and its promises (fsync is on).
const folder = mkdtempSync(path.join(os.tmpdir(), 'pg_stream-crash-'))
chmodSync(folder, 0o777)
let server: EmbeddedServer

async function start(): Promise<void> {
  server = await startServer({
    dataFolder: path.join(folder, 'data'),
    settings: { fsync: 'on', max_connections: 50 },
  })
}

async function connect(): Promise<pg.Client> {
  const client = new pg.Client(server.url)
  // The server is going to be killed.
  client.on('error', () => {})
  await client.connect()
  return client
}

beforeAll(async () => {
  await start()
  const client = await connect()
  await install(client, server.host)
  await client.query(SCHEMA)
  for (const [name, query] of STREAM_TABLES)
    await client.query(`SELECT pgstream.create_stream_table($1, $2, '1s', 'DIFFERENTIAL')`, [name, query])
  await client.end()
}, 60_000)

afterAll(async () => {
  await server?.stop()
  rmSync(folder, { recursive: true, force: true })
})

/** The postmaster first, so that it cannot tidy up behind its children; then those. */
function killEverything(postmaster: number): void {
  const { stdout } = spawnSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' })
  const children = stdout
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number))
    .filter(([, parent]) => parent === postmaster)
    .map(([pid]) => pid ?? 0)
  for (const pid of [postmaster, ...children]) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // It had just gone by itself.
    }
  }
}

/** Until the connection breaks. */
async function forever(step: (client: pg.Client) => Promise<unknown>): Promise<void> {
  const client = await connect()
  for (;;) await step(client)
}

const ignored = (work: Promise<unknown>) => work.then(() => {}).catch(() => {})

async function everythingExact(client: pg.Client): Promise<void> {
  for (const [name] of STREAM_TABLES) await expectExact(client, name, { image: true })
  // All of it was refreshed in turn; upstream first, so nothing is left to do.
  for (const [name] of STREAM_TABLES) await expectEqual(client, name, { image: true })
}

test('killed in mid-load, several times: exact after each restart', async () => {
  let committed = 0
  for (let round = 1; round <= ROUNDS; round++) {
    const writers = await Promise.all(Array.from({ length: 8 }, connect))
    const load = startLoad(writers, 600_000, 1_000, round)
    const work = [
      ignored(load.done),
      ...[0, 1].map(() =>
        ignored(
          forever(async (client) => {
            await client.query('CALL pgstream.run_scheduler()')
            await sleep(5)
          }),
        ),
      ),
      ignored(forever((client) => client.query(`SELECT pgstream.refresh_stream_table('by_region')`))),
      ignored(
        forever(async (client) => {
          await client.query('SELECT pgstream._clean_changes(source_relid) FROM pgstream.pgs_change_tracking')
          // Something for recovery to start from, and buffers on disk.
          await client.query('CHECKPOINT')
          await sleep(200)
        }),
      ),
    ]
    await sleep(1_200 + round * 300)
    committed += load.committed()
    killEverything(server.pid)
    await Promise.all([...work, server.exited])
    await start()
    const client = await connect()
    await everythingExact(client)
    await client.end()
  }
  expect(committed).toBeGreaterThan(100)
}, 60_000)

test('a backend killed in mid-refresh: old content, then exact', async () => {
  const client = await connect()
  await client.query(`
    CREATE TABLE items (id int PRIMARY KEY, v int); INSERT INTO items SELECT i, i FROM generate_series(1, 100) AS i;
    CREATE FUNCTION slowly(v int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$
    BEGIN IF v < 0 THEN PERFORM pg_sleep(20); END IF; RETURN v; END $$`)
  for (const mode of ['DIFFERENTIAL', 'FULL'])
    await client.query('SELECT pgstream.create_stream_table($1, $2, $3, $4)', [
      `slow_${mode}`,
      'SELECT id, slowly(v) AS v FROM items',
      '1h',
      mode,
    ])
  await client.query(
    'CREATE TABLE before AS SELECT id, v FROM items; UPDATE items SET v = v + 1; INSERT INTO items VALUES (1000, -1)',
  )
  await client.end()
  for (const mode of ['differential', 'full']) {
    const refresher = await connect()
    const observer = await connect()
    const pid = (await refresher.query('SELECT pg_backend_pid() AS pid')).rows[0].pid
    const refreshing = refresher.query('SELECT pgstream.refresh_stream_table($1)', [`slow_${mode}`])
    const broken = expect(refreshing).rejects.toThrow()
    for (;;) {
      const { rows } = await observer.query('SELECT wait_event FROM pg_stat_activity WHERE pid = $1', [pid])
      if (rows[0].wait_event === 'PgSleep') break
      await sleep(10)
    }
    process.kill(pid, 'SIGKILL')
    await broken
    const again = await reconnect()
    const { rows } = await again.query(
      `(TABLE before EXCEPT ALL TABLE slow_${mode}) UNION ALL (TABLE slow_${mode} EXCEPT ALL TABLE before)`,
    )
    expect(rows).toEqual([])
    await again.end()
  }
  const last = await reconnect()
  await last.query('UPDATE items SET v = 5 WHERE id = 1000')
  await last.query(
    `CREATE OR REPLACE FUNCTION slowly(v int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT v'`,
  )
  for (const mode of ['differential', 'full']) await expectExact(last, `slow_${mode}`)
  await everythingExact(last)
  await last.end()
}, 60_000)

/** The postmaster starts all over again when one of its children was killed. */
async function reconnect(): Promise<pg.Client> {
  for (let attempt = 0; ; attempt++) {
    try {
      await sleep(50)
      const client = await connect()
      await client.query('SELECT 1')
      return client
    } catch (error) {
      if (attempt === 200) throw error
    }
  }
}
