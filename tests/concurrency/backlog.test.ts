/** What has piled up while nobody refreshed is consumed at one snapshot, by the way that costs less, and all or nothing. */
import { expect, test } from 'vitest'
import { expectExact } from '../oracle/oracle.ts'
import { backendPid, create, outcome, refresh, scenes, untilWaiting } from './scene.ts'

const scene = scenes()

const ROWS = 20_000

/** Sources, a stream table of each kind, and six changes of every row: 240,000 images in the buffer of `orders`. */
async function outage() {
  const made = await scene(`
    CREATE TABLE customers (id int PRIMARY KEY, region int NOT NULL);
    INSERT INTO customers SELECT i, i % 10 FROM generate_series(0, 99) AS i;
    CREATE TABLE orders (id int PRIMARY KEY, customer int NOT NULL, amount int NOT NULL);
    INSERT INTO orders SELECT i, i % 100, i % 977 FROM generate_series(1, ${ROWS}) AS i;
    CREATE INDEX ON orders (customer);
    ANALYZE customers; ANALYZE orders`)
  const { client } = made
  const totals =
    'SELECT region, count(*) AS n, sum(amount) AS total FROM orders JOIN customers AS c ON c.id = customer GROUP BY region'
  await create(client, 'chosen', totals, { mode: 'AUTO', schedule: '1s' })
  await create(client, 'totals', totals, { schedule: '1s' })
  await create(client, 'copied', 'SELECT id, amount * 2 AS doubled FROM orders WHERE amount % 3 > 0', {
    schedule: '1s',
  })
  for (let i = 0; i < 6; i++) await client.query('UPDATE orders SET amount = amount + 1')
  await client.query(`DELETE FROM orders WHERE id <= 100; UPDATE customers SET region = 3 WHERE id = 5`)
  return made
}

test('after an outage a pass consumes everything, and says how', async () => {
  const { client } = await outage()
  await client.query('CALL pgstream.run_scheduler()')
  for (const name of ['chosen', 'totals', 'copied']) await expectExact(client, name)
  const { rows } = await client.query(
    `SELECT name, h.action, h.reason, h.rows_updated + h.rows_inserted + h.rows_deleted > 0 AS moved
     FROM unnest('{chosen,totals,copied}'::text[]) AS name CROSS JOIN pgstream.get_refresh_history(name, 1) AS h ORDER BY name`,
  )
  expect(rows).toEqual([
    {
      name: 'chosen',
      action: 'FULL',
      reason: expect.stringMatching(
        /^\d+ changed rows: differential estimated at .* ms, full at .* ms, as the first fill was$/,
      ),
      moved: true,
    },
    { name: 'copied', action: 'DIFFERENTIAL', reason: null, moved: true },
    { name: 'totals', action: 'DIFFERENTIAL', reason: null, moved: true },
  ])
  const { rows: left } = await client.query(
    'SELECT coalesce(sum(pending_rows), 0)::int AS n FROM pgstream.change_buffer_sizes()',
  )
  expect(left).toEqual([{ n: 0 }])
})

test('while a backlog is consumed, how much there is and how long it should take can be seen', async () => {
  const { client, open } = await outage()
  const [blocker, other] = await Promise.all([open(), open()])
  await blocker.query('BEGIN; LOCK TABLE copied IN SHARE MODE')
  const refreshing = refresh(other, 'copied')
  await untilWaiting(client, other)
  const seen = async () =>
    (
      await client.query(
        `SELECT action, pending_rows::int AS pending, expected_ms, percent
         FROM pgstream.pg_stat_progress_refresh WHERE relid = 'copied'::regclass`,
      )
    ).rows[0]
  const first = await seen()
  expect(first.action).toBe('DIFFERENTIAL')
  expect(first.pending).toBeGreaterThan(11 * ROWS)
  expect(first.pending).toBeLessThan(13 * ROWS)
  expect(first.expected_ms).toBeGreaterThan(0)
  let last = first
  for (let i = 0; i < 500 && !(last.percent > first.percent || last.percent === 99); i++) {
    await new Promise((resolve) => setTimeout(resolve, 10))
    last = await seen()
  }
  expect(Number(last.percent)).toBeGreaterThanOrEqual(Number(first.percent))
  expect(Number(last.percent)).toBeGreaterThan(0)
  await blocker.query('COMMIT')
  expect(await refreshing).toBe('DIFFERENTIAL')
  await expectExact(client, 'copied')
})

test('interrupted and repeated, nothing is lost and nothing counts twice', async () => {
  const { client, open } = await outage()
  const other = await open()
  const before = (await client.query('SELECT count(*) AS n, sum(doubled) AS total FROM copied')).rows
  let canceled = 0
  for (let pause = 10; pause < 300 && canceled < 3; pause += 20) {
    const refreshing = outcome(other.query('BEGIN').then(() => refresh(other, 'copied')))
    await new Promise((resolve) => setTimeout(resolve, pause))
    await client.query('SELECT pg_cancel_backend($1)', [backendPid(other)])
    if ((await refreshing) === '57014') canceled += 1
    await other.query('ROLLBACK')
    expect((await client.query('SELECT count(*) AS n, sum(doubled) AS total FROM copied')).rows).toEqual(
      before,
    )
  }
  expect(canceled).toBeGreaterThan(0)
  expect(await refresh(other, 'copied')).toBe('DIFFERENTIAL')
  await expectExact(client, 'copied')
})
