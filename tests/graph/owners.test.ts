import type pg from 'pg'
import { expect, test } from 'vitest'
import { create, outcome, refresh, roles, scenes } from '../concurrency/scene.ts'
import { expectEqual } from '../oracle/oracle.ts'
import type { FreshDatabase } from '../support/server.ts'

/** A diamond whose members belong to several: who may read two stream tables can define one over both. */
const scene = scenes()
let database: FreshDatabase
const role = roles(() => database)

async function diamond(suffix: string) {
  const made = await scene()
  database = made.db
  const { client, open, schema } = made
  const [ann, bob] = [await role(`ann_${suffix}`), await role(`bob_${suffix}`)]
  await client.query(`GRANT CREATE ON SCHEMA ${schema} TO ${ann}, ${bob}`)
  const [below, above] = [await open(ann), await open(bob)]
  await below.query(`CREATE TABLE base (id bigserial PRIMARY KEY, k int, v int);
    INSERT INTO base (k, v) SELECT i % 9, 1 FROM generate_series(1, 90) AS i`)
  await create(below, 'a', 'SELECT k, count(*) AS n FROM base GROUP BY k', { schedule: '1s' })
  await create(below, 'b', 'SELECT k, sum(v) AS m FROM base GROUP BY k', { schedule: '1s' })
  await below.query(`GRANT SELECT, TRIGGER ON a, b TO ${bob}`)
  return { ...made, ann: below, bob: above, bobsRole: bob }
}
const OVER_BOTH = 'SELECT a.k, a.n, b.m FROM a JOIN b USING (k)'
const change = (client: pg.Client) => client.query('INSERT INTO base (k, v) VALUES (1, 5)')
/** One pass, as if the pauses after tries in vain were over. */
async function pass(client: pg.Client) {
  await client.query(`UPDATE pgstream.frontiers SET retry_at = NULL, last_refresh_at = now() - interval '1 hour';
    UPDATE pgstream.frontiers SET checked_at = now() - interval '1 hour'`)
  await client.query('CALL pgstream.run_scheduler()')
}

test('who may only read the stream tables below cannot hold off the writers of what these read', async () => {
  const { client, ann, bob } = await diamond('writers')
  await ann.query(`SET lock_timeout = '2s'`)
  await bob.query('BEGIN')
  await create(bob, 'c', OVER_BOTH, { mode: 'FULL', schedule: '1s' })
  await change(ann)
  await bob.query('COMMIT')
  await pass(client)
  for (const name of ['a', 'b', 'c']) await expectEqual(client, name)

  await change(ann)
  await bob.query('BEGIN')
  const error = await refresh(bob, 'c').catch((e) => e)
  expect(error).toMatchObject({
    code: '42501',
    message: expect.stringContaining('permission denied to hold off the writers of table'),
    hint: expect.stringContaining('REPEATABLE READ'),
  })
  await change(ann)
  await bob.query('ROLLBACK; BEGIN ISOLATION LEVEL REPEATABLE READ')
  expect(await refresh(bob, 'c')).toBe('FULL')
  await change(ann)
  await bob.query('COMMIT')
  // Who may, may.
  expect(await refresh(ann, 'a')).toBe('DIFFERENTIAL')
  for (const name of ['a', 'b', 'c']) await expectEqual(client, name)
})

test('a lock on one of them holds up the others, it is said which and whose, and who is read can end it', async () => {
  const { client, ann, bob, bobsRole, schema } = await diamond('locks')
  await create(bob, 'c', OVER_BOTH, { schedule: '1s' })
  await pass(client)
  await change(ann)
  await bob.query('BEGIN; LOCK TABLE c IN SHARE MODE')
  await pass(client)
  const { rows } = await ann.query(
    `SELECT pgs_name AS name, waiting_for FROM pgstream.stream_tables_info WHERE pgs_schema = $1 ORDER BY 1`,
    [schema],
  )
  const why = expect.stringContaining(`waiting for a lock on ${schema}.c, held by process `)
  expect(rows).toEqual(['a', 'b', 'c'].map((name) => ({ name, waiting_for: why })))
  await ann.query(`SET lock_timeout = '300ms'`)
  expect(await outcome(refresh(ann, 'a'))).toBe('55P03')
  // Whatever is locked: what may not be read is not refreshed, and suspended in the end.
  await ann.query(`REVOKE SELECT ON a FROM ${bobsRole}`)
  for (let i = 0; i < 4; i++) await pass(client)
  for (const name of ['a', 'b']) await expectEqual(client, name)
  const { rows: status } = await client.query(
    `SELECT status FROM pgstream.pgs_stream_tables WHERE pgs_schema = $1 AND pgs_name = 'c'`,
    [schema],
  )
  expect(status).toEqual([{ status: 'SUSPENDED' }])
  await bob.query('COMMIT')
})
