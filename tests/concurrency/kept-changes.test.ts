/** Change buffers stay bounded when a stream table that reads them is not refreshed, and the way back is exact. */
import type pg from 'pg'
import { expect, test } from 'vitest'
import { expectExact } from '../oracle/oracle.ts'
import { create, refresh, type Scene, scenes } from './scene.ts'

const scene = scenes()

const SETUP = `
  CREATE TABLE t (id int PRIMARY KEY, v int, gone int);
  INSERT INTO t SELECT i, i, i FROM generate_series(1, 5000) AS i;
  ANALYZE t`

/** One pass of the scheduler that looks for what is kept in vain, and one that cleans. */
async function passes(client: pg.Client): Promise<void> {
  for (let i = 0; i < 2; i++) {
    await client.query(`UPDATE pgstream._scheduler SET watched_at = '-infinity'`)
    await client.query('CALL pgstream.run_scheduler()')
  }
}

/** Each row changes once: 10,000 images in the change buffer. */
const changeAll = (client: pg.Client) => client.query('UPDATE t SET v = v + 1')

/** Changes in the buffer of t. */
async function kept(client: pg.Client): Promise<number> {
  const { rows } = await client.query(
    `SELECT pgstream._buffer_name('t'::regclass) AS buffer FROM pgstream.pgs_change_tracking WHERE source_relid = 't'::regclass`,
  )
  return (await client.query(`SELECT FROM ${rows[0].buffer}`)).rowCount ?? 0
}

async function standing(client: pg.Client, name: string) {
  const { rows } = await client.query(
    `SELECT status, needs_reinit, reinit_reason FROM pgstream.pgs_stream_tables WHERE pgs_relid = $1::regclass`,
    [name],
  )
  return rows[0]
}

async function suspended(query = 'SELECT id, v FROM t'): Promise<Scene> {
  const made = await scene(SETUP)
  await create(made.client, 'st', query)
  await made.client.query(`SELECT pgstream.alter_stream_table('st', status => 'SUSPENDED')`)
  return made
}

test('a suspended stream table keeps its changes while they are worth it', async () => {
  const { client } = await suspended()
  await client.query('UPDATE t SET v = v + 1 WHERE id <= 50')
  await passes(client)
  expect(await standing(client, 'st')).toMatchObject({ needs_reinit: false, reinit_reason: null })
  await client.query(`SELECT pgstream.resume_stream_table('st')`)
  expect(await refresh(client, 'st')).toBe('DIFFERENTIAL')
  await expectExact(client, 'st')
})

test('a suspended stream table gives up when its changes are larger than the source', async () => {
  const { client, open } = await suspended()
  const listener = await open()
  const heard: string[] = []
  listener.on('notification', ({ payload }) => heard.push(payload ?? ''))
  await listener.query('LISTEN pg_stream_alert')
  for (let i = 0; i < 8; i++) await changeAll(client)
  await passes(client)
  const state = await standing(client, 'st')
  expect(state).toMatchObject({ status: 'SUSPENDED', needs_reinit: true })
  expect(state.reinit_reason).toMatch(
    /^the changes kept for it while SUSPENDED were dropped: about \d+ changes \(.*\) of its sources, which have about \d+ rows/,
  )
  expect(await kept(client)).toBe(0)
  const { rows: history } = await client.query(
    `SELECT action, status, reason FROM pgstream.get_refresh_history('st', 1)`,
  )
  expect(history).toEqual([{ action: 'SKIP', status: 'SKIPPED', reason: state.reinit_reason }])
  await listener.query('SELECT 1')
  expect(heard.map((each) => JSON.parse(each).event)).toContain('reinitialize_needed')
  const { rows: health } = await client.query(
    `SELECT detail FROM pgstream.health_check() WHERE check_name = 'suspended'`,
  )
  expect(health[0].detail).toContain(state.reinit_reason)

  // It stays small, and says so once.
  for (let i = 0; i < 8; i++) await changeAll(client)
  await passes(client)
  expect(await kept(client)).toBe(0)
  expect((await client.query(`SELECT FROM pgstream.get_refresh_history('st')`)).rowCount).toBe(2)

  await client.query('UPDATE t SET v = -1 WHERE id = 7; DELETE FROM t WHERE id = 8')
  await client.query(`SELECT pgstream.resume_stream_table('st')`)
  expect(await refresh(client, 'st')).toBe('REINITIALIZE')
  await expectExact(client, 'st')
  await client.query('INSERT INTO t VALUES (9000, 1, 1)')
  expect(await refresh(client, 'st')).toBe('DIFFERENTIAL')
  await expectExact(client, 'st')
})

test('changes of a small source are kept where computing anew would read a large one', async () => {
  const { client } = await scene(
    `${SETUP}; CREATE TABLE s (k int PRIMARY KEY, name text); INSERT INTO s SELECT i, 's' || i FROM generate_series(0, 99) AS i;
    INSERT INTO t SELECT i, i, i FROM generate_series(5001, 50000) AS i; ANALYZE t, s`,
  )
  await create(client, 'st', 'SELECT t.id, t.v, s.name FROM t JOIN s ON s.k = t.id % 100')
  await client.query(`SELECT pgstream.alter_stream_table('st', status => 'SUSPENDED')`)
  await client.query(
    `DO $$ BEGIN FOR i IN 1..8000 LOOP UPDATE s SET name = 'x' || i WHERE k = i % 100; END LOOP; END $$`,
  )
  await passes(client)
  expect(await standing(client, 'st')).toMatchObject({ needs_reinit: false })
  await client.query(`SELECT pgstream.resume_stream_table('st')`)
  expect(await refresh(client, 'st')).toBe('DIFFERENTIAL')
  await expectExact(client, 'st')
})

test('AUTO gives up when it has measured that recomputing is cheaper', async () => {
  const { client } = await scene(
    `${SETUP}; INSERT INTO t SELECT i, i, i FROM generate_series(100001, 160000) AS i; ANALYZE t`,
  )
  await create(client, 'st', 'SELECT id, v FROM t', { mode: 'AUTO' })
  await client.query('SELECT pgstream.pause_all()')
  await client.query(
    `UPDATE pgstream.frontiers SET full_ms = 1, delta_costs = '{1,1}' WHERE pgs_id = (
       SELECT pgs_id FROM pgstream.pgs_stream_tables WHERE pgs_relid = 'st'::regclass)`,
  )
  // One row a statement, so nothing is packed.
  await client.query(`DO $$ BEGIN FOR i IN 1..4500 LOOP UPDATE t SET v = 0 WHERE id = i; END LOOP; END $$`)
  await passes(client)
  expect((await standing(client, 'st')).reinit_reason).toMatch(
    /differential estimated at .* ms, full at 1\.0 ms/,
  )
  expect(await kept(client)).toBe(0)
  await client.query('SELECT pgstream.resume_all()')
  expect(await refresh(client, 'st')).toBe('REINITIALIZE')
  await expectExact(client, 'st')
})

test('one that has lost what it reads lets go at once', async () => {
  const { client } = await scene(SETUP)
  await create(client, 'broken', 'SELECT id, gone FROM t')
  await client.query('ALTER TABLE t DROP COLUMN gone')
  expect(await standing(client, 'broken')).toMatchObject({ status: 'ERROR' })
  await client.query('INSERT INTO t SELECT i, 0 FROM generate_series(5001, 20000) AS i')
  await passes(client)
  expect(await kept(client)).toBe(0)
  await client.query('ALTER TABLE t ADD COLUMN gone int DEFAULT 3')
  await client.query(`SELECT pgstream.resume_stream_table('broken')`)
  await refresh(client, 'broken')
  await expectExact(client, 'broken')
  await client.query('UPDATE t SET gone = 4 WHERE id < 10')
  expect(await refresh(client, 'broken')).toBe('DIFFERENTIAL')
  await expectExact(client, 'broken')
})

test('one that was never filled keeps nothing from the others', async () => {
  const { client } = await scene(SETUP)
  await create(client, 'st', 'SELECT id, v FROM t', { initialize: false })
  await client.query(`SELECT pgstream.alter_stream_table('st', status => 'SUSPENDED')`)
  for (let i = 0; i < 8; i++) await changeAll(client)
  await passes(client)
  expect(await kept(client)).toBe(0)
  await client.query(`SELECT pgstream.resume_stream_table('st')`)
  await refresh(client, 'st')
  await expectExact(client, 'st')
  await changeAll(client)
  expect(await refresh(client, 'st')).toBe('DIFFERENTIAL')
  await expectExact(client, 'st')
})

test('suspended and resumed at random under writers', async () => {
  const { client, open } = await scene(SETUP)
  await create(client, 'st', 'SELECT v % 7 AS k, count(*) AS n, sum(v) AS s FROM t GROUP BY 1', {
    schedule: '1s',
  })
  await create(client, 'other', 'SELECT id, v FROM t WHERE v % 3 = 0', { schedule: '1s' })
  let over = false
  const writers = await Promise.all([open(), open()])
  const writing = writers.map(async (writer, n) => {
    for (let i = 0; !over; i++)
      await writer.query('UPDATE t SET v = v + 1 WHERE id % 2 = $1 AND ($2 OR id < 50)', [n, i % 4 > 0])
  })
  const scheduler = await open()
  const scheduling = (async () => {
    while (!over) await passes(scheduler)
  })()
  const given = async () =>
    (
      await client.query(
        `SELECT FROM pgstream.get_refresh_history('st', 1000) WHERE action = 'SKIP' AND reason LIKE '%dropped%'`,
      )
    ).rowCount ?? 0
  const until = Date.now() + 20_000
  for (let round = 0; (round < 4 || (await given()) < 2) && Date.now() < until; round++) {
    await client.query(`SELECT pgstream.alter_stream_table('st', status => 'SUSPENDED')`)
    const before = await given()
    for (let i = 0; i < 200 && round % 2 === 0 && (await given()) === before; i++)
      await new Promise((resolve) => setTimeout(resolve, 10))
    await client.query(`SELECT pgstream.resume_stream_table('st')`)
    await refresh(client, 'st')
    await expectExact(client, 'st')
  }
  over = true
  await Promise.all([...writing, scheduling])
  expect(await given()).toBeGreaterThan(0)
  for (const name of ['st', 'other']) {
    await refresh(client, name)
    await expectExact(client, name)
  }
}, 60_000)

test('where nothing was captured no change buffer is measured; what was refreshed is cleaned', async () => {
  const { client } = await scene(SETUP)
  await create(client, 'st', 'SELECT v % 10 AS g, count(*) AS n FROM t GROUP BY v % 10', { schedule: '1s' })
  await passes(client)
  const found = async () =>
    (await client.query('SELECT pgstream._cleaning_due() AS due')).rows[0].due.length as number
  /** Rows of the list of sources that a look reads. */
  const read = async () => {
    const { rows } = await client.query(
      `SELECT coalesce(sum(coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0)), 0)::int AS n
       FROM pg_stat_xact_user_tables WHERE relid = 'pgstream.pgs_change_tracking'::regclass`,
    )
    return rows[0].n as number
  }
  await client.query('BEGIN')
  await client.query(`SELECT set_config('pg_stream.nothing_to_clean', '', false)`)
  expect(await found()).toBe(0)
  const before = await read()
  expect(before).toBeGreaterThan(0)
  expect(await found()).toBe(0)
  expect(await read()).toBe(before)
  await client.query('COMMIT')
  for (let i = 0; i < 3; i++) await changeAll(client)
  expect(await found()).toBe(1)
  await client.query('CALL pgstream.run_scheduler()')
  expect(await found()).toBe(0)
  expect(await kept(client)).toBe(0)
  await expectExact(client, 'st')
})
