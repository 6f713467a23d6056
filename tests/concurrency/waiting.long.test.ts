import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import { expect, test } from 'vitest'
import { expectEqual, expectExact } from '../oracle/oracle.ts'
import { backendPid, create, scenes, untilWaiting } from './scene.ts'

const scene = scenes()

async function info(client: Awaited<ReturnType<ReturnType<typeof scenes>>>['client'], name: string) {
  const { rows } = await client.query(
    `SELECT status, consecutive_errors AS errors, last_error, waiting_for FROM pgstream.stream_tables_info
     WHERE pgs_relid = $1::regclass`,
    [name],
  )
  return rows[0]
}

test('stream tables that wait for a lock do not keep the others waiting', async () => {
  const { client, open, schema } = await scene(
    'CREATE TABLE locked (id int PRIMARY KEY); CREATE TABLE free (id int PRIMARY KEY)',
  )
  for (let i = 1; i <= 4; i++)
    await create(client, `blocked${i}`, `SELECT id + ${i} AS id FROM locked`, { schedule: '1s' })
  await create(client, 'passing', 'SELECT id FROM free', { schedule: '1s' })
  const other = await open()
  await other.query('BEGIN; LOCK TABLE locked IN ACCESS EXCLUSIVE MODE')
  // They read the source itself: the content is to be computed anew.
  await client.query(`
    UPDATE pgstream.pgs_stream_tables SET needs_reinit = true WHERE pgs_name LIKE 'blocked%';
    UPDATE pgstream.frontiers SET data_timestamp = now() - interval '1 hour', checked_at = now() - interval '1 hour';
    INSERT INTO free VALUES (1)`)
  await client.query('CALL pgstream.run_scheduler()')
  expect((await client.query('TABLE passing')).rows).toEqual([{ id: 1 }])
  const waiting_for = `waiting for a lock on ${schema}.locked, held by process ${backendPid(other)}`
  for (let i = 1; i <= 4; i++)
    expect(await info(client, `blocked${i}`)).toEqual({
      status: 'ACTIVE',
      errors: 0,
      last_error: null,
      waiting_for,
    })
  const history = `SELECT status, error_message, reason FROM pgstream.get_refresh_history('blocked1', 1)`
  expect((await client.query(history)).rows).toEqual([
    { status: 'SKIPPED', error_message: waiting_for, reason: '55P03' },
  ])

  // Not tried again at once, and later than the others when they are.
  const due = async () =>
    (
      await client.query(
        'SELECT s.pgs_name AS name FROM pgstream._due() WITH ORDINALITY AS d JOIN pgstream.pgs_stream_tables s ON s.pgs_id = d.members[1] ORDER BY ordinality',
      )
    ).rows.map(({ name }) => name)
  await client.query(
    `INSERT INTO free VALUES (2); UPDATE pgstream.frontiers SET retry_at = clock_timestamp() + interval '1 minute' WHERE skips > 0`,
  )
  expect(await due()).toEqual(['passing'])
  await client.query('UPDATE pgstream.frontiers SET retry_at = clock_timestamp() WHERE skips > 0')
  expect((await due())[0]).toBe('passing')

  // The pause grows, and is forgotten when it came through.
  const pause = async () =>
    (
      await client.query(
        `SELECT skips, extract(epoch FROM retry_at - clock_timestamp())::float8 AS seconds FROM pgstream.frontiers f
         JOIN pgstream.pgs_stream_tables s USING (pgs_id) WHERE s.pgs_name = 'blocked1'`,
      )
    ).rows[0]
  for (const skips of [2, 3]) {
    await client.query('UPDATE pgstream.frontiers SET retry_at = clock_timestamp() WHERE skips > 0')
    await client.query(
      `SELECT pgstream._refresh_due(pgs_id) FROM pgstream.pgs_stream_tables WHERE pgs_name = 'blocked1'`,
    )
    const now = await pause()
    expect(now.skips).toBe(skips)
    expect(now.seconds).toBeLessThanOrEqual(2 ** skips)
    expect(now.seconds).toBeGreaterThan(2 ** (skips - 1))
  }
  await other.query('COMMIT')
  await client.query('UPDATE pgstream.frontiers SET retry_at = clock_timestamp() WHERE skips > 0')
  await client.query('CALL pgstream.run_scheduler()')
  for (let i = 1; i <= 4; i++) {
    expect((await info(client, `blocked${i}`)).waiting_for).toBe(null)
    await expectExact(client, `blocked${i}`)
  }
  expect(await pause()).toEqual({ skips: 0, seconds: null })
})

test('a refresh by hand ends the waiting', async () => {
  const { client, open } = await scene('CREATE TABLE s (id int PRIMARY KEY)')
  await create(client, 'st', 'SELECT id FROM s', { schedule: '1s' })
  const other = await open()
  await other.query('BEGIN; LOCK TABLE st IN SHARE MODE')
  await client.query('INSERT INTO s VALUES (1)')
  await client.query('CALL pgstream.run_scheduler()')
  expect((await info(client, 'st')).waiting_for).toContain('.st, held by')
  await other.query('COMMIT')
  await client.query(`SELECT pgstream.refresh_stream_table('st')`)
  expect((await info(client, 'st')).waiting_for).toBe(null)
  expect((await client.query('SELECT skips, retry_at FROM pgstream.frontiers')).rows).toContainEqual({
    skips: 0,
    retry_at: null,
  })
})

/** Who is waited for lets go, in the middle of a long pause: st goes on within a second. */
async function letGo(client: pg.Client, other: pg.Client): Promise<void> {
  await client.query(
    `UPDATE pgstream.frontiers SET retry_at = clock_timestamp() + interval '1 minute' WHERE skips > 0`,
  )
  await other.query('ROLLBACK')
  await sleep(1_000)
  await client.query('CALL pgstream.run_scheduler()')
  expect((await info(client, 'st')).waiting_for).toBe(null)
  await expectEqual(client, 'st')
}

test('who has locked rows of a stream table is named, and not waited for any longer', async () => {
  const { client, open, schema } = await scene('CREATE TABLE s (id int PRIMARY KEY, v int)')
  await create(client, 'st', 'SELECT id, v FROM s', { schedule: '1s' })
  await client.query('INSERT INTO s VALUES (1, 1)')
  await client.query('CALL pgstream.run_scheduler()')
  await client.query('CREATE TABLE referring (id int REFERENCES st (id))')
  const other = await open()
  for (const [lock, change] of [
    ['SELECT FROM st WHERE id = 1 FOR UPDATE', 'UPDATE s SET v = v + 1'],
    ['INSERT INTO referring VALUES (1)', 'DELETE FROM s'],
  ] as const) {
    await other.query(`BEGIN; ${lock}`)
    await client.query(change)
    await client.query('CALL pgstream.run_scheduler()')
    expect((await info(client, 'st')).waiting_for).toBe(
      `waiting for a lock on rows of ${schema}.st, held by process ${backendPid(other)}`,
    )
    await letGo(client, other)
  }
})

test('who has rows locked of what waits for another lock does not make it wait any longer', async () => {
  const { client, open, schema } = await scene('CREATE TABLE s (id int PRIMARY KEY, v int)')
  await create(client, 'st', 'SELECT id, v FROM s', { schedule: '1s' })
  await client.query('INSERT INTO s VALUES (1, 1), (2, 1)')
  await client.query('CALL pgstream.run_scheduler()')
  await client.query('CREATE TABLE referring (id int REFERENCES st (id))')
  const [reader, other] = await Promise.all([open(), open()])
  await reader.query('BEGIN; INSERT INTO referring VALUES (1)')
  await client.query('UPDATE s SET v = v + 1 WHERE id = 2')
  await other.query('BEGIN; LOCK TABLE st IN SHARE MODE')
  await client.query('CALL pgstream.run_scheduler()')
  expect((await info(client, 'st')).waiting_for).toBe(
    `waiting for a lock on ${schema}.st, held by process ${backendPid(other)}`,
  )
  await letGo(client, other)
  await reader.query('ROLLBACK')
})

test('who reads a stream table that was published just now keeps it from a replica identity, and that is said', async () => {
  const { client, open, schema } = await scene('CREATE TABLE s (id int PRIMARY KEY, v int)')
  await create(client, 'st', 'SELECT id, v FROM s', { schedule: '1s' })
  await client.query('INSERT INTO s VALUES (1, 1)')
  await client.query('CALL pgstream.run_scheduler()')
  const reader = await open()
  await reader.query('BEGIN; SELECT FROM st')
  await client.query('CREATE PUBLICATION published FOR TABLE st')
  try {
    await client.query('UPDATE s SET v = 2')
    await client.query('CALL pgstream.run_scheduler()')
    const words = `waiting for those who read ${schema}.st to end: it is published, and needs a replica identity first`
    expect(await info(client, 'st')).toMatchObject({ status: 'ACTIVE', errors: 0, waiting_for: words })
    await expect(client.query(`SELECT pgstream.refresh_stream_table('st')`)).rejects.toMatchObject({
      code: '55P03',
      message: words,
      hint: expect.stringContaining('leave the table out of the publication'),
    })
    await reader.query('COMMIT')
    await client.query('UPDATE pgstream.frontiers SET retry_at = NULL')
    await client.query('CALL pgstream.run_scheduler()')
    expect((await info(client, 'st')).waiting_for).toBe(null)
    await expectEqual(client, 'st')
  } finally {
    await client.query('DROP PUBLICATION published')
  }
})

test('a buffer that is locked does not keep the scheduler from looking, cleaning and watching', async () => {
  const { client, open } = await scene(
    'CREATE TABLE t (id int PRIMARY KEY, v text); CREATE TABLE free (id int PRIMARY KEY)',
  )
  await create(client, 'st', 'SELECT id, v FROM t', { schedule: '1s' })
  await create(client, 'passing', 'SELECT id FROM free', { schedule: '1s' })
  await client.query(
    `INSERT INTO t SELECT i, repeat('x', 1000) FROM generate_series(1, 900) AS i; INSERT INTO free VALUES (1)`,
  )
  const { rows } = await client.query(
    `SELECT buffer::text AS buffer FROM pgstream.pgs_change_tracking WHERE source_relid = 't'::regclass`,
  )
  const other = await open()
  await other.query(`BEGIN; LOCK TABLE ${rows[0].buffer} IN ACCESS EXCLUSIVE MODE`)
  const worker = await open()
  const warnings: (string | undefined)[] = []
  worker.on('notice', ({ message }) => warnings.push(message))
  await worker.query(`UPDATE pgstream._scheduler SET watched_at = '-infinity'`)
  await worker.query(`CALL pgstream.run_scheduler()`)
  expect((await worker.query('TABLE passing')).rows).toEqual([{ id: 1 }])
  expect(warnings).toEqual([])
  await other.query('COMMIT')
  await worker.query('UPDATE pgstream.frontiers SET retry_at = NULL')
  await worker.query(`CALL pgstream.run_scheduler()`)
  await expectExact(client, 'st')
})

test('a prepared transaction that holds the lock is named, with what ends it', async () => {
  const { client, db, schema } = await scene('CREATE TABLE s (id int PRIMARY KEY)')
  await create(client, 'st', 'SELECT id FROM s', { schedule: '1s' })
  const gid = `it's ${db.name}`.replace("'", "''")
  await client.query('INSERT INTO s VALUES (1)')
  await client.query(`BEGIN; LOCK TABLE st IN SHARE MODE; PREPARE TRANSACTION '${gid}'`)
  await client.query('CALL pgstream.run_scheduler()')
  const waiting_for = `waiting for a lock on ${schema}.st, held by prepared transaction '${gid}'`
  expect((await info(client, 'st')).waiting_for).toBe(waiting_for)
  const { rows: checks } = await client.query(
    `SELECT detail, hint FROM pgstream.health_check() WHERE check_name = 'waiting'`,
  )
  expect(checks).toEqual([
    { detail: `${schema}.st: ${waiting_for}`, hint: expect.stringContaining('ROLLBACK PREPARED') },
  ])
  const { rows: errors } = await client.query(
    `SELECT error_message, remediation FROM pgstream.diagnose_errors('st')`,
  )
  expect(errors).toEqual([
    { error_message: waiting_for, remediation: expect.stringContaining('COMMIT PREPARED') },
  ])
  await client.query(`ROLLBACK PREPARED '${gid}'`)
  await client.query(`SELECT pgstream.refresh_stream_table('st')`)
  expect((await info(client, 'st')).waiting_for).toBe(null)
})

test('what a prepared transaction has refreshed is not asked for in vain, and it is said why', async () => {
  const { client, db, schema } = await scene(
    `CREATE TABLE s (id bigserial PRIMARY KEY, k int, v int); INSERT INTO s (k, v) SELECT i % 3, 1 FROM generate_series(1, 9) AS i`,
  )
  await create(client, 'a', 'SELECT k, count(*) AS n FROM s GROUP BY k', { schedule: 'calculated' })
  await create(client, 'b', 'SELECT k, sum(v) AS m FROM s GROUP BY k', { schedule: 'calculated' })
  await create(client, 'c', 'SELECT a.k, a.n, b.m FROM a JOIN b USING (k)', { schedule: '1s' })
  await create(client, 'alone', 'SELECT id FROM s', { schedule: '1s' })
  await client.query('CALL pgstream.run_scheduler()')
  const mine = `FROM pgstream.pgs_stream_tables s WHERE s.pgs_schema = '${schema}'`
  const lines = async () =>
    (
      await client.query(
        `SELECT s.pgs_name AS name, h.status, h.error_message AS words FROM pgstream.pgs_refresh_history h JOIN pgstream.pgs_stream_tables s USING (pgs_id)
         WHERE s.pgs_schema = '${schema}' AND h.status <> 'COMPLETED' ORDER BY 1`,
      )
    ).rows
  await client.query(`UPDATE pgstream.frontiers SET data_timestamp = now() - interval '1 hour', checked_at = now() - interval '1 hour'
    WHERE pgs_id IN (SELECT s.pgs_id ${mine}); UPDATE pgstream._scheduler SET looked_at = '-infinity', behind = '{}', behind_as_of = '{}';
    INSERT INTO s (k, v) VALUES (1, 1)`)
  const { rows: found } = await client.query('SELECT due, work::text AS work FROM pgstream._look()')
  expect(found[0].due).toBeGreaterThan(1)

  const gid = `refreshed ${db.name}`
  await client.query('BEGIN; INSERT INTO s (k, v) VALUES (1, 1)')
  for (const name of ['b', 'alone']) await client.query('SELECT pgstream.refresh_stream_table($1)', [name])
  await client.query(`PREPARE TRANSACTION '${gid}'`)
  await client.query('INSERT INTO s (k, v) VALUES (2, 1)')
  // Who found it due before gives up, and waits for nothing that may take for ever.
  await client.query('CALL pgstream._run(0, $1::pgstream.due_group[], NULL)', [found[0].work])
  // From now on it is not due.
  await client.query(`UPDATE pgstream._scheduler SET watched_at = clock_timestamp()`)
  const { rows: later } = await client.query('SELECT due, quiet_for FROM pgstream._look()')
  expect(later).toEqual([{ due: 0, quiet_for: 1 }])
  const words = (name: string) =>
    `waiting for prepared transaction '${gid}', which has refreshed ${schema}.${name}`
  for (const name of ['a', 'b', 'c', 'alone'])
    expect((await info(client, name)).waiting_for).toBe(words(name))
  const { rows: checks } = await client.query(
    `SELECT detail, hint FROM pgstream.health_check() WHERE check_name = 'waiting'`,
  )
  expect(checks).toEqual([
    {
      detail: ['a', 'alone', 'b', 'c'].map((name) => `${schema}.${name}: ${words(name)}`).join('; '),
      hint: expect.stringContaining('ROLLBACK PREPARED'),
    },
  ])
  // Whoever looks around says so once; listeners hear of it with the bound that is missed.
  const alerts: { name: string; waiting_for?: string }[] = []
  client.on('notification', ({ payload }) => alerts.push(JSON.parse(String(payload))))
  await client.query('LISTEN pg_stream_alert')
  for (let i = 0; i < 2; i++) {
    await client.query(`UPDATE pgstream._scheduler SET watched_at = '-infinity'`)
    await client.query('CALL pgstream.run_scheduler()')
  }
  expect(await lines()).toEqual(
    ['a', 'alone', 'b', 'c'].map((name) => ({ name, status: 'SKIPPED', words: words(name) })),
  )
  expect(alerts.map(({ name, waiting_for }) => ({ name, waiting_for }))).toEqual(
    expect.arrayContaining(['a', 'alone', 'b', 'c'].map((name) => ({ name, waiting_for: words(name) }))),
  )
  expect((await client.query(`SELECT remediation FROM pgstream.diagnose_errors('alone')`)).rows).toEqual([
    { remediation: expect.stringContaining('COMMIT PREPARED') },
  ])

  await client.query(`COMMIT PREPARED '${gid}'`)
  await client.query('CALL pgstream.run_scheduler()')
  for (const name of ['a', 'b', 'c', 'alone']) {
    await expectEqual(client, name)
    expect((await info(client, name)).waiting_for).toBe(null)
  }
})

test('what is broken or suspended waits for nothing', async () => {
  const { client, open } = await scene('CREATE TABLE s (id int PRIMARY KEY)')
  await create(client, 'st', 'SELECT id FROM s', { schedule: '1s' })
  const other = await open()
  await other.query('BEGIN; LOCK TABLE st IN SHARE MODE')
  await client.query('INSERT INTO s VALUES (1)')
  await client.query('CALL pgstream.run_scheduler()')
  await other.query('COMMIT')
  const waiting = async () => ({
    info: (await info(client, 'st')).waiting_for,
    check: (await client.query(`SELECT severity FROM pgstream.health_check() WHERE check_name = 'waiting'`))
      .rows[0].severity,
  })
  expect((await waiting()).check).toBe('WARNING')
  await client.query(`SELECT pgstream.alter_stream_table('st', status => 'SUSPENDED')`)
  expect(await waiting()).toEqual({ info: null, check: 'OK' })
  await client.query(`UPDATE pgstream.frontiers SET waiting_for = 'waiting for a lock' WHERE pgs_id = (
      SELECT s.pgs_id FROM pgstream.pgs_stream_tables s WHERE s.pgs_relid = 'st'::regclass); DROP TABLE s CASCADE`)
  expect((await info(client, 'st')).status).toBe('ERROR')
  expect(await waiting()).toEqual({ info: null, check: 'OK' })
})

test('a group is declared after who has refreshed one of it, who may alter that one', async () => {
  const { client, open } = await scene('CREATE TABLE s (id int PRIMARY KEY)')
  for (const name of ['st', 'member']) await create(client, name, 'SELECT id FROM s')
  await client.query(`SELECT pgstream.alter_stream_table('member', consistency_group => 'declared')`)
  const other = await open()
  await other.query(`BEGIN; SELECT pgstream.refresh_stream_table('st')`)
  const declaring = client.query(`SELECT pgstream.alter_stream_table('st', consistency_group => 'declared')`)
  await untilWaiting(other, client)
  await other.query(`SELECT pgstream.alter_stream_table('st', schedule => '2h'); COMMIT`)
  await declaring
  const { rows } = await client.query(
    `SELECT schedule, consistency_group FROM pgstream.pgs_stream_tables WHERE pgs_relid = 'st'::regclass`,
  )
  expect(rows).toEqual([{ schedule: '2h', consistency_group: 'declared' }])
})

test('a deadlock of two who hold off each other’s writers, one asking while the other pauses, is found', async () => {
  const { client, open } = await scene('CREATE TABLE one (id int); CREATE TABLE two (id int)')
  for (const source of ['one', 'two'])
    for (const name of [`${source}_a`, `${source}_b`]) {
      await create(client, name, `SELECT count(*) AS n FROM ${source}`, { mode: 'FULL' })
      await client.query(`SELECT pgstream.alter_stream_table($1, consistency_group => $2)`, [name, source])
    }
  const refreshed = async (written: string, read: string) => {
    const session = await open()
    await session.query(`SET deadlock_timeout = '200ms'; SET statement_timeout = '20s'; BEGIN`)
    await session.query(`INSERT INTO ${written} VALUES (1)`)
    return async () => {
      const code = await session
        .query(`SELECT pgstream.refresh_stream_table('${read}_a')`)
        .then(() => 'done')
        .catch((error) => error.code)
      await session.query('ROLLBACK')
      return code
    }
  }
  const [first, second] = [await refreshed('one', 'two'), await refreshed('two', 'one')]
  const asked = first()
  // Each tries for 300 ms and pauses for as long, in the end.
  await sleep(300)
  expect([await second(), await asked].sort()).toEqual(['40P01', 'done'])
})

test('what waits for a lock is tried again as soon as that is gone, and not before', async () => {
  const { client, open } = await scene(
    'CREATE TABLE t (id int PRIMARY KEY); CREATE TABLE u (id int PRIMARY KEY); INSERT INTO t VALUES (1)',
  )
  await create(client, 'alone', 'SELECT id FROM t', { schedule: '1s' })
  for (const name of ['one', 'two']) {
    await create(client, name, 'SELECT id FROM t', { schedule: '1s' })
    await client.query(`SELECT pgstream.alter_stream_table('${name}', consistency_group => 'pair')`)
  }
  const [other, worker] = await Promise.all([open(), open()])
  const tries = async () =>
    (
      await client.query(
        `SELECT count(*)::int AS n FROM pgstream.get_refresh_history('alone', 100) WHERE status = 'SKIPPED'`,
      )
    ).rows[0].n
  await client.query(`INSERT INTO t VALUES (2); UPDATE pgstream.pgs_stream_tables SET needs_reinit = true`)
  await other.query('BEGIN; LOCK TABLE t IN ACCESS EXCLUSIVE MODE')
  await worker.query('CALL pgstream.run_scheduler()')
  // As after some more tries in vain.
  await client.query(
    `UPDATE pgstream.frontiers SET skips = 6, retry_at = clock_timestamp() + interval '1 minute' WHERE skips > 0`,
  )
  await worker.query('CALL pgstream.run_scheduler(3)')
  expect(await tries()).toBe(1)
  const working = worker.query('CALL pgstream.run_scheduler(4)')
  await sleep(500)
  await other.query('COMMIT')
  await working
  for (const name of ['alone', 'one', 'two']) await expectEqual(client, name)
  expect(await tries()).toBe(1)
  // A call that does not stay, as of pg_cron, looks too.
  await client.query(
    `INSERT INTO t VALUES (3); UPDATE pgstream.frontiers SET skips = 6, retry_at = clock_timestamp() + interval '1 minute',
       waiting_for = 'waiting for a lock on public.gone, held by process 1'`,
  )
  await sleep(1100)
  await worker.query('CALL pgstream.run_scheduler()')
  for (const name of ['alone', 'one', 'two']) await expectEqual(client, name)
})

test('what nothing asks for any more waits for nothing', async () => {
  const { client } = await scene('CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1)')
  await create(client, 'alone', 'SELECT id FROM t', { schedule: '1s' })
  await client.query('CALL pgstream.run_scheduler()')
  // As after a try for what was rolled back then.
  await client.query(`UPDATE pgstream.frontiers SET skips = 1, retry_at = clock_timestamp() - interval '1 minute',
      waiting_for = 'waiting for a lock on public.t, held by process 1';
    UPDATE pgstream._scheduler SET watched_at = '-infinity'`)
  expect((await info(client, 'alone')).waiting_for).not.toBeNull()
  await client.query('CALL pgstream.run_scheduler()')
  expect((await info(client, 'alone')).waiting_for).toBeNull()
})
