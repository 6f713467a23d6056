import { expect, test } from 'vitest'
import { create, scenes } from '../concurrency/scene.ts'

const scene = scenes()

test('a look says when the clock alone makes something due: what has a long way to go is not asked about each second', async () => {
  const { client } = await scene('CREATE TABLE t (id int PRIMARY KEY)')
  await create(client, 'one', 'SELECT id FROM t', { schedule: '1h' })
  const look = async () =>
    (await client.query('SELECT due, quiet_for FROM pgstream._look()')).rows[0] as {
      due: number
      quiet_for: number
    }
  await client.query('UPDATE pgstream._scheduler SET watched_at = clock_timestamp()')
  await client.query('CALL pgstream.run_scheduler()')
  await client.query('INSERT INTO t VALUES (77)')
  expect(await look()).toEqual({ due: 0, quiet_for: 5 })
  // Its time comes sooner than that.
  await client.query(`UPDATE pgstream.frontiers SET checked_at = clock_timestamp() - interval '3597 seconds'`)
  const soon = await look()
  expect(soon.due).toBe(0)
  expect(soon.quiet_for).toBeLessThanOrEqual(3)
  await client.query(`UPDATE pgstream.frontiers SET checked_at = clock_timestamp() - interval '2 hours'`)
  expect((await look()).due).toBeGreaterThan(0)
})
