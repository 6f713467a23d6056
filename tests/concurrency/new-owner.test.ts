/** A stream table gets another owner while others are at work: nobody waits for what is not due, and nobody for each other. */
import { expect, test } from 'vitest'
import { expectEqual, expectExact } from '../oracle/oracle.ts'
import { create, outcome, refresh, roles, type Scene, scenes, untilWaiting } from './scene.ts'

const scene = scenes()
let at: Scene
const role = roles(() => at.db)

const QUERY = 'SELECT g, sum(v) AS total, min(v) AS least FROM t GROUP BY g HAVING count(*) > 1'

async function setUp(name: string): Promise<string> {
  at = await scene(`CREATE TABLE t (id int PRIMARY KEY, g int NOT NULL, v int NOT NULL);
    INSERT INTO t SELECT i, i % 3, i FROM generate_series(1, 30) AS i`)
  const heir = await role(name)
  await at.client.query(`GRANT ALL ON SCHEMA ${at.schema} TO ${heir}; GRANT ALL ON t TO ${heir}`)
  await create(at.client, 'st', QUERY, { schedule: '1s' })
  return heir
}

test.each([
  ['a person', `SELECT pgstream.refresh_stream_table('st')`],
  ['the scheduler', 'CALL pgstream.run_scheduler()'],
])('while %s refreshes it', async (who, call) => {
  const heir = await setUp(`heir_of_${who.replace(' ', '_')}`)
  const refreshing = await at.open()
  for (const [i, to] of [heir, 'CURRENT_USER', heir].entries()) {
    // What has its plans waits at another place.
    if (i > 0) await refresh(refreshing, 'st')
    await at.client.query(`INSERT INTO t VALUES (${100 + i}, 1, 7)`)
    await at.client.query('BEGIN; LOCK TABLE st IN ACCESS EXCLUSIVE MODE')
    const refreshed = outcome(refreshing.query(call))
    await untilWaiting(at.client, refreshing)
    expect(await outcome(at.client.query(`ALTER TABLE st OWNER TO ${to}`))).toBe('ok')
    await at.client.query('COMMIT')
    expect(await refreshed).toBe('ok')
    await expectExact(at.client, 'st')
    const { rows } = await at.client.query(
      `SELECT DISTINCT tableowner = (SELECT tableowner FROM pg_tables WHERE tablename = 'st' AND schemaname = current_schema()) AS follows
       FROM pg_tables WHERE schemaname = 'pgstream_state' AND tablename ~ ('^state_' || pgstream._stream_table_id('st') || '_')`,
    )
    expect(rows).toEqual([{ follows: true }])
  }
  const { rows } = await at.client.query(
    `SELECT status, consecutive_errors FROM pgstream.pgs_stream_tables s WHERE s.pgs_relid = 'st'::regclass`,
  )
  expect(rows).toEqual([{ status: 'ACTIVE', consecutive_errors: 0 }])
})

test('who asks for what is not due keeps nobody from refreshing', async () => {
  const name = await setUp('anybody')
  const anybody = await at.open(name)
  await at.client.query('INSERT INTO t VALUES (100, 1, 7)')
  await anybody.query(`BEGIN; SELECT pgstream._follow_owner(pgstream._stream_table_id('st'))`)
  await expect(anybody.query(`SELECT pgstream.refresh_stream_table('st')`)).rejects.toMatchObject({
    code: '42501',
  })
  await anybody.query(`ROLLBACK; BEGIN; SELECT pgstream._follow_owner(pgstream._stream_table_id('st'))`)
  await at.client.query(`SET lock_timeout = '2s'`)
  expect(await refresh(at.client, 'st')).toBe('DIFFERENTIAL')
  await expectEqual(at.client, 'st')
  await anybody.query('ROLLBACK; SET check_function_bodies = off; SELECT pgstream._follow_owner(-1)')
  const { rows } = await at.client.query(`SELECT proname FROM pg_proc WHERE proname ~ '^(gate|refresh)_-1'`)
  expect(rows).toEqual([])
})
