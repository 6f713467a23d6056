import type pg from 'pg'
import { expect, test } from 'vitest'
import { expectExact } from '../oracle/oracle.ts'
import type { FreshDatabase } from '../support/server.ts'
import { create, outcome, refresh, roles, scenes } from './scene.ts'

const scene = scenes()
let database: FreshDatabase
const role = roles(() => database)
const READERS = Array.from({ length: 12 }, (_, i) => `st${i}`)

async function readers() {
  const made = await scene(
    'CREATE TABLE s (id int PRIMARY KEY, a int); INSERT INTO s SELECT i, i FROM generate_series(1, 20) AS i',
  )
  database = made.db
  for (const [i, name] of READERS.entries())
    await create(made.client, name, `SELECT id, a + ${i} AS a FROM s`, { schedule: '1s' })
  const sessions: pg.Client[] = []
  for (let i = 0; i < 6; i++) sessions.push(await made.open())
  return { ...made, sessions }
}

test('readers of a source that is renamed are planned anew at once: by the scheduler', async () => {
  const { client, sessions } = await readers()
  for (let round = 0; round < 6; round++) {
    await client.query(round % 2 === 0 ? 'ALTER TABLE s RENAME a TO a1' : 'ALTER TABLE s RENAME a1 TO a')
    await client.query('INSERT INTO s SELECT max(id) + 1, 0 FROM s')
    await Promise.all(sessions.map((each) => each.query('CALL pgstream.run_scheduler()')))
  }
  const { rows } = await client.query(
    `SELECT DISTINCT status, error_message FROM pgstream.get_refresh_history('st0', 100) WHERE status <> 'COMPLETED'
     UNION SELECT DISTINCT status, error_message FROM pgstream.pgs_refresh_history WHERE status <> 'COMPLETED'`,
  )
  expect(rows).toEqual([])
  for (const name of READERS) await expectExact(client, name)
})

test('… by hand', async () => {
  const { client, sessions } = await readers()
  for (let round = 0; round < 6; round++) {
    await client.query(round % 2 === 0 ? 'ALTER TABLE s RENAME a TO a1' : 'ALTER TABLE s RENAME a1 TO a')
    await client.query('INSERT INTO s SELECT max(id) + 1, 0 FROM s')
    const outcomes = await Promise.all(
      sessions.map(async (each, i) => {
        const seen: string[] = []
        for (const name of READERS.filter((_, n) => n % sessions.length === i))
          seen.push(await outcome(refresh(each, name)))
        return seen
      }),
    )
    expect(new Set(outcomes.flat())).toEqual(new Set(['ok']))
  }
  for (const name of READERS) await expectExact(client, name)
})

test('two roles that come to read one source at the same time', async () => {
  const { client, open, db, schema } = await scene('CREATE TABLE s (id int PRIMARY KEY, a int, b int)')
  database = db
  await create(client, 'first', 'SELECT id, a, b FROM s')
  const names = [await role('one'), await role('two'), await role('three')]
  const sessions: pg.Client[] = []
  for (const name of names) {
    await client.query(`GRANT SELECT, TRIGGER ON s TO ${name}; GRANT CREATE ON SCHEMA ${schema} TO ${name}`)
    sessions.push(await open(name))
  }
  for (let round = 0; round < 5; round++) {
    const made = sessions.map((each, i) =>
      outcome(create(each, `of${i}`, `SELECT id, ${i % 2 === 0 ? 'a' : 'b'} FROM s`)),
    )
    expect(await Promise.all(made)).toEqual(['ok', 'ok', 'ok'])
    await client.query('INSERT INTO s SELECT coalesce(max(id), 0) + 1, 1, 2 FROM s')
    for (const [i, each] of sessions.entries()) {
      await expectExact(each, `of${i}`)
      await each.query(`SELECT pgstream.drop_stream_table('of${i}')`)
    }
  }
})

test('each owner reads of the buffer what its stream tables use, and no more when that changes', async () => {
  const { client, open, db, schema } = await scene('CREATE TABLE s (id int PRIMARY KEY, a int, b int)')
  database = db
  const name = await role('grantee')
  await client.query(`GRANT SELECT, TRIGGER ON s TO ${name}; GRANT CREATE ON SCHEMA ${schema} TO ${name}`)
  const session = await open(name)
  const granted = async () =>
    (
      await client.query(
        `SELECT string_agg(b.attname, ' ' ORDER BY b.attnum) AS columns FROM pgstream.pgs_change_tracking t
         JOIN pg_attribute b ON b.attrelid = t.buffer, aclexplode(b.attacl) AS a
         WHERE t.source_relid = 's'::regclass AND a.grantee = $1::regrole`,
        [name],
      )
    ).rows[0].columns
  await create(session, 'st', 'SELECT id, a FROM s')
  expect(await granted()).toBe('xid seq weight part n c1 p1 c2 p2')
  await session.query(`SELECT pgstream.alter_stream_table('st', query => 'SELECT id, b FROM s')`)
  expect(await granted()).toBe('xid seq weight part n c1 p1 c3 p3')
  await client.query(`ALTER TABLE st OWNER TO CURRENT_USER`)
  expect(await granted()).toBe(null)
})
