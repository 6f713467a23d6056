import { execFile, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { Worker } from 'node:worker_threads'
import type { Database } from './database.ts'

let pgbench: boolean | undefined

/** Many clients, one statement each at a time; by pgbench when there is one, else by node-postgres in threads. */
export async function transactionsPerSecond(
  database: Database,
  script: string,
  clients: number,
  seconds: number,
): Promise<number> {
  pgbench ??= spawnSync('pgbench', ['--version']).status === 0
  return pgbench
    ? byPgbench(database, script, clients, seconds)
    : byThreads(database, script, clients, seconds)
}

async function byPgbench(
  database: Database,
  script: string,
  clients: number,
  seconds: number,
): Promise<number> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'pg_stream-bench-'))
  const file = path.join(folder, 'script.sql')
  writeFileSync(file, script)
  try {
    const { stdout } = await promisify(execFile)('pgbench', [
      ...['-h', '127.0.0.1', '-p', String(database.port), '-U', 'postgres'],
      ...['-n', '-M', 'prepared', '-c', String(clients), '-j', String(Math.min(clients, 2))],
      ...['-T', String(seconds), '-f', file, database.name],
    ])
    return Number(/tps = ([\d.]+) \(without/.exec(stdout)?.[1] ?? Number.NaN)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** `\set r random(1, n)` and one statement with `:r`, which is all that the scripts here hold. */
async function byThreads(
  database: Database,
  script: string,
  clients: number,
  seconds: number,
): Promise<number> {
  const most = Number(/random\(1, (\d+)\)/.exec(script)?.[1] ?? 1)
  const sql = script.replace(/^\\set.*\n/, '').replaceAll(':r', '$1::int')
  const counts = await Promise.all(
    Array.from(
      { length: clients },
      () =>
        new Promise<number>((resolve, reject) => {
          const worker = new Worker(CLIENT, {
            eval: true,
            workerData: { url: database.url, sql, most, until: Date.now() + seconds * 1000 },
          })
          worker.once('message', resolve)
          worker.once('error', reject)
        }),
    ),
  )
  return counts.reduce((sum, count) => sum + count, 0) / seconds
}

const CLIENT = `
const { parentPort, workerData: { url, sql, most, until } } = require('node:worker_threads')
const { Client } = require('pg')
async function run() {
  const client = new Client({ connectionString: url })
  await client.connect()
  let count = 0
  for (; Date.now() < until; count++)
    await client.query({ name: 'write', text: sql, values: [1 + Math.floor(Math.random() * most)] })
  await client.end()
  parentPort.postMessage(count)
}
run()`
