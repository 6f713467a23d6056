import { spawnSync } from 'node:child_process'
import {
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
} from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { type Account, canWrite } from './account.ts'
import { sharedFolder } from './readable-copy.ts'
import { StartError } from './start-error.ts'
import { serverEnvironment } from './supervisor.ts'

const MAJOR_VERSION = '18'

/** What the server writes into `postmaster.pid`. */
export interface Postmaster {
  readonly pid: number
  /** Seconds since 1970. */
  readonly started: number
  readonly port: number
  readonly ready: boolean
}

/** Make sure that there is a cluster in the folder that this account can run; nothing stays behind when that fails. */
export function prepareDataFolder(folder: string, account: Account | undefined, native: string): void {
  const created = existsSync(folder) ? undefined : makeFolder(folder)
  try {
    checkFolder(folder)
    if (readdirSync(folder).length === 0) {
      if (account) chownSync(folder, account.uid, account.gid)
      if (!canWrite(account, folder)) throw new StartError(unreachable(folder, account))
      initialize(folder, account, native)
    } else {
      checkCluster(folder, account)
    }
  } catch (error) {
    if (created !== undefined) rmSync(created, { recursive: true, force: true })
    throw error
  }
}

/**
 * A folder for a server that leaves nothing: named after the process it belongs to, so that the next start can remove
 * what a power cut left. The host's name is part of it because containers may share the folder but not the numbers.
 */
export function temporaryFolder(account: Account | undefined): string {
  const parent = sharedFolder(account)
  sweep(parent)
  const folder = mkdtempSync(path.join(parent, `${temporaryPrefix()}${process.pid}-`))
  if (account) chownSync(folder, account.uid, account.gid)
  return folder
}

export function readPostmaster(folder: string): Postmaster | undefined {
  let lines: string[]
  try {
    lines = readFileSync(path.join(folder, 'postmaster.pid'), 'utf8').split('\n')
  } catch {
    return undefined
  }
  const pid = Number(lines[0])
  if (!Number.isInteger(pid) || pid <= 0) return undefined
  return { pid, started: Number(lines[2]), port: Number(lines[3] ?? 0), ready: lines[7]?.trim() === 'ready' }
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** Process numbers come back, soonest in containers: where the system tells, ask what the process is. */
function isPostgres(pid: number): boolean {
  if (!isAlive(pid)) return false
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('postgres')
  } catch {
    return true
  }
}

function temporaryPrefix(): string {
  return `pg_stream-data-${os.hostname().replace(/[^A-Za-z0-9]/g, '_')}-`
}

function sweep(parent: string): void {
  const prefix = temporaryPrefix()
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

/** The topmost folder that had to be made. */
function makeFolder(folder: string): string | undefined {
  try {
    return mkdirSync(folder, { recursive: true, mode: 0o755 })
  } catch (error) {
    throw new StartError(`cannot make the data folder ${folder}: ${reasonOf(error)}`)
  }
}

function checkFolder(folder: string): void {
  if (!statSync(folder).isDirectory()) throw new StartError(`${folder} is a file, not a data folder`)
  try {
    readdirSync(folder)
  } catch (error) {
    throw new StartError(`cannot read the data folder ${folder}: ${reasonOf(error)}`)
  }
}

function checkCluster(folder: string, account: Account | undefined): void {
  if (!existsSync(path.join(folder, 'PG_VERSION'))) {
    throw new StartError(`${folder} is neither empty nor a PostgreSQL data folder`)
  }
  const version = readFileSync(path.join(folder, 'PG_VERSION'), 'utf8').trim()
  if (version !== MAJOR_VERSION) {
    throw new StartError(`${folder} belongs to PostgreSQL ${version}; this is PostgreSQL ${MAJOR_VERSION}`)
  }
  // initdb makes template0 (4) and postgres (5) last.
  if (!existsSync(path.join(folder, 'base/4')) && !existsSync(path.join(folder, 'base/5'))) {
    throw new StartError(`the initialization of ${folder} was interrupted; remove the folder and start again`)
  }
  if (!canWrite(account, folder)) throw new StartError(unreachable(folder, account))
  const running = readPostmaster(folder)
  if (running && isPostgres(running.pid)) throw new StartError(inUse(folder, running))
}

export function inUse(folder: string, { pid, port }: Postmaster): string {
  return `${folder} is in use by a server on port ${port} (process ${pid})`
}

function unreachable(folder: string, account: Account | undefined): string {
  const who = account ? `user ${account.uid}, who runs the server because root may not` : 'this user'
  return `the data folder ${folder} is not writable for ${who}`
}

function initialize(folder: string, account: Account | undefined, native: string): void {
  const args = ['-D', folder, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--no-sync', '--no-instructions']
  const locale = ['--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8']
  const result = spawnSync(path.join(native, 'bin/initdb'), [...args, ...locale], {
    ...account,
    cwd: '/',
    env: serverEnvironment(),
    encoding: 'utf8',
  })
  if (result.status === 0) return
  for (const entry of readdirSync(folder)) rmSync(path.join(folder, entry), { recursive: true, force: true })
  const lines = (result.stderr ?? '').split('\n').filter((line) => line.startsWith('initdb:'))
  throw new StartError(
    `cannot initialize ${folder}: ${lines[0] ?? result.error?.message ?? `status ${result.status}`}`,
  )
}

function reasonOf(error: unknown): string {
  switch ((error as NodeJS.ErrnoException).code) {
    case 'EACCES':
    case 'EPERM':
      return 'permission denied'
    case 'ENOTDIR':
    case 'EEXIST':
      return 'part of the path is a file'
    case 'EROFS':
      return 'the file system is read-only'
    case 'ENOSPC':
      return 'the disk is full'
    default:
      return error instanceof Error ? error.message : String(error)
  }
}
