import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { hasLinks, makeLinks } from '../../src/hosts/embedded/binaries.ts'
import { prepareDataFolder } from '../../src/hosts/embedded/data-folder.ts'
import { isAlive } from '../../src/hosts/embedded/postmaster.ts'
import { readableCopy } from '../../src/hosts/embedded/readable-copy.ts'
import { startServer } from '../../src/hosts/embedded/server.ts'
import { freshDatabase } from '../support/server.ts'

let folder: string

beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'pg_stream-test-'))
})

afterEach(() => rmSync(folder, { recursive: true }))

/** A package as npm unpacks it without running its install script: no symbolic links. */
function unpacked(): string {
  const native = path.join(folder, 'native')
  mkdirSync(path.join(native, 'lib'), { recursive: true })
  writeFileSync(path.join(native, 'lib/libx.so.1.0'), 'x', { mode: 0o600 })
  const links = [{ source: 'native/lib/libx.so.1.0', target: 'native/lib/libx.so.1' }]
  writeFileSync(path.join(native, 'pg-symlinks.json'), JSON.stringify(links))
  return native
}

test('databases of a run are separate', async () => {
  const a = await freshDatabase({ pgStream: false })
  const b = await freshDatabase({ pgStream: false })
  await a.client.query('CREATE TABLE t (a int)')
  await expect(b.client.query('TABLE t')).rejects.toThrow('does not exist')
  await a.close()
  await b.close()
})

test('the resident compiler is started again when it was killed, and ends with the server', async () => {
  chmodSync(folder, 0o755)
  const warnings: string[] = []
  const server = await startServer({
    dataFolder: path.join(folder, 'data'),
    onWarning: (words) => warnings.push(words),
  })
  const resident = path.join(server.dataFolder, 'pg_stream', 'resident')
  const pid = async (other: number): Promise<number> => {
    for (const end = Date.now() + 20_000; Date.now() < end; await sleep(20)) {
      const found = existsSync(resident) ? Number(readFileSync(resident, 'utf8')) : 0
      if (found > 0 && found !== other) return found
    }
    throw new Error('no other compiler is there')
  }
  let last = 0
  try {
    const first = await pid(0)
    process.kill(first, 'SIGKILL')
    const second = await pid(first)
    process.kill(second, 'SIGKILL')
    last = await pid(second)
    expect(warnings).toEqual(
      Array(2).fill(expect.stringMatching(/^the resident compiler ended \(SIGKILL\) and is started again$/)),
    )
  } finally {
    await server.stop()
  }
  for (const end = Date.now() + 10_000; isAlive(last) && Date.now() < end; ) await sleep(20)
  expect(isAlive(last)).toBe(false)
  expect(warnings).toHaveLength(2)
})

test('links that npm left out are made', () => {
  const native = unpacked()
  expect(hasLinks(native)).toBe(false)
  makeLinks(native)
  expect(hasLinks(native)).toBe(true)
  expect(readFileSync(path.join(native, 'lib/libx.so.1'), 'utf8')).toBe('x')
})

test('a copy is complete, and readable by all', () => {
  const copy = readableCopy(undefined, unpacked(), path.join(folder, 'copies'))
  expect(readFileSync(path.join(copy, 'lib/libx.so.1'), 'utf8')).toBe('x')
  expect(hasLinks(copy)).toBe(true)
  expect(statSync(path.join(copy, 'lib/libx.so.1.0')).mode & 0o777).toBe(0o644)
})

/** What is there may not be run, so nothing is started. */
function prepare(): Promise<void> {
  return prepareDataFolder({
    folder,
    account: undefined,
    native: '/nowhere',
    temporary: () => Promise.reject(new Error('not needed')),
  })
}

test('a cluster whose initialization was interrupted is named as that', async () => {
  writeFileSync(path.join(folder, 'PG_VERSION'), '18\n')
  await expect(prepare()).rejects.toThrow(
    `the initialization of ${folder} was interrupted; remove the folder and start again`,
  )
})

test('an empty PG_VERSION is no version', async () => {
  writeFileSync(path.join(folder, 'PG_VERSION'), '')
  await expect(prepare()).rejects.toThrow(`${folder} is neither empty nor a PostgreSQL data folder`)
})
