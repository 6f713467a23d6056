/** Any role can take any advisory lock: it keeps nobody from refreshing, defining, or seeing who holds it. */
import { expect, test } from 'vitest'
import { expectEqual } from '../oracle/oracle.ts'
import type { FreshDatabase } from '../support/server.ts'
import { backendPid, create, outcome, refresh, roles, scenes, untilWaiting } from './scene.ts'

const scene = scenes()
let database: FreshDatabase
const makeRole = roles(() => database)

test('a role without rights takes all locks that pg_stream uses', async () => {
  const { client, open, db } = await scene(`
    CREATE TABLE t (id int PRIMARY KEY, g int NOT NULL, v int NOT NULL);
    INSERT INTO t SELECT i, i % 3, i FROM generate_series(1, 30) AS i`)
  database = db
  await create(client, 'a', 'SELECT g, sum(v) AS total FROM t GROUP BY g', { schedule: '1s' })
  await create(client, 'b', 'SELECT g, count(*) AS n FROM t GROUP BY g', { schedule: '1s' })
  await create(client, 'd', 'SELECT a.g, a.total, b.n FROM a JOIN b ON b.g = a.g', { schedule: '1s' })
  await client.query('CALL pgstream.run_scheduler()')
  const intruder = await open(await makeRole('intruder'))
  await intruder.query(`
    SELECT pg_advisory_lock(c.oid::int, n) FROM pg_class c, generate_series(0, 100) AS n
    WHERE c.relnamespace = 'pgstream'::regnamespace AND c.relkind = 'r'`)
  for (const table of ['_graph_lock', '_definition_lock'])
    for (const mode of ['ACCESS SHARE', 'ROW SHARE', 'ROW EXCLUSIVE', 'SHARE', 'ACCESS EXCLUSIVE']) {
      expect(await outcome(intruder.query(`BEGIN; LOCK TABLE pgstream.${table} IN ${mode} MODE`)), mode).toBe(
        '42501',
      )
      await intruder.query('ROLLBACK')
    }

  await client.query('INSERT INTO t VALUES (100, 1, 7)')
  const worker = await open()
  await worker.query(`SET statement_timeout = '20s'`)
  await worker.query('CALL pgstream.run_scheduler()')
  for (const name of ['a', 'b', 'd']) await expectEqual(client, name)
  await client.query('INSERT INTO t VALUES (101, 2, 7)')
  await worker.query(`SELECT pgstream.refresh_stream_table('d')`)
  for (const name of ['a', 'b', 'd']) await expectEqual(client, name)
  // A definition over stream tables, and one that is put into the graph.
  await create(worker, 'e', 'SELECT g, n FROM b WHERE n > 1', { schedule: '1s' })
  await worker.query(`SELECT pgstream.alter_stream_table('e', query => 'SELECT g, total FROM a')`)
  await worker.query('CALL pgstream.run_scheduler()')
  const { rows: graph } = await client.query(
    `SELECT depth FROM pgstream.graph g JOIN pgstream.pgs_stream_tables s USING (pgs_id) WHERE s.pgs_relid = 'e'::regclass`,
  )
  expect(graph).toEqual([{ depth: 1 }])
  expect(await refresh(worker, 'e')).toBe('NO_DATA')

  const locks = async () =>
    (
      await client.query(
        `SELECT severity, detail, hint FROM pgstream.health_check() WHERE check_name = 'locks'`,
      )
    ).rows[0]
  const found = await locks()
  expect(found.severity).toBe('WARNING')
  expect(found.detail).toMatch(
    new RegExp(`^process ${backendPid(intruder)} of role intruder_\\w+, connected since .*, holds 202$`),
  )
  expect(found.hint).toContain('pg_terminate_backend')
  await intruder.query('SELECT pg_advisory_unlock_all()')
  expect((await locks()).severity).toBe('OK')
})

test('slots are as many as the setting says, whatever others hold', async () => {
  const { client, open, db } = await scene()
  database = db
  await client.query('SET pg_stream.max_concurrent_refreshes = 2')
  const intruder = await open(await makeRole('holder'))
  await intruder.query(
    `SELECT pg_advisory_lock('pgstream._scheduler'::regclass::oid::int, n) FROM unnest('{2,3,5}'::int[]) AS n`,
  )
  const others = await Promise.all([open(), open(), open()])
  // Who has one is in the statement that took it.
  await client.query('SELECT pg_advisory_lock(4711)')
  const taken: Promise<{ rows: { slot: number | null }[] }>[] = []
  for (const other of others) {
    await other.query('SET pg_stream.max_concurrent_refreshes = 2')
    taken.push(
      other.query(
        'SELECT s.slot, pg_advisory_xact_lock_shared(4711) FROM (SELECT pgstream._take_slot() AS slot OFFSET 0) AS s WHERE $1',
        // As the worker asks: with parameters.
        [true],
      ),
    )
    await untilWaiting(client, other)
  }
  await client.query('SELECT pg_advisory_unlock_all()')
  expect((await Promise.all(taken)).map(({ rows }) => rows[0]?.slot)).toEqual([1, 4, null])
  for (const other of others) await other.query('SELECT pg_advisory_unlock_all()')
  await intruder.query('SELECT pg_advisory_unlock_all()')
})

test('what a canceled call has left behind keeps nobody from refreshing, whatever its session does now', async () => {
  const { client, open, db } = await scene(`
    CREATE TABLE t (id int PRIMARY KEY, g int NOT NULL, v int NOT NULL);
    INSERT INTO t SELECT i, i % 3, i FROM generate_series(1, 30) AS i`)
  database = db
  await create(client, 'a', 'SELECT g, sum(v) AS total FROM t GROUP BY g', { schedule: '1s' })
  await create(client, 'b', 'SELECT g, count(*) AS n FROM t GROUP BY g', { schedule: '1s' })
  await create(client, 'd', 'SELECT a.g, a.total, b.n FROM a JOIN b ON b.g = a.g', { schedule: '1s' })
  await client.query('CALL pgstream.run_scheduler()')
  const [gone, worker] = await Promise.all([open(), open()])
  // Between the claim and the refresh.
  await client.query(`SELECT pg_advisory_lock(4711);
    ALTER FUNCTION pgstream._note_unaltered(bigint[]) RENAME TO _note_at_once;
    CREATE FUNCTION pgstream._note_unaltered(ids bigint[]) RETURNS void LANGUAGE sql AS 'SELECT pg_advisory_xact_lock_shared(4711)';
    INSERT INTO t VALUES (100, 1, 7)`)
  const canceled = outcome(gone.query('CALL pgstream.run_scheduler()'))
  await untilWaiting(client, gone)
  const held = async () =>
    (
      await client.query(
        `SELECT classid::regclass::text AS lock FROM pg_locks
         WHERE locktype = 'advisory' AND pid = $1 AND classid IN ('pgstream.graph'::regclass, 'pgstream._scheduler'::regclass) ORDER BY 1`,
        [backendPid(gone)],
      )
    ).rows.map(({ lock }) => lock)
  // While it is at work its locks count.
  expect((await client.query('SELECT FROM pgstream._foreign_locks')).rowCount).toBe(0)
  await client.query('SELECT pg_cancel_backend($1)', [backendPid(gone)])
  expect(await canceled).toBe('57014')
  await client.query(`DROP FUNCTION pgstream._note_unaltered(bigint[]);
    ALTER FUNCTION pgstream._note_at_once(bigint[]) RENAME TO _note_unaltered`)
  expect(await held()).toEqual(['pgstream._scheduler', 'pgstream.graph'])

  await worker.query('SET pg_stream.max_concurrent_refreshes = 1')
  const states = [
    async () => {},
    () => gone.query('BEGIN; SELECT 1'),
    () => gone.query('SELECT 1/0').catch(() => {}),
  ]
  let id = 200
  const goesOn = async () => {
    await client.query(`INSERT INTO t VALUES (${id++}, 1, 7)`)
    await worker.query('CALL pgstream.run_scheduler(0.5)')
    for (const name of ['a', 'b', 'd']) await expectEqual(client, name)
  }
  for (const enter of states) {
    await enter()
    await goesOn()
  }
  await gone.query('ROLLBACK')
  const busy = gone.query('SELECT pg_advisory_lock_shared(4711)')
  await untilWaiting(client, gone)
  await goesOn()
  expect(await held()).toHaveLength(2)
  expect(
    (await client.query('SELECT pgstream.drain(0) AS drained')).rows,
    'waits for nobody who is not at work',
  ).toEqual([{ drained: true }])
  await client.query('SELECT pg_advisory_unlock(4711)')
  await busy
  await gone.query('CALL pgstream.run_scheduler()')
  expect(await held()).toEqual([])
})
