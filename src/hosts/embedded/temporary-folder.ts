import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import type { Account } from './account.ts'
import { isAlive, isPostgres, readPostmaster } from './postmaster.ts'
import { canWrite } from './run-program.ts'
import { StartError } from './start-error.ts'

/**
 * A folder for what a server must not leave behind: named after the process it belongs to, so that the next start can
 * remove what a power cut left. The host's name is part of it because containers may share the folder but not the
 * numbers.
 */
export async function temporaryFolder(account: Account | undefined): Promise<string> {
  const parent = await sharedFolder(account)
  const prefix = `pg_stream-data-${os.hostname().replace(/[^A-Za-z0-9]/g, '_')}-`
  sweep(parent, prefix)
  const folder = mkdtempSync(path.join(parent, `${prefix}${process.pid}-`))
  if (account) chownSync(folder, account.uid, account.gid)
  return folder
}

/** A folder for temporary things that the account can reach. */
async function sharedFolder(account: Account | undefined): Promise<string> {
  for (const folder of [os.tmpdir(), '/tmp', '/var/tmp']) {
    if (existsSync(folder) && (await canWrite(account, folder))) return folder
  }
  throw new StartError(
    `no temporary folder is writable for ${account ? `user ${account.uid}` : 'this user'}; set TMPDIR`,
  )
}

function sweep(parent: string, prefix: string): void {
  for (const name of readdirSync(parent)) {
    if (!name.startsWith(prefix)) continue
    const folder = path.join(parent, name)
    const owner = Number(name.slice(prefix.length).split('-')[0])
    const server = readPostmaster(path.join(folder, 'data'))
    if (isAlive(owner) || (server && isPostgres(server.pid))) continue
    try {
      rmSync(folder, { recursive: true, force: true })
    } catch {
      // Somebody else's.
    }
  }
}
