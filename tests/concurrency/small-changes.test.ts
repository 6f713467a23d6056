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
  await know(client, 15, 1)
  await client.query('UPDATE t SET v = v + 1 WHERE id = 7')
  expect(await expectExact(client, 'a')).toBe('DIFFERENTIAL')
})
