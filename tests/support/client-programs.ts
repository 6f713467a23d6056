import { execFile, execFileSync } from 'node:child_process'
import path from 'node:path'

/** Runs a client program of PostgreSQL to its end; standard output. Anything on standard error is an error. */
export type RunClient = (program: string, ...args: readonly string[]) => Promise<string>

/** Undefined where no pg_dump of the server's version is to be had; on a machine that checks everything that is an error. */
export function clientPrograms(): RunClient | undefined {
  let folder: string
  try {
    folder = execFileSync(process.execPath, ['scripts/client-programs.mjs'], { encoding: 'utf8' }).trim()
  } catch (error) {
    if (process.env.CI) throw error
    return undefined
  }
  const env = { ...process.env, PGOPTIONS: '-c client_min_messages=warning' }
  return (program, ...args) =>
    new Promise((resolve, reject) => {
      execFile(path.join(folder, program), args, { env, maxBuffer: 1 << 28 }, (error, stdout, stderr) => {
        if (error || stderr !== '') reject(error ?? new Error(`${program}: ${stderr}`))
        else resolve(stdout)
      })
    })
}
