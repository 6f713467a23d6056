import type pg from 'pg'
import { describe, expect, test } from 'vitest'
import { expectExact } from '../oracle/oracle.ts'
import { type FreshDatabase, freshDatabase } from '../support/server.ts'
import { create, outcome, refresh, roles, scenes, untilWaiting } from './scene.ts'

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

describe.each([
  { watched: true, noticed: 'at once' },
  { watched: false, noticed: 'by refreshes' },
])('what is renamed while a refresh compiles is no failure, where DDL is noticed $noticed', ({ watched }) => {
  /** The compiler gives its answer, and then waits as long as somebody holds lock 1. */
  const SLOW = `ALTER FUNCTION pgstream._compile(jsonb) RENAME TO _compile_at_once;
    CREATE FUNCTION pgstream._compile(request jsonb) RETURNS jsonb LANGUAGE plpgsql SET lock_timeout = 0 AS $$
    DECLARE reply jsonb := pgstream._compile_at_once(request);
    BEGIN
      PERFORM pg_advisory_lock_shared(1), pg_advisory_unlock_shared(1);
      RETURN reply;
    END $$`
  const RENAMES = [
    ['a table', 'ALTER TABLE app.src RENAME TO source', 'app.source'],
    ['a schema', 'ALTER SCHEMA app RENAME TO app2', 'app2.src'],
    ['a column', 'ALTER TABLE app.src RENAME v TO w', 'app.src'],
    [
      'a table, whose name another takes',
      'BEGIN; ALTER TABLE app.src RENAME TO source; CREATE TABLE app.src (id int PRIMARY KEY, k int, v int); INSERT INTO app.src VALUES (3, 9, 900); COMMIT',
      'app.source',
    ],
  ] as const
  // A change of one side is joined with the other, which is read by its name.
  const SUMS =
    'SELECT a.k, sum(b.v)::int AS s FROM app.src AS a JOIN app.src AS b ON b.id = a.id GROUP BY a.k'
  const ROWS = 'SELECT id, v FROM app.src'

  test.each(
    RENAMES.flatMap(([what, rename, now]) =>
      ['CALL pgstream.run_scheduler()', `SELECT pgstream.refresh_stream_table('s')`].flatMap((call, i) =>
        [false, true]
          // Two of the four ways for each.
          .filter((grouped) => (i === 0) === grouped || what === 'a table')
          .map((grouped) => ({ what, rename, now, call, grouped })),
      ),
    ),
  )(
    '$what, $call, in a group: $grouped',
    async ({ rename, now, call, grouped }) => {
      const db = await freshDatabase({ watched })
      try {
        const { client } = db
        await client.query(`CREATE SCHEMA app; CREATE TABLE app.src (id int PRIMARY KEY, k int, v int);
        INSERT INTO app.src VALUES (1, 1, 1), (2, 1, 5)`)
        for (const [name, text] of [
          ['s', SUMS],
          ['r', ROWS],
        ])
          await client.query(
            `SELECT pgstream.create_stream_table($1, $2, '1s', 'DIFFERENTIAL', consistency_group => $3)`,
            [name, text, grouped ? 'together' : null],
          )
        await client.query(`CREATE INDEX ON app.src (v); INSERT INTO app.src VALUES (3, 2, 7); ${SLOW}`)
        const other = await db.connect()
        await other.query('SELECT pg_advisory_lock(1)')
        const refreshed = outcome(client.query(call))
        await untilWaiting(other, client)
        await other.query(rename)
        await other.query('SELECT pg_advisory_unlock(1)')
        expect(await refreshed).toBe('ok')
        const { rows: failures } = await other.query(
          `SELECT h.status, h.error_message FROM pgstream.pgs_refresh_history h WHERE h.status <> 'COMPLETED'
         UNION ALL SELECT s.status, s.consecutive_errors::text FROM pgstream.pgs_stream_tables s
         WHERE s.status <> 'ACTIVE' OR s.consecutive_errors > 0`,
        )
        expect(failures).toEqual([])
        const { rows } = await other.query('SELECT k, s FROM s ORDER BY k')
        expect(rows).toEqual([
          { k: 1, s: 6 },
          { k: 2, s: 7 },
        ])
        await other.query(`DELETE FROM ${now} WHERE id = 1`)
        for (const name of ['s', 'r']) {
          await refresh(other, name)
          expect((await other.query('SELECT * FROM pgstream.verify_stream_table($1)', [name])).rows).toEqual(
            [],
          )
        }
        expect((await other.query('SELECT * FROM s ORDER BY k')).rows).toEqual([
          { k: 1, s: 5 },
          { k: 2, s: 7 },
        ])
      } finally {
        await db.close()
      }
    },
    60_000,
  )

  test('a name that is really missing is a failure, at once', async () => {
    const db = await freshDatabase({ watched })
    try {
      await db.client.query(`CREATE TABLE src (id int PRIMARY KEY, v int); INSERT INTO src VALUES (1, 1);
        CREATE FUNCTION broken(v int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS 'BEGIN
          IF v > 1 THEN PERFORM 1 FROM nowhere; END IF; RETURN v; END';
        SELECT pgstream.create_stream_table('st', 'SELECT id, broken(v) AS v FROM src', '1s');
        INSERT INTO src VALUES (2, 2); CREATE INDEX ON src (v)`)
      expect(await outcome(refresh(db.client, 'st'))).toBe('42P01')
      await db.client.query('CALL pgstream.run_scheduler()')
      const { rows } = await db.client.query('SELECT consecutive_errors AS n FROM pgstream.pgs_stream_tables')
      expect(rows).toEqual([{ n: 1 }])
    } finally {
      await db.close()
    }
  })
})

describe('what is renamed while a refresh waits for its lock is no failure', () => {
  const RENAMES = [
    ['a table', 'ALTER TABLE src RENAME TO source', 'source'],
    ['a column', 'ALTER TABLE src RENAME v TO w', 'src'],
    [
      'a table, whose name another takes',
      'ALTER TABLE src RENAME TO source; CREATE TABLE src (id int PRIMARY KEY, k int, v int); INSERT INTO src VALUES (3, 9, 900)',
      'source',
    ],
  ] as const
  const SUMS = 'SELECT a.k, sum(b.v)::int AS s FROM src AS a JOIN src AS b ON b.id = a.id GROUP BY a.k'

  test.each(
    RENAMES.flatMap(([what, rename, now]) =>
      ['CALL pgstream.run_scheduler()', `SELECT pgstream.refresh_stream_table('s')`].flatMap((call) =>
        [false, true].map((grouped) => ({ what, rename, now, call, grouped })),
      ),
    ),
  )('$what, $call, in a group: $grouped', async ({ rename, now, call, grouped }) => {
    const { client, open, schema } = await scene(
      'CREATE TABLE src (id int PRIMARY KEY, k int, v int); INSERT INTO src VALUES (1, 1, 1), (2, 1, 5)',
    )
    await create(client, 's', SUMS, { schedule: '1s' })
    await create(client, 'r', 'SELECT id, v FROM src', { mode: 'FULL', schedule: '1s' })
    if (grouped)
      for (const name of ['s', 'r'])
        await client.query('SELECT pgstream.alter_stream_table($1, consistency_group => $2)', [name, schema])
    await client.query('INSERT INTO src VALUES (3, 2, 7)')
    const [other, caller] = await Promise.all([open(), open()])
    await other.query(`BEGIN; ${rename}`)
    const refreshed = outcome(caller.query(call))
    await untilWaiting(client, caller)
    await other.query('COMMIT')
    expect(await refreshed).toBe('ok')
    const { rows: failures } = await client.query(
      `SELECT h.status, h.error_message FROM pgstream.pgs_refresh_history h JOIN pgstream.pgs_stream_tables s USING (pgs_id)
       WHERE s.pgs_schema = $1 AND h.status <> 'COMPLETED'`,
      [schema],
    )
    expect(failures).toEqual([])
    expect((await client.query('SELECT k, s FROM s ORDER BY k')).rows).toEqual([
      { k: 1, s: 6 },
      { k: 2, s: 7 },
    ])
    await client.query(`DELETE FROM ${now} WHERE id = 1`)
    for (const name of ['s', 'r']) {
      await refresh(client, name)
      expect((await client.query('SELECT * FROM pgstream.verify_stream_table($1)', [name])).rows).toEqual([])
    }
    expect((await client.query('SELECT k, s FROM s ORDER BY k')).rows).toEqual([
      { k: 1, s: 5 },
      { k: 2, s: 7 },
    ])
  })
})
