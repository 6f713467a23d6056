/** Functions that operate on stream tables: freshness on demand, pausing, repair, subscriptions, publications, advice. */
import type pg from 'pg'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { outcome, roles, untilWaiting } from '../concurrency/scene.ts'
import { expectExact } from '../oracle/oracle.ts'
import { type FreshDatabase, freshDatabase } from '../support/server.ts'

let db: FreshDatabase
let client: pg.Client

beforeAll(async () => {
  db = await freshDatabase()
  client = db.client
})
afterAll(() => db.close())
const role = roles(() => db)
beforeEach(async () => {
  await client.query(
    'DROP SCHEMA public CASCADE; CREATE SCHEMA public; GRANT USAGE ON SCHEMA public TO PUBLIC',
  )
  await client.query(`
    CREATE TABLE customers (id int PRIMARY KEY, region text NOT NULL);
    CREATE TABLE orders (id int PRIMARY KEY, customer int NOT NULL, amount numeric NOT NULL);
    INSERT INTO customers VALUES (1, 'n'), (2, 's');
    INSERT INTO orders SELECT i, i % 2 + 1, i FROM generate_series(1, 50) AS i;
    SELECT pgstream.create_stream_table('totals',
      'SELECT region, sum(amount) AS total, avg(amount) AS mean FROM orders JOIN customers AS c ON c.id = customer GROUP BY region', '1h');
    SELECT pgstream.create_stream_table('rows', 'SELECT id, amount FROM orders', '1h')`)
})

const value = async (expression: string, on: pg.Client = client) =>
  (await on.query({ text: `SELECT ${expression}`, rowMode: 'array' })).rows[0]?.[0]
const statuses = async () =>
  Object.fromEntries(
    (await client.query('SELECT pgs_name, status FROM pgstream.pgs_stream_tables ORDER BY 1')).rows.map(
      (row) => [row.pgs_name, row.status],
    ),
  )

test('refresh_if_stale refreshes what is older than allowed, and says so', async () => {
  await client.query('INSERT INTO orders VALUES (60, 1, 7)')
  for (const age of ['1 hour', '100000 years'])
    expect(await value(`pgstream.refresh_if_stale('rows', interval '${age}')`)).toBe(false)
  expect(await value('EXISTS (SELECT FROM rows WHERE id = 60)')).toBe(false)
  expect(await value(`pgstream.refresh_if_stale('rows', interval '0')`)).toBe(true)
  expect(await value('EXISTS (SELECT FROM rows WHERE id = 60)')).toBe(true)
  await client.query(
    `SELECT pgstream.create_stream_table('empty', 'SELECT id FROM orders', '1h', 'AUTO', false)`,
  )
  expect(await value(`pgstream.refresh_if_stale('empty', interval '1 day')`)).toBe(true)
})

test.each([
  [
    'by itself',
    `SELECT pgstream.create_stream_table('asked', 'SELECT count(*) AS n FROM orders', '1h', 'FULL')`,
  ],
  [
    'over another',
    `SELECT pgstream.create_stream_table('asked', 'SELECT id, amount + 1 AS a FROM rows', '1h', 'FULL')`,
  ],
  [
    'in a group',
    `SELECT pgstream.create_stream_table('counted', 'SELECT count(*) AS n FROM orders', '1h', 'FULL');
     SELECT pgstream.create_stream_table('asked', 'SELECT id, n FROM rows CROSS JOIN counted', '1h')`,
  ],
])('refresh_if_stale does not compute anew what it waited for: %s', async (_, definition) => {
  await client.query(`${definition}; INSERT INTO orders VALUES (60, 1, 7);
    UPDATE pgstream.frontiers SET data_timestamp = data_timestamp - interval '1 day', checked_at = checked_at - interval '1 day',
      seen = NULL`)
  const others = await Promise.all([db.connect(), db.connect()])
  await client.query(`BEGIN; SELECT pgstream.refresh_stream_table('asked')`)
  const waiting = others.map((other) => value(`pgstream.refresh_if_stale('asked', '1 hour')`, other))
  for (const other of others) await untilWaiting(client, other)
  await client.query('COMMIT')
  expect(await Promise.all(waiting)).toEqual([false, false])
  expect(
    await value(`count(*)::int FROM pgstream.get_refresh_history('asked') WHERE initiated_by = 'MANUAL'`),
  ).toBe(1)
  await expectExact(client, 'asked')
})

test.each(['NULL', `interval '-1 second'`])('refresh_if_stale refuses %s', async (age) => {
  await expect(value(`pgstream.refresh_if_stale('rows', ${age})`)).rejects.toMatchObject({
    code: '22023',
    hint: expect.stringContaining('interval'),
  })
})

test('pause_all and resume_all touch only what was running', async () => {
  await client.query(`
    SELECT pgstream.create_stream_table('own', 'SELECT id FROM orders', '1h'), pgstream.create_stream_table('later', 'SELECT id FROM customers', '1h'),
      pgstream.create_stream_table('unfilled', 'SELECT region FROM customers', '1h', 'AUTO', false);
    SELECT pgstream.alter_stream_table('own', status => 'SUSPENDED')`)
  expect(await value('pgstream.pause_all()')).toBe('4')
  expect(await value('pgstream.pause_all()')).toBe('0')
  expect(new Set(Object.values(await statuses()))).toEqual(new Set(['SUSPENDED']))
  await client.query('INSERT INTO orders VALUES (60, 1, 7)')
  await client.query('CALL pgstream.run_scheduler()')
  expect(await value('EXISTS (SELECT FROM rows WHERE id = 60)')).toBe(false)
  // Its owner wants it suspended now: that is not pause_all's to undo.
  await client.query(`SELECT pgstream.alter_stream_table('later', status => 'SUSPENDED')`)
  expect(await value('pgstream.resume_all()')).toBe('3')
  expect(await value('pgstream.resume_all()')).toBe('0')
  expect(await statuses()).toEqual({
    later: 'SUSPENDED',
    own: 'SUSPENDED',
    rows: 'ACTIVE',
    totals: 'ACTIVE',
    unfilled: 'INITIALIZING',
  })
})

test('what is resumed, altered or broken while all are paused', async () => {
  await client.query('SELECT pgstream.pause_all()')
  await client.query(`SELECT pgstream.resume_stream_table('rows')`)
  await client.query(
    `SELECT pgstream.alter_stream_table('totals', query => 'SELECT region, count(*) AS n FROM customers GROUP BY region')`,
  )
  expect(await statuses()).toEqual({ rows: 'ACTIVE', totals: 'SUSPENDED' })
  await client.query('ALTER TABLE customers DROP COLUMN region')
  expect(await value('pgstream.resume_all()')).toBe('1')
  expect(await statuses()).toEqual({ rows: 'ACTIVE', totals: 'ERROR' })
})

test('a refresh that fills a stream table while all are paused does not set it going again', async () => {
  await client.query(
    `SELECT pgstream.create_stream_table('unfilled', 'SELECT id FROM orders', '1h', 'AUTO', false)`,
  )
  const other = await db.connect()
  await other.query('BEGIN')
  await other.query(`SELECT pgstream.refresh_stream_table('unfilled')`)
  const paused = client.query('SELECT pgstream.pause_all()')
  await other.query('COMMIT')
  await paused
  expect((await statuses()).unfilled).toBe('SUSPENDED')
  await other.end()
})

test('what is suspended stays so, whoever was waiting to refresh it', async () => {
  const [first, second] = await Promise.all([db.connect(), db.connect()])
  await client.query('INSERT INTO orders VALUES (61, 1, 7)')
  await first.query(`BEGIN; SELECT pgstream.refresh_stream_table('rows')`)
  await client.query('INSERT INTO orders VALUES (62, 1, 7)')
  const waiting = second.query(`SELECT pgstream.refresh_stream_table('rows')`)
  await untilWaiting(client, second)
  await client.query(`SELECT pgstream.alter_stream_table('rows', status => 'SUSPENDED')`)
  await first.query('COMMIT')
  await waiting
  expect(await statuses()).toMatchObject({ rows: 'SUSPENDED' })
  await Promise.all([first.end(), second.end()])
})

test('another definition resumes what was suspended for errors, and not what its owner has suspended', async () => {
  const queries = ['SELECT id FROM orders', 'SELECT id, amount + 1 AS amount FROM orders']
  await client.query(`SELECT pgstream.alter_stream_table('rows', status => 'SUSPENDED')`)
  for (const query of queries) {
    await client.query(`SELECT pgstream.alter_stream_table('rows', query => $1)`, [query])
    expect(await statuses()).toMatchObject({ rows: 'SUSPENDED' })
  }
  for (const mode of ['FULL', 'DIFFERENTIAL']) {
    await client.query(`SELECT pgstream.alter_stream_table('rows', refresh_mode => $1)`, [mode])
    expect(await statuses()).toMatchObject({ rows: 'SUSPENDED' })
  }
  await client.query(`SELECT pgstream.resume_stream_table('rows')`)
  await client.query(`SELECT pgstream.alter_stream_table('rows', query => 'SELECT 1 / (amount - 60) AS q FROM orders');
    SET pg_stream.max_consecutive_errors = 1; INSERT INTO orders VALUES (60, 1, 60);
    SELECT pgstream.alter_stream_table('rows', schedule => '1s')`)
  await client.query('CALL pgstream.run_scheduler()')
  expect(await statuses()).toMatchObject({ rows: 'SUSPENDED' })
  await client.query(
    `RESET pg_stream.max_consecutive_errors; SELECT pgstream.alter_stream_table('rows', query => 'SELECT amount AS q FROM orders')`,
  )
  expect(await statuses()).toMatchObject({ rows: 'ACTIVE' })
  await expectExact(client, 'rows')
})

test('everybody pauses their own', async () => {
  const name = await role('pauser')
  await client.query(`GRANT CREATE ON SCHEMA public TO ${name}`)
  const own = await db.connect(name)
  await own.query(
    `CREATE TABLE mine (id int PRIMARY KEY); SELECT pgstream.create_stream_table('of_mine', 'SELECT id FROM mine')`,
  )
  expect(await value('pgstream.pause_all()', own)).toBe('1')
  expect(await statuses()).toEqual({ of_mine: 'SUSPENDED', rows: 'ACTIVE', totals: 'ACTIVE' })
  expect(await value('pgstream.resume_all()', own)).toBe('1')
  for (const call of [
    `refresh_if_stale('rows', interval '0')`,
    `repair_stream_table('rows')`,
    `subscribe('rows', 'c')`,
    `unsubscribe('rows', 'c')`,
    `stream_table_to_publication('rows')`,
    `create_or_replace_stream_table('rows', 'SELECT 1 AS one')`,
  ])
    await expect(value(`pgstream.${call}`, own)).rejects.toMatchObject({
      code: '42501',
      message: 'must be owner of stream table rows',
    })
  await own.end()
})

/** What somebody may do to what was generated, as a superuser who knows how. */
const DAMAGE: Readonly<Record<string, string>> = {
  'the gate dropped': `DO $$ BEGIN EXECUTE format('DROP FUNCTION pgstream_state.gate_%s', (SELECT pgs_id FROM pgstream.pgs_stream_tables WHERE pgs_name = 'totals')); END $$`,
  'refresh functions dropped': `DO $$ DECLARE f regprocedure; BEGIN
    FOR f IN SELECT oid FROM pg_proc WHERE pronamespace = 'pgstream_state'::regnamespace AND proname ~ '^refresh_' LOOP EXECUTE 'DROP FUNCTION ' || f; END LOOP; END $$`,
  'a state table dropped': `DO $$ DECLARE t regclass; BEGIN
    FOR t IN SELECT oid FROM pg_class WHERE relnamespace = 'pgstream_state'::regnamespace AND relkind = 'r' LOOP EXECUTE 'DROP TABLE ' || t; END LOOP; END $$`,
  'a state table emptied': `DO $$ DECLARE t regclass; BEGIN
    FOR t IN SELECT oid FROM pg_class WHERE relnamespace = 'pgstream_state'::regnamespace AND relkind = 'r' LOOP EXECUTE 'DELETE FROM ' || t; END LOOP; END $$`,
  'a buffer dropped': `DO $$ BEGIN EXECUTE format('DROP TABLE pgstream_changes.changes_%s', 'orders'::regclass::oid); END $$`,
  'a part of a buffer dropped': `DO $$ BEGIN EXECUTE format('DROP TABLE pgstream_changes.changes_%s_bulk', 'orders'::regclass::oid); END $$`,
  'the packed part of a buffer dropped': `DO $$ BEGIN EXECUTE format('DROP TABLE pgstream_changes.changes_%s_packed', 'orders'::regclass::oid); END $$`,
  'the counter of changes dropped': `DO $$ BEGIN EXECUTE format('DROP SEQUENCE pgstream_changes.counter_%s', 'orders'::regclass::oid); END $$`,
  'a capture trigger disabled': `DO $$ BEGIN EXECUTE format('ALTER TABLE orders DISABLE TRIGGER pgstream_capture_%s_insert', 'orders'::regclass::oid); END $$`,
  'a capture function replaced': `DO $$ BEGIN EXECUTE format('CREATE OR REPLACE FUNCTION pgstream_changes.capture_%s_insert() RETURNS trigger LANGUAGE plpgsql AS %L',
    'orders'::regclass::oid, 'BEGIN RETURN NULL; END'); END $$`,
  'capture functions dropped': `DO $$ BEGIN EXECUTE format('DROP FUNCTION pgstream_changes.capture_%s_insert() CASCADE', 'orders'::regclass::oid); END $$`,
  'the guard dropped': 'DROP TRIGGER pgstream_guard ON totals',
  'the guard disabled': 'ALTER TABLE totals DISABLE TRIGGER pgstream_guard',
  'rows written by hand': `SET LOCAL pg_stream.refreshing = 'on'; UPDATE totals SET total = 0; DELETE FROM totals WHERE region = 'n'`,
  'the index dropped': `DO $$ DECLARE i regclass; BEGIN SELECT indexrelid INTO i FROM pg_index WHERE indrelid = 'totals'::regclass; EXECUTE 'DROP INDEX ' || i; END $$`,
  'the frontier lost': `DELETE FROM pgstream.frontiers WHERE pgs_id = (SELECT pgs_id FROM pgstream.pgs_stream_tables WHERE pgs_name = 'totals')`,
}

test.each(Object.entries(DAMAGE))('repair_stream_table after damage: %s', async (_, damage) => {
  // In a transaction, for what our own event triggers would mend or refuse.
  await client.query(`SET pg_stream.internal = 'on'`)
  await client.query(`BEGIN; ${damage}; COMMIT`)
  await client.query('RESET pg_stream.internal')
  await outcome(client.query('INSERT INTO orders SELECT i, 1, i FROM generate_series(100, 120) AS i'))
  await client.query(`SELECT pgstream.repair_stream_table('totals')`)
  await expectExact(client, 'totals')
  await client.query(
    'UPDATE orders SET amount = amount + 1 WHERE id < 10; DELETE FROM orders WHERE id = 20; INSERT INTO orders VALUES (70, 2, 3)',
  )
  for (const name of ['totals', 'rows']) {
    // Another reader of the same source has lost changes, too. (Its own functions are its owner's to repair.)
    if (
      name === 'rows' &&
      (await outcome(client.query(`SELECT pgstream.refresh_stream_table('rows')`))) !== 'ok'
    )
      await client.query(`SELECT pgstream.repair_stream_table('rows')`)
    await client.query('SELECT pgstream.refresh_stream_table($1)', [name])
    await expectExact(client, name)
  }
  expect(await value(`action FROM pgstream.get_refresh_history('totals', 1)`)).toBe('DIFFERENTIAL')
  const bad = await client.query(
    `SELECT check_name, detail FROM pgstream.health_check() WHERE severity = 'ERROR' AND check_name <> 'scheduler'`,
  )
  expect(bad.rows).toEqual([])
})

test('repair_stream_table is no refresh of its own name only: what it did is in the history, readers keep the table', async () => {
  await client.query(
    `CREATE VIEW on_top AS SELECT * FROM totals; SELECT pgstream.alter_stream_table('totals', status => 'SUSPENDED')`,
  )
  const oid = await value(`'totals'::regclass::oid`)
  await client.query(`SELECT pgstream.repair_stream_table('totals')`)
  expect(await value(`'totals'::regclass::oid`)).toBe(oid)
  expect(
    (await client.query(`SELECT action, reason, initiated_by FROM pgstream.get_refresh_history('totals', 1)`))
      .rows,
  ).toEqual([{ action: 'REINITIALIZE', reason: 'the stream table was repaired', initiated_by: 'MANUAL' }])
  expect((await statuses()).totals).toBe('ACTIVE')
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ')
  await expect(client.query(`SELECT pgstream.repair_stream_table('totals')`)).rejects.toMatchObject({
    code: '25000',
  })
  await client.query('ROLLBACK')
})

test('repair_stream_table of a broken one, once what was missing is back', async () => {
  await client.query('ALTER TABLE customers DROP COLUMN region')
  await expect(client.query(`SELECT pgstream.repair_stream_table('totals')`)).rejects.toMatchObject({
    code: '42703',
  })
  await client.query(`ALTER TABLE customers ADD COLUMN region text NOT NULL DEFAULT 'w'`)
  await client.query(`SELECT pgstream.repair_stream_table('totals')`)
  expect((await statuses()).totals).toBe('ACTIVE')
  await expectExact(client, 'totals')
})

test('subscribers hear of each refresh that changes something, once', async () => {
  const listener = await db.connect()
  const heard: unknown[] = []
  listener.on('notification', ({ channel, payload }) => heard.push([channel, JSON.parse(payload ?? '')]))
  await listener.query('LISTEN one; LISTEN "Two words"; LISTEN other')
  const told = async () => {
    await listener.query('SELECT 1')
    return heard.splice(0)
  }
  await client.query(
    `SELECT pgstream.subscribe('rows', 'one'), pgstream.subscribe('rows', 'one'), pgstream.subscribe('rows', 'Two words'), pgstream.subscribe('totals', 'other')`,
  )
  await client.query(`SELECT pgstream.refresh_stream_table('rows')`)
  expect(await told()).toEqual([])
  await client.query('INSERT INTO orders VALUES (60, 1, 7), (61, 1, 7); DELETE FROM orders WHERE id = 1')
  await client.query(`SELECT pgstream.refresh_stream_table('rows')`)
  const payload = {
    event: 'refresh',
    schema: 'public',
    name: 'rows',
    action: 'DIFFERENTIAL',
    inserted: 2,
    updated: 0,
    deleted: 1,
  }
  expect((await told()).sort()).toEqual([
    ['Two words', payload],
    ['one', payload],
  ])
  // The scheduler's refreshes, and rows that come to the same, which is no change.
  await client.query(`SELECT pgstream.unsubscribe('rows', 'one')`)
  await client.query(`UPDATE pgstream.frontiers SET checked_at = now() - interval '1 day'`)
  await client.query('UPDATE customers SET region = region')
  await client.query('CALL pgstream.run_scheduler()')
  expect(await told()).toEqual([
    ['other', { ...payload, name: 'totals', inserted: 0, updated: 2, deleted: 0 }],
  ])
  await client.query('INSERT INTO orders VALUES (62, 1, 7); BEGIN')
  await client.query(`SELECT pgstream.refresh_stream_table('rows'); ROLLBACK`)
  expect(await told()).toEqual([])
  await client.query(`SELECT pgstream.drop_stream_table('rows')`)
  expect((await client.query(`SELECT channel FROM pgstream.pgs_subscriptions`)).rows).toEqual([
    { channel: 'other' },
  ])
  await client.query('DROP TABLE totals')
  expect((await client.query(`SELECT channel FROM pgstream.pgs_subscriptions`)).rows).toEqual([])
  await listener.end()
})

test.each<[string, string]>([
  ["subscribe('rows', NULL)", '22023'],
  ["subscribe('rows', '')", '22023'],
  [`subscribe('rows', '${'x'.repeat(64)}')`, '22023'],
  [`subscribe('rows', '${'例'.repeat(22)}')`, '22023'],
  ["subscribe('rows', 'pg_stream_alert')", '22023'],
  ["subscribe('nowhere', 'c')", '42P01'],
  ["subscribe('orders', 'c')", '42809'],
  ["unsubscribe('rows', 'never')", '42704'],
  ["unsubscribe('rows', NULL)", '22023'],
  ["repair_stream_table('nowhere')", '42P01'],
  ["refresh_if_stale('nowhere', interval '1s')", '42P01'],
  ["stream_table_to_publication('nowhere')", '42P01'],
  ["stream_table_to_publication('rows', '')", '42602'],
  [`stream_table_to_publication('rows', '${'x'.repeat(64)}')`, '42602'],
])('%s is refused', async (call, code) => {
  await expect(value(`pgstream.${call}`)).rejects.toMatchObject({ code, hint: expect.stringMatching(/\w/) })
})

test('what somebody publishes is refreshed, whatever tells its rows apart', async () => {
  const changed = async () => {
    await client.query('UPDATE orders SET amount = amount + 1 WHERE id < 9; DELETE FROM orders WHERE id = 1')
    for (const name of ['rows', 'totals', 'bag']) await expectExact(client, name)
    await client.query(`SELECT pgstream._clean_changes('orders'::regclass)`)
    await client.query('INSERT INTO orders VALUES (1, 1, 1)')
    for (const name of ['rows', 'totals', 'bag']) await expectExact(client, name)
  }
  // Before and after there is such a publication; by itself, by its schema, and with everything.
  await client.query(
    `SELECT pgstream.create_stream_table('bag', 'SELECT customer, amount FROM orders', '1h')`,
  )
  for (const what of ['TABLE bag', 'TABLES IN SCHEMA public', 'ALL TABLES']) {
    await client.query(`CREATE PUBLICATION others FOR ${what}`)
    try {
      await changed()
      await client.query(
        `SELECT pgstream.alter_stream_table('totals', query => 'SELECT region, sum(amount) AS total, avg(amount) AS mean FROM orders JOIN customers AS c ON c.id = customer GROUP BY region, c.id')`,
      )
      await changed()
      await client.query(
        `SELECT pgstream.drop_stream_table('bag');
         SELECT pgstream.create_stream_table('bag', 'SELECT customer, amount FROM orders', '1h');
         SELECT pgstream.alter_stream_table('totals', query => 'SELECT region, sum(amount) AS total, avg(amount) AS mean FROM orders JOIN customers AS c ON c.id = customer GROUP BY region')`,
      )
      await changed()
    } finally {
      await client.query('DROP PUBLICATION others')
    }
  }
})

test('another key of a published stream table tells its rows apart from then on', async () => {
  if ((await value(`current_setting('wal_level')`)) !== 'logical') return
  await client.query(`ALTER TABLE rows ALTER COLUMN id SET NOT NULL;
    SELECT pgstream.stream_table_to_publication('rows')`)
  const identity = () =>
    value(`(SELECT coalesce(min(i.indexrelid::regclass::text), c.relreplident::text) FROM pg_class c
      LEFT JOIN pg_index i ON i.indrelid = c.oid AND i.indisreplident WHERE c.relname = 'rows' GROUP BY c.relreplident)`)
  const before = await identity()
  expect(before).toMatch(/^rows_/)
  for (const [query, expected] of [
    ['SELECT max(id) AS id, amount FROM orders GROUP BY amount, customer', 'f'],
    ['SELECT id, amount FROM orders', 'f'],
  ]) {
    await client.query(`SELECT pgstream.alter_stream_table('rows', query => $$${query}$$);
      UPDATE orders SET amount = amount + 1 WHERE id < 5; DELETE FROM orders WHERE id = 5`)
    await expectExact(client, 'rows')
    expect(await identity()).toBe(expected)
    await client.query('INSERT INTO orders VALUES (5, 1, 1)')
  }
  await client.query(`SELECT pgstream.stream_table_to_publication('rows')`)
  expect(await identity()).toMatch(/^rows_/)
})

test('stream_table_to_publication', async () => {
  if ((await value(`current_setting('wal_level')`)) !== 'logical') {
    await expect(value(`pgstream.stream_table_to_publication('rows')`)).rejects.toMatchObject({
      code: '55000',
      hint: expect.stringContaining('wal_level'),
    })
    return
  }
  expect(await value(`pgstream.stream_table_to_publication('rows')`)).toBe('pgs_public_rows')
  expect(await value(`pgstream.stream_table_to_publication('rows')`)).toBe('pgs_public_rows')
  expect(await value(`pgstream.stream_table_to_publication('rows', 'All of it')`)).toBe('All of it')
  expect(await value(`pgstream.stream_table_to_publication('totals', 'All of it')`)).toBe('All of it')
  expect(
    await value(
      `array_agg(tablename ORDER BY tablename) FROM pg_publication_tables WHERE pubname = 'All of it'`,
    ),
  ).toBe('{rows,totals}')
  // The key of `totals` may be NULL as far as the table knows.
  expect(
    (
      await client.query(
        `SELECT relname, relreplident FROM pg_class WHERE oid IN ('rows'::regclass, 'totals'::regclass) ORDER BY 1`,
      )
    ).rows,
  ).toEqual([
    { relname: 'rows', relreplident: 'f' },
    { relname: 'totals', relreplident: 'f' },
  ])
  await client.query('ALTER TABLE rows ALTER COLUMN id SET NOT NULL')
  await value(`pgstream.stream_table_to_publication('rows')`)
  expect(await value(`relreplident FROM pg_class WHERE oid = 'rows'::regclass`)).toBe('i')
  const slot = `pub_${db.name}`
  await client.query(`SELECT pg_create_logical_replication_slot($1, 'pgoutput')`, [slot])
  await client.query('UPDATE orders SET amount = 0 WHERE id = 1; DELETE FROM orders WHERE id = 2')
  await client.query(`SELECT pgstream.refresh_stream_table('rows')`)
  const { rows } = await client.query(
    `SELECT substr(encode(data, 'escape'), 1, 1) AS kind FROM pg_logical_slot_get_binary_changes($1, NULL, NULL, 'proto_version', '1', 'publication_names', 'pgs_public_rows')`,
    [slot],
  )
  expect(
    rows
      .map(({ kind }) => kind)
      .filter((kind) => 'IUD'.includes(kind))
      .sort(),
  ).toEqual(['D', 'U'])
  await client.query('SELECT pg_drop_replication_slot($1)', [slot])
})

test('recommend_indexes names what makes each join a probe, until it is there', async () => {
  await client.query(
    `SELECT pgstream.create_stream_table('joined', 'SELECT o.id, c.region FROM orders o JOIN customers c ON c.id = o.customer')`,
  )
  const advice = async (name: string) =>
    (
      await client.query(
        'SELECT source_table, columns, statement, table_bytes > 0 AS sized FROM pgstream.recommend_indexes($1)',
        [name],
      )
    ).rows
  expect(await advice('joined')).toEqual([
    {
      source_table: 'public.orders',
      columns: ['customer'],
      statement: 'CREATE INDEX CONCURRENTLY ON public.orders (customer)',
      sized: true,
    },
  ])
  const explained = () =>
    client.query(`SELECT value FROM pgstream.explain_st('joined') WHERE property = 'missing index'`)
  expect((await explained()).rows).toEqual([
    { value: 'public.orders (customer): without it the table is read whole when another source changes' },
  ])
  const [{ statement }] = await advice('joined')
  await client.query(statement)
  expect(await advice('joined')).toEqual([])
  // Before any refresh has made the plan anew.
  expect((await explained()).rows).toEqual([])
  expect(await advice('rows')).toEqual([])
  await client.query(`SELECT pgstream.refresh_stream_table('joined')`)
  expect(await value(`count(*) FROM pgstream.explain_st('joined') WHERE property = 'missing index'`)).toBe(
    '0',
  )
  await client.query(`
    CREATE TABLE lines ("order" int, item int, shop int, PRIMARY KEY ("order", item)) PARTITION BY RANGE ("order");
    CREATE TABLE lines_1 PARTITION OF lines DEFAULT;
    CREATE TABLE items (id int, shop int, price numeric);
    SELECT pgstream.create_stream_table('sold', 'SELECT l."order", i.price, o.amount FROM lines l JOIN items i ON i.id = l.item AND i.shop = l.shop JOIN orders o ON o.id = l."order"')`)
  expect(
    await value(`array_agg(statement ORDER BY statement) FROM pgstream.recommend_indexes('sold')`),
  ).toEqual([
    'CREATE INDEX CONCURRENTLY ON public.items (id, shop)',
    'CREATE INDEX ON public.lines (item, shop)',
  ])
  // One index serves both: the first columns of the other's.
  await client.query(
    `SELECT pgstream.create_stream_table('priced', 'SELECT l."order", i.price FROM lines l JOIN items i ON i.id = l.item')`,
  )
  expect(
    await value(`array_agg(statement ORDER BY statement) FROM pgstream.recommend_indexes('priced')`),
  ).toEqual([
    'CREATE INDEX CONCURRENTLY ON public.items (id, shop)',
    'CREATE INDEX ON public.lines (item, shop)',
  ])
  for (const { statement: each } of await advice('sold')) await client.query(each)
  expect(await advice('priced')).toEqual([])
  await client.query(`SELECT pgstream.refresh_stream_table('sold')`)
  expect(await value(`count(*) FROM pgstream.explain_st('sold') WHERE property = 'missing index'`)).toBe('0')
})

test('recommend_refresh_mode', async () => {
  const advice = async (name: string) =>
    (
      await client.query(
        'SELECT current_mode, effective_mode, recommended_mode, confidence, reason FROM pgstream.recommend_refresh_mode($1)',
        [name],
      )
    ).rows[0]
  expect(await advice('rows')).toMatchObject({
    current_mode: 'AUTO',
    effective_mode: 'DIFFERENTIAL',
    recommended_mode: 'AUTO',
    confidence: 'low',
  })
  await client.query(`SELECT pgstream.alter_stream_table('rows', refresh_mode => 'FULL')`)
  expect(await advice('rows')).toMatchObject({
    current_mode: 'FULL',
    effective_mode: 'FULL',
    recommended_mode: 'AUTO',
    reason: expect.stringContaining('can be maintained incrementally'),
  })
  await client.query(
    `SELECT pgstream.create_stream_table('places', 'SELECT region FROM customers WHERE now() IS NOT NULL', '1h', 'FULL'), pgstream.create_stream_table('auto_places', 'SELECT region FROM customers WHERE now() IS NOT NULL', '1h')`,
  )
  expect(await advice('places')).toMatchObject({
    recommended_mode: 'FULL',
    confidence: 'high',
    reason: expect.stringContaining('now()'),
  })
  expect(await advice('auto_places')).toMatchObject({
    recommended_mode: 'AUTO',
    confidence: 'high',
    reason: expect.stringContaining('now()'),
  })
  const history = (name: string, action: string, n: number, ms: number) =>
    client.query(
      `INSERT INTO pgstream.pgs_refresh_history (pgs_id, action, status, duration_ms) SELECT pgs_id, $2, 'COMPLETED', $4 FROM pgstream.pgs_stream_tables, generate_series(1, $3) WHERE pgs_name = $1`,
      [name, action, n, ms],
    )
  await history('totals', 'FULL', 60, 5)
  expect(await advice('totals')).toMatchObject({ recommended_mode: 'FULL', confidence: 'high' })
  await history('totals', 'DIFFERENTIAL', 60, 5000)
  expect(await advice('totals')).toMatchObject({ recommended_mode: 'AUTO', confidence: 'high' })
  await client.query(`SELECT pgstream.alter_stream_table('totals', refresh_mode => 'DIFFERENTIAL')`)
  expect(await advice('totals')).toMatchObject({
    current_mode: 'DIFFERENTIAL',
    recommended_mode: 'AUTO',
    reason: expect.stringContaining('5000.0 ms'),
  })
  // Who must not read the sources is not told whether the query could be incremental.
  const stranger = await db.connect(await role('adviser'))
  const { rows } = await stranger.query(
    `SELECT recommended_mode, confidence FROM pgstream.recommend_refresh_mode('rows')`,
  )
  expect(rows).toEqual([{ recommended_mode: 'AUTO', confidence: 'low' }])
  await stranger.end()
})

test('recommend_indexes asks for the order of first rows, a group of which is found by an index already', async () => {
  await client.query(`
    CREATE TABLE bids (id int PRIMARY KEY, item int NOT NULL, price int NOT NULL);
    CREATE INDEX ON bids (item);
    SELECT pgstream.create_stream_table('highest', 'SELECT DISTINCT ON (item) item, id, price FROM bids ORDER BY item, price DESC');
    SELECT pgstream.create_stream_table('best_three', 'SELECT item, id, n FROM (SELECT item, id, row_number() OVER (PARTITION BY item ORDER BY price DESC, id) AS n FROM bids) AS r WHERE n <= 3');
    SELECT pgstream.create_stream_table('ten', 'SELECT id, price FROM bids ORDER BY price DESC LIMIT 10');
    SELECT pgstream.create_stream_table('placed', 'SELECT id, row_number() OVER (PARTITION BY item ORDER BY price) AS n FROM bids');
    SELECT pgstream.create_stream_table('shares', 'SELECT id, percent_rank() OVER (PARTITION BY item ORDER BY price) AS n FROM bids')`)
  const advice = async (name: string) =>
    (
      await client.query(
        `SELECT statement, reason, (SELECT array_agg(value) FROM pgstream.explain_st($1) WHERE property = 'missing index') AS explained
         FROM pgstream.recommend_indexes($1)`,
        [name],
      )
    ).rows
  const ofGroups = [
    {
      statement: 'CREATE INDEX CONCURRENTLY ON public.bids (item, price)',
      reason: 'without it a group is read whole for its first rows',
      explained: ['public.bids (item, price): without it a group is read whole for its first rows'],
    },
  ]
  expect(await advice('highest')).toEqual(ofGroups)
  expect(await advice('best_three')).toEqual(ofGroups)
  expect(await advice('ten')).toEqual([
    {
      statement: 'CREATE INDEX CONCURRENTLY ON public.bids (price)',
      reason: 'without it the table is read whole for its first rows',
      explained: ['public.bids (price): without it the table is read whole for its first rows'],
    },
  ])
  const reason =
    'without it all rows of a touched partition are computed anew, instead of those near the change or behind it'
  expect(await advice('placed')).toEqual([
    { ...ofGroups[0], reason, explained: [`public.bids (item, price): ${reason}`] },
  ])
  // Each place depends on all rows.
  expect(await advice('shares')).toEqual([])
  await client.query('CREATE INDEX ON bids (price, item)')
  expect(await advice('highest')).toEqual(ofGroups)
  expect(await advice('ten')).toEqual([])
  await client.query('CREATE INDEX ON bids (item, price)')
  expect(await advice('highest')).toEqual([])
  expect(await advice('best_three')).toEqual([])
  expect(await advice('placed')).toEqual([])
})
