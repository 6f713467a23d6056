import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { create, outcome, refresh, type Scene, scenes } from '../concurrency/scene.ts'
import { expectEqual } from '../oracle/oracle.ts'

/** Groups of stream tables, and DDL that no event trigger saw. */
const scene = scenes()

const OFF = 'ALTER EVENT TRIGGER pg_stream_ddl DISABLE; ALTER EVENT TRIGGER pg_stream_rewrite DISABLE'
const ON =
  'ALTER EVENT TRIGGER pg_stream_ddl ENABLE ALWAYS; ALTER EVENT TRIGGER pg_stream_rewrite ENABLE ALWAYS'

async function pair(setup: string, a: string, z: string, schedule = '1h') {
  const s = await scene(setup)
  await create(s.client, 'a', a, { schedule })
  await create(s.client, 'z', z, { schedule })
  for (const name of ['a', 'z'])
    await s.client.query(`SELECT pgstream.alter_stream_table('${name}', consistency_group => '${s.schema}')`)
  return s
}

/** The first has just been looked at, the second has not. */
const lookIsDue = ({ client, schema }: Scene) =>
  client.query(`UPDATE pgstream._catalog_looks l
    SET looked_at = clock_timestamp() - CASE WHEN s.pgs_name = 'a' THEN interval '0 s' ELSE interval '5 s' END
    FROM pgstream.pgs_stream_tables s WHERE s.pgs_id = l.pgs_id AND s.pgs_schema = '${schema}'`)

const T =
  'CREATE TABLE t (id int PRIMARY KEY, v int NOT NULL); INSERT INTO t SELECT i, i FROM generate_series(1, 50) AS i'

test('what is found for one member concerns the whole group, under REPEATABLE READ', async () => {
  const s = await pair(T, 'SELECT sum(v) AS total FROM t', 'SELECT count(*) AS n FROM t')
  const { client } = s
  await client.query(`${OFF}; ALTER TABLE t DISABLE TRIGGER ALL; INSERT INTO t VALUES (100, 1); ALTER TABLE t ENABLE TRIGGER ALL; ${ON};
    INSERT INTO t VALUES (101, 1)`)
  await lookIsDue(s)
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ')
  expect(await refresh(client, 'z')).toBe('REINITIALIZE')
  await client.query('COMMIT')
  for (const name of ['a', 'z']) await expectEqual(client, name)
})

test('a view that was replaced concerns the whole group, whoever of it was looked at last', async () => {
  const s = await pair(
    `${T}; CREATE VIEW w AS SELECT * FROM t`,
    'SELECT sum(v) AS total FROM w',
    'SELECT min(v) AS lowest FROM w',
  )
  const { client } = s
  await client.query(
    `${OFF}; CREATE OR REPLACE VIEW w AS SELECT id, v + 100 AS v FROM t; ${ON}; INSERT INTO t VALUES (101, 1)`,
  )
  await lookIsDue(s)
  expect(await refresh(client, 'z')).toBe('REINITIALIZE')
  const { rows } = await client.query('SELECT (SELECT total::int FROM a), (SELECT lowest FROM z)')
  expect(rows).toEqual([{ total: 1275 + 1 + 51 * 100, lowest: 101 }])
  for (const name of ['a', 'z']) await expectEqual(client, name)
})

test('a member that is found broken says so, and the others go on', async () => {
  const s = await pair(
    `${T}; CREATE TABLE u (id int PRIMARY KEY, v int)`,
    'SELECT sum(v) AS total FROM t',
    'SELECT count(*) AS n, sum(v) AS total FROM u',
  )
  const { client } = s
  await client.query(`${OFF}; ALTER TABLE u DROP COLUMN v; ${ON}; INSERT INTO t VALUES (101, 1)`)
  await lookIsDue(s)
  expect(await outcome(refresh(client, 'z'))).toBe('55000')
  await client.query('CALL pgstream.run_scheduler()')
  await lookIsDue(s)
  expect(await refresh(client, 'a')).toBe('DIFFERENTIAL')
  await expectEqual(client, 'a')
})

test('a plan that comes out otherwise inside a group is no failure of the scheduler', async () => {
  const s = await pair(
    `${T}; CREATE VIEW w AS SELECT * FROM t`,
    'SELECT sum(v) AS total FROM w',
    'SELECT count(*) AS n FROM t',
    '1s',
  )
  const { client } = s
  await client.query(
    `${OFF}; CREATE OR REPLACE VIEW w AS SELECT id, v + id AS v FROM t; ${ON}; INSERT INTO t VALUES (101, 1)`,
  )
  await sleep(1100)
  await client.query('CALL pgstream.run_scheduler()')
  const { rows } = await client.query(`SELECT h.action, h.status, h.error_message
    FROM unnest(ARRAY['a', 'z']) AS name, pgstream.get_refresh_history(name, 5) AS h WHERE h.initiated_by = 'SCHEDULER'`)
  expect(rows.map((row) => row.status)).toEqual(rows.map(() => 'COMPLETED'))
  expect(rows[0]).toEqual({ action: 'REINITIALIZE', status: 'COMPLETED', error_message: null })
  for (const name of ['a', 'z']) await expectEqual(client, name)
})

test('a look that is dated later than now, before the clock was set back, counts for nothing', async () => {
  const altered = `${OFF}; CREATE OR REPLACE VIEW w AS SELECT id, v + 100 AS v FROM t; ${ON}; INSERT INTO t VALUES (100, 1);
    UPDATE pgstream._catalog_looks SET looked_at = clock_timestamp() + interval '1 hour';
    UPDATE pgstream.frontiers SET checked_at = clock_timestamp() + interval '1 hour'`
  const setup = `${T}; CREATE VIEW w AS SELECT * FROM t`
  const total = 'SELECT sum(v) AS total FROM w'
  const alone = await scene(setup)
  await create(alone.client, 'a', total)
  await alone.client.query(altered)
  expect(await refresh(alone.client, 'a')).toBe('REINITIALIZE')
  await expectEqual(alone.client, 'a')
  // Nothing to consume: it says of when it is all the same.
  await alone.client.query(
    `UPDATE pgstream.frontiers SET checked_at = clock_timestamp() + interval '1 hour'; SELECT pgstream.refresh_stream_table('a')`,
  )
  const { rows } = await alone.client.query(
    `SELECT checked_at <= clock_timestamp() AS ok FROM pgstream.frontiers
     WHERE pgs_id = (SELECT pgs_id FROM pgstream.pgs_stream_tables WHERE pgs_relid = 'a'::regclass)`,
  )
  expect(rows).toEqual([{ ok: true }])

  const group = await pair(setup, total, 'SELECT min(v) AS lowest FROM w')
  await group.client.query(altered)
  expect(await refresh(group.client, 'z')).toBe('REINITIALIZE')
  for (const name of ['a', 'z']) await expectEqual(group.client, name)

  const claimed = await pair(setup, total, 'SELECT min(v) AS lowest FROM w', '1s')
  await claimed.client.query(altered)
  await claimed.client.query('CALL pgstream.run_scheduler()')
  for (const name of ['a', 'z']) await expectEqual(claimed.client, name)
})
