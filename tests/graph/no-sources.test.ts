/** Stream tables that read no table have nothing to fall behind: they are of now, and so is what reads them. */
import type pg from 'pg'
import { expect, test, vi } from 'vitest'
import { create, refresh, scenes } from '../concurrency/scene.ts'
import { expectExact } from '../oracle/oracle.ts'

const scene = scenes()

const NAMES = ['calendar', 'daily', 'one', 'pair', 'total']

async function tables(client: pg.Client): Promise<void> {
  await create(
    client,
    'calendar',
    `SELECT d::date AS day FROM generate_series('2025-01-01'::timestamp, '2025-01-31', '1 day') AS d`,
    { schedule: '1s' },
  )
  await create(client, 'one', 'SELECT 1 AS one', { schedule: '1m' })
  await create(client, 'pair', `VALUES (1, 'a'), (2, 'b')`, { schedule: '0 0 1 1 *' })
  await create(
    client,
    'daily',
    'SELECT c.day, count(f.id) AS n FROM calendar AS c LEFT JOIN fact AS f ON f.day = c.day GROUP BY c.day',
    { schedule: '1s' },
  )
  await client.query(
    `SELECT pgstream.create_stream_table('total', 'SELECT sum(one) AS s FROM one', '1m', consistency_group => 'together');
     SELECT pgstream.alter_stream_table('one', consistency_group => 'together')`,
  )
}

const status = async (client: pg.Client) =>
  (
    await client.query(
      `SELECT split_part(name, '.', 2) AS name, staleness > interval '10 minutes' AS is_old
       FROM pgstream.pgs_status() WHERE name LIKE current_schema() || '.%' ORDER BY 1`,
    )
  ).rows
const all = (is_old: boolean) => NAMES.map((name) => ({ name, is_old }))
const age = (client: pg.Client) =>
  client.query(`UPDATE pgstream.frontiers SET data_timestamp = now() - interval '1 hour', checked_at = now() - interval '1 hour',
    last_refresh_at = now() - interval '1 hour'`)

async function due(client: pg.Client): Promise<number> {
  await client.query('SELECT pgstream._follow_graph()')
  return (await client.query('SELECT count(*)::int AS n FROM pgstream._due()')).rows[0].n
}

test('the scheduler looks once, and from then on they are up to date without another look', async () => {
  const { client } = await scene(
    `CREATE TABLE fact (id int PRIMARY KEY, day date); INSERT INTO fact SELECT i, date '2025-01-01' + i FROM generate_series(1, 20) AS i`,
  )
  await tables(client)
  await age(client)
  expect(await status(client)).toEqual(all(true))
  // The one that comes by cron waits for its time.
  await client.query(`SELECT pgstream.refresh_stream_table('pair')`)
  await vi.waitFor(
    async () => {
      await client.query('CALL pgstream.run_scheduler()')
      expect(await due(client)).toBe(0)
    },
    { timeout: 50_000, interval: 50 },
  )
  expect(await status(client)).toEqual(all(false))
  // As if an hour had passed in which nothing was written.
  await client.query(
    `UPDATE pgstream.frontiers SET data_timestamp = data_timestamp - interval '1 hour'
     WHERE pgs_id <> (SELECT pgs_id FROM pgstream.pgs_stream_tables WHERE pgs_relid = 'pair'::regclass)`,
  )
  expect(await due(client)).toBe(0)
  expect(await status(client)).toEqual(all(false))
  expect((await client.query('SELECT FROM pgstream._stale() WHERE NOT is_over')).rowCount).toBe(0)
  const { rows } = await client.query(
    `SELECT n AS name, pgstream.refresh_if_stale(n, '10 minutes') AS refreshed FROM unnest($1::text[]) AS n ORDER BY 1`,
    [NAMES],
  )
  expect(rows.filter(({ refreshed }) => refreshed)).toEqual([])
  await client.query(`INSERT INTO fact VALUES (100, '2025-01-07')`)
  await refresh(client, 'daily')
  for (const name of NAMES) await expectExact(client, name)
})

test('a person who refreshes them dates them, and what reads them', async () => {
  const { client } = await scene('CREATE TABLE fact (id int PRIMARY KEY, day date)')
  await tables(client)
  await age(client)
  for (const name of ['daily', 'total', 'pair']) await refresh(client, name)
  expect(await status(client)).toEqual(all(false))
})

test('one that cannot be computed is not taken to be up to date', async () => {
  const { client, schema } = await scene()
  await client.query(
    `CREATE FUNCTION f() RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT 1';
     SELECT pgstream.create_stream_table('st', 'SELECT f() AS v', '1s')`,
  )
  await client.query(`CREATE OR REPLACE FUNCTION f() RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT 2'`)
  await client.query('CALL pgstream.run_scheduler()')
  await expectExact(client, 'st')
  expect((await client.query('SELECT v FROM st')).rows).toEqual([{ v: 2 }])
  await client.query(
    `CREATE OR REPLACE FUNCTION f() RETURNS int IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN 1 / 0; END'`,
  )
  await age(client)
  await client.query('CALL pgstream.run_scheduler()')
  const { rows } = await client.query(
    `SELECT staleness > interval '10 minutes' AS is_old, consecutive_errors FROM pgstream.pgs_status() WHERE name = '${schema}.st'`,
  )
  expect(rows).toEqual([{ is_old: true, consecutive_errors: 1 }])
})
