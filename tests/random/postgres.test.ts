import type pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type FreshDatabase, freshDatabase } from '../support/server.ts'
import { takeBulkAbove } from './bulk.ts'
import { constructs } from './constructs.ts'
import { hunt } from './hunt.ts'
import { drawPlans } from './plans.ts'
import { regressions } from './regressions.ts'
import { type ResidentCompiler, residentCompiler } from './resident-compiler.ts'
import { runScript, type Sessions } from './run-script.ts'

const SECONDS = 40
const MINUTES = Number(process.env.PG_STREAM_FUZZ_MINUTES ?? 0)

let database: FreshDatabase
let compiler: ResidentCompiler
let sessions: Sessions

beforeAll(async () => {
  database = await freshDatabase()
  compiler = residentCompiler()
  sessions = { main: database.client, other: await database.connect() }
  await database.client.query(compiler.compileFunction)
})

async function connect(seed: number): Promise<Sessions> {
  await Promise.all(opened.splice(0).map((client) => client.end()))
  const [main, other] = [await database.connect(), await database.connect()]
  opened.push(main, other)
  if (process.env.PG_STREAM_PLANS !== 'any') return { main, other }
  const plans = drawPlans(seed)
  compiler.rewrite = plans.rewritten
  for (const [name, value] of plans.settings) await main.query(`SET ${name} = '${value}'`)
  const tending = await database.connect()
  // SKIP_LOCKED waits for the children of what it analyzes, and who holds them waits for it.
  await tending.query(`SET lock_timeout = '150ms'`)
  opened.push(tending)
  return { main, other, tending }
}

const opened: pg.Client[] = []

afterAll(async () => {
  compiler?.close()
  await database?.close()
})

const replays = regressions.flatMap((each) => [1000, 1].map((bulkAbove) => ({ ...each, bulkAbove })))

test.for(replays)('$name stays mended (bulk above $bulkAbove)', async ({ script, bulkAbove }) => {
  await takeBulkAbove(sessions.main, bulkAbove)
  await runScript(sessions, script)
})

test('random stream tables equal their queries after every refresh', {
  timeout: (SECONDS + 180 + MINUTES * 60) * 1000,
}, async () => {
  const hunted = await hunt({
    seconds: SECONDS,
    connect,
    report: (line) => process.stderr.write(`${line}\n`),
  })
  // A generator that makes nothing new proves nothing.
  if (process.env.PG_STREAM_SEED === undefined) {
    expect(hunted.differential).toBeGreaterThan(20)
    expect(Object.keys(hunted.constructs).length).toBeGreaterThan(constructs.length / 3)
  }
})
