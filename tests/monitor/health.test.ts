/** health_check finds each kind of trouble and says what to do; what watches capture, buffers and errors. */
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type FreshDatabase, freshDatabase, testServer } from '../support/server.ts'

interface Finding {
  readonly severity: string
  readonly detail: string
  readonly hint: string | null
}

const SETUP = `
  CREATE TABLE customers (id int PRIMARY KEY, region text NOT NULL);
  CREATE TABLE orders (id int PRIMARY KEY, customer int NOT NULL, amount numeric NOT NULL);
  INSERT INTO customers VALUES (1, 'n'), (2, 's');
  INSERT INTO orders SELECT i, i % 2 + 1, i FROM generate_series(1, 50) AS i;
  CREATE INDEX ON orders (customer);
  SELECT pgstream.create_stream_table('totals',
    'SELECT region, sum(amount) AS total FROM orders JOIN customers AS c ON c.id = customer GROUP BY region', '1h');
  SELECT pgstream.create_stream_table('rows', 'SELECT id, 100 / (amount - 1000) AS x FROM orders', '1h');
  CALL pgstream.run_scheduler()`

async function prepared(): Promise<FreshDatabase> {
  const db = await freshDatabase()
  for (const statement of SETUP.split(/;\s*$/m)) await db.client.query(statement)
  return db
}

async function health(client: pg.Client): Promise<ReadonlyMap<string, Finding>> {
  const { rows } = await client.query('SELECT * FROM pgstream.health_check()')
  return new Map(rows.map((row) => [row.check_name, row]))
}

const quick = async (client: pg.Client) =>
  (await client.query('SELECT status, scheduler_running FROM pgstream.quick_health')).rows[0]

test('all is well', async () => {
  const db = await prepared()
  try {
    const found = await health(db.client)
    // The slots of the server's other databases are theirs.
    for (const { severity, hint } of found.values()) expect([severity, hint]).toEqual(['OK', null])
    expect([...found.keys()]).toHaveLength(17)
    expect(await quick(db.client)).toEqual({ status: 'OK', scheduler_running: true })
  } finally {
    await db.close()
  }
})

test('an installation without stream tables', async () => {
  const db = await freshDatabase()
  try {
    expect((await health(db.client)).get('scheduler')?.severity).toBe('OK')
    expect((await quick(db.client)).status).toBe('EMPTY')
    for (const call of [
      'dependency_tree()',
      'change_buffer_sizes()',
      'check_cdc_health()',
      'refresh_timeline()',
      'slot_health()',
    ])
      expect((await db.client.query(`SELECT * FROM pgstream.${call}`)).rows).toEqual([])
  } finally {
    await db.close()
  }
})

/** What is done to the database, and what is said of it. */
const TROUBLE: Readonly<Record<string, [damage: string, severity: string, detail: RegExp, quick: string]>> = {
  'scheduler: none lately': [
    `UPDATE pgstream._scheduler SET watched_at = now() - interval '5 minutes', looked_at = '-infinity'`,
    'ERROR',
    /^no scheduler has run for 30\d s$/,
    'CRITICAL',
  ],
  'scheduler: never': [
    `UPDATE pgstream._scheduler SET watched_at = '-infinity', looked_at = '-infinity'`,
    'ERROR',
    /no scheduler has run yet/,
    'CRITICAL',
  ],
  'scheduler: off': [`SET LOCAL pg_stream.enabled = off`, 'WARNING', /pg_stream\.enabled is off/, 'OK'],
  broken: [
    'ALTER TABLE customers DROP COLUMN region',
    'ERROR',
    /^public\.totals: column region of source table public\.customers was dropped/,
    'CRITICAL',
  ],
  'suspended: by its owner': [
    `SELECT pgstream.alter_stream_table('totals', status => 'SUSPENDED')`,
    'WARNING',
    /^public\.totals \(by its owner\)$/,
    'WARNING',
  ],
  'suspended: by pause_all': [
    'SELECT pgstream.pause_all()',
    'WARNING',
    /public\.rows \(pause_all\); public\.totals \(pause_all\)/,
    'WARNING',
  ],
  'suspended: for errors': [
    `UPDATE pgstream.pgs_stream_tables SET status = 'SUSPENDED', last_error = 'SQLSTATE 22012 (division by zero)' WHERE pgs_name = 'rows'`,
    'ERROR',
    /^public\.rows: SQLSTATE 22012/,
    'CRITICAL',
  ],
  failing: [
    `UPDATE pgstream.pgs_stream_tables SET consecutive_errors = 2, last_error = 'SQLSTATE 22012 (division by zero)' WHERE pgs_name = 'rows'`,
    'WARNING',
    /^public\.rows: 2 times, SQLSTATE 22012/,
    'WARNING',
  ],
  waiting: [
    `UPDATE pgstream.frontiers SET waiting_for = 'waiting for a lock'`,
    'WARNING',
    /public\.rows: waiting for a lock/,
    'OK',
  ],
  stale: [
    `UPDATE pgstream.frontiers f SET data_timestamp = now() - interval '1 day' FROM pgstream.pgs_stream_tables s WHERE s.pgs_id = f.pgs_id AND pgs_name = 'rows'`,
    'WARNING',
    /^public\.rows: 864\d\d s old, schedule 1h$/,
    'WARNING',
  ],
  reinitialize: [
    'ALTER TABLE customers DROP CONSTRAINT customers_pkey',
    'WARNING',
    /^public\.totals: a constraint/,
    'OK',
  ],
  buffer_growth: [
    `SET LOCAL pg_stream.buffer_alert_threshold = 1000; INSERT INTO orders SELECT i, 1, i FROM generate_series(2001, 12000) AS i`,
    'WARNING',
    /^public\.orders: \d+ kB$/,
    'OK',
  ],
  'capture: a trigger is disabled': [
    `SET LOCAL pg_stream.internal = 'on';
     DO $$ BEGIN EXECUTE format('ALTER TABLE orders DISABLE TRIGGER pgstream_capture_%s_insert', 'orders'::regclass::oid); END $$`,
    'ERROR',
    /^trigger pgstream_capture_\d+_insert on public\.orders is disabled$/,
    'OK',
  ],
  'capture: a trigger is missing': [
    `SET LOCAL pg_stream.internal = 'on';
     DO $$ BEGIN EXECUTE format('DROP TRIGGER pgstream_capture_%s_insert ON orders', 'orders'::regclass::oid); END $$`,
    'ERROR',
    /^trigger pgstream_capture_\d+_insert on public\.orders is missing$/,
    'OK',
  ],
  'capture: the guard is missing': [
    `SET LOCAL pg_stream.internal = 'on'; DROP TRIGGER pgstream_guard ON totals`,
    'ERROR',
    /^the guard of public\.totals is missing$/,
    'OK',
  ],
  'capture: the buffer is missing': [
    `DO $$ BEGIN EXECUTE format('DROP TABLE pgstream_changes.changes_%s', 'orders'::regclass::oid); END $$`,
    'ERROR',
    /the change buffer of public\.orders is missing/,
    'OK',
  ],
  generated: [
    `DO $$ BEGIN EXECUTE format('DROP FUNCTION pgstream_state.gate_%s', (SELECT pgs_id FROM pgstream.pgs_stream_tables WHERE pgs_name = 'rows')); END $$`,
    'ERROR',
    /^public\.rows$/,
    'OK',
  ],
  event_triggers: [
    'ALTER EVENT TRIGGER pg_stream_ddl DISABLE',
    'WARNING',
    /^pg_stream_ddl is disabled$/,
    'OK',
  ],
  missing_indexes: [
    `DROP INDEX orders_customer_idx; INSERT INTO orders SELECT i, 1, i FROM generate_series(2001, 32000) AS i; SELECT pgstream.refresh_stream_table('totals')`,
    'WARNING',
    /^public\.totals reads all of public\.orders$/,
    'OK',
  ],
  orphans: [
    `CREATE TABLE pgstream_changes.changes_7 (x int); CREATE TABLE pgstream_state.state_77_1 (x int)`,
    'WARNING',
    /^table pgstream_changes\.changes_7; table pgstream_state\.state_77_1$/,
    'OK',
  ],
}

describe('trouble', () => {
  let db: FreshDatabase
  beforeAll(async () => {
    db = await prepared()
  })
  afterAll(() => db.close())

  test.each(Object.entries(TROUBLE))('%s', async (name, [damage, severity, detail, expected]) => {
    await db.client.query('CALL pgstream.run_scheduler()')
    await db.client.query('BEGIN')
    try {
      await db.client.query(damage)
      const found = await health(db.client)
      const finding = found.get(name.split(':')[0] ?? '')
      expect(finding?.detail).toMatch(detail)
      expect(finding?.severity).toBe(severity)
      expect(finding?.hint).toMatch(/\w{5,}.*[.;:)]/)
      expect((await quick(db.client)).status).toBe(expected)
      // The worst comes first.
      const order = [...found.values()].map((each) => ['ERROR', 'WARNING', 'OK'].indexOf(each.severity))
      expect(order).toEqual([...order].sort())
    } finally {
      await db.client.query('ROLLBACK')
    }
  })
})

test('what to do about a refresh that is put off depends on what puts it off', async () => {
  const db = await prepared()
  const hint = async (waitingFor: string, where = 'true') => {
    await db.client.query(
      `UPDATE pgstream.frontiers SET waiting_for = CASE WHEN ${where} THEN $1 ELSE 'table t, locked by process 7' END`,
      [waitingFor],
    )
    return (await health(db.client)).get('waiting')?.hint
  }
  try {
    const locked = /End the transaction that holds the lock/
    expect(await hint('table t, locked by process 7')).toMatch(locked)
    const { rows } = await db.client.query(`SELECT remediation FROM pgstream._error_advice('57014')`)
    expect(await hint('SQLSTATE 57014 (query canceled)')).toBe(rows[0].remediation)
    expect(rows[0].remediation).toMatch(/statement_timeout/)
    const both = await hint('SQLSTATE 57014 (query canceled)', 'pgs_id = 1')
    expect(both).toMatch(locked)
    expect(both).toMatch(/statement_timeout/)
  } finally {
    await db.close()
  }
})

test('long transactions are told of, prepared ones too', async () => {
  const db = await prepared()
  try {
    const { rows } = await db.client.query('SHOW max_prepared_transactions')
    if (rows[0].max_prepared_transactions === '0') return
    await db.client.query(`BEGIN; INSERT INTO orders VALUES (999, 1, 1); PREPARE TRANSACTION 'p_${db.name}'`)
    // Nobody waits five minutes for a test: the time of the transaction cannot be set, so what is young must not show.
    expect((await health(db.client)).get('long_transactions')?.severity).toBe('OK')
    await db.client.query(`ROLLBACK PREPARED 'p_${db.name}'`)
  } finally {
    await db.close()
  }
})

test('change_buffer_sizes counts what each reader has yet to consume', async () => {
  const db = await prepared()
  try {
    await db.client.query(
      `INSERT INTO orders VALUES (101, 1, 1), (102, 1, 1); UPDATE orders SET amount = 7 WHERE id = 101`,
    )
    await db.client.query(`SELECT pgstream.refresh_stream_table('totals')`)
    await db.client.query(`DELETE FROM orders WHERE id = 5`)
    const sizes = (
      await db.client.query(
        `SELECT stream_table, source_table, cdc_mode, pending_rows, buffer_bytes > 0 AS filled FROM pgstream.change_buffer_sizes()`,
      )
    ).rows
    expect(sizes).toEqual([
      {
        stream_table: 'public.rows',
        source_table: 'public.orders',
        cdc_mode: 'TRIGGER',
        pending_rows: '5',
        filled: true,
      },
      {
        stream_table: 'public.totals',
        source_table: 'public.customers',
        cdc_mode: 'TRIGGER',
        pending_rows: '0',
        filled: false,
      },
      {
        stream_table: 'public.totals',
        source_table: 'public.orders',
        cdc_mode: 'TRIGGER',
        pending_rows: '1',
        filled: true,
      },
    ])
  } finally {
    await db.close()
  }
})

test('check_cdc_health and trigger_inventory', async () => {
  const db = await prepared()
  try {
    await db.client.query(`SET pg_stream.internal = 'on'`)
    await db.client.query(`DO $$ BEGIN EXECUTE format('DROP TRIGGER pgstream_capture_%s_update ON orders', 'orders'::regclass::oid);
      EXECUTE format('ALTER TABLE orders DISABLE TRIGGER pgstream_capture_%s_delete', 'orders'::regclass::oid); END $$`)
    const { rows } = await db.client.query(
      'SELECT source_table, cdc_mode, slot_name, lag_bytes, confirmed_lsn, alert, trigger_level, readers FROM pgstream.check_cdc_health()',
    )
    const none = {
      cdc_mode: 'TRIGGER',
      slot_name: null,
      lag_bytes: null,
      confirmed_lsn: null,
      trigger_level: 'STATEMENT',
    }
    expect(rows).toEqual([
      { ...none, source_table: 'public.customers', alert: null, readers: '1' },
      {
        ...none,
        source_table: 'public.orders',
        alert: '1 capture triggers are missing; 1 capture triggers are disabled',
        readers: '2',
      },
    ])
    const inventory = (
      await db.client.query(`SELECT trigger_type, present, enabled, on_table FROM pgstream.trigger_inventory()
        WHERE source_table = 'public.orders' OR source_table IS NULL OR trigger_type = 'GUARD'`)
    ).rows
    expect(
      inventory.map((each) => `${each.trigger_type} ${each.on_table} ${each.present} ${each.enabled}`),
    ).toEqual([
      'CAPTURE DELETE public.orders true false',
      'CAPTURE INSERT public.orders true true',
      'CAPTURE TRUNCATE public.orders true true',
      'CAPTURE UPDATE public.orders false false',
      'EVENT null true true',
      'EVENT null true true',
      'GUARD public.rows true true',
      'GUARD public.totals true true',
    ])
  } finally {
    await db.close()
  }
})

test('slot_health lists the logical slots of this database', async () => {
  const db = await prepared()
  const slot = `slot_${db.name}`
  try {
    if ((await db.client.query('SHOW wal_level')).rows[0].wal_level !== 'logical') return
    await db.client.query(`SELECT pg_create_logical_replication_slot($1, 'pgoutput')`, [slot])
    expect(
      (
        await db.client.query(
          'SELECT slot_name, source_relid, active, retained_wal_bytes >= 0 AS keeps FROM pgstream.slot_health()',
        )
      ).rows,
    ).toEqual([{ slot_name: slot, source_relid: null, active: false, keeps: true }])
    await db.client.query('SELECT pg_drop_replication_slot($1)', [slot])
  } finally {
    await db.close()
  }
})

test('a failing refresh: diagnose_errors and refresh_timeline, with words for those who may see them', async () => {
  const db = await prepared()
  const role = `stranger_${db.name}`
  try {
    await db.client.query(`CREATE ROLE ${role} LOGIN`)
    await db.client.query(`INSERT INTO orders VALUES (200, 1, 1000)`)
    await db.client.query(`UPDATE pgstream.frontiers SET checked_at = now() - interval '1 day'`)
    await db.client.query('CALL pgstream.run_scheduler()')
    const [found] = (await db.client.query(`SELECT * FROM pgstream.diagnose_errors('rows')`)).rows
    expect(found).toMatchObject({ error_type: 'data', error_message: 'division by zero', sqlstate: '22012' })
    expect(found.event_time).toBeInstanceOf(Date)
    expect(found.remediation).toMatch(/NULLIF/)
    const stranger = await db.connect(role)
    expect((await stranger.query(`SELECT error_message FROM pgstream.diagnose_errors('rows')`)).rows).toEqual(
      [{ error_message: 'SQLSTATE 22012 (division by zero)' }],
    )
    const timeline = `SELECT stream_table, action, status, error_message, initiated_by FROM pgstream.refresh_timeline(2) ORDER BY 1`
    const failed = {
      stream_table: 'public.rows',
      action: 'SKIP',
      status: 'FAILED',
      initiated_by: 'SCHEDULER',
    }
    expect((await db.client.query(timeline)).rows[0]).toEqual({
      ...failed,
      error_message: 'division by zero',
    })
    expect((await stranger.query(timeline)).rows[0]).toEqual({
      ...failed,
      error_message: 'SQLSTATE 22012 (division by zero)',
    })
    expect((await db.client.query(`SELECT * FROM pgstream.diagnose_errors('totals')`)).rows).toEqual([])
    await db.client.query(`DELETE FROM orders WHERE id = 200`)
    await db.client.query(`SELECT pgstream.refresh_stream_table('rows')`)
    expect((await db.client.query(`SELECT * FROM pgstream.diagnose_errors('rows')`)).rows).toEqual([])
    await db.client.query('ALTER TABLE customers DROP COLUMN region')
    expect(
      (
        await db.client.query(
          `SELECT error_type, error_message, event_time FROM pgstream.diagnose_errors('totals')`,
        )
      ).rows,
    ).toEqual([
      {
        error_type: 'definition',
        error_message: 'column region of source table public.customers was dropped',
        event_time: null,
      },
    ])
    // Anybody may look at everything else.
    for (const view of [
      'health_check()',
      'quick_health',
      'dependency_tree()',
      'explain_dag()',
      'change_buffer_sizes()',
      'check_cdc_health()',
      'trigger_inventory()',
      'slot_health()',
      `list_sources('rows')`,
      `stream_table_lineage('rows')`,
      `recommend_indexes('rows')`,
      `recommend_refresh_mode('rows')`,
    ])
      expect((await stranger.query(`SELECT * FROM pgstream.${view}`)).rows).toBeDefined()
    // Also of what lies in a schema that is closed to them.
    await db.client.query(
      `CREATE SCHEMA "Closed"; SELECT pgstream.create_stream_table('"Closed"."St"', 'SELECT 1 AS a')`,
    )
    for (const call of [
      'get_staleness',
      'get_refresh_history',
      'diagnose_errors',
      'explain_st',
      'list_sources',
      'stream_table_lineage',
      'recommend_indexes',
      'recommend_refresh_mode',
      'export_definition',
    ])
      expect(
        (await stranger.query(`SELECT r.* FROM pgstream.pgs_status() AS s, pgstream.${call}(s.name) AS r`))
          .rows,
      ).toBeDefined()
    await expect(
      stranger.query(`SELECT pgstream.refresh_stream_table('"Closed"."St"')`),
    ).rejects.toMatchObject({
      code: '42501',
      message: 'must be owner of stream table St',
    })
    await expect(stranger.query(`SELECT pgstream.get_staleness('"Closed"."Other"')`)).rejects.toMatchObject({
      code: '42501',
    })
    await db.client.query(`SELECT pgstream.drop_stream_table('"Closed"."St"')`)
    await stranger.end()
    await db.client.query(`DROP ROLE ${role}`)
  } finally {
    await db.close()
  }
})

test('what a foreign key to a stream table refuses is no row that cannot be computed', async () => {
  const db = await prepared()
  await db.client.query(`CREATE TABLE referring (id int REFERENCES rows (id)); INSERT INTO referring VALUES (3);
    DELETE FROM orders WHERE id = 3; UPDATE pgstream.frontiers SET checked_at = now() - interval '1 day'`)
  await db.client.query('CALL pgstream.run_scheduler()')
  const { rows } = await db.client.query(`SELECT sqlstate, remediation FROM pgstream.diagnose_errors('rows')`)
  expect(rows[0]).toEqual({
    sqlstate: '23503',
    remediation: expect.stringMatching(/foreign key refuses a row.*resume_stream_table/),
  })
  // It says what to do, and that is all there is to do.
  await db.client.query(`DELETE FROM referring; SELECT pgstream.resume_stream_table('rows')`)
  await db.client.query('CALL pgstream.run_scheduler()')
  expect((await db.client.query('SELECT FROM rows WHERE id = 3')).rowCount).toBe(0)
})

test.each(['-1', 'NULL'])('refresh_timeline refuses max_rows %s', async (given) => {
  const db = await freshDatabase()
  try {
    await expect(db.client.query(`SELECT * FROM pgstream.refresh_timeline(${given})`)).rejects.toMatchObject({
      code: '22023',
    })
    expect((await db.client.query('SELECT * FROM pgstream.refresh_timeline(0)')).rows).toEqual([])
  } finally {
    await db.close()
  }
})

test('every function, procedure and view for users has a description', async () => {
  const db = await freshDatabase()
  try {
    expect(testServer().installError).toBe('')
    const { rows } = await db.client.query(`
      SELECT proname AS name FROM pg_proc WHERE pronamespace = 'pgstream'::regnamespace AND proname !~ '^_' AND obj_description(oid, 'pg_proc') IS NULL
      UNION ALL SELECT relname FROM pg_class WHERE relnamespace = 'pgstream'::regnamespace AND relkind IN ('r', 'v') AND relname !~ '^_'
        AND obj_description(oid, 'pg_class') IS NULL`)
    expect(rows).toEqual([])
  } finally {
    await db.close()
  }
})
