import { spawn } from 'node:child_process'
import type { Account } from './account.ts'

export interface ProgramResult {
  /** undefined when it could not be started, or was killed. */
  readonly status: number | undefined
  readonly stderr: string
}

/** Run a program as that account to its end; in a session of its own, so that Ctrl-C reaches us and not the program. */
export function runProgram(
  account: Account | undefined,
  program: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<ProgramResult> {
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      ...account,
      cwd: '/',
      env,
      detached: true,
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    let stderr = ''
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      stderr += text
    })
    child.once('error', (error) => resolve({ status: undefined, stderr: error.message }))
    child.once('close', (status) => resolve({ status: status ?? undefined, stderr }))
  })
}

/** Can that account run this program with these arguments, to a successful end? */
export async function canRun(
  account: Account | undefined,
  program: string,
  args: readonly string[],
): Promise<boolean> {
  return (await runProgram(account, program, args)).status === 0
}

/** Can that account enter, list and write this folder? */
export function canWrite(account: Account | undefined, folder: string): Promise<boolean> {
  return canRun(account, '/bin/sh', ['-c', 'test -r "$1" && test -w "$1" && test -x "$1"', 'sh', folder])
}
