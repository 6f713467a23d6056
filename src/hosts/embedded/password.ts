import { randomBytes } from 'node:crypto'
import { chownSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { Account } from './account.ts'

/** In the data folder of a server that asks for one. */
const FILE = 'pg_stream.password'

export function readPassword(folder: string): string | undefined {
  const file = path.join(folder, FILE)
  return existsSync(file) ? readFileSync(file, 'utf8').trim() : undefined
}

/** A new password, in a file that the server's account alone can read; returns the file. */
export function writePassword(
  folder: string,
  account: Account | undefined,
  password = newPassword(),
): string {
  const file = path.join(folder, FILE)
  writeFileSync(file, `${password}\n`, { mode: 0o600, flag: 'wx' })
  if (account) chownSync(file, account.uid, account.gid)
  return file
}

/** 144 bits in characters that a URL takes as they are. */
function newPassword(): string {
  return randomBytes(18).toString('base64url')
}
