import { chownSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Host } from '../host.ts'
import { type Account, serverAccount } from './account.ts'
import { quoteShell } from './compile-function.ts'
import { type Authentication, inUse, prepareDataFolder } from './data-folder.ts'
import { embedded, FOLDER, PROGRAM } from './host.ts'
import { stillEnding } from './orphans.ts'
import { readPassword } from './password.ts'
import { choosePort } from './port.ts'
import { isAlive, readPostmaster } from './postmaster.ts'
import { type Programs, runnablePrograms } from './readable-copy.ts'
import { keepCompiler } from './resident-compiler.ts'
import { StartError } from './start-error.ts'
import { type Supervised, supervise } from './supervisor.ts'
import { temporaryFolder } from './temporary-folder.ts'

export interface ServerOptions {
  /** A free port when left out. */
  readonly port?: number | undefined
  /** Kept after the end; a temporary folder, removed at the end, when left out. */
  readonly dataFolder?: string | undefined
  /** Who may connect: every user of this machine (the default), or who has the password. */
  readonly auth?: Authentication | undefined
  /** Server settings on top of ours. */
  readonly settings?: Readonly<Record<string, string | number | boolean>>
  /** One line of the server's log. */
  readonly onLog?: (line: string) => void
  /** What somebody should hear of, though the server goes on. */
  readonly onWarning?: (words: string) => void
  /** How long the processes of a server that was killed may take to notice. */
  readonly orphansMs?: number
  /** Give up between two steps of the start. */
  readonly signal?: AbortSignal
}

export interface EmbeddedServer {
  readonly port: number
  readonly url: string
  readonly dataFolder: string
  /** How definitions are compiled in the databases of this server. */
  readonly host: Host
  /** The process number of the postmaster. */
  readonly pid: number
  /** Fast shutdown; temporary data is gone when it returns. */
  stop(): Promise<void>
  /** The exit status of the server. */
  readonly exited: Promise<number>
}

/** wal_level and prepared transactions so that every way of capture works and can be tested. */
const SETTINGS = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  cluster_name: 'pg_stream',
  wal_level: 'logical',
  max_prepared_transactions: 20,
} as const

const ORPHANS_MS = 10_000

/** Start PostgreSQL 18 on the loopback interface; ready for connections when it returns. */
export async function startServer(options: ServerOptions = {}): Promise<EmbeddedServer> {
  for (const end = performance.now() + (options.orphansMs ?? ORPHANS_MS); ; ) {
    try {
      return await startOnce(options)
    } catch (error) {
      const message = String(error)
      // Somebody took the free port between our look and the server's.
      const portTaken = options.port === undefined && message.includes('could not bind')
      const isHeld = message.includes('shared memory block')
      if (isHeld && options.dataFolder !== undefined && performance.now() > end)
        throw new StartError(stillEnding(path.resolve(options.dataFolder)))
      if (!(portTaken || isHeld) || performance.now() > end) throw error
      await sleep(100)
    }
  }
}

async function startOnce(options: ServerOptions): Promise<EmbeddedServer> {
  const { signal, auth } = options
  const given = options.dataFolder === undefined ? undefined : path.resolve(options.dataFolder)
  const account = serverAccount(given)
  const port = await choosePort(options.port)
  let made: Promise<string> | undefined
  const temporary = () => {
    made ??= temporaryFolder(account)
    return made
  }
  try {
    const dataFolder = given ?? path.join(await temporary(), 'data')
    signal?.throwIfAborted()
    const programs = await runnablePrograms(account, temporary)
    signal?.throwIfAborted()
    await prepareDataFolder({ folder: dataFolder, account, native: programs.native, auth, temporary })
    signal?.throwIfAborted()
    return await launch({ ...options, account, programs, port, temporary: await made, dataFolder })
  } catch (error) {
    if (made !== undefined) rmSync(await made, { recursive: true, force: true })
    throw error
  }
}

interface Launch extends ServerOptions {
  readonly account: Account | undefined
  readonly programs: Programs
  readonly port: number
  readonly temporary: string | undefined
  readonly dataFolder: string
}

async function launch(launch: Launch): Promise<EmbeddedServer> {
  const { account, programs, port, temporary, dataFolder } = launch
  const settings = { ...SETTINGS, port, ...launch.settings }
  const fatal: string[] = []
  // The file of a server that was killed may still be there: ours is not older than two seconds (pg_ctl's allowance).
  const since = Date.now() / 1000 - 2
  const server = supervise(
    [
      path.join(programs.native, 'bin/postgres'),
      ...['-D', dataFolder],
      ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
    ],
    {
      account,
      cwd: '/',
      temporary,
      onLog: (line) => {
        const grave = /\b(FATAL|PANIC|LOG): {2}could not|\b(FATAL|PANIC): /.test(line)
        if (grave && fatal.length < 10) fatal.push(line.replace(/^.*?: {2}/, ''))
        launch.onLog?.(line)
      },
    },
  )
  const pid = await ready(server, launch, since, fatal)
  const password = readPassword(dataFolder)
  const folder = replyFolder(dataFolder, account, programs)
  const compiler = keepCompiler({
    programs,
    folder,
    account,
    onEnd: (why) => launch.onWarning?.(why),
  })
  server.exited.then(() => compiler.stop())
  return {
    port,
    url: `postgresql://postgres${password === undefined ? '' : `:${password}`}@127.0.0.1:${port}/postgres`,
    dataFolder,
    pid,
    host: embedded,
    exited: server.exited,
    async stop() {
      compiler.stop()
      server.stop()
      await server.exited
    },
  }
}

/** Recovery after a crash may take long, so there is no time limit while the process lives. */
async function ready(
  server: Supervised,
  { dataFolder, port }: Launch,
  since: number,
  fatal: readonly string[],
): Promise<number> {
  let status: number | undefined
  server.exited.then((code) => {
    status = code
  })
  for (;;) {
    const postmaster = readPostmaster(dataFolder)
    if (
      postmaster?.ready &&
      postmaster.started >= since &&
      postmaster.port === port &&
      isAlive(postmaster.pid)
    ) {
      return postmaster.pid
    }
    if (status !== undefined) {
      if (fatal.some((line) => line.includes('lock file')) && postmaster)
        throw new StartError(inUse(dataFolder, postmaster))
      throw new StartError(`PostgreSQL did not start: ${fatal[0] ?? `exit status ${status}`}`)
    }
    await sleep(10)
  }
}

/** Where compile replies pass through: emptied here, since a killed backend cannot. In it, how to start a compiler. */
function replyFolder(dataFolder: string, account: Account | undefined, programs: Programs): string {
  const folder = path.join(dataFolder, FOLDER)
  if (existsSync(folder)) rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { mode: 0o700 })
  writeFileSync(
    path.join(folder, PROGRAM),
    `exec ${quoteShell(programs.node)} ${quoteShell(programs.compileHost)} "$@"\n`,
    { mode: 0o644 },
  )
  if (account) chownSync(folder, account.uid, account.gid)
  return folder
}
