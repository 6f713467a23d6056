import type pg from 'pg'
import { expect, test } from 'vitest'
import { create, outcome, refresh, scenes } from '../concurrency/scene.ts'
import { expectExact } from '../oracle/oracle.ts'

/** A person's refresh that several groups below need, each over a table of its own. */
const scene = scenes()

const TABLES = `CREATE TABLE t (id int PRIMARY KEY, g int, v int);
  CREATE TABLE u (id int PRIMARY KEY, g int, v int);
  INSERT INTO t SELECT i, i % 5, i FROM generate_series(1, 50) AS i;
  INSERT INTO u SELECT i, i % 5, i FROM generate_series(1, 50) AS i`
const NAMES = ['t_sum', 't_max', 't_both', 'u_sum', 'u_max', 'u_both', 'report']

/** Two diamonds, and one that reads them both. */
async function twoGroups(client: pg.Client, mode?: string) {
  for (const table of ['t', 'u']) {
    await create(client, `${table}_sum`, `SELECT g, sum(v) AS v FROM ${table} GROUP BY g`, { mode })
    await create(client, `${table}_max`, `SELECT g, max(v) AS v FROM ${table} GROUP BY g`)
    await create(
      client,
      `${table}_both`,
      `SELECT s.g, s.v, m.v AS w FROM ${table}_sum AS s JOIN ${table}_max AS m ON m.g = s.g`,
    )
  }
  await create(
    client,
    'report',
    'SELECT t_both.g, t_both.v, u_both.w FROM t_both JOIN u_both ON u_both.g = t_both.g',
  )
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

test('writers of what several recomputed groups read meet their refresh in no deadlock', async () => {
  const { client, open } = await scene(TABLES)
  await twoGroups(client, 'FULL')
  const [writer, person] = await Promise.all([open(), open()])
  for (const ms of [50, 250, 450]) {
    await writer.query('BEGIN; UPDATE u SET v = v + 1 WHERE id = 1')
    const refreshing = outcome(refresh(person, 'report'))
    await pause(ms)
    expect(await outcome(writer.query('UPDATE t SET v = v + 1 WHERE id = 1'))).toBe('ok')
    await writer.query('COMMIT')
    expect(await refreshing).toBe('ok')
  }
  for (const name of NAMES) await expectExact(client, name)
})

test.each([
  ['that are recomputed', 'FULL'],
  ['that are written faster than they are refreshed', 'DIFFERENTIAL'],
])('of several groups %s no writer waits behind a long one of another table', async (_, mode) => {
  const { client, open } = await scene(TABLES)
  await twoGroups(client, mode)
  const [long, person, ...writers] = await Promise.all([open(), open(), open(), open()])
  await long.query('BEGIN; INSERT INTO u VALUES (100, 1, 7)')
  let isWriting = true
  let written = 0
  const writing = Promise.all(
    writers.map(async (writer, w) => {
      for (let i = 0; isWriting; i++) {
        await writer.query(`INSERT INTO ${w === 0 ? 't' : 'u'} VALUES (${1_000 + i}, ${i % 5}, 1)`)
        if (w === 0) written += 1
      }
    }),
  )
  const refreshing = outcome(refresh(person, 'report'))
  await pause(2_500)
  const before = written
  // Longer than the refresh waits at a time.
  await pause(2_500)
  expect(written).toBeGreaterThan(before)
  isWriting = false
  await long.query('COMMIT')
  await writing
  expect(await refreshing).toBe('ok')
  for (const name of NAMES) await expectExact(client, name)
})

test('a definition that joins a recomputed group keeps nobody waiting behind the writers of that', async () => {
  const { client, open } = await scene(TABLES)
  const member = (who: pg.Client, name: string, table: string, mode: string) =>
    who.query(`SELECT pgstream.create_stream_table('${name}', 'SELECT g, sum(v) AS v FROM ${table} GROUP BY g', '1h', '${mode}',
      consistency_group => 'one')`)
  await member(client, 'a', 't', 'FULL')
  const [long, writer, person] = await Promise.all([open(), open(), open()])
  await long.query('BEGIN; INSERT INTO t VALUES (100, 1, 7)')
  const creating = outcome(member(person, 'b', 'u', 'AUTO'))
  await pause(300)
  // Behind the definition's capture of it.
  expect(await outcome(writer.query(`SET statement_timeout = '10s'; UPDATE u SET v = v + 1`))).toBe('ok')
  expect(await creating).toBe('ok')
  await long.query('COMMIT')
  await client.query('CALL pgstream.run_scheduler()')
  const { rows } = await client.query(
    `SELECT count(DISTINCT data_timestamp)::int AS moments FROM pgstream.stream_tables_info WHERE pgs_schema = current_schema()`,
  )
  expect(rows).toEqual([{ moments: 1 }])
  for (const name of ['a', 'b']) await expectExact(client, name)
})

test('a repair waits for no writer of the group while it holds others off', async () => {
  const { client, open } = await scene(TABLES)
  await create(client, 'a', 'SELECT g, sum(v) AS v FROM u GROUP BY g')
  await create(client, 'b', 'SELECT g, max(u.v) AS w FROM u JOIN t USING (id, g) GROUP BY g', {
    mode: 'FULL',
  })
  await create(client, 'c', 'SELECT g, v, w FROM a JOIN b USING (g)')
  const [person, ...writers] = await Promise.all(Array.from({ length: 9 }, () => open()))
  for (const [i, writer] of writers.entries())
    await writer.query(`BEGIN; INSERT INTO t VALUES (${100 + i}, 1, 7)`)
  const repaired = outcome(person?.query(`SELECT pgstream.repair_stream_table('a')`) ?? Promise.reject())
  // Each looks for a deadlock a second after it began to wait.
  const written = writers.map(async (writer, i) => {
    await pause(100 + 100 * i)
    const done = await outcome(writer.query(`INSERT INTO u VALUES (${100 + i}, 1, 7)`))
    await writer.query('COMMIT')
    return done
  })
  expect(await Promise.all(written)).toEqual(writers.map(() => 'ok'))
  expect(await repaired).toBe('ok')
  await client.query('CALL pgstream.run_scheduler()')
  for (const name of ['a', 'b', 'c']) await expectExact(client, name)
})
