import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { serverAccount } from '../../src/hosts/embedded/account.ts'
import { compileFunction } from '../../src/hosts/embedded/compile-function.ts'
import { type FreshDatabase, freshDatabase } from '../support/server.ts'

// A program in the place of the compiler, in a folder whose name a shell would choke on.
const ECHO = `
const request = require('fs').readFileSync(0, 'utf8')
if (request.includes('"crash"')) { console.error('crashed'); process.exit(3) }
if (request.includes('"hang"')) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
const reply = JSON.stringify({ got: JSON.parse(request) }).replace(/[\\u007f-\\uffff]/g, (c) => '\\\\u' + c.charCodeAt(0).toString(16).padStart(4, '0'))
require('fs').writeFileSync(process.argv[2], reply, { mode: 0o600 })
`

let root: string
let replies: string
let database: FreshDatabase

beforeAll(async () => {
  root = mkdtempSync(path.join(os.tmpdir(), `it's "$(exit 1)" \`; ü`))
  replies = path.join(root, "re'plies")
  chmodSync(root, 0o755)
  const bundle = path.join(root, 'echo host.cjs')
  writeFileSync(bundle, ECHO, { mode: 0o644 })
  mkdirSync(replies)
  chmodSync(replies, 0o777)
  database = await freshDatabase({ pgStream: false })
  await database.client.query('CREATE SCHEMA pgstream')
  await database.client.query(compileFunction({ node: process.execPath, bundle, folder: replies }))
})

afterAll(async () => {
  await database.close()
  rmSync(root, { recursive: true })
})

const COMPILE = 'SELECT pgstream._compile($1) = jsonb_build_object($2::text, $1::jsonb) AS same'

test('hands over any JSON and takes back any JSON', async () => {
  const text = fc.string({ unit: 'binary', maxLength: 40 }).filter((s) => !s.includes('\0'))
  await fc.assert(
    fc.asyncProperty(fc.dictionary(text, text, { maxKeys: 5 }), async (request) => {
      const { rows } = await database.client.query(COMPILE, [JSON.stringify(request), 'got'])
      expect(rows).toEqual([{ same: true }])
    }),
    {
      numRuns: 25,
      examples: [[{ a: '\\.' }], [{ '': '\t\n\r\u0001\u0002\u007f€😀 \\ " \' $1 $compile$ %L' }]],
    },
  )
  const { rows } = await database.client.query(COMPILE, [
    JSON.stringify({ long: 'x€'.repeat(500_000) }),
    'got',
  ])
  expect(rows).toEqual([{ same: true }])
})

test('keeps concurrent calls apart', async () => {
  const clients = await Promise.all(Array.from({ length: 6 }, () => database.connect()))
  await Promise.all(
    clients.map(async (client, i) => {
      for (let n = 0; n < 3; n++) {
        const { rows } = await client.query(COMPILE, [JSON.stringify({ caller: `${i}.${n}` }), 'got'])
        expect(rows).toEqual([{ same: true }])
      }
    }),
  )
})

test('works within the session settings of the caller', async () => {
  const client = await database.connect()
  await client.query(
    `SET client_encoding = 'LATIN1'; SET standard_conforming_strings = off; SET search_path = ''`,
  )
  const json = `E'{"a": "\\\\u00fc \\\\\\\\ x"}'`
  const { rows } = await client.query(`SELECT pgstream._compile(${json}) -> 'got' = ${json} AS same`)
  expect(rows).toEqual([{ same: true }])
})

test('a failing program is an error of the caller’s statement, and nothing stays behind', async () => {
  await expect(database.client.query(`SELECT pgstream._compile('{"crash": 1}')`)).rejects.toMatchObject({
    code: 'XX000',
    message: 'the compiler of pg_stream could not be run',
    hint: 'The log of the server says more.',
  })
  expect(readdirSync(replies)).toEqual([])
})

test('can be cancelled', async () => {
  const client = await database.connect()
  await client.query(`SET statement_timeout = '300ms'`)
  await expect(client.query(`SELECT pgstream._compile('{"hang": 1}')`)).rejects.toMatchObject({
    code: '57014',
  })
  expect(readdirSync(replies)).toEqual([])
})

test('is for the superuser alone', async () => {
  const role = `nobody_${process.pid}`
  await database.client.query(`CREATE ROLE ${role} LOGIN; GRANT USAGE ON SCHEMA pgstream TO ${role}`)
  const client = await database.connect(role)
  await expect(client.query(`SELECT pgstream._compile('{}')`)).rejects.toMatchObject({ code: '42501' })
  await client.end()
  await database.client.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`)
})

test('a resident program answers; when it dies, one is started', async () => {
  const account = serverAccount(undefined)
  const folder = path.join(root, 'resident here')
  mkdirSync(folder)
  if (account) chownSync(folder, account.uid, account.gid)
  const bundle = path.join(root, 'compile-host.cjs')
  copyFileSync(new URL('../../dist/compile-host.cjs', import.meta.url), bundle)
  chmodSync(bundle, 0o644)
  const define = (node: string) => database.client.query(compileFunction({ node, bundle, folder }))
  const compile = async () => {
    const client = await database.connect()
    const { rows } = await client.query(`SELECT pgstream._compile('{}') ? 'error' AS refused`)
    await client.end()
    return rows[0].refused
  }
  const program = spawn(process.execPath, [bundle, '--serve', folder], {
    ...account,
    cwd: '/',
    stdio: ['pipe', 'ignore', 'inherit'],
  })
  while (!existsSync(path.join(folder, 'resident'))) await sleep(10)
  await define('/nowhere/node')
  expect(await Promise.all(Array.from({ length: 8 }, compile))).toEqual(Array(8).fill(true))
  await expect.poll(() => readdirSync(folder)).toEqual(['resident'])

  program.kill('SIGSTOP')
  await expect(compile()).rejects.toMatchObject({ code: 'XX000' })
  await define(process.execPath)
  expect(await compile()).toBe(true)
  program.kill('SIGKILL')
  expect(await compile()).toBe(true)
  await expect.poll(() => readdirSync(folder)).toEqual(['resident'])

  // What it had taken is left to the next one, where that is there before anybody has asked after the first.
  const stranger = spawn('sleep', ['60'], { ...account })
  writeFileSync(path.join(folder, 'resident'), `${stranger.pid}\n`)
  const orphan = compile()
  const requests = () => readdirSync(folder).filter((name) => name.endsWith('.request'))
  await expect.poll(requests, { interval: 5 }).toHaveLength(1)
  const file = path.join(folder, String(requests()[0]))
  renameSync(file, file.replace('.request', '.taken'))
  const other = spawn(process.execPath, [bundle, '--serve', folder], {
    ...account,
    cwd: '/',
    stdio: ['pipe', 'ignore', 'inherit'],
  })
  expect(await orphan).toBe(true)
  stranger.kill()
  await expect.poll(() => readdirSync(folder)).toEqual(['resident'])
  const ended = once(other, 'exit')
  other.stdin?.end()
  await ended
  expect(readdirSync(folder)).toEqual([])
})

test('a resident program may take its time over what it has taken; what it leaves behind is compiled', async () => {
  const folder = path.join(root, "someone's")
  mkdirSync(folder)
  chmodSync(folder, 0o777)
  await database.client.query(
    compileFunction({ node: process.execPath, bundle: path.join(root, 'echo host.cjs'), folder }),
  )
  const [alive, dead] = ['60', '0'].map((seconds) =>
    spawn('sleep', [seconds], { ...serverAccount(undefined) }),
  )
  if (dead) await once(dead, 'exit')
  const compile = async (pid: number | undefined, timeout = '0') => {
    writeFileSync(path.join(folder, 'resident'), `${pid}\n`)
    const client = await database.connect()
    await client.query(`SET statement_timeout = '${timeout}'`)
    const answer = client.query(COMPILE, ['{"large": 1}', 'got'])
    answer.catch(() => {})
    const requests = () => readdirSync(folder).filter((name) => name.endsWith('.request'))
    await expect.poll(requests, { interval: 5 }).toHaveLength(1)
    const file = path.join(folder, String(requests()[0]))
    renameSync(file, file.replace('.request', '.taken'))
    return answer
  }
  await expect(compile(alive?.pid, '1s')).rejects.toMatchObject({ code: '57014' })
  expect(readdirSync(folder)).toEqual(['resident'])
  expect((await compile(dead?.pid)).rows).toEqual([{ same: true }])
  expect(readdirSync(folder)).toEqual(['resident'])
  alive?.kill()
})
