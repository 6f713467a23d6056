import type pg from 'pg'
import { describe, expect, test } from 'vitest'
import { create, type Scene, scenes, untilWaiting } from '../concurrency/scene.ts'
import { expectExact } from '../oracle/oracle.ts'

/** What alter_stream_table, create_stream_table and drop_stream_table do to a group of stream tables that meet. */
const scene = scenes()

const BASE = `CREATE TABLE base (id bigserial PRIMARY KEY, k int, v int);
  INSERT INTO base (k, v) SELECT i % 9, 1 FROM generate_series(1, 300) AS i`

async function diamond(client: pg.Client) {
  await create(client, 'a', 'SELECT k, count(*)::bigint AS n FROM base GROUP BY k', {
    schedule: 'calculated',
  })
  await create(client, 'b', 'SELECT k, sum(v)::bigint AS n FROM base GROUP BY k', { schedule: 'calculated' })
  await create(client, 'c', 'SELECT a.k, a.n, b.n AS m FROM a JOIN b USING (k)', { schedule: '1s' })
}

const typeOf = async (client: pg.Client, name: string, column: string) =>
  (
    await client.query(
      'SELECT format_type(atttypid, atttypmod) AS type FROM pg_attribute WHERE attrelid = $1::regclass AND attname = $2',
      [name, column],
    )
  ).rows[0].type

const tables = async ({ client, schema }: Scene) =>
  (
    await client.query('SELECT pgs_name FROM pgstream.pgs_stream_tables WHERE pgs_schema = $1 ORDER BY 1', [
      schema,
    ])
  ).rows.map((row) => row.pgs_name)

describe('a column that gets another type in the middle of a diamond', () => {
  test('takes its readers along', async () => {
    const { client } = await scene(BASE)
    await diamond(client)
    await client.query(
      `SELECT pgstream.alter_stream_table('b', query => 'SELECT k, sum(v)::int AS n FROM base GROUP BY k')`,
    )
    expect(await typeOf(client, 'c', 'm')).toBe('integer')
    for (const name of ['a', 'b', 'c']) await expectExact(client, name)
    await client.query('INSERT INTO base (k, v) VALUES (1, 5)')
    await client.query('CALL pgstream.run_scheduler()')
    for (const name of ['a', 'b', 'c']) await expectExact(client, name)
  })

  test.each([
    [
      'a new member',
      `SELECT pgstream.create_stream_table('z', 'SELECT a.n, b.n AS x FROM a JOIN b USING (k)', '1s')`,
    ],
    [
      'a member with another query',
      `SELECT pgstream.alter_stream_table('a', query => 'SELECT k, count(*) + 1 AS n FROM base GROUP BY k')`,
    ],
    ['a member with another mode', `SELECT pgstream.alter_stream_table('b', refresh_mode => 'FULL')`],
    ['a member that is repaired', `SELECT pgstream.repair_stream_table('a')`],
  ])('is followed with %s, in the transaction that altered the base', async (_, call) => {
    const { client } = await scene(BASE)
    await create(client, 'a', 'SELECT k, count(*)::bigint AS n FROM base GROUP BY k', {
      schedule: 'calculated',
    })
    await create(client, 'b', 'SELECT k, max(v) AS n FROM base GROUP BY k', {
      mode: 'AUTO',
      schedule: 'calculated',
    })
    await create(client, 'c', 'SELECT a.k, a.n, b.n AS m FROM a JOIN b USING (k)', { schedule: '1s' })
    await client.query('BEGIN; ALTER TABLE base ALTER v TYPE bigint')
    await client.query(call)
    await client.query('COMMIT')
    await client.query('INSERT INTO base (k, v) VALUES (1, 1 + 2::bigint ^ 40)')
    await client.query('CALL pgstream.run_scheduler()')
    expect(await typeOf(client, 'c', 'm')).toBe('bigint')
    for (const name of ['a', 'b', 'c']) await expectExact(client, name)
  })
})

describe('drop_stream_table with cascade', () => {
  test('takes dependents that read each other', async () => {
    const made = await scene(BASE)
    const { client } = made
    await diamond(client)
    await create(client, 'q', 'SELECT a.k, c.m FROM a JOIN c USING (k)')
    await create(client, 'r', 'SELECT count(*) AS n FROM q JOIN c USING (k)')
    await client.query(`SELECT pgstream.drop_stream_table('a', cascade => true)`)
    expect(await tables(made)).toEqual(['b'])
    await client.query('INSERT INTO base (k, v) VALUES (1, 5)')
    await client.query('CALL pgstream.run_scheduler()')
    await expectExact(client, 'b')
  })
})

describe('a member that is altered while the scheduler waits for the group', () => {
  test.each([
    ['another mode', `refresh_mode => 'FULL'`],
    ['another query', `query => 'SELECT k, count(*) + 1 AS n FROM base GROUP BY k'`],
  ])('%s is no failure: the next try has the new plan', async (_, change) => {
    const { client, open, schema } = await scene(BASE)
    await diamond(client)
    const [owner, worker] = await Promise.all([open(), open()])
    await client.query('INSERT INTO base (k, v) VALUES (1, 5)')
    await owner.query('BEGIN')
    await owner.query(`SELECT pgstream.alter_stream_table('a', ${change})`)
    const running = worker.query('CALL pgstream.run_scheduler()')
    await untilWaiting(client, worker)
    await owner.query('COMMIT')
    await running
    await client.query(`UPDATE pgstream.frontiers SET retry_at = NULL; INSERT INTO base (k, v) VALUES (2, 5)`)
    await client.query('CALL pgstream.run_scheduler()')
    const { rows } = await client.query(
      `SELECT h.status, h.reason FROM pgstream.stream_tables_info s, pgstream.get_refresh_history(s.pgs_schema || '.' || s.pgs_name, 100) h
       WHERE s.pgs_schema = $1 AND h.status = 'FAILED'`,
      [schema],
    )
    expect(rows).toEqual([])
    for (const name of ['a', 'b', 'c']) await expectExact(client, name)
  })
})

describe('one that comes to a group while the scheduler has it in hand', () => {
  const shown = async (client: pg.Client) =>
    (
      await client.query(
        'SELECT (SELECT sum(n) FROM a) AS a, (SELECT sum(n) FROM b) AS b, (SELECT sum(n) FROM s) AS s',
      )
    ).rows[0]
  const joins = `SELECT pgstream.alter_stream_table('s', query => 'SELECT sum(a.n) AS n FROM a JOIN b USING (k)')`

  test('moves with the others, also when that one waited for it', async () => {
    const { client, open } = await scene(BASE)
    await diamond(client)
    await create(client, 's', 'SELECT sum(v) AS n FROM base')
    await client.query('CALL pgstream.run_scheduler()')
    const [owner, worker] = await Promise.all([open(), open()])
    await owner.query('BEGIN')
    await owner.query(joins)
    await client.query('INSERT INTO base (k, v) VALUES (1, 1)')
    const running = worker.query('CALL pgstream.run_scheduler()')
    await untilWaiting(client, worker)
    await owner.query('COMMIT')
    await running
    expect(await shown(client)).toEqual({ a: '301', b: '301', s: '301' })
  })

  test('is not left behind by a graph that cannot be written', async () => {
    const { client, open } = await scene(BASE)
    await create(client, 'a', 'SELECT k, count(*) AS n FROM base GROUP BY k', { schedule: '1s' })
    await create(client, 'b', 'SELECT k, sum(v) AS n FROM base GROUP BY k', { schedule: '1s' })
    await create(client, 's', 'SELECT sum(v) AS n FROM base', { schedule: '1s' })
    await client.query('CALL pgstream.run_scheduler()')
    const other = await open()
    await other.query('BEGIN; LOCK TABLE pgstream._graph_lock IN SHARE ROW EXCLUSIVE MODE')
    await client.query(joins)
    await client.query('INSERT INTO base (k, v) VALUES (1, 1)')
    await client.query('CALL pgstream.run_scheduler()')
    expect(await shown(client)).toEqual({ a: '300', b: '300', s: '300' })
    await other.query('ROLLBACK')
    await client.query('CALL pgstream.run_scheduler()')
    expect(await shown(client)).toEqual({ a: '301', b: '301', s: '301' })
  })
})
