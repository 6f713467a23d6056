import { beforeAll, describe, expect, test } from 'vitest'
import { expectExact } from '../oracle/oracle.ts'
import { type FreshDatabase, freshDatabase } from '../support/server.ts'
import { create, outcome, refresh, roles, type Scene, scenes } from './scene.ts'

const scene = scenes()
let database: FreshDatabase
const role = roles(() => database)

const WRITES: Readonly<Record<string, string>> = {
  INSERT: 'INSERT INTO st VALUES (1, 1)',
  'INSERT of nothing': 'INSERT INTO st SELECT 1, 1 WHERE false',
  UPDATE: 'UPDATE st SET n = 0',
  DELETE: 'DELETE FROM st',
  TRUNCATE: 'TRUNCATE st',
  'TRUNCATE of a source with CASCADE': 'ALTER TABLE extra ADD COLUMN a int; TRUNCATE extra, st',
  COPY: `COPY st FROM PROGRAM 'printf "1\\t1\\n"'`,
  MERGE: 'MERGE INTO st USING (VALUES (1)) AS v(k) ON st.k = v.k WHEN MATCHED THEN DELETE',
  'ON CONFLICT': 'INSERT INTO st VALUES (1, 1) ON CONFLICT DO NOTHING',
  'a data-modifying CTE': 'WITH x AS (DELETE FROM st RETURNING 1) SELECT count(*) FROM x',
  'an updatable view': 'CREATE VIEW v AS SELECT * FROM st; DELETE FROM v',
  'the replica role': 'SET session_replication_role = replica; DELETE FROM st',
}

describe('direct writes are refused, to superusers too', () => {
  let shared: Scene | undefined
  for (const [name, write] of Object.entries(WRITES)) {
    test(name, async () => {
      if (!shared) {
        shared = await scene(
          'CREATE TABLE t (k int, v int); CREATE TABLE extra (); INSERT INTO t SELECT i % 3, i FROM generate_series(1, 9) AS i',
        )
        await create(shared.client, 'st', 'SELECT k, count(*) AS n FROM t GROUP BY k')
      }
      expect(await outcome(shared.client.query(write))).toBe('42809')
      await shared.client.query('RESET session_replication_role')
      await expectExact(shared.client, 'st')
    })
  }
})

describe('an owner does not get round it', () => {
  const ATTEMPTS: Readonly<Record<string, string>> = {
    'a plain write': 'DELETE FROM st',
    'the trigger disabled': 'ALTER TABLE st DISABLE TRIGGER ALL; DELETE FROM st',
    'the user triggers disabled': 'ALTER TABLE st DISABLE TRIGGER USER; DELETE FROM st',
    'the trigger dropped': 'DROP TRIGGER pgstream_guard ON st; DELETE FROM st',
    'the trigger renamed and dropped':
      'ALTER TRIGGER pgstream_guard ON st RENAME TO x; DROP TRIGGER x ON st; DELETE FROM st',
    'a table that inherits': 'CREATE TABLE child () INHERITS (st); INSERT INTO child VALUES (1, 1)',
    'a cascade from a table it refers to': `CREATE TABLE keys (k int PRIMARY KEY); INSERT INTO keys SELECT DISTINCT k FROM t;
      ALTER TABLE st ADD FOREIGN KEY (k) REFERENCES keys ON DELETE CASCADE; DELETE FROM keys`,
  }
  for (const [name, attempt] of Object.entries(ATTEMPTS)) {
    test(name, async () => {
      const made = await scene()
      database = made.db
      const owner = await role(`owner${Object.keys(ATTEMPTS).indexOf(name)}`)
      await made.client.query(`GRANT ALL ON SCHEMA ${made.schema} TO ${owner}`)
      const client = await made.open(owner)
      await client.query(
        'CREATE TABLE t (k int, v int); INSERT INTO t SELECT i % 3, i FROM generate_series(1, 9) AS i',
      )
      await create(client, 'st', 'SELECT k, count(*) AS n FROM t GROUP BY k')
      const result = await outcome(client.query(attempt))
      // Refused, or without effect on what readers see after the next refresh.
      expect(result).not.toBe('XX000')
      await expectExact(client, 'st')
      await client.query('INSERT INTO t VALUES (1, 1)')
      await expectExact(client, 'st')
    })
  }
})

test('columns, constraints and rules of a stream table are not for users', async () => {
  const { client } = await scene('CREATE TABLE t (k int, v int)')
  await create(client, 'st', 'SELECT k, count(*) AS n FROM t GROUP BY k')
  for (const ddl of [
    'ALTER TABLE st ADD COLUMN x int',
    'ALTER TABLE st DROP COLUMN n',
    'ALTER TABLE st RENAME COLUMN n TO m',
    'ALTER TABLE st ALTER COLUMN n TYPE numeric',
  ]) {
    expect(await outcome(client.query(ddl))).toBe('42809')
  }
})

test('its index is known, whatever its columns are called', async () => {
  const { client } = await scene('CREATE TABLE t (day int PRIMARY KEY, "When" int)')
  await create(client, 'st', 'SELECT day, "When", count(*) AS n FROM t GROUP BY day, "When"')
  await client.query('ALTER TABLE st SET (fillfactor = 70)')
  expect(await outcome(client.query('DROP INDEX "st_day_When_idx"'))).toBe('42809')
})

test('indexes on a stream table are for users', async () => {
  const { client } = await scene('CREATE TABLE t (k int, v int)')
  await create(client, 'st', 'SELECT k, v FROM t')
  await client.query('CREATE INDEX ON st (v); INSERT INTO t VALUES (1, 2)')
  await expectExact(client, 'st')
})

const NOTHING = `CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'`
const TWO = `CREATE TABLE t (id int PRIMARY KEY, v int); CREATE TABLE bag (v int); ${NOTHING}`
const ALTERED: Readonly<Record<string, string>> = {
  'a BEFORE trigger for each row':
    'CREATE TRIGGER x BEFORE INSERT ON st FOR EACH ROW EXECUTE FUNCTION nothing()',
  'a rule': 'CREATE RULE x AS ON INSERT TO st DO INSTEAD NOTHING',
  'row-level security forced on the owner':
    'ALTER TABLE st ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY',
  unlogged: 'ALTER TABLE st SET UNLOGGED',
  'its unique index dropped': 'DROP INDEX st_id_idx',
  'the index of a bag dropped': `DO $$ DECLARE i text; BEGIN
    SELECT indexrelid::regclass::text INTO i FROM pg_index WHERE indrelid = 'bagged'::regclass; EXECUTE 'DROP INDEX ' || i; END $$`,
}
const ALLOWED = [
  'CREATE TRIGGER after_row AFTER INSERT ON st FOR EACH ROW EXECUTE FUNCTION nothing()',
  'CREATE TRIGGER before_statement BEFORE INSERT ON st FOR EACH STATEMENT EXECUTE FUNCTION nothing()',
  'ALTER TABLE st ENABLE ROW LEVEL SECURITY',
  'CREATE INDEX extra ON st (v)',
  'DROP INDEX extra',
  'ALTER INDEX st_id_idx RENAME TO renamed',
  'ALTER TABLE st ADD CHECK (id > 0)',
]

async function guarded() {
  const made = await scene(TWO)
  await create(made.client, 'st', 'SELECT id, v FROM t')
  await create(made.client, 'bagged', 'SELECT v FROM bag')
  await made.client.query('INSERT INTO t VALUES (1, 1); INSERT INTO bag VALUES (1)')
  return made.client
}

test.each(Object.entries(ALTERED))('refused: %s', async (_, ddl) => {
  const client = await guarded()
  await expect(client.query(ddl)).rejects.toMatchObject({
    code: '42809',
    message: expect.stringContaining('would not stay equal to its query'),
  })
  await expectExact(client, 'st')
  await expectExact(client, 'bagged')
})

test('what does not touch what a refresh writes is allowed', async () => {
  const client = await guarded()
  for (const ddl of ALLOWED) {
    await client.query(ddl)
    await client.query('INSERT INTO t SELECT max(id) + 1, 0 FROM t')
    await expectExact(client, 'st')
  }
})

describe('where nobody watches DDL, the next refresh refuses', () => {
  let unwatched: FreshDatabase
  beforeAll(async () => {
    unwatched = await freshDatabase({ watched: false })
    return () => unwatched.close()
  })
  test.each(Object.entries(ALTERED))('%s', async (name, ddl) => {
    const schema = `g${Object.keys(ALTERED).indexOf(name)}`
    const { client } = unwatched
    await client.query(`CREATE SCHEMA ${schema}; SET search_path = ${schema}; ${TWO}`)
    await create(client, 'st', 'SELECT id, v FROM t')
    await create(client, 'bagged', 'SELECT v FROM bag')
    await client.query(ddl)
    await client.query('INSERT INTO t VALUES (1, 1); INSERT INTO bag VALUES (1)')
    const altered = name.includes('bag') ? 'bagged' : 'st'
    await expect(refresh(client, altered)).rejects.toMatchObject({
      code: '42809',
      message: expect.stringContaining('would not stay equal to its query'),
    })
    await expectExact(client, altered === 'st' ? 'bagged' : 'st')
  })
})
