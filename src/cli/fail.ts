import { StartError } from '../hosts/embedded/start-error.ts'

/** Print why a command failed, as short as it can be said, and end with status 1. */
export function fail(error: unknown): void {
  process.stderr.write(`${describe(error)}\n`)
  process.exitCode = 1
}

/** Who was reading has read enough (`| head`), which is nobody's error; or what is written cannot be kept. */
export function outputFailed(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') fail(error)
  // As a program ends that SIGPIPE ends.
  process.exit(error.code === 'EPIPE' ? 141 : 1)
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return `pg-stream: ${String(error)}`
  const { code, detail, hint } = error as Error & { code?: string; detail?: string; hint?: string }
  const isOurs = error instanceof StartError || code !== undefined
  const lines = [`pg-stream: ${isOurs ? error.message : (error.stack ?? error.message)}`]
  if (detail) lines.push(`detail: ${detail}`)
  if (hint) lines.push(`hint: ${hint}`)
  return lines.join('\n')
}
