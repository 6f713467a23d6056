import { type ChildProcess, spawn } from 'node:child_process'
import type { Account } from './account.ts'

/**
 * The server runs under a shell that outlives us: when the pipe to our process closes, because we asked for it or
 * because we were killed, it stops the server (fast, then at once after 20 s) and removes what is temporary. In a
 * session of its own, so that Ctrl-C reaches us and not the server.
 */
const SCRIPT = `
temporary=$1; shift
exec 3<&0
"$@" 3<&- </dev/null &
server=$!
(
  while read -r _ <&3; do :; done
  kill -INT "$server" 2>/dev/null
  n=0
  while [ "$n" -lt 200 ] && kill -0 "$server" 2>/dev/null; do sleep 0.1; n=$((n + 1)); done
  kill -QUIT "$server" 2>/dev/null
) >/dev/null 2>&1 &
watcher=$!
wait "$server"
status=$?
kill "$watcher" 2>/dev/null
[ -z "$temporary" ] || rm -rf -- "$temporary"
exit "$status"
`

/** For what the server had written when it ended. */
const LAST_WORDS_MS = 200

export interface Supervised {
  readonly process: ChildProcess
  /** Ask for a fast shutdown; `exited` tells when it is done. */
  stop(): void
  /** The exit status of the server; 128 + n after signal n. */
  readonly exited: Promise<number>
}

export function supervise(
  command: readonly string[],
  options: {
    account: Account | undefined
    cwd: string
    temporary: string | undefined
    onLog: (line: string) => void
  },
): Supervised {
  const child = spawn('/bin/sh', ['-c', SCRIPT, 'sh', options.temporary ?? '', ...command], {
    ...options.account,
    cwd: options.cwd,
    env: serverEnvironment(),
    detached: true,
    stdio: ['pipe', 'ignore', 'pipe'],
  })
  const exited = new Promise<number>((resolve) => {
    child.once('error', () => resolve(127))
    child.once('exit', (status) => {
      resolve(status ?? 1)
      // A backend that outlives a killed server has our pipe too: its last words are not waited for.
      setTimeout(() => child.stderr?.destroy(), LAST_WORDS_MS).unref()
    })
  })
  // The shell may be gone already when we say stop; its exit tells.
  for (const pipe of [child.stdin, child.stderr]) pipe?.on('error', () => {})
  let rest = ''
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) options.onLog(line)
  })
  return { process: child, exited, stop: () => child.stdin?.end() }
}

/** Nothing of ours that could change what the server, or the Node.js it starts, does. */
export function serverEnvironment(): NodeJS.ProcessEnv {
  const { TZ } = process.env
  return { PATH: '/usr/local/bin:/usr/bin:/bin', LC_ALL: 'C', ...(TZ === undefined ? {} : { TZ }) }
}
