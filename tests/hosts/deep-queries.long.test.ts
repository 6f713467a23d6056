import { Worker } from 'node:worker_threads'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { expectExact } from '../oracle/oracle.ts'
import { type FreshDatabase, freshDatabase } from '../support/server.ts'

let db: FreshDatabase

beforeAll(async () => {
  db = await freshDatabase()
  await db.client.query('CREATE TABLE t (id int PRIMARY KEY, v int); INSERT INTO t VALUES (1, 1), (2, 2)')
})
afterAll(() => db.close())

const CHAIN = `SELECT id, ${Array(2000).fill('v').join(' + ')} AS x FROM t`

test('a chain of operators for which the stack of the compiler is too small: it gets a larger one', async () => {
  const modes = { auto: 'AUTO', anew: 'FULL', maintained: 'DIFFERENTIAL' }
  for (const [name, mode] of Object.entries(modes))
    await db.client.query('SELECT pgstream.create_stream_table($1, $2, $3, $4)', [name, CHAIN, '1h', mode])
  await db.client.query('UPDATE t SET v = v + 1 WHERE id = 1')
  expect(await expectExact(db.client, 'auto')).toBe('DIFFERENTIAL')
  expect(await expectExact(db.client, 'anew')).toBe('FULL')
  expect(await expectExact(db.client, 'maintained')).toBe('DIFFERENTIAL')
})

/** What the compiler says in a thread with so much stack. */
function compiled(request: object, stackSizeMb: number): Promise<unknown> {
  const program = `const { workerData, parentPort } = require('node:worker_threads')
    import(workerData.url).then(({ compile }) => {
      try {
        const { strategy, reasons } = compile(workerData.request)
        parentPort.postMessage({ strategy, reasons })
      } catch ({ sqlstate, message, hint }) {
        parentPort.postMessage({ sqlstate, message, hint })
      }
    })`
  return new Promise((resolve, reject) => {
    const workerData = { url: new URL('../../dist/compiler.js', import.meta.url).href, request }
    new Worker(program, { eval: true, workerData, resourceLimits: { stackSizeMb } })
      .on('message', resolve)
      .on('error', reject)
  })
}

test('where there is no larger one it is refused by name', async () => {
  const { rows } = await db.client.query(
    `SELECT pgstream._stored_request(pgs_id, 'AUTO') AS request FROM pgstream.pgs_stream_tables WHERE pgs_name = 'auto'`,
  )
  const { request } = rows[0]
  for (const mode of ['AUTO', 'FULL', 'DIFFERENTIAL'])
    expect(await compiled({ ...request, mode }, 1)).toEqual({
      sqlstate: '54001',
      message: 'the query is nested too deeply',
      hint: expect.stringContaining('fewer levels'),
    })
  expect(await compiled(request, 64)).toEqual({ strategy: 'DIFFERENTIAL', reasons: [] })
})
