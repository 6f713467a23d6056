import type { PGlite } from '@electric-sql/pglite'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { freshPGlite } from '../support/pglite.ts'
import { hunt } from './hunt.ts'
import { regressions } from './regressions.ts'
import { runScript } from './run-script.ts'

const SECONDS = 20
const MINUTES = Number(process.env.PG_STREAM_FUZZ_MINUTES ?? 0)

let database: PGlite

beforeAll(async () => {
  database = await freshPGlite()
})

afterAll(async () => {
  await database?.close()
})

const single = regressions.filter(({ script }) => script.steps.every((step) => !('on' in step && step.on)))

test.for(single)('$name stays mended', async ({ script }) => {
  await runScript({ main: database, other: null }, script)
})

test('random stream tables equal their queries after every refresh, in one session', {
  timeout: (SECONDS + 180 + MINUTES * 60) * 1000,
}, async () => {
  const hunted = await hunt({
    seconds: SECONDS,
    connect: async () => ({ main: database, other: null }),
    report: (line) => process.stderr.write(`${line}\n`),
  })
  if (process.env.PG_STREAM_SEED === undefined) expect(hunted.differential).toBeGreaterThan(3)
})
