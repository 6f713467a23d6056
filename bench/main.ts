/** npm run bench [-- part … --quick --sf 1 --events 1000000 --rows 1000000]: measures on an embedded PostgreSQL 18 of its own. */
import os from 'node:os'
import { churn } from './churn.ts'
import { create } from './create.ts'
import { Bench } from './database.ts'
import { graph, idle } from './graph.ts'
import { growth } from './growth.ts'
import { growthOfConstructs } from './growth-constructs.ts'
import { joinAggregate } from './join-aggregate.ts'
import { latency } from './latency.ts'
import { matrix } from './matrix.ts'
import { nexmark } from './nexmark.ts'
import type { Options } from './options.ts'
import { Report } from './report.ts'
import { tpch } from './tpch.ts'
import { writePath } from './write-path.ts'

type Part = (bench: Bench, options: Options, report: Report) => Promise<void>

const PARTS: Readonly<Record<string, Part>> = {
  'join-aggregate': joinAggregate,
  matrix,
  growth,
  'growth-constructs': growthOfConstructs,
  write: writePath,
  latency,
  create,
  graph,
  idle,
  churn,
  tpch,
  nexmark,
}

/** Of the other parts only when asked for: minutes or half an hour each. */
const ONLY_WHEN_ASKED = ['churn', 'growth-constructs', 'tpch', 'nexmark']

const NUMBERS = { '--sf': 'scale', '--events': 'events', '--rows': 'rows' } as const

async function main(args: readonly string[]): Promise<void> {
  const { asked, options } = parse(args)
  const { quick } = options
  const report = new Report()
  const bench = await Bench.start()
  const started = Date.now()
  try {
    for (const [name, part] of Object.entries(PARTS)) {
      if (asked.length > 0 ? !asked.includes(name) : ONLY_WHEN_ASKED.includes(name)) continue
      report.note(`${name} …`)
      await part(bench, options, report)
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

function parse(args: readonly string[]): { asked: readonly string[]; options: Options } {
  const asked: string[] = []
  const numbers: { scale?: number; events?: number; rows?: number } = {}
  let quick = false
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] ?? ''
    if (arg === '--quick') quick = true
    else if (arg in PARTS) asked.push(arg)
    else if (arg === '--sf' || arg === '--events' || arg === '--rows') {
      const value = Number(args[++i])
      if (!(value > 0)) throw new Error(`${arg} takes a positive number`)
      numbers[NUMBERS[arg]] = value
    } else
      throw new Error(
        `unknown: ${arg}; parts are ${Object.keys(PARTS).join(', ')}; or --quick, --sf, --events, --rows`,
      )
  }
  return { asked, options: { quick, rounds: quick ? 3 : 5, ...numbers } }
}

main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
})
