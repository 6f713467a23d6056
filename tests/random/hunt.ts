/**
 * The loop of the random tests: cases for a length of time; the first that fails is shrunk, and reported with what
 * repeats it.
 *
 * PG_STREAM_SEED and PG_STREAM_PATH (printed with a failure) repeat one run of fast-check; PG_STREAM_FUZZ_MINUTES
 * lengthens the hunt; PG_STREAM_PLANS=any draws settings of the planner from the seed; PG_STREAM_FAILURES names a folder for the shrunk scripts, to be put into regressions/.
 */
import { createHash } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import fc from 'fast-check'
import { takeBulkAbove } from './bulk.ts'
import { caseGenes } from './genes.ts'
import { minimize } from './minimize.ts'
import { render } from './render.ts'
import { Discarded, newCounts, type RunCounts, runScript, type Sessions } from './run-script.ts'
import type { Script } from './script.ts'

export interface Hunt {
  readonly seconds: number
  /** Called for each seed: a session keeps what PostgreSQL compiled for every stream table that it has seen. */
  connect(seed: number): Promise<Sessions>
  report?(line: string): void
}

export interface Hunted extends RunCounts {
  cases: number
  discarded: number
}

/** A hunt of a test that has not found so much to maintain goes on for as long: the machine was slow. */
const LEAST = { differential: 21, extraMs: 100_000 } as const

/** Runs of one seed: enough for fast-check to move from small cases to large ones. */
const RUNS = 60

/** @throws with the shrunk script of the first failure. */
export async function hunt({ seconds, connect, report }: Hunt): Promise<Hunted> {
  const minutes = Number(process.env.PG_STREAM_FUZZ_MINUTES ?? 0)
  const until = Date.now() + (minutes > 0 ? minutes * 60_000 : seconds * 1000)
  const fixed = process.env.PG_STREAM_SEED
  // A test is the same each time; what is new is hunted for by the minutes.
  const first = fixed === undefined ? (minutes > 0 ? Date.now() % 1_000_000_000 : 1) : Number(fixed)
  const totals: Hunted = { ...newCounts(), cases: 0, discarded: 0 }
  const isOver = () => {
    const late = Date.now() - until
    const isEnough = minutes > 0 || fixed !== undefined || totals.differential >= LEAST.differential
    return late > (isEnough ? 0 : LEAST.extraMs)
  }
  const failures: string[] = []
  for (let seed = first; !isOver(); seed++) {
    const sessions = await connect(seed)
    // Odd seeds try the statements for large changes, every fourth has kept plans read what is packed.
    await takeBulkAbove(sessions.main, seed % 2 === 1 ? 1 : 1000, seed % 4 === 2 ? 1 : undefined)
    try {
      await hunted(seed, isOver, totals, sessions)
    } catch (error) {
      // The hunt goes on: one failure must not hide the others.
      if (minutes === 0) throw error
      failures.push((error as Error).message)
      report?.(`seed ${seed} failed: ${(error as Error).message.split('\n\n')[0]}`)
    }
    if (fixed !== undefined) break
    if (minutes > 0) report?.(`seed ${seed}: ${JSON.stringify(totals)}`)
  }
  if (failures.length > 0) throw new Error(failures.join('\n\n'))
  return totals
}

async function hunted(
  seed: number,
  isOver: () => boolean,
  totals: Hunted,
  sessions: Sessions,
): Promise<void> {
  let failing: { readonly script: Script; readonly error: Error } | undefined
  let shrinkUntil = Number.POSITIVE_INFINITY
  const property = fc.asyncProperty(caseGenes, async (genes) => {
    if (!failing && isOver()) return
    // Shrinking has a budget of its own; beyond it every smaller case counts as good.
    if (failing && Date.now() > shrinkUntil) return
    const script = render(genes, { sessions: sessions.other ? 2 : 1 })
    const counts = newCounts()
    try {
      await runScript(sessions, script, counts)
      totals.cases += 1
    } catch (error) {
      if (error instanceof Discarded) {
        totals.discarded += 1
        fc.pre(false)
      }
      if (!failing) shrinkUntil = Date.now() + SHRINK_MS
      failing = { script, error: error as Error }
      throw error
    } finally {
      add(totals, counts)
    }
  })
  const path = process.env.PG_STREAM_PATH
  const details = await fc.check(property, {
    seed,
    numRuns: RUNS,
    maxSkipsPerRun: 20,
    ...(path ? { path } : {}),
  })
  if (!failing) {
    // The generator itself failed: no script was made.
    if (details.failed) throw details.errorInstance
    return
  }
  const plans = process.env.PG_STREAM_PLANS === 'any' ? 'PG_STREAM_PLANS=any ' : ''
  const small = await minimize(failing.script, failing.error, sessions, SHRINK_MS)
  const file = save(small)
  throw new Error(
    [
      small.note,
      `${plans}PG_STREAM_SEED=${seed} PG_STREAM_PATH=${details.counterexamplePath ?? ''}`,
      ...(file ? [`saved as ${file}`] : []),
      JSON.stringify(small, null, 2),
    ].join('\n\n'),
  )
}

const SHRINK_MS = Number(process.env.PG_STREAM_SHRINK_SECONDS ?? 60) * 1000

function add(totals: Hunted, { constructs, ...counts }: RunCounts): void {
  for (const key of Object.keys(counts) as (keyof typeof counts)[]) totals[key] += counts[key]
  for (const [name, count] of Object.entries(constructs))
    totals.constructs[name] = (totals.constructs[name] ?? 0) + count
}

function save(script: Script): string | null {
  const folder = process.env.PG_STREAM_FAILURES
  if (!folder) return null
  mkdirSync(folder, { recursive: true })
  const text = `${JSON.stringify(script, null, 2)}\n`
  const name = `case-${createHash('sha256').update(text).digest('hex').slice(0, 8)}.json`
  const file = path.join(folder, name)
  writeFileSync(file, text)
  return file
}
