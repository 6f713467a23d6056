import { readFileSync } from 'node:fs'
import { PGlite } from '@electric-sql/pglite'
import { expect, test } from 'vitest'
import { freshPGlite } from '../support/pglite.ts'

test('a stream table in PGlite, made, refreshed and dropped', async () => {
  const db = await freshPGlite()
  await db.exec('CREATE TABLE t (a int PRIMARY KEY, b int)')
  await db.query(
    `SELECT pgstream.create_stream_table('s', 'SELECT b, count(*) AS n FROM t GROUP BY b', '1s')`,
  )
  await db.exec('INSERT INTO t SELECT i, i % 2 FROM generate_series(1, 10) i')
  await db.query(`SELECT pgstream.refresh_stream_table('s')`)
  const { rows } = await db.query('SELECT b, n::int FROM s ORDER BY b')
  expect(rows).toEqual([
    { b: 0, n: 5 },
    { b: 1, n: 5 },
  ])
  expect((await db.query(`SELECT * FROM pgstream.verify_stream_table('s')`)).rows).toEqual([])
  await db.query(`SELECT pgstream.drop_stream_table('s')`)
  await db.close()
})

test('a request longer than any buffer, and a refusal', async () => {
  const db = await freshPGlite()
  const long = 'x€'.repeat(100_000)
  const { rows } = await db.query<{ reply: { error: { sqlstate: string } } }>(
    'SELECT pgstream._compile($1) AS reply',
    [{ tree: long }],
  )
  expect(rows[0]?.reply.error.sqlstate).toBe('XX000')
  await db.close()
})

test('opens again with what it had, and tick refreshes what is due', async () => {
  const first = await freshPGlite()
  await first.exec('CREATE TABLE t (a int)')
  await first.query(`SELECT pgstream.create_stream_table('s', 'SELECT a FROM t WHERE a > 0', '1s')`)
  const saved = await first.dumpDataDir('none')
  await first.close()
  const db = await freshPGlite({ loadDataDir: saved })
  await db.exec('INSERT INTO t VALUES (1), (-1)')
  await db.pgStream.tick()
  expect((await db.query('TABLE s')).rows).toEqual([{ a: 1 }])
  await db.close()
})

test('opened without the extension, it says that nothing can compile; what is there is refreshed', async () => {
  const first = await freshPGlite()
  await first.exec('CREATE TABLE t (a int)')
  await first.query(`SELECT pgstream.create_stream_table('s', 'SELECT a FROM t WHERE a > 0', '1s')`)
  const saved = await first.dumpDataDir('none')
  await first.close()
  const db = await PGlite.create({ loadDataDir: saved })
  for (let n = 0; n < 2; n++)
    await expect(
      db.query(`SELECT pgstream.create_stream_table('z', 'SELECT a FROM t', '1s')`),
    ).rejects.toMatchObject({
      code: '55000',
      message: 'nothing here can compile a stream table',
      hint: expect.stringContaining('extensions: { pgStream }'),
    })
  await db.exec('INSERT INTO t VALUES (1), (-1)')
  await db.query(`SELECT pgstream.refresh_stream_table('s')`)
  expect((await db.query('TABLE s')).rows).toEqual([{ a: 1 }])
  await db.close()
})

test('the bundle imports nothing', () => {
  expect(readFileSync('dist/pglite.js', 'utf8')).not.toMatch(/^import|require\(/m)
})
