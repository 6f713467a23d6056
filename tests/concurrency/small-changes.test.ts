import type pg from 'pg'
import { expect, test } from 'vitest'
import { expectExact } from '../oracle/oracle.ts'
import { create, refresh, scenes } from './scene.ts'

const scene = scenes()

/** What AUTO knows of a kind of small change, as if it had measured it. */
async function know(client: pg.Client, small: number, full: number): Promise<void> {
  await client.query(
    `UPDATE pgstream.frontiers SET full_ms = $2,
       small_ms = (SELECT jsonb_object_agg(key, $1::float8) FROM jsonb_each(small_ms)) WHERE small_ms IS NOT NULL AND pgs_id = pgstream._stream_table_id('a')`,
    [small, full],
  )
}

async function known(client: pg.Client): Promise<number[]> {
  const { rows } = await client.query(
    `SELECT e.value::float8 AS ms FROM pgstream.frontiers, jsonb_each(small_ms) AS e
     WHERE pgs_id = pgstream._stream_table_id('a') ORDER BY e.key`,
  )
  return rows.map(({ ms }) => ms)
}

test('AUTO recomputes where a small change has cost more, says so, and tries again in time', async () => {
  const { client } = await scene(`CREATE TABLE t (id int PRIMARY KEY, g int, v int);
    INSERT INTO t SELECT i, i % 5, i FROM generate_series(1, 50) AS i`)
  await create(client, 'a', 'SELECT g, sum(v) AS total FROM t GROUP BY g', { mode: 'AUTO' })
  await client.query('UPDATE t SET v = v + 1 WHERE id = 7')
  expect(await refresh(client, 'a')).toBe('DIFFERENTIAL')
  expect(await known(client)).toHaveLength(1)
  await know(client, 500, 70)
  let tries = 0
  for (; ; tries++) {
    await client.query('UPDATE t SET v = v + 1 WHERE id = 7')
    const action = await expectExact(client, 'a')
    if (action === 'DIFFERENTIAL') break
    expect(action).toBe('FULL')
    const { rows } = await client.query(
      'SELECT reason FROM pgstream.pgs_refresh_history ORDER BY refresh_id DESC LIMIT 1',
    )
    expect(rows[0].reason).toMatch(/^2 changed rows: differential took [\d.]+ ms before, full [\d.]+ ms$/)
    // What a FULL refresh took is known as well.
    await client.query('UPDATE pgstream.frontiers SET full_ms = 70')
  }
  // 500 × 0.95ⁿ ≤ 90
  expect(tries).toBeGreaterThan(25)
  expect(tries).toBeLessThan(40)
})

test('kinds of small changes are told apart, and a millisecond is not worth another plan', async () => {
  const { client } = await scene(`CREATE TABLE t (id int PRIMARY KEY, g int, v int);
    INSERT INTO t SELECT i, i % 5, i FROM generate_series(1, 50) AS i`)
  await create(client, 'a', 'SELECT g, sum(v) AS total FROM t GROUP BY g', { mode: 'AUTO' })
  await client.query('UPDATE t SET v = v + 1 WHERE id = 7')
  expect(await refresh(client, 'a')).toBe('DIFFERENTIAL')
  await know(client, 500, 70)
  await client.query('UPDATE t SET v = v + 1')
  expect(await expectExact(client, 'a')).toBe('DIFFERENTIAL')
  expect(await known(client)).toHaveLength(2)
  await know(client, 10, 1)
  await client.query('UPDATE t SET v = v + 1 WHERE id = 7')
  expect(await expectExact(client, 'a')).toBe('DIFFERENTIAL')
})

test('what the first fill took is not what FULL takes: that is tried once where it may be less, and known then', async () => {
  const { client } = await scene(`CREATE TABLE t (id int PRIMARY KEY, g int, v int);
    INSERT INTO t SELECT i, i % 5, i FROM generate_series(1, 50) AS i`)
  await create(client, 'a', 'SELECT g, sum(v) AS total FROM t GROUP BY g', { mode: 'AUTO' })
  const ofFull = async () =>
    (
      await client.query(
        `SELECT full_ms, full_is_measured FROM pgstream.frontiers WHERE pgs_id = pgstream._stream_table_id('a')`,
      )
    ).rows[0]
  expect((await ofFull()).full_is_measured).toBe(false)
  /** 2,000 rows are inserted; that much of a FULL refresh it should take to follow them. */
  const insert = async (share: number) => {
    await client.query(
      `UPDATE pgstream.frontiers SET full_ms = 100000, delta_ms_fixed = 0,
         delta_costs = ARRAY[$1::float8 * 100000 / pgstream._delta_size(2000), 1]
       WHERE pgs_id = pgstream._stream_table_id('a')`,
      [share],
    )
    await client.query(
      'INSERT INTO t SELECT m + i, i % 5, i FROM (SELECT max(id) AS m FROM t) AS l, generate_series(1, 2000) AS i',
    )
    return expectExact(client, 'a')
  }
  expect(await insert(0.5)).toBe('DIFFERENTIAL')
  expect((await ofFull()).full_is_measured).toBe(false)
  expect(await insert(0.8)).toBe('FULL')
  // Not the mean of both.
  expect((await ofFull()).full_ms).toBeLessThan(20_000)
  expect((await ofFull()).full_is_measured).toBe(true)
  expect(await insert(0.8)).toBe('DIFFERENTIAL')
  expect(await insert(1.2)).toBe('FULL')
})

test('a table that has grown since it was counted does not make its changes dearer than all of it', async () => {
  const { client } = await scene(
    'CREATE TABLE t (id int PRIMARY KEY, g int, v int); INSERT INTO t VALUES (1, 1, 1), (2, 2, 2); ANALYZE t',
  )
  await create(client, 'a', 'SELECT g, sum(v) AS total FROM t GROUP BY g', { mode: 'AUTO' })
  await client.query(
    `UPDATE pgstream.frontiers SET full_ms = 10 WHERE pgs_id = pgstream._stream_table_id('a')`,
  )
  await client.query('INSERT INTO t SELECT i, i % 5, i FROM generate_series(10, 60000) AS i')
  expect(await expectExact(client, 'a')).toBe('FULL')
  const { rows } = await client.query(
    `SELECT reason FROM pgstream.get_refresh_history('a') WHERE reason LIKE '%estimated%'`,
  )
  expect(rows).toEqual([
    { reason: expect.stringMatching(/differential estimated at 40\.0 ms, full at 10\.0 ms/) },
  ])
})

test('what meets only the row that it changes keeps its plan for thousands of packed rows, a join does not', async () => {
  const { client } = await scene(`CREATE TABLE t (id int PRIMARY KEY, g int, v numeric);
    CREATE TABLE d (g int PRIMARY KEY, n text);
    INSERT INTO d SELECT i, 'n' || i FROM generate_series(0, 4) AS i;
    INSERT INTO t SELECT i, nullif(i % 6, 5), i / 10.0 FROM generate_series(1, 4000) AS i`)
  const queries = {
    sums: 'SELECT g, sum(v) AS s, count(*) AS n FROM t GROUP BY g',
    bag: 'SELECT g, v > 100 AS large FROM t',
    both: 'SELECT g FROM t UNION ALL SELECT g FROM d',
    joined: 'SELECT t.id, d.n FROM t JOIN d USING (g)',
    least: 'SELECT g, min(v) AS lo FROM t GROUP BY g',
    ranked: 'SELECT id, rank() OVER (PARTITION BY d.n ORDER BY t.v) AS r FROM t JOIN d USING (g)',
  }
  for (const [name, query] of Object.entries(queries))
    await create(client, name, query, { mode: 'DIFFERENTIAL' })
  const { rows } = await client.query(
    'SELECT pgs_name, cached_limit::int AS upto FROM pgstream.pgs_stream_tables WHERE pgs_name = ANY ($1)',
    [Object.keys(queries)],
  )
  expect(Object.fromEntries(rows.map(({ pgs_name, upto }) => [pgs_name, upto]))).toEqual({
    bag: 10_000,
    both: 10_000,
    sums: 10_000,
    joined: 1000,
    least: 1000,
    ranked: 200,
  })
  // Where a kept plan should do, the other is not there.
  const { rows: bulk } = await client.query(
    `SELECT format('DROP FUNCTION %s', p.oid::regprocedure) AS drop FROM pg_proc p, pgstream.pgs_stream_tables s
     WHERE s.cached_limit = 10000 AND s.pgs_name = ANY ($1) AND p.proname ~ format('^refresh_%s_from_.*_bulk$', s.pgs_id)`,
    [Object.keys(queries)],
  )
  expect(bulk.length).toBeGreaterThan(2)
  // Where it would be probed for each row of the partitions, the one kept is not for more.
  const { rows: kept } = await client.query(
    `SELECT format('DROP FUNCTION %s', p.oid::regprocedure) AS drop FROM pg_proc p, pgstream.pgs_stream_tables s
     WHERE s.pgs_name = 'ranked' AND p.proname ~ format('^refresh_%s_from_(all|[0-9]+)$', s.pgs_id)`,
  )
  expect(kept.length).toBeGreaterThan(2)
  for (const { drop } of [...bulk, ...kept])
    await client.query(`SET LOCAL pg_stream.internal = 'on'; ${drop}`)
  for (const change of [
    'UPDATE t SET g = nullif((g + 1) % 6, 5), v = v + 1.25 WHERE id <= 2500',
    'DELETE FROM t WHERE id % 3 = 0',
    'INSERT INTO t SELECT i, NULL, i FROM generate_series(5001, 8000) AS i; UPDATE d SET g = g + 10',
    'UPDATE t SET g = 12 WHERE id % 10 = 0',
  ]) {
    await client.query(change)
    for (const name of Object.keys(queries)) expect(await expectExact(client, name)).toBe('DIFFERENTIAL')
  }
})

test('what a large delta costs is a guess until one was measured, and a guess is soon tried', async () => {
  const { client } = await scene('SELECT')
  const learned = async (...values: string[]) =>
    (await client.query(`SELECT pgstream._learned_costs(${values.join(', ')}) AS costs`)).rows[0].costs
  expect(await learned(`'FULL'`, `'{2000,0}'`, 'NULL', `'{1,1,1}'`, '5')).toEqual([-3.2, null, 1])
  expect(await learned(`'FULL'`, `'{2000,0}'`, `'{-2,7,1}'`, `'{1,7,1}'`, '5')).toEqual([-1.6, 7, 1])
  const [measured, other] = await learned(`'DIFFERENTIAL'`, `'{2000,0}'`, `'{-2,7,1}'`, `'{1,7,1}'`, '5')
  expect(measured).toBeCloseTo(5 / 2000 ** 0.8)
  expect(other).toBe(7)
  const [forgotten] = await learned(`'FULL'`, `'{2000}'`, `'{2,1}'`, `'{2,1}'`, '5')
  expect(forgotten).toBeCloseTo(1.95)
})

test('what was never measured is tried in the hope of less than the first fill, unless all state had to be made anew', async () => {
  const { client } = await scene(`CREATE TABLE t (id int PRIMARY KEY, g int, v int);
    INSERT INTO t SELECT i, i / 2, i FROM generate_series(1, 3000) AS i`)
  const groups = 'SELECT g, sum(v) AS total FROM t GROUP BY g'
  await create(client, 'a', groups, { mode: 'AUTO' })
  await create(client, 'b', `SELECT total % 5 AS rest, count(*) AS n FROM (${groups}) AS s GROUP BY 1`, {
    mode: 'AUTO',
  })
  await client.query('UPDATE t SET v = v + 1')
  // A delta that is expected to take four fifths of the first fill.
  await client.query(
    'UPDATE pgstream.frontiers SET full_ms = 100000, delta_ms_fixed = 0, delta_costs = ARRAY[80000 / pgstream._delta_size(6000), 1]',
  )
  expect(await expectExact(client, 'a')).toBe('FULL')
  expect(await expectExact(client, 'b')).toBe('DIFFERENTIAL')
})
