import { expect, test } from 'vitest'
import { expectEqual, expectExact } from '../oracle/oracle.ts'
import { create, outcome, refresh, scenes, untilWaiting } from './scene.ts'

const scene = scenes()
const SETUP = `
  CREATE TABLE orders (id int PRIMARY KEY, customer int, amount numeric);
  INSERT INTO orders SELECT i, i % 5, i FROM generate_series(1, 50) AS i;`
const TOTALS = 'SELECT customer, sum(amount) AS total, count(*) AS n FROM orders GROUP BY customer'

test('prepared before a refresh, committed after it', async () => {
  const { client, db } = await scene(SETUP)
  await create(client, 'totals', TOTALS)
  const id = `one_${db.name}`
  await client.query(
    `BEGIN; UPDATE orders SET amount = 0 WHERE id = 1; DELETE FROM orders WHERE id = 2; PREPARE TRANSACTION '${id}'`,
  )
  await client.query('UPDATE orders SET amount = amount + 1 WHERE id > 10')
  await expectExact(client, 'totals')
  await client.query('UPDATE orders SET amount = amount + 1 WHERE id > 20')
  await expectExact(client, 'totals')
  await client.query(`SELECT pgstream._clean_changes('orders'::regclass)`)
  await client.query(`COMMIT PREPARED '${id}'`)
  expect(await expectExact(client, 'totals')).toBe('DIFFERENTIAL')
})

test('prepared, then rolled back', async () => {
  const { client, db } = await scene(SETUP)
  await create(client, 'totals', TOTALS)
  const id = `two_${db.name}`
  await client.query(`BEGIN; UPDATE orders SET amount = 0; PREPARE TRANSACTION '${id}'`)
  await refresh(client, 'totals')
  await client.query(`ROLLBACK PREPARED '${id}'`)
  expect(await expectExact(client, 'totals')).toBe('NO_DATA')
})

test('a transaction that itself refreshed is prepared: others wait for its outcome', async () => {
  const { client, db, open } = await scene(SETUP)
  await create(client, 'totals', TOTALS)
  const id = `three_${db.name}`
  const other = await open()
  await client.query('BEGIN; UPDATE orders SET amount = amount + 1')
  await refresh(client, 'totals')
  await client.query('INSERT INTO orders VALUES (100, 1, 5)')
  await client.query(`PREPARE TRANSACTION '${id}'`)
  // Nothing that others have committed is pending: they need not wait, not even to note that they have looked.
  await other.query('SELECT pg_sleep(1.1)')
  expect(await refresh(other, 'totals')).toBe('NO_DATA')
  await expectEqual(other, 'totals')
  await other.query('INSERT INTO orders VALUES (101, 2, 5)')
  const waiting = refresh(other, 'totals')
  await untilWaiting(client, other)
  await client.query(`COMMIT PREPARED '${id}'`)
  expect(await waiting).toBe('DIFFERENTIAL')
  await expectEqual(other, 'totals')
  await expectExact(other, 'totals')
})

test('a prepared refresh that is rolled back was never there', async () => {
  const { client, db } = await scene(SETUP)
  await create(client, 'totals', TOTALS)
  const id = `four_${db.name}`
  await client.query('UPDATE orders SET amount = amount + 1')
  await client.query('BEGIN')
  await refresh(client, 'totals')
  await client.query(`PREPARE TRANSACTION '${id}'`)
  await client.query(`ROLLBACK PREPARED '${id}'`)
  expect(await expectExact(client, 'totals')).toBe('DIFFERENTIAL')
})

test('what refreshes, alters a schedule or drops can be prepared; what defines cannot', async () => {
  const { client, schema, db } = await scene('CREATE TABLE t (id int PRIMARY KEY, v int)')
  const name = `defined_${db.name}`
  await create(client, 'st', 'SELECT id, v FROM t')
  for (const [call, prepared] of [
    [`pgstream.refresh_stream_table('st')`, 'ok'],
    [`pgstream.alter_stream_table('st', schedule => '2h')`, 'ok'],
    [`pgstream.alter_stream_table('st', query => 'SELECT id FROM t')`, '0A000'],
    [`pgstream.create_stream_table('other', 'SELECT id FROM t')`, '0A000'],
    [`pgstream.validate_query('SELECT id FROM t')`, '0A000'],
    [`pgstream.drop_stream_table('st')`, 'ok'],
  ] as const) {
    await client.query('INSERT INTO t SELECT count(*), 1 FROM t')
    await client.query(`BEGIN; SELECT ${call}`)
    expect(await outcome(client.query(`PREPARE TRANSACTION '${name}'`)), call).toBe(prepared)
    if (prepared === 'ok') await client.query(`COMMIT PREPARED '${name}'`)
  }
  expect(
    (await client.query(`SELECT FROM pgstream.pgs_stream_tables WHERE pgs_schema = '${schema}'`)).rowCount,
  ).toBe(0)
})
