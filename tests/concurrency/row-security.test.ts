/** What an owner sees under policies is the same in every session: `row_security = off`, of a role or a database, concerns no refresh. */
import { beforeAll, expect, test } from 'vitest'
import { expectEqual } from '../oracle/oracle.ts'
import { create, outcome, roles, type Scene, scenes } from './scene.ts'

const scene = scenes()
let at: Scene
const role = roles(() => at.db)
let owner: Scene['client']
let ownerName: string

beforeAll(async () => {
  at =
    await scene(`CREATE TABLE t (id int PRIMARY KEY, g int NOT NULL, v int NOT NULL); CREATE TABLE plain (id int PRIMARY KEY);
    INSERT INTO t SELECT i, i % 3, i FROM generate_series(1, 30) AS i; INSERT INTO plain VALUES (1);
    ALTER TABLE t ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON t USING (v > 3)`)
  ownerName = await role('owner')
  await at.client.query(
    `GRANT SELECT, TRIGGER ON t, plain TO ${ownerName}; GRANT CREATE ON SCHEMA ${at.schema} TO ${ownerName}`,
  )
  owner = await at.open(ownerName)
  await create(owner, 'hidden', 'SELECT g, sum(v) AS s FROM t GROUP BY g', { mode: 'AUTO', schedule: '1s' })
  await create(owner, 'seen', 'SELECT id FROM plain', { schedule: '1s' })
  await create(owner, 'later', 'SELECT id FROM t', { mode: 'AUTO', schedule: '1h', initialize: false })
})

let id = 100
async function everythingIsExact() {
  for (const name of ['hidden', 'seen', 'later']) await expectEqual(owner, name)
}
const changes = () =>
  at.client.query(`INSERT INTO t VALUES (${++id}, 1, 2), (${++id}, 1, 7); INSERT INTO plain VALUES (${id})`)

const CALLS = [
  ...['hidden', 'seen', 'later'].map((name) => `SELECT pgstream.refresh_stream_table('${name}')`),
  `SELECT pgstream.refresh_if_stale('hidden', '0 s')`,
  `SELECT * FROM pgstream.verify_stream_table('hidden')`,
  `SELECT * FROM pgstream.explain_st('seen', true)`,
  `SELECT pgstream.alter_stream_table('seen', query => 'SELECT id FROM plain WHERE id > 0')`,
  `SELECT pgstream.alter_stream_table('later', refresh_mode => 'FULL')`,
  `SELECT pgstream.alter_stream_table('hidden', status => 'SUSPENDED'); SELECT pgstream.resume_stream_table('hidden')`,
  ...['hidden', 'seen'].map((name) => `SELECT pgstream.repair_stream_table('${name}')`),
]

test.each(['its owner', 'a superuser'])('whatever %s calls', async (who) => {
  const caller = who === 'its owner' ? await at.open(ownerName) : await at.open()
  await caller.query('SET row_security = off')
  for (const call of CALLS) {
    await changes()
    expect(await outcome(caller.query(call)), call).toBe('ok')
    for (const name of ['hidden', 'seen', 'later'])
      expect(await outcome(caller.query(`SELECT pgstream.refresh_stream_table('${name}')`)), call).toBe('ok')
    await everythingIsExact()
  }
})

test('the scheduler', async () => {
  const caller = await at.open()
  await caller.query('SET row_security = off')
  for (const members of ['', 'together']) {
    for (const name of ['hidden', 'seen', 'later'])
      await owner.query(
        `SELECT pgstream.alter_stream_table('${name}', schedule => '1s', consistency_group => '${members}')`,
      )
    await changes()
    await at.client.query(
      `UPDATE pgstream.frontiers SET last_refresh_at = last_refresh_at - interval '1 hour', checked_at = checked_at - interval '1 hour'`,
    )
    await caller.query('CALL pgstream.run_scheduler()')
    await everythingIsExact()
  }
})

test('a query is refused as by CREATE MATERIALIZED VIEW', async () => {
  const caller = await at.open(ownerName)
  await caller.query('SET row_security = off')
  for (const call of [
    `pgstream.create_stream_table('refused', 'SELECT id FROM t')`,
    `pgstream.alter_stream_table('later', query => 'SELECT id FROM t WHERE id > 1')`,
  ])
    await expect(caller.query(`SELECT ${call}`)).rejects.toMatchObject({
      code: '42501',
      message: 'query would be affected by row-level security policy for table "t"',
    })
})
