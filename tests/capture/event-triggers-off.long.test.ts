import { afterEach, expect, test } from 'vitest'
import { expectEqual } from '../oracle/oracle.ts'
import { type FreshDatabase, freshDatabase } from '../support/server.ts'

/** DDL of a session in which event triggers are off, by the setting (PostgreSQL 17) or for a while altogether. */
let db: FreshDatabase

afterEach(() => db.close())

const query = (text: string) => db.client.query(text)
const rows = async (text: string) => (await query(text)).rows

const SETUP = `
  CREATE TABLE t (id int PRIMARY KEY, a int, b int); INSERT INTO t VALUES (1, 10, 100), (2, 20, 200);
  SELECT pgstream.create_stream_table('st', 'SELECT id, a FROM t', '1h', 'DIFFERENTIAL');
  INSERT INTO t VALUES (3, 30, 300); SELECT pgstream.refresh_stream_table('st');`

const DDL = {
  'triggers disabled for a while': `ALTER TABLE t DISABLE TRIGGER ALL; UPDATE t SET a = a + 1; ALTER TABLE t ENABLE TRIGGER ALL`,
  'values rewritten': 'ALTER TABLE t ALTER COLUMN a TYPE int USING a + 1',
  'names swapped':
    'ALTER TABLE t RENAME a TO c; ALTER TABLE t RENAME b TO a; ALTER TABLE t RENAME c TO b; UPDATE t SET b = b + 1',
}

const WAYS = {
  'off in a session': ["SET event_triggers = 'off'", 'RESET event_triggers'],
  'event triggers disabled for a while': [
    'ALTER EVENT TRIGGER pg_stream_ddl DISABLE; ALTER EVENT TRIGGER pg_stream_rewrite DISABLE',
    'ALTER EVENT TRIGGER pg_stream_ddl ENABLE ALWAYS; ALTER EVENT TRIGGER pg_stream_rewrite ENABLE ALWAYS',
  ],
} as const

const FORMS = Object.entries(WAYS).flatMap(([way, [off, on]]) =>
  Object.entries(DDL).map(([name, ddl]) => ({ way, off, on, name, ddl })),
)

/** Two seconds later, as far as a stream table knows. */
const later = () =>
  query(`UPDATE pgstream._catalog_looks SET looked_at = looked_at - interval '2 seconds';
    UPDATE pgstream.frontiers SET checked_at = checked_at - interval '2 seconds',
    data_timestamp = data_timestamp - interval '2 seconds'; UPDATE pgstream._scheduler SET looked_at = looked_at - interval '2 seconds'`)

test.each(FORMS)('$way: $name', async ({ off, on, ddl }) => {
  db = await freshDatabase()
  if (
    off.startsWith('SET') &&
    (await rows(`SELECT current_setting('event_triggers', true) AS s`))[0]?.s === null
  )
    return
  await query(SETUP)
  await query(off)
  await query(ddl)
  await query(on)
  await later()
  expect(await rows(`SELECT pgstream.refresh_stream_table('st') AS action`)).toEqual([
    { action: 'REINITIALIZE' },
  ])
  expect(await rows(`SELECT * FROM pgstream.verify_stream_table('st')`)).toEqual([])
  await query('UPDATE t SET a = 7, b = 8 WHERE id = 1')
  expect(await rows(`SELECT pgstream.refresh_stream_table('st') AS action`)).toEqual([
    { action: 'DIFFERENTIAL' },
  ])
  expect(await rows(`SELECT * FROM pgstream.verify_stream_table('st')`)).toEqual([])
})

test('what a try of the scheduler finds gone is noted, not only tried again', async () => {
  db = await freshDatabase()
  await query(SETUP)
  const [off, on] = WAYS['event triggers disabled for a while']
  await query(`ALTER EVENT TRIGGER pg_stream_drop DISABLE; ${off}; DROP TABLE t; ${on};
    ALTER EVENT TRIGGER pg_stream_drop ENABLE ALWAYS`)
  await later()
  expect(await rows('SELECT pgstream._refresh_due(pgs_id) AS done FROM pgstream.pgs_stream_tables')).toEqual([
    { done: 'FAILED' },
  ])
  expect(
    await rows('SELECT status, broken_reason, last_error FROM pgstream.pgs_stream_tables'),
  ).toMatchObject([
    {
      status: 'ERROR',
      broken_reason: 'source table public.t was dropped',
      last_error: 'source table public.t was dropped',
    },
  ])
})

test('a view that goes with a column that is read through it: who reads it is broken, and says by what', async () => {
  db = await freshDatabase()
  await query(`CREATE TABLE t (id int PRIMARY KEY, a int); INSERT INTO t VALUES (1, 10), (2, 20);
    CREATE VIEW v AS SELECT id, a FROM t;
    SELECT pgstream.create_stream_table('rows', 'SELECT id, a FROM v', '1h', 'DIFFERENTIAL');
    SELECT pgstream.create_stream_table('counted', 'SELECT count(*) AS n FROM v', '1h', 'DIFFERENTIAL');
    SELECT pgstream.create_stream_table('recomputed', 'SELECT id, a FROM v', '1h', 'FULL')`)
  const [off, on] = WAYS['event triggers disabled for a while']
  await query(`ALTER EVENT TRIGGER pg_stream_drop DISABLE; ${off}; ALTER TABLE t DROP COLUMN a CASCADE; ${on};
    ALTER EVENT TRIGGER pg_stream_drop ENABLE ALWAYS; INSERT INTO t VALUES (3)`)
  await later()
  await expect(query(`SELECT pgstream.refresh_stream_table('rows')`)).rejects.toThrow(
    /view public\.v, which the query uses, was dropped|column a of source table public\.t was dropped/,
  )
  await query('SELECT pgstream._refresh_due(pgs_id) FROM pgstream.pgs_stream_tables')
  expect(
    await rows('SELECT pgs_name, status, broken_reason FROM pgstream.pgs_stream_tables ORDER BY pgs_name'),
  ).toEqual(
    ['counted', 'recomputed', 'rows'].map((pgs_name) => ({
      pgs_name,
      status: 'ERROR',
      broken_reason: 'view public.v, which the query uses, was dropped',
    })),
  )
  await query('ALTER TABLE t ADD COLUMN a int DEFAULT 5; CREATE VIEW v AS SELECT id, a FROM t')
  for (const name of ['counted', 'recomputed', 'rows']) {
    await query(`SELECT pgstream.resume_stream_table('${name}')`)
    await query(`SELECT pgstream.refresh_stream_table('${name}')`)
    expect(await rows(`SELECT * FROM pgstream.verify_stream_table('${name}')`)).toEqual([])
  }
})

test('a stream table that nobody knows to be dropped: its readers say so, its name is free, what it read can be dropped', async () => {
  db = await freshDatabase()
  await query(`${SETUP} SELECT pgstream.create_stream_table('above', 'SELECT count(*) AS n FROM st', '1h', 'DIFFERENTIAL');
    SELECT pgstream.create_stream_table('other', 'SELECT id FROM st', '1h', 'DIFFERENTIAL');
    SELECT pgstream.create_stream_table('last', 'SELECT a FROM t', '1h', 'DIFFERENTIAL');
    SELECT pgstream.alter_stream_table('last', status => 'SUSPENDED')`)
  const [off, on] = WAYS['event triggers disabled for a while']
  const unseen = (ddl: string) =>
    query(`ALTER EVENT TRIGGER pg_stream_drop DISABLE; ${off}; ${ddl}; ${on};
      ALTER EVENT TRIGGER pg_stream_drop ENABLE ALWAYS`)
  const names = async () =>
    (await rows('SELECT pgs_name FROM pgstream.pgs_stream_tables ORDER BY 1')).map((row) => row.pgs_name)
  await unseen('DROP TABLE st')
  await later()
  await query('INSERT INTO t VALUES (4, 40, 400)')
  await expect(query(`SELECT pgstream.refresh_stream_table('above')`)).rejects.toThrow(
    'source table public.st was dropped',
  )
  await query(`SELECT pgstream.create_stream_table('st', 'SELECT id, a FROM t', '1h', 'DIFFERENTIAL')`)
  expect(await names()).toEqual(['above', 'last', 'other', 'st'])
  expect(await rows(`SELECT * FROM pgstream.verify_stream_table('st')`)).toEqual([])
  // By the scheduler, a suspended one, too; and with what it read.
  await unseen('DROP TABLE last')
  await query(`UPDATE pgstream._scheduler SET watched_at = '-infinity'`)
  await query('CALL pgstream.run_scheduler(0)')
  expect(await names()).toEqual(['above', 'other', 'st'])
  await query(`SELECT pgstream.create_stream_table('next', 'SELECT a FROM st', '1h', 'DIFFERENTIAL')`)
  await unseen('DROP TABLE next')
  await query(`SELECT pgstream.drop_stream_table('st')`)
  expect(await names()).toEqual(['above', 'other'])
})

test('off for the refresh: not watched', async () => {
  db = await freshDatabase()
  if ((await rows(`SELECT current_setting('event_triggers', true) AS s`))[0]?.s === null) return
  await query(`SET event_triggers = 'off'`)
  expect(await rows('SELECT pgstream._ddl_is_watched() AS watched')).toEqual([{ watched: false }])
})

const UNSEEN = {
  'a partition attached': {
    setup: `CREATE TABLE p (id int, k int) PARTITION BY LIST (k); CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1);
      CREATE TABLE p2 (id int, k int); INSERT INTO p2 SELECT i, 2 FROM generate_series(1, 10) AS i; INSERT INTO p VALUES (1, 1)`,
    query: 'SELECT count(*) AS n FROM p',
    ddl: 'ALTER TABLE p ATTACH PARTITION p2 FOR VALUES IN (2)',
  },
  'a view replaced': {
    setup: `CREATE TABLE t (id int PRIMARY KEY, v int); INSERT INTO t VALUES (1, 1); CREATE VIEW w AS SELECT * FROM t`,
    query: 'SELECT sum(v) AS total FROM w',
    ddl: 'CREATE OR REPLACE VIEW w AS SELECT id, v + 100 AS v FROM t',
  },
  'triggers disabled': {
    setup: 'CREATE TABLE t (id int PRIMARY KEY, v int); INSERT INTO t VALUES (1, 1)',
    query: 'SELECT sum(v) AS total FROM t',
    ddl: 'ALTER TABLE t DISABLE TRIGGER ALL; INSERT INTO t VALUES (2, 50)',
  },
  'a function replaced': {
    setup: `CREATE TABLE t (id int PRIMARY KEY, v int); INSERT INTO t VALUES (1, 1);
      CREATE FUNCTION f(v int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT v + 1'`,
    query: 'SELECT sum(f(v)) AS total FROM t',
    ddl: `CREATE OR REPLACE FUNCTION f(v int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT v + 100'`,
  },
  'the function of an operator replaced': {
    setup: `CREATE TABLE t (id int PRIMARY KEY, v int); INSERT INTO t VALUES (1, 1);
      CREATE FUNCTION f(v int, w int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT v + w';
      CREATE OPERATOR ### (FUNCTION = f, LEFTARG = int, RIGHTARG = int)`,
    query: 'SELECT sum(v ### 1) AS total FROM t',
    ddl: `CREATE OR REPLACE FUNCTION f(v int, w int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT v - w'`,
  },
  'a label of an enumeration renamed': {
    setup: `CREATE TYPE e AS ENUM ('a', 'b'); CREATE TABLE t (id int PRIMARY KEY, v e); INSERT INTO t VALUES (1, 'a')`,
    query: 'SELECT min(v::text) AS least FROM t',
    ddl: `ALTER TYPE e RENAME VALUE 'a' TO 'c'`,
  },
}
const CASES = Object.entries(UNSEEN).map(([name, form]) => ({ name, ...form }))

/** DDL that nobody saw, of a stream table that then has no changes to consume. */
async function unseen({ setup, query: text, ddl }: (typeof CASES)[number]) {
  db = await freshDatabase()
  await query(setup)
  await query(`SELECT pgstream.create_stream_table('st', '${text}', '1s', 'DIFFERENTIAL')`)
  await query('CALL pgstream.run_scheduler()')
  const [off, on] = WAYS['event triggers disabled for a while']
  await query(off)
  await query(ddl)
  await query(on)
}

test.each(CASES)('$name: the scheduler finds it, changes or none', async (form) => {
  await unseen(form)
  const watch = () => query(`UPDATE pgstream._scheduler SET watched_at = '-infinity'`)
  await watch()
  await query('CALL pgstream.run_scheduler(1.5)')
  await expectEqual(db.client, 'st')
  expect(await rows(`SELECT initiated_by, action FROM pgstream.get_refresh_history('st', 1)`)).toEqual([
    { initiated_by: 'SCHEDULER', action: 'REINITIALIZE' },
  ])
  // What following it has altered is looked at once more, and that is all.
  await watch()
  await query('CALL pgstream.run_scheduler()')
  expect(await rows('SELECT pgstream._altered() AS ids')).toEqual([{ ids: [] }])
})

test.each(CASES)('$name: refresh_if_stale looks first', async (form) => {
  await unseen(form)
  await later()
  expect(await rows(`SELECT pgstream.refresh_if_stale('st', '1 s') AS done`)).toEqual([{ done: true }])
  await expectEqual(db.client, 'st')
  expect(await rows(`SELECT pgstream.refresh_if_stale('st', '1 s') AS done`)).toEqual([{ done: false }])
})

test.each(CASES)('$name: verify_stream_table compares with the query of now', async (form) => {
  await unseen(form)
  expect(await rows(`SELECT weight FROM pgstream.verify_stream_table('st') ORDER BY 1`)).toEqual([
    { weight: '-1' },
    { weight: '1' },
  ])
  await query(`SELECT pgstream.refresh_stream_table('st')`)
  expect(await rows(`SELECT * FROM pgstream.verify_stream_table('st')`)).toEqual([])
})
