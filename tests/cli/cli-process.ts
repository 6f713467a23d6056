import { type ChildProcess, spawn } from 'node:child_process'
import path from 'node:path'

export interface CliProcess {
  readonly child: ChildProcess
  /** Standard output and standard error so far. */
  readonly out: () => string
  readonly err: () => string
  /** The exit status, or the signal that ended it. */
  readonly ended: Promise<number | string>
  /** The URL of the ready line. */
  ready(): Promise<string>
}

/** Run the built command line as a person would. */
export function runCli(
  args: readonly string[],
  options: {
    cli?: string
    node?: string
    env?: NodeJS.ProcessEnv
    /** A process group of its own, as from a shell in a terminal; a Ctrl-C at the tests does not reach it then. */
    ownGroup?: boolean
  } = {},
): CliProcess {
  const cli = options.cli ?? path.resolve('dist/cli.js')
  const child = spawn(options.node ?? process.execPath, [cli, ...args], {
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: options.ownGroup ?? false,
  })
  let out = ''
  let err = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text
  })
  const ended = new Promise<number | string>((resolve) => {
    child.once('close', (status, signal) => resolve(status ?? signal ?? 'unknown'))
  })
  return {
    child,
    out: () => out,
    err: () => err,
    ended,
    async ready() {
      let over = false
      ended.then(() => {
        over = true
      })
      for (const end = Date.now() + 20_000; ; ) {
        const [, url] = /^ready (\S+)\n/m.exec(out) ?? []
        if (url !== undefined) return url
        if (over) throw new Error(`ended before it was ready: ${err}`)
        if (Date.now() > end) throw new Error(`not ready in time: ${err}`)
        await new Promise((resolve) => setTimeout(resolve, 10))
      }
    },
  }
}
