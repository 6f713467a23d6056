/** Settings of a session, or of a role, that say how things are made: nothing of pg_stream's own depends on them. */
import { expect, test } from 'vitest'
import { expectExact } from '../oracle/oracle.ts'
import { create, outcome, refresh, roles, type Scene, scenes } from './scene.ts'

const scene = scenes()
let at: Scene
const role = roles(() => at.db)

const SETUP = `
  CREATE TABLE t (id int PRIMARY KEY, k int, v int);
  INSERT INTO t SELECT i, i % 10, i FROM generate_series(1, 100) AS i;
  CREATE TABLE u (id int PRIMARY KEY, k int)`
const JOINED = 'SELECT t.k, max(v) AS top, count(u.id) AS n FROM t LEFT JOIN u USING (k) GROUP BY t.k'

async function everythingIsExact(client: Scene['client'], name: string): Promise<void> {
  await create(client, name, JOINED)
  await client.query('INSERT INTO u VALUES (1, 1), (2, 2); DELETE FROM t WHERE id = 91')
  expect(await expectExact(client, name)).toBe('DIFFERENTIAL')
  await client.query('ALTER TABLE t ALTER COLUMN v TYPE bigint')
  await refresh(client, name)
  await expectExact(client, name)
  await client.query(
    `SELECT pgstream.alter_stream_table('${name}', query => 'SELECT DISTINCT t.k, u.id FROM t JOIN u USING (k)')`,
  )
  await client.query('INSERT INTO u VALUES (3, 3)')
  await expectExact(client, name)
  await client.query(`SELECT pgstream.repair_stream_table('${name}')`)
  await expectExact(client, name)
}

/** Where the tables and indexes of these schemas are that are not in the database's tablespace, or not heaps. */
async function elsewhere(): Promise<unknown[]> {
  const { rows } = await at.client.query(
    `SELECT c.relname AS name, t.spcname AS space, a.amname AS am FROM pg_class c
     LEFT JOIN pg_tablespace t ON t.oid = c.reltablespace LEFT JOIN pg_am a ON a.oid = c.relam AND a.amtype = 't' AND a.amname <> 'heap'
     WHERE c.relnamespace IN ('pgstream_state'::regnamespace, 'pgstream_changes'::regnamespace, $1::regnamespace)
       AND (t.oid IS NOT NULL OR a.oid IS NOT NULL) ORDER BY 1`,
    [at.schema],
  )
  return rows
}

test('default_tablespace that names the tablespace of the database', async () => {
  at = await scene(SETUP)
  await at.client.query(`SET default_tablespace = 'pg_default'`)
  await everythingIsExact(at.client, 'st')
  expect(await elsewhere()).toEqual([])
})

test('the stream table follows default_tablespace, as far as its owner may; what is ours does not', async () => {
  at = await scene(SETUP)
  const owner = await role('settler')
  const space = `space_${at.db.name}`
  await at.client.query(`SET allow_in_place_tablespaces = on`)
  await at.client.query(`CREATE TABLESPACE ${space} LOCATION ''`)
  try {
    await at.client.query(
      `GRANT ALL ON SCHEMA ${at.schema} TO ${owner}; ALTER TABLE t OWNER TO ${owner}; ALTER TABLE u OWNER TO ${owner}`,
    )
    const user = await at.open(owner)
    await user.query(`SET default_tablespace = ${space}`)
    expect(await outcome(create(user, 'st', JOINED))).toBe('42501')
    await at.client.query(`GRANT CREATE ON TABLESPACE ${space} TO ${owner}`)
    await everythingIsExact(user, 'st')
    const found = await elsewhere()
    expect(found[0]).toEqual({ name: 'st', space, am: null })
    // With its index.
    expect(found).toHaveLength(2)
    await user.query(`SELECT pgstream.drop_stream_table('st')`)
  } finally {
    await at.client.query(`DROP TABLESPACE ${space}`)
  }
})

test('the stream table follows default_table_access_method; what is ours does not', async () => {
  at = await scene(SETUP)
  await at.client.query('CREATE ACCESS METHOD another TYPE TABLE HANDLER heap_tableam_handler')
  await at.client.query('SET default_table_access_method = another')
  await everythingIsExact(at.client, 'st')
  expect(await elsewhere()).toEqual([{ name: 'st', space: null, am: 'another' }])
  await at.client.query(`SELECT pgstream.drop_stream_table('st')`)
})

test('a session that was given back to a pooler in between runs the scheduler', async () => {
  at = await scene(SETUP)
  await create(at.client, 'pooled', JOINED, { schedule: '1s' })
  for (const forget of ['DISCARD ALL', 'RESET ALL']) {
    const session = await at.open()
    await session.query('CALL pgstream.run_scheduler()')
    await session.query(forget)
    await session.query(`INSERT INTO ${at.schema}.u SELECT count(*) + 1, 1 FROM ${at.schema}.u`)
    await session.query('CALL pgstream.run_scheduler()')
    await expectExact(at.client, 'pooled')
  }
})

test('a session that may not read views is told so, and its DDL is followed', async () => {
  at = await scene(SETUP)
  const { rows } = await at.client.query(
    `SELECT FROM pg_settings WHERE name = 'restrict_nonsystem_relation_kind'`,
  )
  if (rows.length === 0) return
  await create(at.client, 'st', JOINED)
  const other = await at.open()
  await other.query(`SET restrict_nonsystem_relation_kind = 'view, foreign-table'`)
  for (const call of [
    `SELECT pgstream.create_stream_table('more', 'SELECT 1 AS a')`,
    `SELECT pgstream.refresh_stream_table('st')`,
    `SELECT pgstream.drop_stream_table('st')`,
    `CALL pgstream.run_scheduler()`,
  ])
    await expect(other.query(call)).rejects.toMatchObject({
      code: '55000',
      message: 'pg_stream cannot work in a session that may not read views',
    })
  await other.query(`
    ALTER TABLE t ADD COLUMN w int; ALTER TABLE t ALTER COLUMN v TYPE bigint;
    INSERT INTO t VALUES (1000, 1, 5000)`)
  await refresh(at.client, 'st')
  await at.client.query('DELETE FROM t WHERE id = 1')
  expect(await expectExact(at.client, 'st')).toBe('DIFFERENTIAL')
})
