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

test.each([
  ['filled', (client: pg.Client) => create(client, 'above', 'SELECT id, held(id) AS a FROM below')],
  [
    'given another query',
    (client: pg.Client) =>
      client.query(
        `SELECT pgstream.alter_stream_table('above', query => 'SELECT id, held(id) + 1 AS a FROM below')`,
      ),
  ],
])('what moves below one while it is %s is not shown by it', async (how, act) => {
  const { client, open, schema } = await scene(`CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1);
    CREATE FUNCTION held(id int) RETURNS int IMMUTABLE LANGUAGE plpgsql
      AS 'BEGIN PERFORM pg_advisory_xact_lock_shared(4711); RETURN id; END'`)
  await create(client, 'below', 'SELECT id FROM t')
  // So that capture of it is there: to begin one waits for its writers, and keeps them waiting.
  await create(client, 'beside', 'SELECT id FROM below')
  if (how !== 'filled') await create(client, 'above', `SELECT id, ${schema}.held(id) AS a FROM below`)
  await client.query('INSERT INTO t VALUES (2)')
  await refresh(client, 'below')
  await client.query('SELECT pg_advisory_lock(4711)')
  const person = await open()
  const acting = act(person)
  await untilWaiting(client, person)
  await client.query('INSERT INTO t VALUES (3)')
  const later = await clock(client)
  await refresh(client, 'below')
  await client.query('SELECT pg_advisory_unlock(4711)')
  await acting
  expect((await client.query('SELECT id FROM above ORDER BY id')).rows).toEqual([{ id: 1 }, { id: 2 }])
  expect(await dated(client, 'above', later)).toEqual({ shown: false, kept: false, checked: false })
  await refresh(client, 'above')
  expect(await dated(client, 'above', later)).toEqual({ shown: true, kept: true, checked: true })
  await expectExact(client, 'above')
})

test('who joins a declared group alone is not dated anew', async () => {
  const { client } = await scene('CREATE TABLE t (id int PRIMARY KEY)')
  await create(client, 'below', 'SELECT id FROM t')
  await create(client, 'above', 'SELECT id FROM below')
  await client.query('INSERT INTO t VALUES (1)')
  const later = await clock(client)
  await refresh(client, 'below')
  await client.query(`SELECT pgstream.alter_stream_table('above', consistency_group => 'alone')`)
  expect((await client.query('SELECT id FROM above')).rows).toEqual([])
  expect(await dated(client, 'above', later)).toEqual({ shown: false, kept: false, checked: false })
})

test('what reads one that is not filled yet is of no moment, until it shows what that one does', async () => {
  const { client } = await scene('CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1)')
  const known = async () => {
    const { rows } = await client.query(
      `SELECT string_agg(pgs_name, ' ' ORDER BY pgs_name) AS names FROM pgstream.stream_tables_info
       WHERE pgs_schema = current_schema() AND data_timestamp IS NOT NULL`,
    )
    return rows[0].names
  }
  await create(client, 'below', 'SELECT id FROM t', { initialize: false })
  await create(client, 'above', 'SELECT id FROM below')
  await create(client, 'beside', 'SELECT id FROM t')
  await create(client, 'high', 'SELECT id FROM above')
  expect(await known()).toBe('beside')
  await refresh(client, 'below')
  expect(await known()).toBe('below beside')
  const { stale } = await one(client, `SELECT pgstream.refresh_if_stale('above', '1 hour') AS stale`)
  expect(stale).toBe(true)
  expect(await known()).toBe('above below beside')
  expect((await client.query('SELECT id FROM above')).rows).toEqual([{ id: 1 }])
  await refresh(client, 'high')
  expect(await known()).toBe('above below beside high')
  await expectExact(client, 'high')
})

test('a member that is not filled yet has no moment, whatever the others of its group show', async () => {
  const { client } = await scene('CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1)')
  await create(client, 'a', 'SELECT id FROM t')
  await create(client, 'd', 'SELECT a.id FROM a JOIN t USING (id)', { initialize: false })
  const at = async () =>
    Object.fromEntries(
      (
        await client.query(
          `SELECT pgs_name AS name, data_timestamp IS NOT NULL AS known FROM pgstream.stream_tables_info WHERE pgs_schema = current_schema()`,
        )
      ).rows.map(({ name, known }) => [name, known]),
    )
  await client.query('SELECT pgstream._follow_graph()')
  expect(await at()).toEqual({ a: true, d: false })
  await client.query('CALL pgstream.run_scheduler()')
  expect(await at()).toEqual({ a: true, d: true })
})

test('what catches up while somebody looks dates nothing above it', async () => {
  const { client } = await scene('CREATE TABLE t (id int PRIMARY KEY)')
  await create(client, 'below', 'SELECT id AS a FROM t', { schedule: 'calculated' })
  await create(client, 'above', 'SELECT a FROM below', { schedule: '1s' })
  await client.query('CALL pgstream.run_scheduler()')
  // Nobody has looked for long; and who looks finds the one below behind.
  await client.query(`UPDATE pgstream._scheduler SET looked_at = looked_at - interval '1 minute'`)
  const before = await clock(client)
  await client.query('INSERT INTO t VALUES (1)')
  const looking = await clock(client)
  const { lagging } = await one(
    client,
    'SELECT array_agg(pgs_id)::text AS lagging FROM pgstream._wanting() WHERE unmoved IS NOT TRUE',
  )
  await refresh(client, 'below')
  await client.query(`SELECT pgstream._note_standing('${looking}', '${lagging}')`)
  expect((await dated(client, 'below', looking)).shown).toBe(true)
  expect((await dated(client, 'above', before)).shown).toBe(false)
  await refresh(client, 'above')
  expect((await dated(client, 'above', looking)).shown).toBe(true)
})

test.each(['by the scheduler', 'by hand'])(
  'what was refreshed without a suspended member of its group, %s, shows what that one showed',
  async (how) => {
    const { client } = await scene('CREATE TABLE t (id int PRIMARY KEY, g int); INSERT INTO t VALUES (1, 1)')
    await create(client, 'a', 'SELECT g, count(*) AS n FROM t GROUP BY g', { schedule: 'calculated' })
    await create(client, 'b', 'SELECT g, max(id) AS m FROM t GROUP BY g', { schedule: 'calculated' })
    await create(client, 'd', 'SELECT g, n, m FROM a JOIN b USING (g)', { schedule: '1s' })
    await client.query('CALL pgstream.run_scheduler()')
    await client.query(`SELECT pgstream.alter_stream_table('a', status => 'SUSPENDED')`)
    const before = await clock(client)
    await client.query('INSERT INTO t VALUES (2, 1)')
    await clock(client)
    if (how === 'by hand') await refresh(client, 'd')
    else await client.query('CALL pgstream.run_scheduler()')
    expect(await one(client, 'SELECT n::int AS n, m FROM d')).toEqual({ n: 1, m: 2 })
    // The one goes on without the other now.
    await client.query(`SELECT pgstream.alter_stream_table('d', status => 'SUSPENDED')`)
    await client.query(`SELECT pgstream.alter_stream_table('a', status => 'ACTIVE')`)
    await refresh(client, 'a')
    expect((await dated(client, 'd', before)).shown).toBe(false)
    await client.query(`SELECT pgstream.alter_stream_table('d', status => 'ACTIVE')`)
    await client.query('CALL pgstream.run_scheduler()')
    for (const name of ['a', 'b', 'd']) {
      await expectExact(client, name)
      expect((await dated(client, name, before)).shown).toBe(true)
    }
  },
)
