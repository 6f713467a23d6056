import { statfsSync } from 'node:fs'
import os from 'node:os'

const TMPFS = 0x01021994
const ENOUGH = 8 * 2 ** 30

/**
 * A folder in memory, with room for all that the tests make: thousands of databases, which a disk takes a quarter of the time
 * to make and to remove. Undefined where there is none.
 */
export function memoryFolder(): string | undefined {
  const folder = '/dev/shm'
  try {
    const { type, bavail, bsize } = statfsSync(folder)
    return type === TMPFS && bavail * bsize > ENOUGH && os.freemem() > ENOUGH ? folder : undefined
  } catch {
    return undefined
  }
}
