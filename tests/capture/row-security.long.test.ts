/**
 * Tables with row-level security are maintained incrementally for those whom no policy concerns, and recomputed, as they see
 * them, for all others. Who that is may change by DDL, and without any: roles are altered, and members leave.
 */
import type pg from 'pg'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { create, outcome, refresh } from '../concurrency/scene.ts'
import { expectEqual } from '../oracle/oracle.ts'
import { type FreshDatabase, freshDatabase } from '../support/server.ts'

let db: FreshDatabase
let admin: pg.Client
let owner: pg.Client
let writer: pg.Client
const roles = ['keeper', 'owner', 'writer']
let keeper: string
let ownerName: string
let writerName: string

async function open(watched: boolean): Promise<void> {
  db = await freshDatabase({ watched })
  admin = db.client
  ;[keeper, ownerName, writerName] = roles.map((role) => `${role}_${db.name}`) as [string, string, string]
  await admin.query(`CREATE ROLE ${keeper}; CREATE ROLE ${ownerName} LOGIN IN ROLE ${keeper}; CREATE ROLE ${writerName} LOGIN;
    CREATE TABLE t (id int PRIMARY KEY, tenant text NOT NULL, v int NOT NULL); ALTER TABLE t OWNER TO ${keeper};
    INSERT INTO t SELECT i, CASE WHEN i % 3 = 0 THEN '${writerName}' ELSE 'other' END, i FROM generate_series(1, 60) AS i;
    ALTER TABLE t ENABLE ROW LEVEL SECURITY; CREATE POLICY own ON t USING (tenant = current_user OR v < 10) WITH CHECK (true);
    GRANT ALL ON t TO ${writerName}; GRANT SELECT, TRIGGER ON t TO ${ownerName};
    GRANT CREATE ON SCHEMA public TO ${ownerName}, ${writerName}`)
  owner = await db.connect(ownerName)
  writer = await db.connect(writerName)
}

afterEach(async () => {
  if (!db) return
  for (const role of [ownerName, keeper, writerName])
    await admin.query(`DROP OWNED BY ${role} CASCADE; DROP ROLE ${role}`)
  await db.close()
})

const QUERY = 'SELECT tenant, count(*) AS n, sum(v) AS s, max(v) AS m FROM t GROUP BY tenant'

let id = 1000
/** Of the writer, whom policies concern. */
async function write(): Promise<void> {
  await writer.query(`INSERT INTO t VALUES (${++id}, current_user, 70), (${++id}, current_user, 3);
    UPDATE t SET v = v - 1 WHERE id % 2 = 0; DELETE FROM t WHERE id = ${id - 5}`)
}

/** As the look that refreshes have once a second. */
const look = () => admin.query('UPDATE pgstream._catalog_looks SET looked_at = NULL')

async function refreshed(name: string): Promise<string> {
  const action = await refresh(owner, name)
  await expectEqual(owner, name)
  return action
}

describe.each([{ watched: true }, { watched: false }])('watched: $watched', ({ watched }) => {
  beforeEach(() => open(watched))

  test('the owner of the table, and who may act as it', async () => {
    await create(owner, 'sums', QUERY)
    await create(owner, 'above', 'SELECT n % 2 AS odd, sum(s) AS s FROM sums GROUP BY n % 2')
    await owner.query(`CREATE VIEW v AS SELECT * FROM t WHERE v > 5`)
    await create(owner, 'viewed', 'SELECT id, v FROM v')
    for (let round = 0; round < 3; round++) {
      await write()
      for (const name of ['sums', 'above', 'viewed']) expect(await refreshed(name)).toBe('DIFFERENTIAL')
    }
    await expect(owner.query(`SELECT pgstream.compare_source('t')`)).rejects.toThrow('need not be compared')
  })

  const PASSES: Readonly<Record<string, readonly [string, string]>> = {
    'forced on the owner': [
      'ALTER TABLE t FORCE ROW LEVEL SECURITY',
      'ALTER TABLE t NO FORCE ROW LEVEL SECURITY',
    ],
    'no longer a member': ['REVOKE keeper FROM owner', 'GRANT keeper TO owner'],
    'another owner of the table': [
      'ALTER TABLE t OWNER TO writer',
      'ALTER TABLE t OWNER TO keeper; GRANT ALL ON t TO writer',
    ],
    reassigned: [
      'REASSIGN OWNED BY keeper TO writer',
      'REASSIGN OWNED BY writer TO keeper; GRANT ALL ON t TO writer',
    ],
    'without BYPASSRLS': [
      'ALTER ROLE owner BYPASSRLS; REVOKE keeper FROM owner; ALTER ROLE owner NOBYPASSRLS',
      'ALTER ROLE owner BYPASSRLS',
    ],
    'no longer a superuser': [
      'ALTER ROLE owner NOSUPERUSER; REVOKE keeper FROM owner',
      'ALTER ROLE owner SUPERUSER',
    ],
  }
  const named = (sql: string) =>
    sql.replace(/\b(keeper|owner|writer)\b(?= |;|$)/gi, (role) =>
      role === role.toUpperCase() ? role : `${role}_${db.name}`,
    )

  test.each(Object.entries(PASSES))('%s, and back: AUTO', async (_, [hides, shows]) => {
    await create(owner, 'sums', QUERY, { mode: 'AUTO' })
    await create(owner, 'above', 'SELECT n % 2 AS odd, sum(s) AS s FROM sums GROUP BY n % 2')
    for (const isWritten of [true, false]) {
      await admin.query(named(hides))
      if (isWritten) await write()
      else await look()
      expect(['REINITIALIZE', 'FULL']).toContain(await refreshed('sums'))
      await refreshed('above')
      await write()
      expect(await refreshed('sums')).toBe('FULL')
      expect(await refreshed('above')).toBe('DIFFERENTIAL')
      await admin.query(named(shows))
      await look()
      await refreshed('sums')
      await write()
      expect(await refreshed('sums')).toBe('DIFFERENTIAL')
      expect(await refreshed('above')).toBe('DIFFERENTIAL')
    }
  })

  test('DIFFERENTIAL says so, and goes on when it may', async () => {
    await create(owner, 'sums', QUERY)
    await admin.query(named('REVOKE keeper FROM owner'))
    await write()
    for (let times = 0; times < 2; times++)
      await expect(refresh(owner, 'sums')).rejects.toMatchObject({
        code: '0A000',
        message: 'a table with row-level security cannot be maintained incrementally',
        hint: expect.stringContaining('BYPASSRLS'),
      })
    await admin.query(named('GRANT keeper TO owner'))
    await look()
    expect(await outcome(refresh(owner, 'sums'))).toBe('ok')
    await expectEqual(owner, 'sums')
    await write()
    expect(await refreshed('sums')).toBe('DIFFERENTIAL')
  })

  test('a stream table that is given to somebody whom policies concern, and back', async () => {
    await create(owner, 'sums', QUERY, { mode: 'AUTO' })
    await admin.query(`ALTER TABLE sums OWNER TO ${writerName}`)
    await write()
    expect(['REINITIALIZE', 'FULL']).toContain(await refresh(writer, 'sums'))
    await expectEqual(writer, 'sums')
    await admin.query(`ALTER TABLE sums OWNER TO ${ownerName}`)
    await look()
    await refreshed('sums')
    await write()
    expect(await refreshed('sums')).toBe('DIFFERENTIAL')
  })

  test('through a view, whose owner policies may concern', async () => {
    await admin.query(`CREATE VIEW theirs AS SELECT * FROM t; ALTER VIEW theirs OWNER TO ${writerName};
      CREATE VIEW plain WITH (security_invoker) AS SELECT * FROM t; ALTER VIEW plain OWNER TO ${writerName};
      GRANT SELECT ON theirs, plain TO ${ownerName}`)
    await create(owner, 'plainly', 'SELECT tenant, sum(v) AS s FROM plain GROUP BY tenant')
    await expect(
      create(owner, 'sums', 'SELECT tenant, sum(v) AS s FROM theirs GROUP BY tenant'),
    ).rejects.toThrow('row-level security')
    await create(owner, 'sums', 'SELECT tenant, sum(v) AS s FROM theirs GROUP BY tenant', { mode: 'AUTO' })
    await write()
    expect(await refreshed('sums')).toBe('FULL')
    expect(await refreshed('plainly')).toBe('DIFFERENTIAL')
    await admin.query(`ALTER VIEW theirs OWNER TO ${ownerName}`)
    await look()
    await refreshed('sums')
    await write()
    expect(await refreshed('sums')).toBe('DIFFERENTIAL')
  })

  const HIDE = 'ALTER ROLE owner NOBYPASSRLS'
  const SHOW = 'ALTER ROLE owner BYPASSRLS'

  /** PostgreSQL keeps plans that policies have a part in when a role is altered: the session that met them asks again. */
  test('what nobody saw hidden is filled with all rows afterwards, in the same session', async () => {
    await admin.query(named(`${SHOW}; REVOKE keeper FROM owner`))
    await admin.query(
      `CREATE TABLE plain (id int PRIMARY KEY); GRANT SELECT, TRIGGER ON plain TO ${ownerName}`,
    )
    for (const [name, query, filled] of [
      ['beside', 'SELECT id FROM plain', true],
      ['sums', QUERY, false],
      ['rows', 'SELECT id, v FROM t', false],
    ])
      await owner.query(
        `SELECT pgstream.create_stream_table($1, $2, '1h', 'DIFFERENTIAL', $3, consistency_group => 'g')`,
        [name, query, filled],
      )
    await admin.query(named(HIDE))
    expect(await outcome(refresh(owner, 'sums'))).toBe('0A000')
    await admin.query(named(SHOW))
    await refreshed('sums')
    await expectEqual(owner, 'rows')
    await write()
    expect(await refreshed('sums')).toBe('DIFFERENTIAL')
    await expectEqual(owner, 'rows')
  })

  test.each([
    ['sums', QUERY],
    ['rows', 'SELECT id, v FROM t'],
  ])('a snapshot that is older than the role is: %s', async (name, query) => {
    await admin.query(named(`${SHOW}; REVOKE keeper FROM owner`))
    await create(owner, name, query)
    await write()
    await owner.query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1')
    await admin.query(named(HIDE))
    expect(['42501', '40001', '0A000']).toContain(await outcome(refresh(owner, name)))
    await owner.query('ROLLBACK')
    await admin.query(named(SHOW))
    await write()
    await refreshed(name)
  })

  test('a copy has what its owner sees, a view of somebody else shows what that one does', async () => {
    await admin.query(`REVOKE ${keeper} FROM ${ownerName}; CREATE VIEW whole AS SELECT * FROM t;
      CREATE VIEW own WITH (security_invoker) AS SELECT * FROM t; GRANT SELECT ON whole, own TO ${ownerName}`)
    await owner.query(`SELECT pgstream.compare_source('t')`)
    await create(owner, 'sums', 'SELECT tenant, sum(v) AS s FROM whole GROUP BY tenant', { mode: 'AUTO' })
    await create(owner, 'seen', 'SELECT tenant, sum(v) AS s FROM own GROUP BY tenant')
    await expectEqual(owner, 'sums')
    await write()
    expect(await refreshed('sums')).toBe('FULL')
    expect(await refreshed('seen')).toBe('DIFFERENTIAL')
  })

  test('a copy that would not be needed any more gets the columns that there are', async () => {
    await admin.query(named('REVOKE keeper FROM owner'))
    await owner.query(`SELECT pgstream.compare_source('t')`)
    await create(owner, 'sums', QUERY)
    await admin.query(named('GRANT keeper TO owner'))
    await admin.query('ALTER TABLE t ADD w int DEFAULT 7')
    await refreshed('sums')
    await owner.query(`SELECT pgstream.compare_source('t')`)
    await create(owner, 'further', 'SELECT id, w FROM t')
    await refreshed('sums')
    await write()
    for (const each of ['sums', 'further']) expect(await refreshed(each)).toBe('DIFFERENTIAL')
  })
})
