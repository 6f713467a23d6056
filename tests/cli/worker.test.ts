import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import pino from 'pino'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { type EmbeddedServer, startServer } from '../../src/hosts/embedded/server.ts'
import { install } from '../../src/hosts/install.ts'
import type { Patience } from '../../src/worker/questions.ts'
import { runWorker } from '../../src/worker/worker.ts'
import { startTransactionPooler } from '../support/pooler.ts'
import { type SilentProxy, startProxy } from '../support/proxy.ts'
import { type FreshDatabase, freshDatabase } from '../support/server.ts'
import { type CliProcess, runCli } from './cli-process.ts'

let db: FreshDatabase
let url: string
let running: CliProcess[]
let proxy: SilentProxy | undefined
/** What a test has to undo besides, last first. */
let endings: (() => Promise<unknown>)[]

beforeEach(async () => {
  running = []
  endings = []
  db = await freshDatabase()
  url = db.url
  await prepare()
})

afterEach(async () => {
  for (const { child } of running) child.kill('SIGTERM')
  await Promise.all(running.map(({ ended }) => ended))
  for (const end of endings.reverse()) await end()
  await proxy?.close()
  proxy = undefined
  await db.close()
})

const prepare = () =>
  withConnection(async (client) => {
    await client.query('CREATE TABLE t (a int PRIMARY KEY, b int)')
    await client.query(
      `SELECT pgstream.create_stream_table('s', 'SELECT b, count(*)::int AS n FROM t GROUP BY b', '1s')`,
    )
  })

async function withConnection<T>(run: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client(url)
  client.on('error', () => {})
  await client.connect()
  try {
    return await run(client)
  } finally {
    await client.end()
  }
}

/** A server of its own, to be killed. */
async function ownServer(): Promise<EmbeddedServer> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'pg_stream-test-'))
  endings.push(async () => rmSync(folder, { recursive: true, force: true }))
  chmodSync(folder, 0o755)
  const server = await startServer({ dataFolder: path.join(folder, 'data') })
  url = server.url
  await withConnection((client) => install(client, server.host))
  await prepare()
  return server
}

const through = (port: number) => {
  const proxied = new URL(url)
  proxied.port = String(port)
  return proxied.href
}

const throughProxy = async () => {
  proxy = await startProxy(Number(new URL(url).port))
  return through(proxy.port)
}

function worker(args: readonly string[] = [], env: NodeJS.ProcessEnv = {}, target = url): CliProcess {
  const cli = runCli(['worker', target, ...args], { env })
  running.push(cli)
  return cli
}

/** As the command line's, but for that. */
const HASTY: Patience = { waitS: 1, answerMs: 1_000, lookMs: 1_000, underWayS: 1, untakenS: 2, sizeMs: 300 }

/** A worker in this process, with less patience. */
function hastyWorker(target: string, concurrency: number): { err: () => string } {
  let lines = ''
  const log = pino(
    {},
    {
      write: (line: string) => {
        lines += line
      },
    },
  )
  const stop = new AbortController()
  const ended = runWorker({ url: target, concurrency, log, signal: stop.signal, patience: HASTY })
  endings.push(() => {
    stop.abort()
    return ended
  })
  return { err: () => lines }
}

/** Until a worker waits, and none of its connections is being made. */
async function untilItWaits(): Promise<void> {
  await expect
    .poll(
      () =>
        withConnection(async (client) => {
          const { rows } = await client.query(
            `SELECT count(*) FILTER (WHERE state = 'active' AND query LIKE 'CALL pgstream._await%')::int AS waiting,
               count(*) FILTER (WHERE state <> 'idle')::int AS busy
             FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'pg_stream worker'`,
          )
          return rows[0]
        }),
      { timeout: 20_000 },
    )
    .toEqual({ waiting: 1, busy: 1 })
}

/** Insert a row and wait until the stream table shows it. */
async function insertAndSee(id: number, ms = 15_000): Promise<void> {
  await withConnection(async (client) => {
    await client.query('SET default_transaction_read_only = off')
    await client.query('INSERT INTO t VALUES ($1, $1)', [id])
    for (const end = Date.now() + ms; ; await sleep(10)) {
      const { rowCount } = await client.query('SELECT FROM s WHERE b = $1', [id])
      if (rowCount === 1) return
      if (Date.now() > end) throw new Error(`row ${id} is not visible`)
    }
  })
}

async function freePort(): Promise<number> {
  const probe = net.createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => probe.once('listening', resolve))
  const { port } = probe.address() as net.AddressInfo
  await new Promise((resolve) => probe.close(resolve))
  return port
}

test('refreshes, reports, goes on after the server was killed, and stops cleanly', async () => {
  let server = await ownServer()
  endings.push(() => server.stop())
  const port = await freePort()
  const cli = worker(['--concurrency', '2', '--http-port', String(port)])
  const get = async (name: string) => {
    const response = await fetch(`http://127.0.0.1:${port}/${name}`)
    return { status: response.status, text: await response.text() }
  }
  await insertAndSee(1)
  expect(await get('healthz')).toEqual({ status: 200, text: 'ok\n' })
  expect((await get('metrics')).text).toMatch(/^pg_stream_staleness_seconds\{stream_table="public.s"\} \d/m)
  expect((await get('elsewhere')).status).toBe(404)

  process.kill(server.pid, 'SIGKILL')
  await server.exited
  for (const end = Date.now() + 5_000; (await get('healthz')).status === 200 && Date.now() < end; )
    await sleep(20)
  expect((await get('healthz')).status).toBe(503)
  server = await startServer({ dataFolder: server.dataFolder, port: server.port })
  await insertAndSee(2)
  expect((await get('metrics')).text).toMatch(/^pg_stream_reconnects_total 1$/m)

  const rss = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${cli.child.pid}/status`, 'utf8'))
  expect(Number(rss?.[1])).toBeLessThan(120 * 1024)
  cli.child.kill('SIGTERM')
  expect(await cli.ended).toBe(0)
  expect(cli.out()).toBe('')
})

test('says which refresh failed and why, and goes on with the others', async () => {
  const cli = worker()
  await withConnection(async (client) => {
    await client.query(`SELECT pgstream.create_stream_table('bad', 'SELECT a, 10 / b AS q FROM t', '1s')`)
  })
  await insertAndSee(0)
  for (const end = Date.now() + 10_000; !cli.err().includes('"refresh_failed"') && Date.now() < end; )
    await sleep(20)
  expect(cli.err()).toMatch(
    /"level":40,.*"name":"bad".*"error":"SQLSTATE 22012 \(division by zero\)".*"msg":"refresh_failed"/,
  )
  await insertAndSee(1)
})

test('a notification of any shape is no reason to stop', async () => {
  const cli = worker([], { PG_STREAM_LOG_LEVEL: 'debug' })
  await insertAndSee(1)
  await withConnection(async (client) => {
    const payloads = [
      '',
      'hello',
      'null',
      '7',
      '"text"',
      '[1]',
      '{}',
      '{"event": {}}',
      '{"event": "refresh_com',
    ]
    for (const payload of [...payloads, '{"event": "resumed", "name": "s", "level": 99, "msg": "forged"}'])
      await client.query('SELECT pg_notify($1, $2)', ['pg_stream_alert', payload])
  })
  await insertAndSee(2)
  // What it writes comes through a pipe.
  for (const end = Date.now() + 10_000; !cli.err().includes('forged') && Date.now() < end; ) await sleep(20)
  const lines = cli.err().trimEnd().split('\n')
  expect(lines.filter((line) => line.includes('a notification that is no alert'))).toHaveLength(9)
  expect(lines.filter((line) => line.includes('disconnected'))).toEqual([])
  const resumed = lines.filter((line) => line.includes('forged')).map((line) => JSON.parse(line))
  expect(resumed).toMatchObject([{ level: 30, msg: 'resumed', alert: { name: 's', level: 99 } }])
})

test('without anything to warn of, a worker that refreshes writes nothing more', async () => {
  const cli = worker()
  for (let id = 1; id <= 3; id++) await insertAndSee(id)
  expect(cli.err().trimEnd().split('\n')).toEqual([expect.stringContaining('worker connected')])
})

test('a connection that keeps much of what it has refreshed is made again, and nobody notices', async () => {
  await withConnection(async (client) => {
    await client.query(`ALTER DATABASE ${client.database} SET effective_cache_size = '256MB'`)
    // Kept by the session, as plans are, and as much as those of many stream tables.
    await client.query(`CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        IF NOT EXISTS (SELECT FROM pg_prepared_statements WHERE name = 'much') THEN
          EXECUTE 'PREPARE much AS SELECT ' || quote_literal(repeat('x', 40000000));
        END IF;
        RETURN NULL;
      END $$`)
    await client.query('CREATE TRIGGER keep AFTER INSERT ON s FOR EACH STATEMENT EXECUTE FUNCTION keep()')
  })
  const { err } = hastyWorker(url, 1)
  const pids = async () =>
    withConnection(async (client) => {
      const { rows } = await client.query(
        `SELECT array_agg(pid ORDER BY pid) AS pids FROM pg_stat_activity
         WHERE datname = current_database() AND application_name = 'pg_stream worker' AND query NOT LIKE '%_await%'`,
      )
      return rows[0].pids as number[]
    })
  await insertAndSee(1)
  const [first] = await pids()
  for (let id = 2; id <= 40 && (await pids())?.[0] === first; id++) {
    await sleep(50)
    await insertAndSee(id)
  }
  await insertAndSee(100)
  const after = await pids()
  expect(after).toHaveLength(1)
  expect(after).not.toContain(first)
  expect(err()).not.toContain('disconnected')
})

test('what the database has for its people is not for the worker', async () => {
  await withConnection(async (client) => {
    for (const setting of [
      'default_transaction_isolation = serializable',
      'default_transaction_read_only = on',
      'default_transaction_deferrable = on',
      'exit_on_error = on',
      `lock_timeout = '1ms'`,
      `idle_session_timeout = '300ms'`,
      `statement_timeout = '700ms'`,
      `idle_in_transaction_session_timeout = '700ms'`,
      `transaction_timeout = '700ms'`,
    ])
      await client.query(`ALTER DATABASE ${client.database} SET ${setting}`)
    // A refresh that takes longer than any of them.
    await client.query(
      `CREATE FUNCTION slow(a int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS 'BEGIN PERFORM pg_sleep(1.5); RETURN a; END'`,
    )
    await client.query(
      `SELECT pgstream.create_stream_table('slow', 'SELECT a, slow(b) AS b FROM t WHERE a = 1', '1s')`,
    )
  })
  const cli = worker()
  for (let id = 1; id <= 3; id++) {
    await insertAndSee(id)
    // Longer than its connections may be idle, or wait in one statement.
    await sleep(1_000)
  }
  await withConnection(async (client) => {
    for (const end = Date.now() + 10_000; Date.now() < end; await sleep(20))
      if ((await client.query('SELECT FROM slow')).rowCount === 1) return
    throw new Error('the slow refresh never came about')
  })
  expect(cli.err().trimEnd().split('\n')).toEqual([expect.stringContaining('worker connected')])
})

const linesOf = (cli: Pick<CliProcess, 'err'>, word: string) =>
  cli
    .err()
    .split('\n')
    .filter((line) => line.includes(word))

test('a connection that waits for work and dies without a word is made again', async () => {
  const cli = worker([], {}, await throughProxy())
  await insertAndSee(1)
  await untilItWaits()
  proxy?.swallow()
  await insertAndSee(2, 30_000)
  expect(linesOf(cli, 'disconnected')).toEqual([expect.stringContaining('a connection died without a word')])
  await insertAndSee(3)
})

/** When the server next asks whether the other end is there: of each of its connections with a worker, in ms; as Linux shows it. */
async function keepAliveTimers(): Promise<number[]> {
  const { rows } = await withConnection((client) =>
    client.query(`SELECT client_port AS port FROM pg_stat_activity
      WHERE datname = current_database() AND application_name = 'pg_stream worker' AND client_port > 0`),
  )
  const hex = (port: unknown) => Number(port).toString(16).toUpperCase().padStart(4, '0')
  const sockets = ['/proc/net/tcp', '/proc/net/tcp6']
    .filter((file) => existsSync(file))
    .flatMap((file) => readFileSync(file, 'utf8').split('\n').slice(1))
    .map((line) => line.trim().split(/\s+/))
  return rows.map(({ port }) => {
    const found = sockets.find(
      ([, local, remote]) =>
        local?.endsWith(`:${hex(new URL(url).port)}`) && remote?.endsWith(`:${hex(port)}`),
    )
    const [timer, ticks] = found?.[5]?.split(':') ?? []
    return timer === '02' ? Number.parseInt(ticks ?? '', 16) * 10 : Number.NaN
  })
}

test.runIf(process.platform === 'linux')(
  'the server asks after a worker that says nothing, and not after hours',
  async () => {
    worker()
    await insertAndSee(1)
    await untilItWaits()
    // While something is on its way another timer runs.
    await vi.waitFor(async () => {
      const timers = await keepAliveTimers()
      expect(timers.length).toBeGreaterThan(1)
      for (const ms of timers) expect(ms).toBeLessThanOrEqual(15_000)
    }, 20_000)
    // As our own connections have it, which say nothing of that.
    const { rows } = await withConnection((client) => client.query('SHOW tcp_keepalives_idle'))
    expect(Number(rows[0].tcp_keepalives_idle)).toBeGreaterThan(15)
  },
)

test.runIf(process.platform === 'linux')(
  'the server does not try for ever to tell a worker what it does not take',
  async () => {
    const cli = hastyWorker(await throughProxy(), 1)
    await insertAndSee(1)
    await untilItWaits()
    await withConnection(async (client) => {
      const backends = async (pids?: readonly number[]): Promise<number[]> =>
        (
          await client.query(
            `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'pg_stream worker'
             AND (pid = ANY ($1) OR $1 IS NULL)`,
            [pids],
          )
        ).rows.map(({ pid }) => pid)
      const stalled = await backends()
      proxy?.stall()
      // More than the buffers on the way can hold: the connection that listens has it all to say, and its server process hangs in it.
      await client.query(
        `SELECT count(pg_notify('pg_stream_alert', i || repeat('x', 7900))) FROM generate_series(1, 2000) AS i`,
      )
      const listening = async () =>
        (
          await client.query(
            `SELECT FROM pg_stat_activity WHERE pid = ANY ($1) AND wait_event = 'ClientWrite'`,
            [stalled],
          )
        ).rowCount
      for (const end = Date.now() + 20_000; (await listening()) === 0 && Date.now() < end; ) await sleep(20)
      expect(await listening()).toBe(1)
      for (const end = Date.now() + 30_000; (await listening()) !== 0 && Date.now() < end; ) await sleep(50)
      expect(await listening()).toBe(0)
      // The worker has given them up meanwhile, too.
      await insertAndSee(2, 30_000)
      expect(linesOf(cli, 'disconnected')).toEqual([
        expect.stringContaining('a connection died without a word'),
      ])
    })
  },
)

test('while no new connection can be made either, the worker says so once and goes on trying', async () => {
  const cli = hastyWorker(await throughProxy(), 2)
  await insertAndSee(1)
  await untilItWaits()
  proxy?.swallow()
  proxy?.refuse(true)
  const silent = 'an answer is overdue, and the server cannot be asked for it'
  for (const end = Date.now() + 30_000; linesOf(cli, silent).length === 0 && Date.now() < end; )
    await sleep(50)
  // It tries again meanwhile.
  await sleep(1.5 * HASTY.lookMs)
  proxy?.refuse(false)
  await insertAndSee(2, 30_000)
  expect(linesOf(cli, silent)).toHaveLength(1)
  expect(linesOf(cli, 'disconnected')).toEqual([expect.stringContaining('a connection died without a word')])
})

test('a connection that dies without a word in the middle of a refresh is made again, a long refresh is not disturbed', async () => {
  await withConnection(async (client) => {
    await client.query(
      `CREATE FUNCTION slow(a int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS 'BEGIN PERFORM pg_sleep(a); RETURN a; END'`,
    )
    await client.query(`SELECT pgstream.create_stream_table('slow', 'SELECT a, slow(b) AS b FROM t', '1s')`)
  })
  const cli = hastyWorker(await throughProxy(), 1)
  await withConnection(async (client) => {
    const isThere = async (a: number) =>
      (await client.query('SELECT FROM slow WHERE a = $1', [a])).rowCount === 1
    const until = async (holds: () => Promise<boolean>) => {
      for (const end = Date.now() + 40_000; !(await holds()); await sleep(50))
        if (Date.now() > end) throw new Error(`not in time: ${holds}; ${cli.err()}`)
    }
    // Overdue, and asked after, twice and more.
    await client.query('INSERT INTO t VALUES (1, 4)')
    await until(() => isThere(1))
    expect(linesOf(cli, 'disconnected')).toEqual([])

    await client.query('INSERT INTO t VALUES (2, 3)')
    let port: number | undefined
    await until(async () => {
      const { rows } = await client.query(
        `SELECT client_port FROM pg_stat_activity WHERE query LIKE 'CALL pgstream._run(%' AND state = 'active'
           AND now() - query_start > interval '1 s'`,
      )
      port = rows[0]?.client_port
      return port !== undefined
    })
    proxy?.swallow(port)
    await until(async () => linesOf(cli, 'a connection died without a word').length > 0)
    await client.query('INSERT INTO t VALUES (3, 0)')
    await until(() => isThere(3))
    expect(await isThere(2)).toBe(true)
  })
  expect(linesOf(cli, 'disconnected')).toEqual([expect.stringContaining('a connection died without a word')])
  expect(linesOf(cli, '"level":50')).toEqual([])
})

test('what a killed worker was at ends with it', async () => {
  await withConnection(async (client) => {
    await client.query(
      `CREATE FUNCTION slow(a int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS 'BEGIN PERFORM pg_sleep(a); RETURN a; END'`,
    )
    await client.query(`SELECT pgstream.create_stream_table('slow', 'SELECT a, slow(b) AS b FROM t', '1s')`)
    const cli = worker()
    const calls = async (waits: boolean) =>
      (
        await client.query(
          `SELECT FROM pg_stat_activity WHERE query LIKE 'CALL pgstream._run(%' AND state = 'active'
             AND (wait_event = 'PgSleep' OR NOT $1)`,
          [waits],
        )
      ).rowCount
    await client.query('INSERT INTO t VALUES (1, 60)')
    for (const end = Date.now() + 20_000; (await calls(true)) === 0 && Date.now() < end; ) await sleep(50)
    expect(await calls(true)).toBe(1)
    cli.child.kill('SIGKILL')
    for (const end = Date.now() + 20_000; (await calls(false)) !== 0 && Date.now() < end; ) await sleep(50)
    expect(await calls(false)).toBe(0)
  })
})

test('several workers share the work, and the death of one stops nothing', async () => {
  const first = worker()
  worker()
  for (let id = 1; id <= 10; id++) await insertAndSee(id)
  first.child.kill('SIGKILL')
  await insertAndSee(11)
  const differences = await withConnection((client) =>
    client.query(`SELECT FROM pgstream.verify_stream_table('s')`),
  )
  expect(differences.rowCount).toBe(0)
})

test('a database without pg_stream, or no server, is one clear line', async () => {
  const refused = runCli(['worker', `postgresql://postgres@127.0.0.1:${await freePort()}/postgres`])
  expect(await refused.ended).toBe(1)
  expect(refused.err()).toMatch(/^pg-stream: cannot connect to postgresql:.*: connection refused\n$/)
  const bare = runCli(['worker', `${url.slice(0, url.lastIndexOf('/'))}/template1`])
  expect(await bare.ended).toBe(1)
  expect(bare.err()).toBe('pg-stream: pg_stream is not installed there; use pg-stream install\n')
})

test('a pooler in transaction mode is refused before anything is left in its connections', async () => {
  const pooler = await startTransactionPooler(Number(new URL(url).port))
  try {
    const refused = runCli(['worker', through(pooler.port)])
    expect(await refused.ended).toBe(1)
    expect(refused.err()).toMatch(
      /^pg-stream: postgresql:.* is a pooler that gives connections to others .*\n$/,
    )
    const client = new pg.Client(through(pooler.port))
    await client.connect()
    expect((await client.query(`SELECT current_setting('tcp_user_timeout') AS t`)).rows).toEqual([{ t: '0' }])
    await client.end()
  } finally {
    await pooler.close()
  }
})
