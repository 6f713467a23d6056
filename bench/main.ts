/** npm run bench [-- part … --quick]: measures on an embedded PostgreSQL 18 of its own. */
import os from 'node:os'
import { churn } from './churn.ts'
import { create } from './create.ts'
import { Bench } from './database.ts'
import { graph } from './graph.ts'
import { growth } from './growth.ts'
import { joinAggregate } from './join-aggregate.ts'
import { latency } from './latency.ts'
import { matrix } from './matrix.ts'
import type { Options } from './options.ts'
import { Report } from './report.ts'
import { writePath } from './write-path.ts'

type Part = (bench: Bench, options: Options, report: Report) => Promise<void>

const PARTS: Readonly<Record<string, Part>> = {
  'join-aggregate': joinAggregate,
  matrix,
  growth,
  write: writePath,
  latency,
  create,
  graph,
  churn,
}

async function main(args: readonly string[]): Promise<void> {
  const wrong = args.filter((arg) => !(arg in PARTS) && arg !== '--quick')
  if (wrong.length > 0)
    throw new Error(`unknown: ${wrong.join(' ')}; parts are ${Object.keys(PARTS).join(', ')}; or --quick`)
  const quick = args.includes('--quick')
  const asked = args.filter((arg) => arg in PARTS)
  const report = new Report()
  const bench = await Bench.start()
  const started = Date.now()
  try {
    for (const [name, part] of Object.entries(PARTS)) {
      // Half an hour of churn only when it is asked for.
      if (asked.length > 0 ? !asked.includes(name) : name === 'churn') continue
      report.note(`${name} …`)
      await part(bench, { quick, rounds: quick ? 3 : 5 }, report)
    }
  } finally {
    await bench.stop()
  }
  console.log(report.markdown())
  const file = report.write('bench/results', {
    started: new Date(started).toISOString(),
    minutes: (Date.now() - started) / 60_000,
    quick,
    cpu: os.cpus()[0]?.model,
    cpus: os.cpus().length,
    node: process.version,
  })
  report.note(`written to ${file}`)
}

main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
})
