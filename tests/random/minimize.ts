/**
 * After fast-check has shrunk the genes, the script itself gets smaller: whatever step, row, table or stream table can go
 * without the failure becoming another one goes.
 */
import { Discarded, runScript, type Sessions } from './run-script.ts'
import type { Script, Step } from './script.ts'

export async function minimize(
  script: Script,
  error: Error,
  sessions: Sessions,
  budgetMs: number,
): Promise<Script> {
  const until = Date.now() + budgetMs
  const kind = kindOf(error)
  let note = error.message
  const stillFails = async (candidate: Script): Promise<boolean> => {
    if (Date.now() > until) return false
    try {
      await runScript(sessions, candidate)
      return false
    } catch (other) {
      if (other instanceof Discarded || kindOf(other as Error) !== kind) return false
      note = (other as Error).message
      return true
    }
  }
  let current = script
  for (let progress = true; progress; ) {
    progress = false
    for (const candidate of smaller(current)) {
      if (size(candidate) < size(current) && (await stillFails(candidate))) {
        current = candidate
        progress = true
        break
      }
    }
  }
  return { note, ...current }
}

function* smaller(script: Script): Generator<Script> {
  const { steps, setup, streams } = script
  // Large pieces first.
  for (let length = Math.max(1, steps.length >> 1); length >= 1; length >>= 1)
    for (let start = 0; start < steps.length; start += length)
      yield { ...script, steps: balanced([...steps.slice(0, start), ...steps.slice(start + length)]) }
  for (const [i] of streams.entries())
    if (streams.length > 1)
      yield {
        ...script,
        streams: streams.filter((_, j) => j !== i),
        steps: balanced(steps.flatMap((step) => renumbered(step, i))),
      }
  for (let i = setup.length - 1; i >= 0; i--) yield { ...script, setup: setup.filter((_, j) => j !== i) }
  for (const [i, step] of steps.entries()) {
    if (step.do !== 'begin') continue
    // Without its transaction.
    const end = steps.findIndex(
      (each, j) => j > i && (each.do === 'commit' || each.do === 'rollback') && each.on === step.on,
    )
    yield { ...script, steps: balanced(steps.filter((_, j) => j !== i && j !== end)) }
  }
}

function size({ steps, setup, streams }: Script): number {
  return steps.length + setup.length + streams.length * 3
}

function renumbered(step: Step, removed: number): Step[] {
  if (step.do !== 'refresh' || step.stream < removed) return [step]
  return step.stream === removed ? [] : [{ ...step, stream: step.stream - 1 }]
}

/** Takes out the ends of transactions that do not begin, and of savepoints that are not there. */
function balanced(steps: readonly Step[]): Step[] {
  const open = [false, false]
  let savepoints: string[] = []
  return steps.filter((step) => {
    const session = 'on' in step && step.on ? 1 : 0
    switch (step.do) {
      case 'begin':
        if (open[session]) return false
        open[session] = true
        return true
      case 'commit':
      case 'rollback':
        if (!open[session]) return false
        open[session] = false
        savepoints = []
        return true
      case 'savepoint':
        savepoints.push(step.name)
        return open[session]
      case 'rollback to':
        return open[session] && savepoints.includes(step.name)
      case 'write':
        return session === 0 || open[1]
      default:
        return true
    }
  })
}

/** What must stay the same while a case gets smaller. */
function kindOf(error: Error): string {
  const { message } = error
  if (/differs from its query/.test(message)) return 'differs'
  if (/the generator made/.test(message)) return message.split('\n')[0] ?? ''
  const code = /\((\w{5})\)/.exec(message)?.[1] ?? (error as { code?: string }).code ?? ''
  return `${code} ${message.split('\n')[0]?.replaceAll(/"[^"]*"|\d+/g, '#')}`
}
