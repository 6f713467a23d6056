import { type ChildProcess, spawn } from 'node:child_process'
import { rmSync } from 'node:fs'
import path from 'node:path'
import type { Account } from './account.ts'
import type { Programs } from './readable-copy.ts'
import { serverEnvironment } from './supervisor.ts'

export interface ResidentCompiler {
  stop(): void
}

/** Between the end of one and the start of the next; twice that, and so on, where they end at once. */
const FIRST_PAUSE_MS = 100
const LONGEST_PAUSE_MS = 60_000

/**
 * Compiles what is defined until `stop`; started again when it ends before that. While it is not there every definition
 * starts a compiler of its own. Its end is the end of its standard input: ours.
 */
export function keepCompiler(options: {
  readonly programs: Programs
  readonly folder: string
  readonly account: Account | undefined
  readonly onEnd: (why: string) => void
}): ResidentCompiler {
  let current: ChildProcess | undefined
  let timer: NodeJS.Timeout | undefined
  let isStopped = false
  let pause = FIRST_PAUSE_MS
  const start = () => {
    const startedAt = performance.now()
    current = run(options, (why) => {
      if (isStopped) return
      if (performance.now() - startedAt > LONGEST_PAUSE_MS) pause = FIRST_PAUSE_MS
      // Where the folder went with the server, we are stopped before that.
      timer = setTimeout(() => {
        options.onEnd(`the resident compiler ended (${why}) and is started again`)
        start()
      }, pause).unref()
      pause = Math.min(pause * 2, LONGEST_PAUSE_MS)
    })
  }
  start()
  return {
    stop() {
      isStopped = true
      clearTimeout(timer)
      current?.stdin?.end()
    },
  }
}

function run(
  { programs, folder, account }: { programs: Programs; folder: string; account: Account | undefined },
  onEnd: (why: string) => void,
): ChildProcess {
  const compiler = spawn(programs.node, [programs.compileHost, '--serve', folder], {
    ...account,
    cwd: '/',
    env: serverEnvironment(),
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  compiler.on('error', ({ message }) => {
    if (compiler.pid === undefined) onEnd(message)
  })
  compiler.on('exit', (status, signal) => {
    // Killed, it leaves the sign that it is there.
    rmSync(path.join(folder, 'resident'), { force: true })
    onEnd(signal ?? `status ${status}`)
  })
  compiler.stdin?.on('error', () => {})
  compiler.unref()
  return compiler
}
