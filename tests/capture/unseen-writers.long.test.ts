import type pg from 'pg'
import { afterEach, expect, test } from 'vitest'
import { type FreshDatabase, freshDatabase, serverVersion } from '../support/server.ts'

/** Writers of a source after DDL that no event trigger told of: they neither fail nor wait for each other. */
let db: FreshDatabase

afterEach(() => db.close())

const OFF = {
  'event triggers dropped': (client: pg.Client) =>
    client.query(
      'DROP EVENT TRIGGER pg_stream_ddl; DROP EVENT TRIGGER pg_stream_drop; DROP EVENT TRIGGER pg_stream_rewrite',
    ),
  'event triggers disabled': (client: pg.Client) =>
    client.query('ALTER EVENT TRIGGER pg_stream_ddl DISABLE; ALTER EVENT TRIGGER pg_stream_rewrite DISABLE'),
  'event triggers off in the session': (client: pg.Client) => client.query('SET event_triggers = off'),
}

interface Form {
  readonly ddl: string
  /** Of column v, and of s. */
  readonly v?: string
  readonly s?: string
  readonly next?: 'DIFFERENTIAL' | 'broken'
}

const DDL: Record<string, Form> = {
  'a column renamed': { ddl: 'ALTER TABLE p RENAME v TO w' },
  'two names swapped': {
    ddl: 'ALTER TABLE p RENAME v TO x; ALTER TABLE p RENAME u TO v; ALTER TABLE p RENAME x TO u',
  },
  'a type that is not assigned to the old one': { ddl: 'ALTER TABLE p ALTER v TYPE text', v: `'7'` },
  'a type that is assigned, with values that do not fit': {
    ddl: 'ALTER TABLE p ALTER v TYPE bigint',
    v: '70000000000',
  },
  'a longer type': { ddl: 'ALTER TABLE p ALTER s TYPE varchar(9)', s: `'longer'` },
  'a column dropped': { ddl: 'ALTER TABLE p DROP v', next: 'broken' },
  'a column dropped that is not captured': { ddl: 'ALTER TABLE p DROP u', next: 'DIFFERENTIAL' },
  'the table renamed': { ddl: 'ALTER TABLE t RENAME TO t2; CREATE VIEW t AS SELECT * FROM t2' },
}

const LEVELS = ['STATEMENT', 'ROW'] as const

const FORMS = Object.entries(OFF).flatMap(([way, off]) =>
  Object.entries(DDL).flatMap(([name, form]) =>
    LEVELS.filter((level) => level === 'STATEMENT' || way === 'event triggers dropped').map((level) => ({
      way,
      off,
      name,
      level,
      ...form,
    })),
  ),
)

async function setUp(off: (client: pg.Client) => Promise<unknown>, level: (typeof LEVELS)[number]) {
  db = await freshDatabase()
  // A child whose parent is not captured with it has row triggers.
  await db.client.query(`CREATE TABLE p (id int PRIMARY KEY, u int, v int, s varchar(3));
    ${level === 'ROW' ? 'CREATE TABLE t (PRIMARY KEY (id)) INHERITS (p)' : 'ALTER TABLE p RENAME TO t'};
    INSERT INTO t VALUES (1, 1, 1, 'a');
    SELECT pgstream.create_stream_table('st', 'SELECT id, v, s FROM t', '1h', 'DIFFERENTIAL')`)
  expect(
    (await db.client.query('SELECT trigger_level AS level FROM pgstream.pgs_change_tracking')).rows,
  ).toEqual([{ level }])
  // Sessions that have planned their capture before.
  const writers = [await db.connect(), await db.connect(), await db.connect()] as const
  for (const [i, writer] of writers.entries())
    await writer.query(`INSERT INTO t VALUES (${10 + i}, 1, 1, 'a'); UPDATE t SET v = 2 WHERE id = ${10 + i};
      DELETE FROM t WHERE id = ${10 + i}`)
  await db.client.query(`SELECT pgstream.refresh_stream_table('st')`)
  const other = await db.connect()
  await off(other)
  return { writers, other }
}

const action = async () =>
  (await db.client.query(`SELECT pgstream.refresh_stream_table('st') AS action`)).rows[0].action
const verified = async () => (await db.client.query(`SELECT * FROM pgstream.verify_stream_table('st')`)).rows

test.each(FORMS)('$way, $level triggers, $name: writers go on', async ({ way, off, level, ddl, ...form }) => {
  if (way === 'event triggers off in the session' && !(await hasSetting())) return
  const { writers, other } = await setUp(off, level)
  const [first, second, old] = writers
  await old.query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1')
  await old.query('SELECT count(*) FROM pg_class')
  await other.query(level === 'ROW' ? ddl : ddl.replaceAll('TABLE p', 'TABLE t'))
  const columns = (await other.query('SELECT * FROM t LIMIT 0')).fields.map((field) => field.name)
  const values: Record<string, string> = { v: form.v ?? '7', s: form.s ?? `'b'` }
  const row = (id: number | string) =>
    columns.map((name, i) => (i === 0 ? id : (values[name] ?? 3))).join(', ')
  await first.query(`BEGIN; INSERT INTO t SELECT ${row(20)}; UPDATE t SET s = 'c' WHERE id = 1`)
  await second.query(`SET statement_timeout = '20s'; INSERT INTO t SELECT ${row(21)}; UPDATE t SET s = 'd' WHERE id = 21;
    INSERT INTO t SELECT ${row('i')} FROM generate_series(100, 2200) AS i; DELETE FROM t WHERE id % 2 = 0 AND id > 100`)
  await old.query(`INSERT INTO t SELECT ${row(22).replace('longer', 'e')}; COMMIT`)
  await first.query('COMMIT')
  const fresh = await db.connect()
  await fresh.query(`INSERT INTO t SELECT ${row(23)}`)
  // A refresh looks once a second.
  await db.client.query(`UPDATE pgstream._catalog_looks SET looked_at = looked_at - interval '2 seconds'`)
  if (form.next === 'broken') {
    await expect(action()).rejects.toMatchObject({ code: '55000' })
    return
  }
  expect(await action()).toBe(form.next ?? 'REINITIALIZE')
  expect(await verified()).toEqual([])
  await second.query(`INSERT INTO t SELECT ${row(30)}; UPDATE t SET s = 'e' WHERE id = 20`)
  await first.query(`DELETE FROM t WHERE id = 21`)
  expect(await action()).toBe('DIFFERENTIAL')
  expect(await verified()).toEqual([])
})

const DETACHED = {
  'of a partitioned table': {
    setup: `CREATE TABLE t (id int, k int, v int) PARTITION BY LIST (k); CREATE TABLE p1 PARTITION OF t FOR VALUES IN (1);
      CREATE TABLE p2 PARTITION OF t FOR VALUES IN (2)`,
    ddl: 'ALTER TABLE t DETACH PARTITION p2',
    child: 'p2',
  },
  'below a partition': {
    setup: `CREATE TABLE t (id int, k int, v int) PARTITION BY LIST (k); CREATE TABLE p1 PARTITION OF t FOR VALUES IN (1);
      CREATE TABLE p2 PARTITION OF t FOR VALUES IN (2) PARTITION BY LIST (id); CREATE TABLE p2x PARTITION OF p2 DEFAULT`,
    ddl: 'ALTER TABLE t DETACH PARTITION p2',
    child: 'p2x',
  },
  'of a parent': {
    setup: `CREATE TABLE t (id int, k int, v int); CREATE TABLE p1 () INHERITS (t); CREATE TABLE p2 () INHERITS (t)`,
    ddl: 'ALTER TABLE p2 NO INHERIT t',
    child: 'p2',
  },
}

test.each(Object.entries(DETACHED))(
  '%s: detached, then altered by itself: its writers go on',
  async (_, form) => {
    db = await freshDatabase({ watched: false })
    await db.client.query(`${form.setup}; INSERT INTO p1 VALUES (1, 1, 1); INSERT INTO ${form.child} VALUES (2, 2, 2);
    SELECT pgstream.create_stream_table('st', 'SELECT id, v FROM t', '1h', 'DIFFERENTIAL')`)
    const writer = await db.connect()
    await writer.query(
      `INSERT INTO ${form.child} VALUES (3, 2, 3); UPDATE ${form.child} SET v = 4 WHERE id = 3`,
    )
    expect(await action()).toBe('DIFFERENTIAL')
    expect(await verified()).toEqual([])
    await db.client.query(`${form.ddl}; ALTER TABLE p2 RENAME v TO w`)
    await writer.query(`INSERT INTO ${form.child} (id, k, w) VALUES (4, 2, 4); UPDATE ${form.child} SET w = 5; DELETE FROM ${form.child};
    INSERT INTO p1 VALUES (5, 1, 5)`)
    await db.client.query(`UPDATE pgstream._catalog_looks SET looked_at = looked_at - interval '2 seconds'`)
    expect(await action()).toBe('REINITIALIZE')
    expect(await verified()).toEqual([])
    await writer.query(
      `INSERT INTO ${form.child} (id, k, w) VALUES (6, 2, 6); INSERT INTO p1 VALUES (7, 1, 7)`,
    )
    expect(await action()).toBe('DIFFERENTIAL')
    expect(await verified()).toEqual([])
  },
)

test('a statement is captured in its own transaction, not in one below it', async () => {
  db = await freshDatabase({ watched: false })
  await db.client.query(`CREATE TABLE t (id int PRIMARY KEY, v int);
    SELECT pgstream.create_stream_table('st', 'SELECT sum(v) AS s FROM t', '1h')`)
  await db.client.query(
    'BEGIN; INSERT INTO t VALUES (1, 1); INSERT INTO t SELECT i, 1 FROM generate_series(2, 3000) AS i',
  )
  const { rows } = await db.client.query(`SELECT DISTINCT xmin = pg_current_xact_id()::xid AS own
    FROM pgstream_changes.changes_${(await db.client.query(`SELECT 't'::regclass::oid AS oid`)).rows[0].oid}`)
  await db.client.query('COMMIT')
  expect(rows).toEqual([{ own: true }])
})

async function hasSetting(): Promise<boolean> {
  const probe = await freshDatabase({ pgStream: false })
  const version = await serverVersion(probe.client)
  await probe.close()
  return version >= 17
}

test('a virtual column whose expression fails: the writer goes on', async () => {
  db = await freshDatabase()
  if ((await serverVersion(db.client)) < 18) return
  await db.client.query(`CREATE TABLE t (id int PRIMARY KEY, v int, w int GENERATED ALWAYS AS (100 / v) VIRTUAL);
    SELECT pgstream.create_stream_table('st', 'SELECT id, w FROM t', '1h', 'DIFFERENTIAL')`)
  await db.client.query('INSERT INTO t VALUES (1, 0), (2, 2); UPDATE t SET v = 5 WHERE id = 1')
  expect(await action()).toBe('REINITIALIZE')
  expect(await verified()).toEqual([])
  await db.client.query('UPDATE t SET v = 4 WHERE id = 1')
  expect(await action()).toBe('DIFFERENTIAL')
  expect(await verified()).toEqual([])
})

test('a refresh at once, within the second in which it does not look again', async () => {
  const { writers, other } = await setUp(OFF['event triggers disabled'], 'STATEMENT')
  await db.client.query(
    `ALTER EVENT TRIGGER pg_stream_ddl ENABLE ALWAYS; SELECT pgstream.refresh_stream_table('st')`,
  )
  await other.query(
    'ALTER EVENT TRIGGER pg_stream_ddl DISABLE; ALTER TABLE t RENAME v TO w; ALTER EVENT TRIGGER pg_stream_ddl ENABLE ALWAYS',
  )
  await writers[0].query(`INSERT INTO t VALUES (20, 1, 1, 'a')`)
  expect(await action()).toBe('REINITIALIZE')
  expect(await verified()).toEqual([])
})
