import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

/** A worker of its own process, as users run it. */
export function startWorker(url: string, ...options: string[]): ChildProcess {
  const cli = path.join(path.dirname(fileURLToPath(import.meta.url)), 'cli.js')
  const worker = spawn(process.execPath, [cli, 'worker', url, ...options], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  // A benchmark that fails leaves none behind.
  process.once('exit', () => worker.kill())
  return worker
}

/** NaN where there is no /proc. */
export function residentMegabytes(pid: number | undefined): number {
  try {
    return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024
  } catch {
    return Number.NaN
  }
}

/** Milliseconds of processor time that a process has used, by itself and in the kernel; NaN where there is no /proc. */
export function processorMs(pid: number | undefined): number {
  try {
    // Fields 14 and 15 of proc(5), in ticks of 10 ms; the second field may hold spaces.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
    return (Number(fields[11]) + Number(fields[12])) * 10
  } catch {
    return Number.NaN
  }
}
