/** Nobody gets rights from ALTER DEFAULT PRIVILEGES that pg_stream does not mean, and nobody loses those that it does. */
import { afterEach, expect, test } from 'vitest'
import { install, upgrade } from '../../src/hosts/install.ts'
import { outside } from '../../src/hosts/outside.ts'
import { expectExact } from '../oracle/oracle.ts'
import { type FreshDatabase, freshDatabase } from '../support/server.ts'
import { create, outcome, refresh } from './scene.ts'

let db: FreshDatabase
const made: string[] = []

afterEach(async () => {
  for (const role of made.splice(0)) await db.client.query(`DROP OWNED BY ${role} CASCADE; DROP ROLE ${role}`)
  await db.close()
})

async function role(name: string): Promise<string> {
  const full = `${name}_${db.name}`
  await db.client.query(`CREATE ROLE ${full} LOGIN`)
  made.push(full)
  return full
}

const KINDS = ['SCHEMAS', 'TABLES', 'SEQUENCES', 'FUNCTIONS', 'TYPES']

async function openEverythingTo(name: string): Promise<void> {
  for (const kind of KINDS) await db.client.query(`ALTER DEFAULT PRIVILEGES GRANT ALL ON ${kind} TO ${name}`)
}

/** What a role may do beyond what everybody may, with what pg_stream has made. */
async function rightsOf(name: string): Promise<unknown[]> {
  const { rows } = await db.client.query(
    `WITH acls(thing, acl) AS (
       SELECT oid::regprocedure::text, proacl FROM pg_proc WHERE pronamespace::regnamespace::text ~ '^pgstream'
       UNION ALL SELECT oid::regclass::text, relacl FROM pg_class WHERE relnamespace::regnamespace::text ~ '^pgstream'
       UNION ALL SELECT oid::regtype::text, typacl FROM pg_type WHERE typnamespace::regnamespace::text ~ '^pgstream'
       UNION ALL SELECT nspname, nspacl FROM pg_namespace WHERE nspname ~ '^pgstream')
     SELECT thing, privilege_type FROM acls, aclexplode(acl) WHERE grantee = $1::regrole ORDER BY 1, 2`,
    [name],
  )
  return rows
}

async function unhealthy(): Promise<string[]> {
  const { rows } = await db.client.query(
    `SELECT detail FROM pgstream.health_check() WHERE check_name = 'rights' AND severity <> 'OK'`,
  )
  return rows.map(({ detail }) => detail)
}

const TABLES = `
  CREATE TABLE t (id int PRIMARY KEY, k int, v numeric, g int);
  INSERT INTO t SELECT i, i % 10, i, i FROM generate_series(1, 100) AS i;
  CREATE TABLE p (id int, v int) PARTITION BY LIST (id); CREATE TABLE p1 PARTITION OF p DEFAULT;`
const TOTALS = 'SELECT k, sum(v) AS v, max(v) AS top FROM t GROUP BY k HAVING count(*) > 1'

test('default privileges of the installer open nothing that is generated', async () => {
  db = await freshDatabase()
  const [evil, owner, heir] = [await role('evil'), await role('owner'), await role('heir')]
  await openEverythingTo(evil)
  await db.client.query(`${TABLES} GRANT ALL ON SCHEMA public TO PUBLIC; ALTER TABLE t OWNER TO ${owner}`)
  const user = await db.connect(owner)
  await create(db.client, 'ours', `SELECT * FROM p`)
  await create(user, 'totals', TOTALS)
  expect(await rightsOf(evil)).toEqual([])

  // Made anew: by another query, by what its sources are now, by repair, by a new owner.
  await user.query(
    `SELECT pgstream.alter_stream_table('totals', query => 'SELECT k, g, sum(v) AS v FROM t GROUP BY k, g')`,
  )
  expect(await rightsOf(evil)).toEqual([])
  await user.query('ALTER TABLE t ALTER COLUMN v TYPE int')
  await user.query('INSERT INTO t VALUES (1000, 1, 2, 3)')
  expect(await refresh(user, 'totals')).not.toBe('NO_DATA')
  expect(await rightsOf(evil)).toEqual([])
  await user.query(`SELECT pgstream.repair_stream_table('totals')`)
  expect(await rightsOf(evil)).toEqual([])
  await db.client.query(`GRANT ALL ON t TO ${heir}; ALTER TABLE totals OWNER TO ${heir}`)
  const next = await db.connect(heir)
  await refresh(next, 'totals')
  await db.client.query('ALTER TABLE p ADD COLUMN w int')
  await db.client.query(`SELECT pgstream.alter_stream_table('ours', query => 'SELECT id, w FROM p')`)
  expect(await rightsOf(evil)).toEqual([])
  expect(await unhealthy()).toEqual([])
  await next.query('UPDATE t SET v = v + 1')
  await expectExact(next, 'totals')
})

test('what was opened before is found, and closed by upgrade and by repair', async () => {
  db = await freshDatabase()
  const evil = await role('evil')
  await db.client.query(TABLES)
  await create(db.client, 'totals', TOTALS)
  expect(await unhealthy()).toEqual([])
  const id = (await db.client.query(`SELECT pgs_id AS id FROM pgstream.pgs_stream_tables`)).rows[0].id
  const open = async () => {
    await db.client.query(`
      GRANT EXECUTE ON ALL ROUTINES IN SCHEMA pgstream_state, pgstream_changes TO ${evil}, PUBLIC;
      GRANT ALL ON ALL TABLES IN SCHEMA pgstream_state, pgstream_changes TO ${evil} WITH GRANT OPTION;
      GRANT ALL ON ALL SEQUENCES IN SCHEMA pgstream_changes TO ${evil}`)
    const stranger = await db.connect(evil)
    expect(
      await outcome(
        stranger.query(
          `SELECT * FROM pgstream_state.refresh_${id}_as_owner('verify', '{"query": "SELECT 1"}')`,
        ),
      ),
    ).not.toBe('42501')
    expect((await unhealthy()).join()).toContain(`role ${evil} may use `)
    expect((await unhealthy()).join()).toContain('everybody')
  }
  await open()
  await upgrade(db.client, undefined)
  expect(await unhealthy()).toEqual([])
  expect(await rightsOf(evil)).toEqual([])
  await open()
  await db.client.query(`SELECT pgstream.repair_stream_table('totals')`)
  expect(await unhealthy()).toEqual([])
  expect(await rightsOf(evil)).toEqual([])
  await db.client.query('DELETE FROM t WHERE id = 7')
  await expectExact(db.client, 'totals')
})

test('default privileges of the installer open nothing that is installed', async () => {
  db = await freshDatabase({ pgStream: false })
  const evil = await role('evil')
  await openEverythingTo(evil)
  await install(db.client, outside)
  expect(await rightsOf(evil)).toEqual([])
  expect(await unhealthy()).toEqual([])
})

test('in a hardened database everybody may call what is meant for everybody, and nothing else', async () => {
  db = await freshDatabase({ pgStream: false })
  const plain = await role('plain')
  const everybody = async () =>
    (
      await db.client.query(
        `SELECT p.oid::regprocedure::text AS thing FROM pg_proc p
         WHERE pronamespace = 'pgstream'::regnamespace AND has_function_privilege($1, oid, 'EXECUTE')
         UNION ALL SELECT oid::regclass::text FROM pg_class
         WHERE relnamespace = 'pgstream'::regnamespace AND relkind IN ('r', 'v') AND has_table_privilege($1, oid, 'SELECT')
         UNION ALL SELECT oid::regtype::text FROM pg_type
         WHERE typnamespace = 'pgstream'::regnamespace AND has_type_privilege($1, oid, 'USAGE') ORDER BY 1`,
        [plain],
      )
    ).rows
  await install(db.client, outside)
  const usual = await everybody()
  await db.client.query('DROP SCHEMA pgstream_state, pgstream_changes, pgstream CASCADE')
  await db.client.query(`
    ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
    ALTER DEFAULT PRIVILEGES REVOKE USAGE ON TYPES FROM PUBLIC;
    ALTER DEFAULT PRIVILEGES REVOKE ALL ON TABLES FROM CURRENT_USER`)
  await install(db.client, outside)
  expect(await everybody()).toEqual(usual)
  expect(await unhealthy()).toEqual([])

  const user = await db.connect(plain)
  await db.client.query('GRANT CREATE ON SCHEMA public TO PUBLIC')
  expect(await outcome(user.query('CREATE TABLE mine (id int); ALTER TABLE mine ADD COLUMN v int'))).toBe(
    'ok',
  )
  expect(await outcome(user.query('SELECT * FROM pgstream.pgs_status()'))).toBe('ok')
  // It gets as far as the compiler, which is not here.
  expect(await outcome(create(user, 'st', 'SELECT * FROM mine'))).toBe('55000')
  expect(await outcome(user.query(`SELECT pgstream._compile('{}')`))).toBe('42501')

  await db.client.query('REVOKE ALL ON ALL ROUTINES IN SCHEMA pgstream FROM PUBLIC')
  expect((await unhealthy()).join()).toContain('is closed to everybody')
  await upgrade(db.client, outside)
  expect(await everybody()).toEqual(usual)
})

test('a stream table lives in a hardened database', async () => {
  db = await freshDatabase()
  const owner = await role('owner')
  await db.client.query(`
    ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
    ALTER DEFAULT PRIVILEGES REVOKE ALL ON TABLES FROM CURRENT_USER;
    ALTER DEFAULT PRIVILEGES REVOKE ALL ON SEQUENCES FROM CURRENT_USER;
    ALTER DEFAULT PRIVILEGES REVOKE ALL ON FUNCTIONS FROM CURRENT_USER;
    GRANT ALL ON SCHEMA public TO PUBLIC`)
  const user = await db.connect(owner)
  await user.query(TABLES)
  await create(user, 'totals', TOTALS)
  await user.query('DELETE FROM t WHERE id = 7')
  expect(await expectExact(user, 'totals')).toBe('DIFFERENTIAL')
  expect(await unhealthy()).toEqual([])
})

test('a stream table has the default privileges of its owner, and no other', async () => {
  db = await freshDatabase()
  const [owner, reader, auditor, evil] = [
    await role('owner'),
    await role('reader'),
    await role('auditor'),
    await role('evil'),
  ]
  await openEverythingTo(evil)
  await db.client.query(`
    CREATE SCHEMA shop; GRANT ALL ON SCHEMA shop, public TO ${owner};
    ALTER DEFAULT PRIVILEGES IN SCHEMA shop GRANT ALL ON TABLES TO PUBLIC;
    ALTER DEFAULT PRIVILEGES FOR ROLE ${owner} IN SCHEMA shop GRANT SELECT ON TABLES TO ${reader};
    ALTER DEFAULT PRIVILEGES FOR ROLE ${owner} GRANT SELECT, DELETE ON TABLES TO ${auditor} WITH GRANT OPTION`)
  const user = await db.connect(owner)
  await user.query(TABLES)
  const rights = async (name: string) =>
    (
      await db.client.query(
        `SELECT a.grantor::regrole, a.grantee::regrole, a.privilege_type, a.is_grantable
         FROM pg_class c, aclexplode(coalesce(relacl, acldefault('r', relowner))) AS a WHERE c.oid = $1::regclass
         ORDER BY a.grantee::regrole::text, 3, 4`,
        [name],
      )
    ).rows
  for (const schema of ['shop', 'public']) {
    await user.query(`CREATE MATERIALIZED VIEW ${schema}.usual AS SELECT`)
    await create(user, `${schema}.totals`, TOTALS)
    expect(await rights(`${schema}.totals`)).toEqual(await rights(`${schema}.usual`))
    // Its columns get other types, others are added and dropped: what it was granted stays.
    await user.query(`GRANT INSERT ON ${schema}.usual, ${schema}.totals TO ${reader} WITH GRANT OPTION`)
    await user.query('ALTER TABLE t ALTER COLUMN v TYPE double precision')
    await refresh(user, `${schema}.totals`)
    await user.query(
      `SELECT pgstream.alter_stream_table('${schema}.totals', query => 'SELECT count(*) AS n, k::text FROM t GROUP BY k')`,
    )
    expect(await rights(`${schema}.totals`)).toEqual(await rights(`${schema}.usual`))
    await user.query(`DROP MATERIALIZED VIEW ${schema}.usual; ALTER TABLE t ALTER COLUMN v TYPE numeric`)
  }
  await user.query('UPDATE t SET k = k + 1 WHERE id < 9')
  await expectExact(user, 'shop.totals')
  await (await db.connect(auditor)).query('SELECT * FROM public.totals')
})

test('a stream table whose owner grants itself less by default is refreshed all the same', async () => {
  db = await freshDatabase()
  const owner = await role('owner')
  await db.client.query(`
    GRANT ALL ON SCHEMA public TO PUBLIC;
    ALTER DEFAULT PRIVILEGES FOR ROLE ${owner} REVOKE ALL ON TABLES FROM ${owner};
    ALTER DEFAULT PRIVILEGES FOR ROLE ${owner} GRANT SELECT ON TABLES TO ${owner}`)
  const user = await db.connect(owner)
  await user.query(`${TABLES.replaceAll('INSERT', `GRANT ALL ON t TO ${owner}; INSERT`)}`)
  await create(user, 'totals', TOTALS)
  await user.query('DELETE FROM t WHERE id = 7')
  expect(await expectExact(user, 'totals')).toBe('DIFFERENTIAL')
})
