import { expect, test } from 'vitest'
import { backendPid, create, outcome, refresh, scenes, untilWaiting } from '../concurrency/scene.ts'

const scene = scenes()

test('a refresh that is under way is seen by others, with what it waits for', async () => {
  const { client, open } = await scene('CREATE TABLE t (id int PRIMARY KEY, v int)')
  await create(client, 'st', 'SELECT id, v FROM t')
  const [blocker, other] = await Promise.all([open(), open()])
  await client.query('INSERT INTO t VALUES (1, 1)')
  await blocker.query('BEGIN; LOCK TABLE st IN SHARE MODE')
  const refreshing = refresh(other, 'st')
  await untilWaiting(client, other)
  const { rows } = await client.query(
    `SELECT pid, relname, action, elapsed_ms > 0 AS runs, buffered_bytes > 0 AS has_changes, wait_event_type, blocked_by
     FROM pgstream.pg_stat_progress_refresh WHERE relid = 'st'::regclass`,
  )
  expect(rows).toEqual([
    {
      pid: backendPid(other),
      relname: 'st',
      action: 'DIFFERENTIAL',
      runs: true,
      has_changes: true,
      wait_event_type: 'Lock',
      blocked_by: [backendPid(blocker)],
    },
  ])
  expect((await client.query('SELECT pgstream.drain(0) AS drained')).rows).toEqual([{ drained: false }])
  const draining = client.query('SELECT pgstream.drain(30) AS drained')
  await blocker.query('COMMIT')
  expect(await refreshing).toBe('DIFFERENTIAL')
  expect((await draining).rows).toEqual([{ drained: true }])
  expect((await client.query('SELECT FROM pgstream.pg_stat_progress_refresh')).rowCount).toBe(0)
})

test('of a group each member counts from its own beginning, and one that is done says so', async () => {
  const { client, open, schema } = await scene('CREATE TABLE t (id int PRIMARY KEY, v int)')
  await create(client, 'a', 'SELECT id, v FROM t', { schedule: 'calculated' })
  await create(client, 'b', 'SELECT id, v + 1 AS v FROM t', { schedule: 'calculated' })
  await create(client, 'c', 'SELECT a.id, a.v + b.v AS v FROM a JOIN b USING (id)')
  const [blocker, other, second] = await Promise.all([open(), open(), open()])
  await client.query('INSERT INTO t VALUES (1, 1)')
  await blocker.query('BEGIN; LOCK TABLE a IN SHARE MODE')
  await second.query('BEGIN; LOCK TABLE b IN SHARE MODE')
  const refreshing = refresh(other, 'c')
  await untilWaiting(client, other)
  await client.query('SELECT pg_sleep(0.2)')
  await blocker.query('COMMIT')
  const progress = async () =>
    (
      await client.query(
        `SELECT relname, percent, elapsed_ms, wait_event_type FROM pgstream.pg_stat_progress_refresh WHERE schemaname = $1 ORDER BY 1`,
        [schema],
      )
    ).rows
  await expect.poll(async () => (await progress()).length).toBe(2)
  await untilWaiting(client, other)
  const [one, two] = await progress()
  expect(one).toEqual({ relname: 'a', percent: 100, elapsed_ms: null, wait_event_type: null })
  expect(two).toMatchObject({ relname: 'b', wait_event_type: 'Lock' })
  const { rows } = await client.query(
    `SELECT p.elapsed_ms < extract(epoch FROM clock_timestamp() - x.xact_start) * 1000 - 199 AS is_its_own
     FROM pgstream.pg_stat_progress_refresh p JOIN pg_stat_activity x USING (pid) WHERE p.schemaname = $1 AND p.relname = 'b'`,
    [schema],
  )
  expect(rows).toEqual([{ is_its_own: true }])
  await second.query('COMMIT')
  expect(await refreshing).toBe('DIFFERENTIAL')
  expect(await progress()).toEqual([])
})

test('what is computed anew shows how far it should be', async () => {
  const { client, open } = await scene('CREATE TABLE t (id int PRIMARY KEY, v int)')
  await create(client, 'st', 'SELECT id, v FROM t', { mode: 'FULL' })
  const [blocker, other] = await Promise.all([open(), open()])
  await client.query('INSERT INTO t VALUES (1, 1)')
  await blocker.query('BEGIN; LOCK TABLE st IN SHARE MODE')
  const refreshing = refresh(other, 'st')
  await untilWaiting(client, other)
  const { rows } = await client.query(
    `SELECT action, expected_ms > 0 AS is_expected, percent BETWEEN 0 AND 99 AS has_percent
     FROM pgstream.pg_stat_progress_refresh WHERE relid = 'st'::regclass`,
  )
  expect(rows).toEqual([{ action: 'FULL', is_expected: true, has_percent: true }])
  await blocker.query('COMMIT')
  await refreshing
})

test('many changes, of which nothing was measured, are not expected to take longer than everything anew', async () => {
  const { client, open, schema } = await scene('CREATE TABLE t (id int PRIMARY KEY, v int)')
  await create(client, 'st', 'SELECT id, v FROM t WHERE id < 300')
  await client.query('UPDATE pgstream.frontiers SET full_ms = 7')
  await client.query('INSERT INTO t SELECT i, i FROM generate_series(1, 50000) AS i')
  const [blocker, other] = await Promise.all([open(), open()])
  await blocker.query('BEGIN; LOCK TABLE st IN SHARE MODE')
  const refreshing = refresh(other, 'st')
  await untilWaiting(client, other)
  const { rows } = await client.query(
    `SELECT action, pending_rows > 1000 AS are_many, expected_ms FROM pgstream.pg_stat_progress_refresh WHERE schemaname = '${schema}'`,
  )
  expect(rows).toEqual([{ action: 'DIFFERENTIAL', are_many: true, expected_ms: 7 }])
  await blocker.query('COMMIT')
  await refreshing
})

test('a new schedule is shown at once, before a scheduler has seen it', async () => {
  const { client, schema } = await scene('CREATE TABLE t (id int PRIMARY KEY, v int)')
  await create(client, 'st', 'SELECT id, v FROM t', { schedule: '5s' })
  await client.query('CALL pgstream.run_scheduler()')
  await client.query(`SELECT pgstream.alter_stream_table('st', schedule => '1s')`)
  const { rows } = await client.query(
    `SELECT bound_seconds FROM pgstream.stream_tables_info WHERE pgs_schema = '${schema}'`,
  )
  expect(rows).toEqual([{ bound_seconds: 1 }])
})

test('drain waits for a refresh that has yet to begin with its first member, and for a prepared one', async () => {
  const { client, open } = await scene('CREATE TABLE t (id int PRIMARY KEY, v int)')
  await create(client, 'a', 'SELECT id, v FROM t', { schedule: 'calculated' })
  await create(client, 'b', 'SELECT id, v + 1 AS v FROM t', { schedule: 'calculated' })
  await create(client, 'd', 'SELECT id, a.v AS v0, b.v AS v1 FROM a JOIN b USING (id)')
  const [blocker, other] = await Promise.all([open(), open()])
  const drained = async (seconds: number) =>
    (await client.query('SELECT pgstream.drain($1) AS drained', [seconds])).rows[0].drained
  expect(await drained(30)).toBe(true)
  await client.query('INSERT INTO t VALUES (1, 1)')
  await blocker.query('BEGIN; LOCK TABLE b')
  await other.query('BEGIN ISOLATION LEVEL REPEATABLE READ')
  const refreshing = refresh(other, 'd')
  await untilWaiting(client, other)
  expect(await drained(0)).toBe(false)
  await blocker.query('COMMIT')
  expect(await refreshing).toBe('DIFFERENTIAL')
  await other.query(`PREPARE TRANSACTION 'refreshed'`)
  expect(await drained(0)).toBe(false)
  await other.query(`COMMIT PREPARED 'refreshed'`)
  expect(await drained(30)).toBe(true)
})

test('drain: wrong input', async () => {
  const { client } = await scene()
  expect(await outcome(client.query('SELECT pgstream.drain(-1)'))).toBe('22023')
  expect(await outcome(client.query('SELECT pgstream.drain(NULL)'))).toBe('22023')
})

test('no more callers of the scheduler refresh at once than the setting says', async () => {
  const { client, open } = await scene(
    'CREATE TABLE t (id int PRIMARY KEY); CREATE TABLE u (id int PRIMARY KEY)',
  )
  await create(client, 'st', 'SELECT id FROM t', { schedule: '1s' })
  await create(client, 'su', 'SELECT id FROM u', { schedule: '1s' })
  const [blocker, first, second] = await Promise.all([open(), open(), open()])
  for (const each of [first, second]) await each.query('SET pg_stream.max_concurrent_refreshes = 1')
  await client.query('INSERT INTO t VALUES (1)')
  await blocker.query('BEGIN; LOCK TABLE st IN SHARE MODE')
  const running = first.query('CALL pgstream.run_scheduler()')
  await untilWaiting(client, first)
  await client.query('INSERT INTO u VALUES (1)')
  await second.query('CALL pgstream.run_scheduler()')
  expect((await client.query('TABLE su')).rows).toEqual([])
  await second.query('SET pg_stream.max_concurrent_refreshes = 2')
  await second.query('CALL pgstream.run_scheduler()')
  expect((await client.query('TABLE su')).rows).toEqual([{ id: 1 }])
  await blocker.query('COMMIT')
  await running
})

test('bounds in milliseconds, where the setting allows them', async () => {
  const { client } = await scene('CREATE TABLE t (id int PRIMARY KEY)')
  const make = (name: string, schedule: string) =>
    outcome(client.query(`SELECT pgstream.create_stream_table($1, 'SELECT id FROM t', $2)`, [name, schedule]))
  expect(await make('a', '200ms')).toBe('22023')
  await client.query('SET pg_stream.min_schedule_seconds = 0.1')
  expect(await make('a', '200ms')).toBe('ok')
  expect(await make('b', '1s500ms')).toBe('ok')
  expect(await make('c', '50ms')).toBe('22023')
  expect(await make('c', '200ms1s')).toBe('22023')
  expect(
    (
      await client.query(
        'SELECT schedule_seconds AS s FROM pgstream.pgs_stream_tables WHERE pgs_schema = current_schema() ORDER BY pgs_name',
      )
    ).rows,
  ).toEqual([{ s: 0.2 }, { s: 1.5 }])
  await client.query(`INSERT INTO t VALUES (1)`)
  await client.query('CALL pgstream.run_scheduler()')
  expect((await client.query('TABLE a')).rows).toEqual([{ id: 1 }])
})
