// `npm run up` as a person uses it: a plain client connects, makes a stream table and sees an insert arrive; Ctrl-C ends it all.
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'

const hasPsql = spawnSync('psql', ['--version']).status === 0

/** The first column of the last row. */
async function run(url, statement) {
  if (hasPsql) return execFileSync('psql', ['-XqAt', '-v', 'ON_ERROR_STOP=1', '-c', statement, url], { encoding: 'utf8' }).trim()
  const client = new pg.Client(url)
  await client.connect()
  try {
    const { rows } = await client.query({ text: statement, rowMode: 'array' })
    return String(rows.at(-1)?.[0] ?? '')
  } finally {
    await client.end()
  }
}

async function until(what, ms, holds) {
  for (const end = Date.now() + ms; ; await sleep(20)) {
    const value = await holds()
    if (value) return value
    if (Date.now() > end) throw new Error(`${what}: not within ${ms} ms`)
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

const start = Date.now()
// A process group of its own: a terminal sends Ctrl-C to the whole group.
const up = spawn('npm', ['run', 'up', '--silent'], { detached: true, stdio: ['ignore', 'pipe', 'inherit'] })
let out = ''
let status
up.stdout.setEncoding('utf8').on('data', (text) => {
  out += text
})
up.once('close', (code, signal) => {
  status = code ?? signal
})

try {
  const url = await until('ready', 30_000, () => {
    if (status !== undefined) throw new Error(`ended with ${status} before it was ready`)
    return /^ready (\S+)$/m.exec(out)?.[1]
  })
  console.log(`ready after ${Date.now() - start} ms; client: ${hasPsql ? 'psql' : 'node-postgres'}`)
  await run(url, 'CREATE TABLE orders (id int PRIMARY KEY, region text, amount numeric)')
  await run(
    url,
    `SELECT pgstream.create_stream_table('totals', 'SELECT region, sum(amount) AS total FROM orders GROUP BY region', '1s')`,
  )
  await run(url, `INSERT INTO orders VALUES (1, 'north', 10), (2, 'north', 32)`)
  const inserted = Date.now()
  await until('the insert arrives', 10_000, async () => (await run(url, 'SELECT total FROM totals')) === '42')
  console.log(`insert visible after ${Date.now() - inserted} ms`)
  const postmaster = Number((await run(url, `SELECT split_part(pg_read_file('postmaster.pid'), chr(10), 1)`)))
  process.kill(-up.pid, 'SIGINT')
  await until('the end after Ctrl-C', 20_000, () => status !== undefined)
  if (isAlive(postmaster)) throw new Error(`the server (process ${postmaster}) is left`)
  const lines = out.trim().split('\n')
  if (lines.length !== 1) throw new Error(`more than the ready line on standard output: ${out}`)
} catch (error) {
  console.error(error)
  process.exitCode = 1
} finally {
  if (status === undefined) process.kill(-up.pid, 'SIGTERM')
}
