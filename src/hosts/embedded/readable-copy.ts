import { createHash } from 'node:crypto'
import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { type Account, canRun, canWrite } from './account.ts'
import { hasLinks, makeLinks, nativeFolder } from './binaries.ts'
import { distFile } from './dist-file.ts'
import { StartError } from './start-error.ts'

export interface Programs {
  /** `bin`, `lib`, `share` of PostgreSQL. */
  readonly native: string
  readonly node: string
  readonly compileHost: string
}

/**
 * PostgreSQL, Node.js and the compile host where the server's account can run them: in place when it can, else copied
 * once to a folder named after their versions (root's home is closed to `nobody`).
 */
export function runnablePrograms(account: Account | undefined): Programs {
  const native = nativeFolder()
  const node = process.execPath
  const compileHost = distFile('compile-host.cjs')
  const usable = hasLinks(native) && canRun(account, path.join(native, 'bin/postgres'), ['--version'])
  const nodeUsable = canRun(account, node, ['--version'])
  const hostUsable = nodeUsable && canRun(account, node, ['--check', compileHost])
  return {
    native: usable ? native : readableCopy(account, native, versionOf(native)),
    node: nodeUsable ? node : readableCopy(account, node, process.version),
    compileHost: hostUsable ? compileHost : readableCopy(account, compileHost, hashOf(compileHost)),
  }
}

/**
 * The copy is made under a name of its own and renamed when complete: a half copy is never seen, and of two that are
 * made at once one wins. Only a folder that is ours and that nobody else can write is trusted.
 */
export function readableCopy(account: Account | undefined, source: string, version: string): string {
  const parent = sharedFolder(account)
  const name = `pg_stream-${path.basename(source)}-${version}-${process.platform}-${process.arch}-${process.getuid?.() ?? 0}`
  const cached = path.join(parent, name)
  const inside = path.join(cached, path.basename(source))
  if (isOurs(cached) && existsSync(inside)) return inside
  const fresh = mkdtempSync(path.join(parent, `${name}.`))
  try {
    const copy = path.join(fresh, path.basename(source))
    cpSync(source, copy, { recursive: true, verbatimSymlinks: true })
    if (statSync(copy).isDirectory()) makeLinks(copy)
    openToAll(fresh)
    try {
      renameSync(fresh, cached)
      return inside
    } catch {
      if (isOurs(cached) && existsSync(inside)) {
        rmSync(fresh, { recursive: true })
        return inside
      }
      return copy // The name is taken by something we do not trust.
    }
  } catch (error) {
    rmSync(fresh, { recursive: true, force: true })
    throw new StartError(
      `cannot copy ${source} to ${parent}: ${error instanceof Error ? error.message : error}`,
    )
  }
}

/** A folder for temporary things that the account can reach. */
export function sharedFolder(account: Account | undefined): string {
  for (const folder of [os.tmpdir(), '/tmp', '/var/tmp']) {
    if (existsSync(folder) && canWrite(account, folder)) return folder
  }
  throw new StartError(
    `no temporary folder is writable for ${account ? `user ${account.uid}` : 'this user'}; set TMPDIR`,
  )
}

function isOurs(folder: string): boolean {
  const facts = lstatSync(folder, { throwIfNoEntry: false })
  return facts?.isDirectory() === true && facts.uid === process.getuid?.() && (facts.mode & 0o022) === 0
}

function openToAll(file: string): void {
  const facts = lstatSync(file)
  if (facts.isSymbolicLink()) return
  const run = facts.isDirectory() || (facts.mode & 0o100) !== 0
  chmodSync(file, run ? 0o755 : 0o644)
  if (facts.isDirectory()) for (const entry of readdirSync(file)) openToAll(path.join(file, entry))
}

function versionOf(native: string): string {
  const { version } = JSON.parse(readFileSync(path.join(native, '../package.json'), 'utf8')) as {
    version: string
  }
  return version
}

function hashOf(file: string): string {
  return createHash('sha256').update(readFileSync(file)).digest('hex').slice(0, 16)
}
