import { readdirSync, readlinkSync, realpathSync } from 'node:fs'
import { isPostgres } from './postmaster.ts'

/**
 * The processes of a server that was killed: one that is busy notices only when it is through, and until then nobody else
 * may have the data. The server's processes work in the data folder; where the system does not tell, nothing is found.
 */
export function orphans(dataFolder: string): readonly number[] {
  try {
    const folder = realpathSync(dataFolder)
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name) && worksIn(name, folder))
      .map(Number)
      .filter(isPostgres)
  } catch {
    return []
  }
}

function worksIn(pid: string, folder: string): boolean {
  try {
    return readlinkSync(`/proc/${pid}/cwd`) === folder
  } catch {
    return false
  }
}

/** Why nobody else may have the data folder, and what to do. */
export function stillEnding(dataFolder: string): string {
  const pids = orphans(dataFolder)
  const [which, how] =
    pids.length === 0
      ? ['', 'end it']
      : [` (process ${pids.join(', ')})`, `end it by: kill ${pids.join(' ')}`]
  return `a process of the previous server in ${dataFolder} is still ending${which}; wait until it has, or ${how}`
}
