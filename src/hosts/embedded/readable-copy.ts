import { chmodSync, constants, cpSync, lchownSync, lstatSync, readdirSync, statSync } from 'node:fs'
import path from 'node:path'
import type { Account } from './account.ts'
import { hasLinks, makeLinks, nativeFolder } from './binaries.ts'
import { distFile } from './dist-file.ts'
import { canRun } from './run-program.ts'
import { StartError } from './start-error.ts'

export interface Programs {
  /** `bin`, `lib`, `share` of PostgreSQL. */
  readonly native: string
  readonly node: string
  readonly compileHost: string
}

/** initdb has a shell start the server program, by a path in double quotes, where these stand for something else. */
const SHELL_READS = /["$`\\\n]/

/**
 * PostgreSQL, Node.js and the compile host where the server's account can run them: in place when it can, else copied
 * (root's home is closed to `nobody`; a folder may have a `$` in its name) into the temporary folder, which goes with the
 * server.
 */
export async function runnablePrograms(
  account: Account | undefined,
  temporary: () => Promise<string>,
): Promise<Programs> {
  const native = nativeFolder()
  const node = process.execPath
  const compileHost = distFile('compile-host.cjs')
  const reachable = async (source: string, usable: boolean) =>
    usable ? source : readableCopy(account, source, await temporary())
  const nativeUsable =
    !SHELL_READS.test(native) &&
    linked(native) &&
    (await canRun(account, path.join(native, 'bin/postgres'), ['-V']))
  const nodeUsable = await canRun(account, node, ['--version'])
  const hostUsable = nodeUsable && (await canRun(account, node, ['--check', compileHost]))
  return {
    native: await reachable(native, nativeUsable),
    node: await reachable(node, nodeUsable),
    compileHost: await reachable(compileHost, hostUsable),
  }
}

/** Owned by the account, because what runs as that account removes it. */
export function readableCopy(account: Account | undefined, source: string, folder: string): string {
  const copy = path.join(folder, path.basename(source))
  try {
    cpSync(source, copy, { recursive: true, verbatimSymlinks: true, mode: constants.COPYFILE_FICLONE })
    if (statSync(copy).isDirectory()) makeLinks(copy)
    handOver(copy, account)
  } catch (error) {
    throw new StartError(
      `cannot copy ${source} to ${folder}: ${error instanceof Error ? error.message : error}`,
    )
  }
  return copy
}

/** npm may have been told to run no install scripts; what the script of this package makes, we can make. */
function linked(native: string): boolean {
  if (hasLinks(native)) return true
  try {
    makeLinks(native)
  } catch {
    // Not ours to write; or somebody else made them just now.
  }
  return hasLinks(native)
}

function handOver(file: string, account: Account | undefined): void {
  const facts = lstatSync(file)
  if (account) lchownSync(file, account.uid, account.gid)
  if (facts.isSymbolicLink()) return
  const run = facts.isDirectory() || (facts.mode & 0o100) !== 0
  chmodSync(file, run ? 0o755 : 0o644)
  if (facts.isDirectory()) for (const entry of readdirSync(file)) handOver(path.join(file, entry), account)
}
