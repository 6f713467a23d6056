import type pg from 'pg'
import { expect, test } from 'vitest'
import { expectEqual, expectExact } from '../oracle/oracle.ts'
import { freshDatabase } from '../support/server.ts'
import { create, outcome, refresh, scenes } from './scene.ts'

const scene = scenes()
const SETUP = `
  CREATE TABLE orders (id int PRIMARY KEY, amount int, parts int);
  INSERT INTO orders SELECT i, i * 10, i FROM generate_series(1, 10) AS i;`

async function status(client: pg.Client, name: string) {
  const { rows } = await client.query(
    'SELECT status, consecutive_errors, last_error FROM pgstream.stream_tables_info WHERE pgs_relid = $1::regclass',
    [name],
  )
  return rows[0]
}

/** One pass of the scheduler, as if the time to wait after a try that was in vain were over. */
async function pass(client: pg.Client) {
  await client.query(
    `UPDATE pgstream.frontiers SET retry_at = NULL, last_refresh_at = now() - interval '1 hour', data_timestamp = now() - interval '1 hour', checked_at = now() - interval '1 hour'`,
  )
  await client.query('CALL pgstream.run_scheduler()')
}

test('a refresh that fails: old content, counted up to SUSPENDED, resumed; others unaffected', async () => {
  const { client } = await scene(SETUP)
  await create(client, 'shares', 'SELECT id, amount / parts AS share FROM orders', { schedule: '1s' })
  await create(client, 'total', 'SELECT sum(amount) AS total FROM orders', { schedule: '1s' })
  await client.query(`CREATE TABLE before AS TABLE shares; INSERT INTO orders VALUES (11, 1, 0)`)
  expect(await outcome(refresh(client, 'shares'))).toBe('22012')
  for (const errors of [1, 2, 3]) {
    await pass(client)
    expect(await status(client, 'shares')).toEqual({
      status: errors < 3 ? 'ACTIVE' : 'SUSPENDED',
      consecutive_errors: errors,
      last_error: 'division by zero',
    })
    expect(
      (
        await client.query(
          '(TABLE before EXCEPT ALL TABLE shares) UNION ALL (TABLE shares EXCEPT ALL TABLE before)',
        )
      ).rows,
    ).toEqual([])
    await client.query('UPDATE orders SET amount = amount + 1')
  }
  expect((await status(client, 'total')).status).toBe('ACTIVE')
  await expectExact(client, 'total')
  const { rows } = await client.query(
    `SELECT status, error_message FROM pgstream.get_refresh_history('shares') WHERE status = 'FAILED'`,
  )
  expect(rows).toEqual(Array(3).fill({ status: 'FAILED', error_message: 'division by zero' }))
  // Suspended: not tried any more, and a person is told so.
  await pass(client)
  expect((await status(client, 'shares')).consecutive_errors).toBe(3)
  expect(await outcome(refresh(client, 'shares'))).toBe('55000')
  await client.query(
    `UPDATE orders SET parts = 1 WHERE parts = 0; SELECT pgstream.resume_stream_table('shares')`,
  )
  expect(await status(client, 'shares')).toEqual({
    status: 'ACTIVE',
    consecutive_errors: 0,
    last_error: null,
  })
  await pass(client)
  await expectExact(client, 'shares')
})

test('a success in between starts the count anew', async () => {
  const { client } = await scene(SETUP)
  await create(client, 'shares', 'SELECT id, amount / parts AS share FROM orders', { schedule: '1s' })
  for (let i = 0; i < 4; i++) {
    await client.query('INSERT INTO orders VALUES (11, 1, 0)')
    await pass(client)
    expect((await status(client, 'shares')).consecutive_errors).toBe(1)
    await client.query('DELETE FROM orders WHERE id = 11')
    await pass(client)
    expect(await status(client, 'shares')).toEqual({
      status: 'ACTIVE',
      consecutive_errors: 0,
      last_error: null,
    })
  }
  await expectExact(client, 'shares')
})

test('what fails for the data is tried again when something changes, and not before', async () => {
  const { client, open } = await scene(`${SETUP}
    CREATE FUNCTION checked(v int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$
    BEGIN IF v < 0 THEN RAISE EXCEPTION 'too little'; END IF; RETURN v; END $$`)
  await create(client, 'shares', 'SELECT id, amount / parts AS share FROM orders', { schedule: '1s' })
  await create(client, 'large', 'SELECT id, checked(amount) AS amount FROM orders', { schedule: '1s' })
  await create(client, 'late', 'SELECT sum(1 / parts) AS total FROM orders', {
    schedule: '1s',
    initialize: false,
  })
  const other = await open()
  const failures = async (): Promise<Record<string, number>> =>
    Object.fromEntries(
      (
        await client.query(
          `SELECT s.pgs_name AS name, count(h.*) FILTER (WHERE h.status = 'FAILED')::int AS failed FROM pgstream.pgs_stream_tables s
           LEFT JOIN pgstream.pgs_refresh_history h USING (pgs_id) WHERE s.pgs_schema = current_schema() GROUP BY 1`,
        )
      ).rows.map(({ name, failed }) => [name, failed]),
    )
  // Under way when the others fail: what it does cannot have been seen.
  await other.query('BEGIN; UPDATE orders SET amount = 1 WHERE id = 1')
  await client.query('INSERT INTO orders VALUES (11, -1, 0)')
  for (let i = 0; i < 5; i++) await pass(client)
  const before = await failures()
  for (const name of ['shares', 'large', 'late'])
    expect(await status(client, name)).toMatchObject({ consecutive_errors: 1 })
  // It is not said to be fresh meanwhile.
  const { rows } = await client.query(
    `SELECT bool_or(data_timestamp > now() - interval '1 minute') AS is_fresh FROM pgstream._freshness()
     WHERE pgs_id IN (SELECT pgs_id FROM pgstream.pgs_stream_tables WHERE pgs_schema = current_schema())`,
  )
  expect(rows).toEqual([{ is_fresh: false }])
  await other.query('COMMIT')
  await pass(client)
  const after = await failures()
  for (const name of ['shares', 'large', 'late']) {
    expect(after[name]).toBeGreaterThan(before[name] ?? 0)
    // Counted when it changed the table, before the first of these tries.
    expect(await status(client, name)).toMatchObject({ consecutive_errors: 1 })
  }
  // DDL and people count as well.
  await client.query(
    `CREATE OR REPLACE FUNCTION checked(v int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT abs(v)'`,
  )
  await pass(client)
  await expectExact(client, 'large')
  await client.query(`SELECT pgstream.resume_stream_table('shares')`)
  for (let i = 0; i < 3; i++) await pass(client)
  for (const name of ['shares', 'late'])
    expect(await status(client, name)).toMatchObject({ consecutive_errors: 1 })
  expect((await failures()).shares).toBeGreaterThan(after.shares ?? 0)
  await client.query('UPDATE orders SET parts = 1 WHERE id = 11')
  await pass(client)
  for (const name of ['shares', 'large', 'late']) {
    expect(await status(client, name)).toEqual({ status: 'ACTIVE', consecutive_errors: 0, last_error: null })
    await expectExact(client, name)
  }
})

test('where nobody tells of DDL, what fails for the data is tried again by the clock', async () => {
  const db = await freshDatabase({ watched: false })
  try {
    const { client } = db
    await client.query(SETUP)
    await create(client, 'shares', 'SELECT id, amount / parts AS share FROM orders', { schedule: '1s' })
    await client.query('INSERT INTO orders VALUES (11, 1, 0)')
    for (const errors of [1, 2, 3]) {
      await pass(client)
      expect((await status(client, 'shares')).consecutive_errors).toBe(errors)
    }
  } finally {
    await db.close()
  }
})

test('a first fill that fails leaves it INITIALIZING, then SUSPENDED, and nothing half filled', async () => {
  const { client } = await scene(`${SETUP} INSERT INTO orders VALUES (11, 1, 0)`)
  expect(await outcome(create(client, 'never', 'SELECT id, amount / parts AS share FROM orders'))).toBe(
    '22012',
  )
  expect(await outcome(client.query('TABLE never'))).toBe('42P01')
  await create(client, 'later', 'SELECT id, amount / parts AS share FROM orders', {
    initialize: false,
    schedule: '1s',
  })
  for (let i = 0; i < 3; i++) {
    await pass(client)
    await client.query('UPDATE orders SET amount = amount + 1')
  }
  expect((await status(client, 'later')).status).toBe('SUSPENDED')
  expect((await client.query('TABLE later')).rows).toEqual([])
  await client.query(`DELETE FROM orders WHERE id = 11; SELECT pgstream.resume_stream_table('later')`)
  await pass(client)
  await expectExact(client, 'later')
})

test('what passes by itself is not counted', async () => {
  const { client, open } = await scene(SETUP)
  await create(client, 'total', 'SELECT sum(amount) AS total FROM orders', { schedule: '1s' })
  const other = await open()
  await client.query('UPDATE orders SET amount = amount + 1')
  await other.query('BEGIN; LOCK TABLE orders IN ACCESS EXCLUSIVE MODE')
  await client.query(`SET lock_timeout = '20ms'`)
  for (let i = 0; i < 4; i++) await pass(client)
  expect(await status(client, 'total')).toMatchObject({ status: 'ACTIVE', consecutive_errors: 0 })
  await other.query('COMMIT')
  await pass(client)
  expect(await status(client, 'total')).toMatchObject({ status: 'ACTIVE', last_error: null })
  await expectExact(client, 'total')
})

test('a stream table over one that is suspended stays exact over its old content', async () => {
  const { client } = await scene(SETUP)
  await create(client, 'shares', 'SELECT id, amount / parts AS share FROM orders', { schedule: '1s' })
  await create(client, 'over', 'SELECT sum(share) AS total FROM shares', { schedule: '1s' })
  await client.query('INSERT INTO orders VALUES (11, 1, 0)')
  for (let i = 0; i < 3; i++) {
    await client.query('UPDATE orders SET amount = amount + 1')
    await pass(client)
  }
  await expectExact(client, 'over')
  await client.query(
    `DELETE FROM orders WHERE id = 11; UPDATE orders SET amount = 0; SELECT pgstream.resume_stream_table('shares')`,
  )
  await pass(client)
  await expectExact(client, 'shares')
  await expectExact(client, 'over')
})

test('pg_stream.enabled = off stops the scheduler and nothing else', async () => {
  const { client } = await scene(SETUP)
  await create(client, 'total', 'SELECT sum(amount) AS total FROM orders', { schedule: '1s' })
  await client.query(
    `UPDATE orders SET amount = 0; SET pg_stream.enabled = off; CREATE TABLE before AS TABLE total`,
  )
  await pass(client)
  expect((await client.query('TABLE before EXCEPT TABLE total')).rows).toEqual([])
  await expectExact(client, 'total')
})

test.each(['53100', '53200', '53300', '58030', '40001', '55P03', '57P01', '08006'])(
  'SQLSTATE %s passes by itself and suspends nobody',
  async (state) => {
    const { client } = await scene()
    const { rows } = await client.query(`SELECT pgstream._passes_by_itself($1, 'x') AS passes`, [state])
    expect(rows).toEqual([{ passes: true }])
  },
)

const RAISING = (state: string) => `${SETUP}
  CREATE TABLE broken (id int PRIMARY KEY);
  CREATE FUNCTION raising(i int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$
    BEGIN IF i = 11 THEN RAISE 'no' USING ERRCODE = '${state}'; END IF; RETURN i; END $$;`

test.each(['55P03', '57014', '40001', '53100'])(
  'a function that only says %s by RAISE is tried again, and suspends its stream table in the end',
  async (state) => {
    const { client } = await scene(RAISING(state))
    await create(client, 'said', 'SELECT raising(id) AS id FROM orders', { schedule: '1s' })
    await create(client, 'total', 'SELECT sum(amount) AS total FROM orders', { schedule: '1s' })
    await client.query('INSERT INTO orders VALUES (11, 1, 1)')
    for (let i = 0; i < 9; i++) await pass(client)
    expect(await status(client, 'said')).toMatchObject({ status: 'ACTIVE', consecutive_errors: 0 })
    // It ends no pass: others are refreshed.
    await expectEqual(client, 'total')
    for (let i = 0; i < 3; i++) await pass(client)
    expect(await status(client, 'said')).toMatchObject({ status: 'SUSPENDED', consecutive_errors: 3 })
    const { rows } = await client.query(
      `SELECT last_error FROM pgstream.pgs_stream_tables WHERE pgs_relid = 'said'::regclass`,
    )
    expect(rows[0].last_error).toContain(`SQLSTATE ${state}`)
    expect(rows[0].last_error).toContain('raised by a function of the query')
    await client.query(`DELETE FROM orders WHERE id = 11; SELECT pgstream.resume_stream_table('said')`)
    await pass(client)
    await expectEqual(client, 'said')
    expect(await status(client, 'said')).toMatchObject({ status: 'ACTIVE', consecutive_errors: 0 })
    // The count begins anew.
    await client.query('INSERT INTO orders VALUES (11, 1, 1)')
    await pass(client)
    expect(await status(client, 'said')).toMatchObject({ status: 'ACTIVE', consecutive_errors: 0 })
  },
)

test('so does one in a group, whose others go on without it', async () => {
  const { client } = await scene(RAISING('57014'))
  await create(client, 'a', 'SELECT sum(amount) AS total FROM orders', { schedule: '1s' })
  await create(client, 'b', 'SELECT raising(id) AS id FROM orders', { schedule: '1s' })
  for (const name of ['a', 'b'])
    await client.query(`SELECT pgstream.alter_stream_table($1, consistency_group => 'both')`, [name])
  await client.query('INSERT INTO orders VALUES (11, 1, 1)')
  for (let i = 0; i < 12; i++) await pass(client)
  expect(await status(client, 'b')).toMatchObject({ status: 'SUSPENDED' })
  await pass(client)
  await expectEqual(client, 'a')
})
