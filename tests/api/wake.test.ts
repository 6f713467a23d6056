import type pg from 'pg'
import { expect, test } from 'vitest'
import { create, scenes } from '../concurrency/scene.ts'
import { expectExact } from '../oracle/oracle.ts'

const scene = scenes()

/**
 * A caller of the scheduler that has nothing to look at for five seconds by the clock waits for less. Does it find something
 * due meanwhile? Then something has woken it.
 */
async function wakes(client: pg.Client, worker: pg.Client, act: () => Promise<unknown>) {
  await client.query(`UPDATE pgstream._scheduler SET watched_at = clock_timestamp() + interval '1 hour'`)
  // Who was under way when something was counted may have counted it: one more look.
  for (let tries = 0; tries < 20; tries++) {
    await client.query('CALL pgstream.run_scheduler()')
    await client.query(`UPDATE pgstream.frontiers SET checked_at = checked_at - interval '2 seconds'`)
    const { rows } = await client.query('SELECT due, quiet_for FROM pgstream._look()')
    if (rows[0].due === 0 && rows[0].quiet_for === 5) break
    if (tries === 19) throw new Error(`not quiet: ${JSON.stringify(rows[0])}`)
  }
  const waiting = worker.query('CALL pgstream._await(4.5, NULL)')
  await new Promise((resolve) => setTimeout(resolve, 200))
  await act()
  return (await waiting).rows[0].due
}

const SOURCES = `CREATE TABLE t (id int PRIMARY KEY, v int); CREATE TABLE u (id int PRIMARY KEY);
  CREATE FUNCTION f(v int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT v + 1';
  CREATE VIEW w AS SELECT id, v FROM t;
  INSERT INTO t VALUES (1, 1)`

test('a caller that waits is woken by what no change of a source tells of', async () => {
  const { client, open } = await scene(SOURCES)
  await create(client, 'by_function', 'SELECT id, f(v) AS v FROM t', { schedule: '1s' })
  await create(client, 'by_view', 'SELECT id, v FROM w', { schedule: '1s' })
  await create(client, 'seldom', 'SELECT id FROM u', { schedule: '1h' })
  const [worker, other] = await Promise.all([open(), open()])
  const suspend = (to: string) =>
    client.query(`SELECT pgstream.alter_stream_table('seldom', status => '${to}')`)

  expect(
    await wakes(client, worker, () =>
      client.query(
        `CREATE OR REPLACE FUNCTION f(v int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT v + 2'`,
      ),
    ),
  ).toBeGreaterThan(0)
  expect(
    await wakes(client, worker, () =>
      client.query('CREATE OR REPLACE VIEW w AS SELECT id, v * 2 AS v FROM t'),
    ),
  ).toBeGreaterThan(0)
  // Not before it is committed, and then.
  expect(
    await wakes(client, worker, async () => {
      await other.query('BEGIN; CREATE OR REPLACE VIEW w AS SELECT id, v * 3 AS v FROM t')
      await new Promise((resolve) => setTimeout(resolve, 500))
      await other.query('COMMIT')
    }),
  ).toBeGreaterThan(0)
  await client.query('INSERT INTO u VALUES (1)')
  expect(
    await wakes(client, worker, () =>
      client.query(`SELECT pgstream.alter_stream_table('seldom', schedule => '1s')`),
    ),
  ).toBeGreaterThan(0)
  expect(
    await wakes(client, worker, () =>
      create(client, 'later', 'SELECT id FROM u', { schedule: '1s', initialize: false }),
    ),
  ).toBeGreaterThan(0)
  await client.query(`SELECT pgstream.drop_stream_table('later')`)
  await suspend('SUSPENDED')
  await client.query('INSERT INTO u VALUES (2)')
  expect(
    await wakes(client, worker, () => client.query(`SELECT pgstream.resume_stream_table('seldom')`)),
  ).toBeGreaterThan(0)
  await client.query('SELECT pgstream.pause_all()')
  await client.query('INSERT INTO u VALUES (3)')
  expect(await wakes(client, worker, () => client.query('SELECT pgstream.resume_all()'))).toBeGreaterThan(0)
  await client.query('CALL pgstream.run_scheduler()')
  for (const name of ['by_function', 'by_view', 'seldom']) await expectExact(client, name)
  expect((await client.query('SELECT FROM pgstream._wakes')).rowCount).toBe(0)
})

test('nothing wakes for ever: where no scheduler runs, notes are few', async () => {
  const { client } = await scene(SOURCES)
  await create(client, 'st', 'SELECT id, f(v) AS v FROM t')
  await client.query(`DO $$ BEGIN
    FOR i IN 1..150 LOOP
      PERFORM pgstream.resume_stream_table('st');
    END LOOP; END $$`)
  const { rows } = await client.query('SELECT count(*)::int AS n FROM pgstream._wakes')
  expect(rows[0].n).toBeLessThanOrEqual(100)
  expect(rows[0].n).toBeGreaterThan(0)
})
