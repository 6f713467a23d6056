import { existsSync, readFileSync, statSync } from 'node:fs'
import { StartError } from './start-error.ts'

/** The user a process runs as; undefined stands for our own. */
export interface Account {
  readonly uid: number
  readonly gid: number
}

/**
 * PostgreSQL refuses to run as root, so root hands it to somebody else: the owner of the data folder when it has one,
 * `nobody` otherwise. The account must be known to the system: initdb looks its name up.
 */
export function serverAccount(dataFolder: string | undefined): Account | undefined {
  if (process.getuid?.() !== 0) return undefined
  const owner = dataFolder !== undefined && existsSync(dataFolder) ? statSync(dataFolder) : undefined
  if (owner && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid }
  const accounts = readAccounts()
  for (const name of ['nobody', 'postgres', 'daemon']) {
    const account = accounts.get(name)
    if (account && account.uid !== 0) return account
  }
  throw new StartError('PostgreSQL does not run as root, and there is no user "nobody" to run it as')
}

function readAccounts(): Map<string, Account> {
  const accounts = new Map<string, Account>()
  for (const line of readFileSync('/etc/passwd', 'utf8').split('\n')) {
    const [name, , uid, gid] = line.split(':')
    if (name && uid && gid) accounts.set(name, { uid: Number(uid), gid: Number(gid) })
  }
  return accounts
}
