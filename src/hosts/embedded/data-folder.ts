import { chownSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import path from 'node:path'
import type { Account } from './account.ts'
import { readPassword, writePassword } from './password.ts'
import { isPostgres, type Postmaster, readPostmaster } from './postmaster.ts'
import { canWrite, runProgram } from './run-program.ts'
import { StartError } from './start-error.ts'
import { serverEnvironment } from './supervisor.ts'

const MAJOR_VERSION = '18'

/** Who may connect: every user of this machine, or who has the password. */
export type Authentication = 'trust' | 'scram'

export interface ClusterOptions {
  readonly folder: string
  readonly account: Account | undefined
  readonly native: string
  /** As the folder was made when left out; a new one trusts. */
  readonly auth?: Authentication | undefined
  /** For what must be gone at the end. */
  readonly temporary: () => Promise<string>
}

/** Make sure that there is a cluster in the folder that this account can run; nothing stays behind when that fails. */
export async function prepareDataFolder(options: ClusterOptions): Promise<void> {
  const { folder, account } = options
  const created = existsSync(folder) ? undefined : makeFolder(folder)
  try {
    checkFolder(folder)
    if (readdirSync(folder).length === 0) {
      if (account) chownSync(folder, account.uid, account.gid)
      await checkWritable(folder, account)
      await initialize(options)
    } else {
      await checkCluster(options)
    }
  } catch (error) {
    if (created !== undefined) rmSync(created, { recursive: true, force: true })
    throw error
  }
}

/**
 * The topmost folder that had to be made. One by one: where a system file says that its parent is missing, as /proc
 * does, Node's recursive mkdir never ends.
 */
function makeFolder(folder: string): string | undefined {
  const missing: string[] = []
  for (let at = folder; !existsSync(at) && at !== path.dirname(at); at = path.dirname(at)) missing.unshift(at)
  const made: string[] = []
  try {
    for (const each of missing) {
      mkdirSync(each, 0o755)
      made.push(each)
    }
  } catch (error) {
    for (const each of made.reverse()) rmSync(each, { recursive: true, force: true })
    throw new StartError(`cannot make the data folder ${folder}: ${reasonOf(error)}`)
  }
  return made[0]
}

function checkFolder(folder: string): void {
  if (!statSync(folder).isDirectory()) throw new StartError(`${folder} is a file, not a data folder`)
  try {
    readdirSync(folder)
  } catch (error) {
    throw new StartError(`cannot read the data folder ${folder}: ${reasonOf(error)}`)
  }
}

async function checkCluster({ folder, account, auth }: ClusterOptions): Promise<void> {
  const file = path.join(folder, 'PG_VERSION')
  const version = existsSync(file) ? readFileSync(file, 'utf8').trim() : ''
  if (!/^\d/.test(version)) throw new StartError(`${folder} is neither empty nor a PostgreSQL data folder`)
  if (version !== MAJOR_VERSION) {
    throw new StartError(`${folder} belongs to PostgreSQL ${version}; this is PostgreSQL ${MAJOR_VERSION}`)
  }
  // initdb makes template0 (4) and postgres (5) last.
  if (!existsSync(path.join(folder, 'base/4')) && !existsSync(path.join(folder, 'base/5'))) {
    throw new StartError(`the initialization of ${folder} was interrupted; remove the folder and start again`)
  }
  await checkWritable(folder, account)
  const running = readPostmaster(folder)
  if (running && isPostgres(running.pid)) throw new StartError(inUse(folder, running))
  const made: Authentication = readPassword(folder) === undefined ? 'trust' : 'scram'
  if (auth !== undefined && auth !== made)
    throw new StartError(`${folder} was made with --auth ${made}, which cannot be changed here`)
}

export function inUse(folder: string, { pid, port }: Postmaster): string {
  return `${folder} is in use by a server on port ${port} (process ${pid})`
}

async function checkWritable(folder: string, account: Account | undefined): Promise<void> {
  if (await canWrite(account, folder)) return
  const who = account ? `user ${account.uid}, who runs the server because root may not` : 'this user'
  throw new StartError(`the data folder ${folder} is not writable for ${who}`)
}

async function initialize({ folder, account, native, auth, temporary }: ClusterOptions): Promise<void> {
  // initdb wants an empty folder, so it finds the password elsewhere.
  const elsewhere = auth === 'scram' ? await temporary() : undefined
  const file = elsewhere === undefined ? undefined : writePassword(elsewhere, account)
  const method = file === undefined ? ['-A', 'trust'] : ['-A', 'scram-sha-256', `--pwfile=${file}`]
  const locale = ['--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8']
  const { status, stderr } = await runProgram(
    account,
    path.join(native, 'bin/initdb'),
    ['-D', folder, '-U', 'postgres', ...method, '-E', 'UTF8', '--no-sync', '--no-instructions', ...locale],
    serverEnvironment(),
  )
  if (file !== undefined && elsewhere !== undefined) {
    if (status === 0) writePassword(folder, account, readPassword(elsewhere))
    rmSync(file)
  }
  if (status === 0) return
  for (const entry of readdirSync(folder)) rmSync(path.join(folder, entry), { recursive: true, force: true })
  const line = stderr.split('\n').find((each) => each.startsWith('initdb:')) ?? stderr.split('\n')[0]
  throw new StartError(`cannot initialize ${folder}: ${line || `status ${status}`}`)
}

function reasonOf(error: unknown): string {
  switch ((error as NodeJS.ErrnoException).code) {
    case 'EACCES':
    case 'EPERM':
      return 'permission denied'
    case 'ENOENT':
      return 'no folder can be made there'
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
