import type pg from 'pg'
import { expect, test } from 'vitest'
import { expectExact } from '../oracle/oracle.ts'
import { create, refresh, scenes, untilWaiting } from './scene.ts'

// data_timestamp never says a moment that the content does not show: not even to, or after, a transaction whose snapshot is
// older than the clock.

const scene = scenes()

const one = async (client: pg.Client, query: string) => (await client.query(query)).rows[0]

/** The server's clock, between what came before and what comes after. */
const clock = async (client: pg.Client) =>
  (await one(client, 'SELECT pg_sleep(0.01), clock_timestamp()::text AS now')).now

const dated = (client: pg.Client, name: string, after: string) =>
  one(
    client,
    `SELECT i.data_timestamp > '${after}' AS shown, f.data_timestamp > '${after}' AS kept, f.checked_at > '${after}' AS checked
     FROM pgstream.stream_tables_info i JOIN pgstream.frontiers f USING (pgs_id) WHERE i.pgs_relid = '${name}'::regclass`,
  )

test('a REPEATABLE READ refresh dates by its snapshot, not by the clock', async () => {
  const { client, open } = await scene('CREATE TABLE t (id int PRIMARY KEY)')
  await create(client, 'alone', 'SELECT id FROM t')
  await create(client, 'below', 'SELECT id AS a FROM t')
  await create(client, 'above', 'SELECT a FROM below')
  await create(client, 'beside', 'SELECT a + 1 AS b FROM below')
  await create(client, 'top', 'SELECT a FROM above JOIN beside ON a = b')
  for (const name of ['alone', 'above', 'top']) {
    const reader = await open()
    await reader.query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1')
    const snapshot = await clock(client)
    await client.query(`INSERT INTO t SELECT coalesce(max(id), 0) + 1 FROM t`)
    await reader.query(`INSERT INTO t SELECT coalesce(max(id), 0) + 1000 FROM t`)
    await refresh(reader, name)
    expect(await dated(reader, name, snapshot), name).toEqual({ shown: false, kept: false, checked: false })
    await reader.query('COMMIT')
    expect(await dated(client, name, snapshot), name).toEqual({ shown: false, kept: false, checked: false })
    const { stale } = await one(
      client,
      `SELECT pgstream.refresh_if_stale('${name}', clock_timestamp() - '${snapshot}') AS stale`,
    )
    expect(stale, name).toBe(true)
    await expectExact(client, name)
  }
  const { wrong } = await one(
    client,
    'SELECT count(*)::int AS wrong FROM pgstream.pgs_refresh_history WHERE end_time < start_time OR start_time < data_timestamp',
  )
  expect(wrong).toBe(0)
})

test('a group that the scheduler had to wait for is of its snapshot, not of the end of the waiting', async () => {
  const { client, open } = await scene('CREATE TABLE t (id int PRIMARY KEY, g int)')
  await create(client, 'a', 'SELECT g, count(*) AS n FROM t GROUP BY g', { schedule: 'calculated' })
  await create(client, 'b', 'SELECT g, max(id) AS m FROM t GROUP BY g', { schedule: 'calculated' })
  await create(client, 'd', 'SELECT g, n, m FROM a JOIN b USING (g)', { schedule: '1s' })
  await client.query('CALL pgstream.run_scheduler()')
  // With the patience of a fourth try.
  await client.query('INSERT INTO t VALUES (1, 1), (2, 1); UPDATE pgstream.frontiers SET skips = 3')
  const holder = await open()
  await holder.query('BEGIN')
  await holder.query(`SELECT FROM pgstream.frontiers f JOIN pgstream.pgs_stream_tables s USING (pgs_id)
    WHERE s.pgs_relid = 'd'::regclass FOR UPDATE OF f`)
  const worker = await open()
  const running = worker.query('CALL pgstream.run_scheduler()')
  await untilWaiting(client, worker)
  const snapshot = await clock(client)
  await client.query('INSERT INTO t VALUES (3, 1)')
  await holder.query('ROLLBACK')
  await running
  const { rows } = await client.query('SELECT n::int AS n FROM d')
  // It may have tried again at a later snapshot; then it shows what came.
  const at = await one(
    client,
    `SELECT data_timestamp > '${snapshot}' AS later FROM pgstream.frontiers f JOIN pgstream.pgs_stream_tables s USING (pgs_id)
     WHERE s.pgs_relid = 'd'::regclass`,
  )
  if (rows[0]?.n === 2) expect(at.later).toBe(false)
  else expect(rows).toEqual([{ n: 3 }])
})

test('a REPEATABLE READ reader is told of the moment that it sees', async () => {
  const { client, open } = await scene('CREATE TABLE t (id int PRIMARY KEY)')
  await create(client, 'st', 'SELECT id FROM t', { schedule: '1s' })
  await client.query('CALL pgstream.run_scheduler()')
  const reader = await open()
  await reader.query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1')
  const snapshot = await clock(client)
  // To the reader it shows no more than at its snapshot, whatever has come and gone since.
  expect((await dated(reader, 'st', snapshot)).shown).toBe(false)
  await client.query('INSERT INTO t VALUES (1)')
  expect((await dated(reader, 'st', snapshot)).shown).toBe(false)
  await client.query('CALL pgstream.run_scheduler()')
  expect((await dated(reader, 'st', snapshot)).shown).toBe(false)
  expect((await reader.query('TABLE st')).rows).toEqual([])
  expect((await dated(client, 'st', snapshot)).shown).toBe(true)
})
