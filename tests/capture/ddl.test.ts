import { beforeEach, expect, test } from 'vitest'
import { type FreshDatabase, freshDatabase } from '../support/server.ts'
import { probe } from './probe.ts'

let db: FreshDatabase

beforeEach(async () => {
  db = await freshDatabase()
  await db.client.query(`
    CREATE SCHEMA "Sché ma";
    CREATE TABLE "Sché ma"."T ""x""" ("Id" int PRIMARY KEY, "näme" text NOT NULL, "a b" numeric, note text);
    INSERT INTO "Sché ma"."T ""x""" SELECT i, 'n' || i, i, 'note' FROM generate_series(1, 10) AS i`)
  return () => db.close()
})

const TABLE = `"Sché ma"."T ""x"""`
const QUERY = `SELECT "Id", "näme", "a b" FROM ${TABLE} WHERE "a b" > 3`

async function create(query = QUERY) {
  await db.client.query('SELECT pgstream.create_stream_table($1, $2)', ['st', query])
}

async function state() {
  const { rows } = await db.client.query(
    'SELECT status, needs_reinit, needs_replan, reinit_reason, broken_reason FROM pgstream.pgs_stream_tables',
  )
  return rows[0]
}

async function refreshed() {
  const { rows } = await db.client.query(`SELECT pgstream.refresh_stream_table('st') AS action`)
  expect((await db.client.query(`SELECT * FROM pgstream.verify_stream_table('st')`)).rows).toEqual([])
  return rows[0].action
}

test('renames of columns, table and schema are followed without a new fill', async () => {
  await create()
  const t = await probe(db.client, TABLE)
  for (const statement of [
    `ALTER TABLE ${TABLE} RENAME "näme" TO "select"`,
    `UPDATE ${TABLE} SET "select" = 'changed' WHERE "Id" < 6`,
    `ALTER TABLE ${TABLE} RENAME TO "Übung"`,
    `INSERT INTO "Sché ma"."Übung" VALUES (20, 'new', 20, NULL)`,
    `ALTER SCHEMA "Sché ma" RENAME TO s2`,
    `DELETE FROM s2."Übung" WHERE "Id" = 9`,
    // Swapped in one transaction: every statement is captured by the names that hold for it.
    `BEGIN; ALTER TABLE s2."Übung" RENAME "select" TO x; ALTER TABLE s2."Übung" RENAME note TO "select";
     UPDATE s2."Übung" SET x = x || '!', "select" = 'n' WHERE "Id" = 10; COMMIT`,
  ])
    await db.client.query(statement)
  expect(await t.mismatches()).toEqual([])
  expect(await state()).toMatchObject({ status: 'ACTIVE', needs_reinit: false, needs_replan: true })
  expect(await refreshed()).toBe('DIFFERENTIAL')
})

test('a column that nobody reads may go, another may come', async () => {
  await create()
  await db.client.query(`ALTER TABLE ${TABLE} DROP COLUMN note; ALTER TABLE ${TABLE} ADD COLUMN extra int DEFAULT 5;
    UPDATE ${TABLE} SET "a b" = "a b" + 1, extra = 6`)
  expect(await state()).toMatchObject({ needs_reinit: false, broken_reason: null })
  expect(await refreshed()).toBe('DIFFERENTIAL')
})

test('a column that is read and goes breaks the stream table, not its writers', async () => {
  await create()
  await db.client.query(
    `ALTER TABLE ${TABLE} DROP COLUMN "a b"; INSERT INTO ${TABLE} ("Id", "näme") VALUES (30, 'x')`,
  )
  expect(await state()).toMatchObject({
    status: 'ERROR',
    broken_reason: `column "a b" of source table ${TABLE} was dropped`,
  })
  await expect(db.client.query(`SELECT pgstream.refresh_stream_table('st')`)).rejects.toMatchObject({
    code: '55000',
    detail: expect.stringContaining('"a b"'),
    hint: expect.stringContaining('alter_stream_table'),
  })
  expect((await db.client.query('SELECT count(*)::int AS n FROM st')).rows[0].n).toBe(7)
  await db.client.query(`SELECT pgstream.alter_stream_table('st', query => $1)`, [
    `SELECT "Id", "näme" FROM ${TABLE}`,
  ])
  expect(await state()).toMatchObject({ status: 'ACTIVE', broken_reason: null })
  await db.client.query(`DELETE FROM ${TABLE} WHERE "Id" = 1`)
  expect(await refreshed()).toBe('DIFFERENTIAL')
})

test('a changed type has the definition read again by the next refresh', async () => {
  await create()
  await db.client.query(
    `ALTER TABLE ${TABLE} ALTER "a b" TYPE float8; UPDATE ${TABLE} SET "a b" = 1e10 WHERE "Id" = 1`,
  )
  expect(await state()).toMatchObject({
    status: 'ACTIVE',
    broken_reason: null,
    reinit_reason: expect.stringContaining('type of column "a b"'),
  })
  expect(await refreshed()).toBe('REINITIALIZE')
  expect(await state()).toMatchObject({ status: 'ACTIVE', broken_reason: null })
  await db.client.query(`UPDATE ${TABLE} SET "a b" = 2.5e10 WHERE "Id" = 1`)
  expect(await refreshed()).toBe('DIFFERENTIAL')
})

test('pg_stream.block_source_ddl refuses instead', async () => {
  await create()
  await db.client.query('SET pg_stream.block_source_ddl = on')
  await expect(db.client.query(`ALTER TABLE ${TABLE} DROP COLUMN "a b"`)).rejects.toMatchObject({
    code: '2BP01',
  })
  await expect(db.client.query(`DROP TABLE ${TABLE}`)).rejects.toMatchObject({ code: '2BP01' })
  await db.client.query(`ALTER TABLE ${TABLE} DROP COLUMN note`)
})

test('a dropped key has the content computed anew', async () => {
  await create()
  await db.client.query(
    `ALTER TABLE ${TABLE} DROP CONSTRAINT ${`"T ""x""_pkey"`}; INSERT INTO ${TABLE} VALUES (5, 'twice', 5), (5, 'twice', 5)`,
  )
  expect(await state()).toMatchObject({ needs_reinit: true })
  expect(await refreshed()).toBe('REINITIALIZE')
})

test('triggers that are disabled or dropped come back, and the content is computed anew', async () => {
  await create()
  await db.client.query(`ALTER TABLE ${TABLE} DISABLE TRIGGER ALL`)
  expect(await state()).toMatchObject({
    needs_reinit: true,
    reinit_reason: expect.stringContaining('trigger'),
  })
  await db.client.query(`UPDATE ${TABLE} SET "a b" = 50`)
  expect(await refreshed()).toBe('REINITIALIZE')
  await db.client.query(`DO $$ DECLARE t name; BEGIN FOR t IN SELECT tgname FROM pg_trigger WHERE tgname LIKE 'pgstream_capture%update' LOOP
    EXECUTE format('DROP TRIGGER %I ON ${TABLE.replaceAll("'", "''")}', t); END LOOP; END $$; UPDATE ${TABLE} SET "a b" = 51`)
  expect(await refreshed()).toBe('REINITIALIZE')
})

test('attached and detached partitions change the content', async () => {
  await db.client.query(`CREATE TABLE p (id int, r text) PARTITION BY LIST (r); CREATE TABLE p1 PARTITION OF p FOR VALUES IN ('1');
    CREATE TABLE p2 (id int, r text); INSERT INTO p2 VALUES (2, '2'); INSERT INTO p VALUES (1, '1')`)
  await create('SELECT id, r FROM p')
  await db.client.query(`CREATE TABLE p3 PARTITION OF p FOR VALUES IN ('3'); INSERT INTO p3 VALUES (3, '3')`)
  expect(await state()).toMatchObject({ needs_reinit: false })
  expect(await refreshed()).toBe('DIFFERENTIAL')
  await db.client.query(`ALTER TABLE p ATTACH PARTITION p2 FOR VALUES IN ('2')`)
  expect(await refreshed()).toBe('REINITIALIZE')
  await db.client.query('ALTER TABLE p DETACH PARTITION p1')
  expect(await refreshed()).toBe('REINITIALIZE')
  await db.client.query('DROP TABLE p3')
  expect(await refreshed()).toBe('REINITIALIZE')
  await db.client.query(`TRUNCATE p2; INSERT INTO p2 VALUES (9, '2')`)
  expect(await refreshed()).toBe('REINITIALIZE')
})

test('a replaced view, a replaced function', async () => {
  await db.client.query(`CREATE VIEW v AS SELECT "Id" AS id, "a b" AS b FROM ${TABLE};
    CREATE FUNCTION f(numeric) RETURNS numeric IMMUTABLE LANGUAGE sql AS 'SELECT $1 + 1'`)
  await create('SELECT id, f(b) AS fb FROM v')
  await db.client.query(
    `CREATE OR REPLACE FUNCTION f(numeric) RETURNS numeric IMMUTABLE LANGUAGE sql AS 'SELECT $1 + 2'`,
  )
  expect(await refreshed()).toBe('REINITIALIZE')
  await db.client.query('ALTER FUNCTION f(numeric) RENAME TO g')
  expect(await refreshed()).toBe('REINITIALIZE')
})

test('a dropped source: an error with a name, and no capture left', async () => {
  await create()
  await db.client.query(`DROP TABLE ${TABLE}`)
  expect(await state()).toMatchObject({
    status: 'ERROR',
    broken_reason: expect.stringContaining('was dropped'),
  })
  expect(
    (await db.client.query('SELECT count(*)::int AS n FROM pgstream.pgs_change_tracking')).rows[0].n,
  ).toBe(0)
  await db.client.query(`SELECT pgstream.drop_stream_table('st')`)
  await expectNothingLeft()
})

test.each([
  ['drop_stream_table', `SELECT pgstream.drop_stream_table('st')`],
  ['DROP TABLE', 'DROP TABLE st'],
  ['DROP SCHEMA CASCADE', 'DROP SCHEMA public CASCADE'],
])('%s leaves nothing behind', async (_, statement) => {
  await create(`SELECT "näme", count(*) AS n, max("a b") AS m FROM ${TABLE} GROUP BY 1`)
  await db.client.query(statement)
  await expectNothingLeft()
})

async function expectNothingLeft() {
  const { rows } = await db.client.query(`
    SELECT relname AS name FROM pg_class WHERE relnamespace IN ('pgstream_changes'::regnamespace, 'pgstream_state'::regnamespace)
    UNION ALL SELECT proname FROM pg_proc WHERE pronamespace IN ('pgstream_changes'::regnamespace, 'pgstream_state'::regnamespace)
    UNION ALL SELECT tgname FROM pg_trigger WHERE tgname LIKE 'pgstream%'
    UNION ALL SELECT pgs_name FROM pgstream.pgs_stream_tables
    UNION ALL SELECT 'dependency' FROM pgstream.pgs_dependencies
    UNION ALL SELECT 'frontier' FROM pgstream.frontiers
    UNION ALL SELECT 'tracking' FROM pgstream.pgs_change_tracking
    UNION ALL SELECT 'truncation' FROM pgstream.truncations
    UNION ALL SELECT 'history' FROM pgstream.pgs_refresh_history`)
  expect(rows).toEqual([])
}

test('a stream table follows its own renames and owners, and keeps its columns', async () => {
  await db.client.query(
    `CREATE ROLE "o_${db.name}"; GRANT USAGE ON SCHEMA "Sché ma" TO "o_${db.name}"; GRANT SELECT ON ${TABLE} TO "o_${db.name}"`,
  )
  await create()
  await db.client.query(
    `ALTER TABLE st RENAME TO "Neu"; ALTER TABLE "Neu" SET SCHEMA "Sché ma"; ALTER TABLE "Sché ma"."Neu" OWNER TO "o_${db.name}"`,
  )
  await db.client.query(`UPDATE ${TABLE} SET "näme" = 'z'`)
  await db.client.query(`SELECT pgstream.refresh_stream_table('"Sché ma"."Neu"')`)
  expect(
    (await db.client.query(`SELECT * FROM pgstream.verify_stream_table('"Sché ma"."Neu"')`)).rows,
  ).toEqual([])
  const owners = await db.client.query(
    `SELECT DISTINCT pg_get_userbyid(proowner)::text AS owner FROM pg_proc WHERE pronamespace = 'pgstream_state'::regnamespace AND proname ~ '^refresh_'`,
  )
  expect(owners.rows).toEqual([{ owner: `o_${db.name}` }])
  await expect(db.client.query(`ALTER TABLE "Sché ma"."Neu" DROP COLUMN "a b"`)).rejects.toMatchObject({
    code: '42809',
  })
  await expect(db.client.query(`ALTER TABLE "Sché ma"."Neu" ADD COLUMN x int`)).rejects.toMatchObject({
    code: '42809',
  })
  await db.client.query(
    `SELECT pgstream.drop_stream_table('"Sché ma"."Neu"'); DROP OWNED BY "o_${db.name}"; DROP ROLE "o_${db.name}"`,
  )
  await expectNothingLeft()
})

test('a second stream table widens capture; the first goes on', async () => {
  await create(`SELECT "Id" FROM ${TABLE}`)
  await db.client.query(`UPDATE ${TABLE} SET "Id" = "Id" + 100 WHERE "Id" < 3`)
  await db.client.query(`SELECT pgstream.create_stream_table('st2', $1)`, [QUERY])
  await db.client.query(`UPDATE ${TABLE} SET "Id" = "Id" + 100, "a b" = "a b" * 2 WHERE "Id" = 5`)
  expect(await refreshed()).toBe('DIFFERENTIAL')
  await db.client.query(`SELECT pgstream.refresh_stream_table('st2')`)
  expect((await db.client.query(`SELECT * FROM pgstream.verify_stream_table('st2')`)).rows).toEqual([])
  await db.client.query(`SELECT pgstream.drop_stream_table('st2'); SELECT pgstream.drop_stream_table('st')`)
  await expectNothingLeft()
})

test('an index on a source that comes or goes changes the plan, not the content', async () => {
  await db.client.query(
    `CREATE TABLE o (id int PRIMARY KEY, t int); INSERT INTO o SELECT i, i FROM generate_series(1, 10) AS i`,
  )
  await create(`SELECT o.id, s.note FROM o JOIN ${TABLE} AS s ON s."Id" = o.t`)
  const missing = async () =>
    (await db.client.query(`SELECT value FROM pgstream.explain_st('st') WHERE property = 'missing index'`))
      .rows
  expect(await missing()).toHaveLength(1)
  await db.client.query('CREATE INDEX o_t ON o (t)')
  expect(await state()).toMatchObject({ needs_reinit: false, needs_replan: true })
  await db.client.query(`UPDATE ${TABLE} SET note = 'changed' WHERE "Id" = 3`)
  expect(await refreshed()).toBe('DIFFERENTIAL')
  expect(await missing()).toEqual([])
  await db.client.query('DROP INDEX o_t')
  expect(await state()).toMatchObject({ needs_reinit: false, needs_replan: true })
  await db.client.query(`UPDATE ${TABLE} SET note = 'again' WHERE "Id" = 4`)
  expect(await refreshed()).toBe('DIFFERENTIAL')
  expect(await missing()).toHaveLength(1)
})

test('a schema that only functions and types of the query are in may be renamed', async () => {
  await db.client.query(`CREATE SCHEMA tools; CREATE TYPE tools.size AS ENUM ('small', 'large');
    CREATE FUNCTION tools.size_of(numeric) RETURNS tools.size IMMUTABLE LANGUAGE sql
      AS $$ SELECT (CASE WHEN $1 > 5 THEN 'large' ELSE 'small' END)::tools.size $$`)
  await create(`SELECT "Id", tools.size_of("a b") AS size FROM ${TABLE}`)
  await db.client.query('ALTER SCHEMA tools RENAME TO utensils')
  expect(await state()).toMatchObject({ needs_replan: true, broken_reason: null })
  await db.client.query(`CREATE OR REPLACE FUNCTION utensils.size_of(numeric) RETURNS utensils.size IMMUTABLE LANGUAGE sql
      AS $$ SELECT (CASE WHEN $1 > 5 THEN 'large' ELSE 'small' END)::utensils.size $$`)
  await db.client.query(`UPDATE ${TABLE} SET "a b" = 20 WHERE "Id" = 1`)
  await refreshed()
})

test('dropping what nobody reads asks no source and no stream table, however many there are', async () => {
  await db.client.query(`CREATE TABLE t (id int PRIMARY KEY, v int); CREATE UNIQUE INDEX t_v ON t (v);
    CREATE TABLE other (id int PRIMARY KEY, v int); CREATE INDEX other_v ON other (v); CREATE INDEX other_key ON other (id, v);
    SELECT pgstream.create_stream_table('st', 'SELECT id, v FROM t');
    SELECT pgstream.create_stream_table('bag', 'SELECT v FROM t')`)
  await db.client.query(`SET track_functions = 'all'`)
  const asked = async (statement: string) => {
    const read = async () => {
      await db.client.query('SELECT pg_stat_force_next_flush()')
      const { rows } = await db.client.query(
        `SELECT coalesce(sum(calls), 0)::int AS n FROM pg_stat_user_functions
         WHERE schemaname = 'pgstream' AND funcname IN ('_guard_obstacle', '_source_fingerprint')`,
      )
      return rows[0].n
    }
    const before = await read()
    await db.client.query(statement)
    return (await read()) - before
  }
  expect(await asked('DROP INDEX other_v')).toBe(0)
  expect(await asked('DROP TABLE other')).toBe(0)
  expect(await asked('DROP INDEX t_v')).toBeGreaterThan(0)
  for (const st of ['st', 'bag']) {
    const { rows } = await db.client.query(
      `SELECT i.indexrelid::regclass AS name FROM pg_index i WHERE i.indrelid = $1::regclass`,
      [st],
    )
    expect(rows).toHaveLength(1)
    await expect(db.client.query(`DROP INDEX ${rows[0].name}`)).rejects.toMatchObject({ code: '42809' })
  }
})

test('a trigger that came with a copy of a source is refused, and named where nobody saw it come', async () => {
  await db.client.query(`CREATE TABLE t (id int PRIMARY KEY, v int);
    SELECT pgstream.create_stream_table('st', 'SELECT id, v FROM t');
    ALTER TABLE t RENAME TO t_old; CREATE TABLE t (LIKE t_old)`)
  const { rows } = await db.client.query(
    `SELECT replace(pg_get_triggerdef(oid), 't_old', 't') AS definition FROM pg_trigger
     WHERE tgrelid = 't_old'::regclass AND tgname LIKE 'pgstream_capture_%' ORDER BY tgname`,
  )
  expect(rows).toHaveLength(4)
  for (const { definition } of rows)
    await expect(db.client.query(definition)).rejects.toMatchObject({
      code: '42809',
      message: expect.stringMatching(
        /^trigger "pgstream_capture_\d+_\w+" captures the changes of table public\.t_old, not of public\.t$/,
      ),
    })
  const trouble = async () =>
    (await db.client.query(`SELECT detail FROM pgstream.health_check() WHERE check_name = 'orphans'`)).rows[0]
      .detail
  const whole = await trouble()
  await db.client.query('ALTER EVENT TRIGGER pg_stream_ddl DISABLE')
  await db.client.query(rows[1].definition)
  await db.client.query('ALTER EVENT TRIGGER pg_stream_ddl ENABLE ALWAYS; INSERT INTO t VALUES (1, 1)')
  expect(await trouble()).toMatch(
    /^trigger pgstream_capture_\d+_insert on public\.t, which captures changes of public\.t_old$/,
  )
  expect(await refreshed()).toBe('REINITIALIZE')
  const stray = /^trigger (\S+) on/.exec(await trouble())?.[1]
  await db.client.query(`DROP TRIGGER ${stray} ON t; INSERT INTO t VALUES (2, 2)`)
  expect(await trouble()).toBe(whole)
  expect(await refreshed()).toBe('NO_DATA')
})
