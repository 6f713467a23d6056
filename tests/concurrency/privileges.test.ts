import { expect, test } from 'vitest'
import { expectExact } from '../oracle/oracle.ts'
import type { FreshDatabase } from '../support/server.ts'
import { create, outcome, refresh, roles, type Scene, scenes } from './scene.ts'

const scene = scenes()
let database: FreshDatabase
const role = roles(() => database)
let made = 0

/** A schema with tables of the superuser, and a session of a plain role that may create in it. */
async function withRole(setup: string): Promise<Scene & { user: Scene['client']; name: string }> {
  const base = await scene(setup)
  database = base.db
  made += 1
  const name = await role(`user${made}`)
  await base.client.query(`GRANT CREATE, USAGE ON SCHEMA ${base.schema} TO ${name}`)
  return { ...base, user: await base.open(name), name }
}

const TABLES = `
  CREATE TABLE t (id int PRIMARY KEY, v int); CREATE TABLE secret (id int PRIMARY KEY, word text);
  INSERT INTO t SELECT i, i FROM generate_series(1, 5) AS i; INSERT INTO secret VALUES (1, 'hidden');`

async function pass(client: Scene['client']) {
  await client.query(
    `UPDATE pgstream.frontiers SET retry_at = NULL, last_refresh_at = now() - interval '1 hour', data_timestamp = now() - interval '1 hour', checked_at = now() - interval '1 hour'`,
  )
  await client.query('CALL pgstream.run_scheduler()')
}

test('a stream table over what its owner must not read is refused', async () => {
  const { client, user, name } = await withRole(TABLES)
  await client.query(`GRANT SELECT, TRIGGER ON t TO ${name}`)
  expect(await outcome(create(user, 'st', 'SELECT * FROM secret'))).toBe('42501')
  expect(await outcome(create(user, 'st', 'SELECT t.id FROM t JOIN secret USING (id)'))).toBe('42501')
  expect(await outcome(create(user, 'st', 'SELECT * FROM t'))).toBe('ok')
})

test('columns that the owner must not read', async () => {
  const { client, user, name } = await withRole(TABLES)
  await client.query(`GRANT SELECT (id), TRIGGER ON secret TO ${name}`)
  expect(await outcome(create(user, 'st', 'SELECT word FROM secret'))).toBe('42501')
  expect(await outcome(create(user, 'st', 'SELECT count(*) AS n FROM secret WHERE word > $$h$$'))).toBe(
    '42501',
  )
  await create(user, 'ids', 'SELECT id FROM secret')
  await create(client, 'words', 'SELECT id, word FROM secret')
  await client.query(`INSERT INTO secret VALUES (2, 'too')`)
  await expectExact(user, 'ids')
  const { rows } = await client.query(
    `SELECT source_relid FROM pgstream.pgs_change_tracking WHERE source_relid = 'secret'::regclass`,
  )
  const read = (columns: string) =>
    outcome(user.query(`SELECT ${columns} FROM pgstream_changes.changes_${rows[0].source_relid}`))
  expect(await read('xid, seq, weight, part, n, c1, p1')).toBe('ok')
  expect(await read('c2')).toBe('42501')
  expect(await read('p2')).toBe('42501')
})

test('others cannot refresh, alter or drop it, nor call what was generated for it', async () => {
  const { client, user, name, db } = await withRole(TABLES)
  await client.query(`GRANT SELECT, TRIGGER ON t TO ${name}`)
  await create(client, 'mine', 'SELECT * FROM t')
  await client.query(`GRANT SELECT ON mine TO ${name}`)
  expect(await outcome(refresh(user, 'mine'))).toBe('42501')
  expect(await outcome(user.query(`SELECT pgstream.alter_stream_table('mine', schedule => '1s')`))).toBe(
    '42501',
  )
  expect(await outcome(user.query(`SELECT pgstream.drop_stream_table('mine')`))).toBe('42501')
  expect(await outcome(user.query('DELETE FROM mine'))).toBe('42501')
  const { rows } = await client.query(
    `SELECT oid::regprocedure AS name, has_function_privilege($1, oid, 'EXECUTE') AS open FROM pg_proc
    WHERE pronamespace::regnamespace::text IN ('pgstream_state', 'pgstream_changes') AND prorettype <> 'trigger'::regtype`,
    [name],
  )
  expect(rows.length).toBeGreaterThan(3)
  expect(rows.filter(({ open }) => open)).toEqual([])
  void db
})

test('who may not look into the memory of a session is not told that it is too much, and gets no error', async () => {
  const { db, open } = await scene()
  database = db
  const client = await open(await role('blind'))
  expect((await client.query('SELECT pgstream._is_swollen() AS swollen')).rows).toEqual([{ swollen: false }])
})

test('internal functions do not do for a plain role what it may not do itself', async () => {
  const { client, user } = await withRole(TABLES)
  await create(client, 'mine', 'SELECT * FROM t')
  const { rows } = await client.query(
    `SELECT pgs_id AS id FROM pgstream.pgs_stream_tables WHERE pgs_relid = 'mine'::regclass`,
  )
  const { id } = rows[0]
  for (const call of [
    `pgstream._refresh(${id})`,
    `pgstream._forget_stream_table(${id})`,
    `pgstream._drop_stream_table(${id}, true)`,
    `pgstream._uninstall_plan(${id})`,
    `pgstream._empty(${id})`,
    `pgstream._set_status(${id}, 'SUSPENDED')`,
    `pgstream._clean_changes('t'::regclass)`,
    `pgstream._drop_capture('t'::regclass)`,
    `pgstream._ensure_capture('secret'::regclass, '{1,2}')`,
    `pgstream._advance(${id}, '{}', pg_current_snapshot(), 0, now(), 0, 'FULL', 0, '{}', '{}', NULL)`,
  ])
    expect([call, await outcome(user.query(`SELECT ${call}`))]).toEqual([call, '42501'])
  // These ask that a view of this very session is given, which another's table is not.
  for (const call of [
    `pgstream._create_stream_table('secret'::regclass, 'public', 'x', 'SELECT 1', '', NULL, 'AUTO', true, NULL)`,
    `pgstream._redefine('secret'::regclass, ${id}, 'SELECT 1', '', 'AUTO')`,
  ])
    expect([call, await outcome(user.query(`SELECT ${call}`))]).toEqual([call, '22023'])
  await expectExact(client, 'mine')
})

test('a refresh by the scheduler has the rights of the owner, not of who runs it', async () => {
  const { client, user, name } = await withRole(TABLES)
  await client.query(`GRANT SELECT, TRIGGER ON t TO ${name}`)
  await user.query(`
    CREATE FUNCTION peek(i int) RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$
    BEGIN
      IF i < 100 THEN RETURN 'ok'; END IF;
      IF i = 100 THEN RETURN (SELECT word FROM ${await schemaOf(client)}.secret LIMIT 1); END IF;
      IF i = 101 THEN RETURN pg_read_file('PG_VERSION'); END IF;
      IF i = 102 THEN RETURN current_user; END IF;
      IF i = 103 THEN RETURN (SELECT rolpassword FROM pg_authid LIMIT 1); END IF;
      RETURN 'other';
    END $$`)
  await create(user, 'st', 'SELECT id, peek(v) AS seen FROM t', { schedule: '1s' })
  for (const value of [100, 101, 103]) {
    await client.query(`INSERT INTO t VALUES (${value}, ${value})`)
    await pass(client)
    const { rows } = await client.query(
      `SELECT last_error, consecutive_errors AS errors FROM pgstream.stream_tables_info WHERE pgs_relid = 'st'::regclass`,
    )
    expect(rows[0]).toMatchObject({ errors: 1, last_error: expect.stringMatching(/^permission denied for/) })
    await client.query(`DELETE FROM t WHERE id = ${value}`)
    await pass(client)
  }
  await client.query('INSERT INTO t VALUES (102, 102)')
  await pass(client)
  expect((await client.query('SELECT seen FROM st WHERE id >= 100 ORDER BY id')).rows).toEqual([
    { seen: name },
  ])
})

async function schemaOf(client: Scene['client']): Promise<string> {
  return (await client.query('SELECT current_schema() AS name')).rows[0].name
}

test('SELECT is revoked later: that one fails, the others go on', async () => {
  const { client, user, name } = await withRole(TABLES)
  await client.query(`GRANT SELECT, TRIGGER ON t TO ${name}`)
  await create(user, 'theirs', 'SELECT v, count(*) AS n FROM t GROUP BY v', { schedule: '1s' })
  await create(user, 'joined', 'SELECT a.id, b.v FROM t AS a JOIN t AS b ON a.id = b.v', { schedule: '1s' })
  await create(client, 'mine', 'SELECT * FROM t', { schedule: '1s' })
  await client.query(`REVOKE SELECT ON t FROM ${name}; INSERT INTO t VALUES (50, 50)`)
  await pass(client)
  const { rows } =
    await client.query(`SELECT s.pgs_name, s.consecutive_errors AS errors FROM pgstream.pgs_stream_tables AS s
    WHERE s.pgs_relid IN ('theirs'::regclass, 'joined'::regclass, 'mine'::regclass) ORDER BY 1`)
  expect(rows).toEqual([
    { pgs_name: 'joined', errors: 1 },
    { pgs_name: 'mine', errors: 0 },
    { pgs_name: 'theirs', errors: 1 },
  ])
  await expectExact(client, 'mine')
  expect((await client.query('SELECT count(*)::int AS n FROM joined')).rows).toEqual([{ n: 5 }])
  await client.query(`GRANT SELECT, TRIGGER ON t TO ${name}`)
  await pass(client)
  await expectExact(user, 'theirs')
  await expectExact(user, 'joined')
})

test('a new owner: refreshes go on with the rights of that one', async () => {
  const { client, name, open } = await withRole(TABLES)
  await create(client, 'st', 'SELECT * FROM t', { schedule: '1s' })
  await client.query(`ALTER TABLE st OWNER TO ${name}; INSERT INTO t VALUES (60, 60)`)
  const user = await open(name)
  expect(await outcome(refresh(user, 'st'))).toBe('42501')
  await client.query(`GRANT SELECT, TRIGGER ON t TO ${name}`)
  await expectExact(user, 'st')
})

test('capture puts triggers on a source, so it takes the TRIGGER privilege', async () => {
  const { client, user, name } = await withRole(TABLES)
  await client.query(`GRANT SELECT ON t TO ${name}`)
  await expect(create(user, 'st', 'SELECT id, v FROM t')).rejects.toMatchObject({
    code: '42501',
    hint: expect.stringContaining('GRANT TRIGGER ON'),
  })
  const captured = async () =>
    (await client.query(`SELECT count(*)::int AS n FROM pg_trigger WHERE tgrelid = 't'::regclass`)).rows[0].n
  await create(user, 'st', 'SELECT id, v FROM t', { mode: 'AUTO' })
  expect(await captured()).toBe(0)
  const strategy = async () =>
    (
      await client.query(
        `SELECT strategy, plan #>> '{reasons,0,message}' AS why FROM pgstream.pgs_stream_tables WHERE pgs_relid = 'st'::regclass`,
      )
    ).rows[0]
  expect(await strategy()).toEqual({ strategy: 'FULL', why: expect.stringContaining('TRIGGER privilege') })
  await client.query('UPDATE t SET v = v + 1')
  expect(await refresh(user, 'st')).toBe('FULL')
  await expectExact(user, 'st')

  await client.query(`GRANT TRIGGER ON t TO ${name}`)
  await user.query(`SELECT pgstream.resume_stream_table('st')`)
  await refresh(user, 'st')
  expect(await strategy()).toMatchObject({ strategy: 'DIFFERENTIAL' })
  await client.query('UPDATE t SET v = v + 1')
  expect(await refresh(user, 'st')).toBe('DIFFERENTIAL')
  // As with any trigger: what is there stays when the privilege goes.
  await client.query(`REVOKE TRIGGER ON t FROM ${name}; ALTER TABLE t RENAME v TO w; UPDATE t SET w = w + 1`)
  expect(await refresh(user, 'st')).toBe('DIFFERENTIAL')
  expect(await outcome(create(user, 'another', 'SELECT id FROM t'))).toBe('42501')
})
