/** Nothing of a stream table's owner runs with other rights than the owner's, and nothing of ours runs for others. */
import { beforeEach, expect, test } from 'vitest'
import { expectExact } from '../oracle/oracle.ts'
import { create, outcome, refresh, roles, type Scene, scenes } from './scene.ts'

const scene = scenes()
let at: Scene
let owner: Scene['client']
let ownerName: string
const role = roles(() => at.db)
let made = 0

async function newRole(): Promise<{ client: Scene['client']; name: string }> {
  made += 1
  const name = await role(`rights${made}`)
  await at.client.query(`GRANT CREATE, USAGE ON SCHEMA ${at.schema} TO ${name}`)
  return { client: await at.open(name), name }
}

/** `who(i)` writes down as whom it runs, and tries to become a superuser. */
beforeEach(async () => {
  at = await scene(`CREATE TABLE seen (who text); GRANT INSERT ON seen TO PUBLIC`)
  ;({ client: owner, name: ownerName } = await newRole())
  await owner.query(`
    CREATE TABLE src (id int PRIMARY KEY, a int);
    INSERT INTO src VALUES (1, 1);
    CREATE FUNCTION note() RETURNS void LANGUAGE plpgsql AS $$ BEGIN INSERT INTO ${at.schema}.seen VALUES (current_user); END $$;
    CREATE FUNCTION who(i int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$
    BEGIN PERFORM ${at.schema}.note(); RETURN i; END $$;
    CREATE FUNCTION on_write() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN PERFORM ${at.schema}.note(); RETURN NULL; END $$;`)
})

async function seen(): Promise<string[]> {
  const { rows } = await at.client.query('SELECT DISTINCT who FROM seen')
  return rows.map(({ who }) => who)
}

async function idOf(name: string): Promise<number> {
  const { rows } = await at.client.query('SELECT pgstream._stream_table_id($1)::int AS id', [name])
  return rows[0].id
}

test('a trigger on a stream table runs as its owner, whoever makes it be filled anew', async () => {
  await create(owner, 'st', 'SELECT id, a FROM src')
  await owner.query('CREATE TRIGGER t AFTER INSERT OR DELETE ON st FOR EACH ROW EXECUTE FUNCTION on_write()')
  await owner.query(`SELECT pgstream.alter_stream_table('st', query => 'SELECT id, a FROM src WHERE a > 0')`)
  await at.client.query(
    `SELECT pgstream.alter_stream_table('st', query => 'SELECT id, a FROM src WHERE a > 1')`,
  )
  await owner.query('INSERT INTO src VALUES (2, 2)')
  await at.client.query('CALL pgstream.run_scheduler()')
  await refresh(at.client, 'st')
  expect(await seen()).toEqual([ownerName])
})

test('functions of a query run as the owner when a superuser verifies, explains, alters or resumes', async () => {
  await create(owner, 'st', 'SELECT id, who(a) AS a, who(7) AS seven FROM src')
  await owner.query('INSERT INTO src VALUES (2, 2)')
  await at.client.query(`SELECT * FROM pgstream.explain_st('st', true)`)
  await refresh(at.client, 'st')
  await at.client.query(`SELECT * FROM pgstream.verify_stream_table('st')`)
  await at.client.query(`SELECT pgstream.alter_stream_table('st', refresh_mode => 'FULL')`)
  await at.client.query(`SELECT pgstream.alter_stream_table('st', refresh_mode => 'AUTO')`)
  await owner.query('DROP TABLE src; CREATE TABLE src (id int PRIMARY KEY, a int)')
  await at.client.query(`SELECT pgstream.resume_stream_table('st')`)
  await refresh(at.client, 'st')
  expect(await seen()).toEqual([ownerName])
})

test('generated functions cannot be altered, nor called once they would run as somebody else', async () => {
  await create(owner, 'st', 'SELECT id, who(a) AS a FROM src')
  const pending = `pgstream_state.refresh_${await idOf('st')}_pending(bigint, bigint[], bigint, bigint)`
  for (const change of ['SECURITY INVOKER', 'RESET ALL']) {
    expect(await outcome(owner.query(`ALTER FUNCTION ${pending} ${change}`))).toBe('42809')
    expect(
      await outcome(owner.query(`SET pg_stream.internal = 'on'; ALTER FUNCTION ${pending} ${change}`)),
    ).toBe('42809')
  }
  // As on a server that lets nobody have event triggers.
  await at.client.query(`SET session_replication_role = replica; ALTER EVENT TRIGGER pg_stream_ddl DISABLE`)
  await owner.query(`ALTER FUNCTION ${pending} SECURITY INVOKER`)
  await at.client.query(`ALTER EVENT TRIGGER pg_stream_ddl ENABLE ALWAYS; RESET session_replication_role`)
  expect(await outcome(refresh(at.client, 'st'))).toBe('55000')
  await owner.query(`SELECT pgstream.alter_stream_table('st', query => 'SELECT id, who(a) AS a FROM src')`)
  await refresh(at.client, 'st')
  expect(await seen()).toEqual([ownerName])
})

test('a query cannot ask for what its owner may not, though a superuser refreshes it', async () => {
  await create(at.client, 'victim', 'SELECT who FROM seen')
  const victim = await idOf('victim')
  await owner.query(`
    CREATE FUNCTION ask(i int) RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$
    BEGIN
      IF i = 10 THEN PERFORM pgstream.drop_stream_table('${at.schema}.victim', true); END IF;
      IF i = 11 THEN PERFORM pgstream._drop_stream_table(${victim}, true); END IF;
      IF i = 12 THEN PERFORM pgstream.alter_stream_table('${at.schema}.victim', status => 'SUSPENDED'); END IF;
      IF i = 13 THEN PERFORM pgstream.refresh_stream_table('${at.schema}.victim'); END IF;
      IF i = 14 THEN PERFORM pgstream_state.gate_${victim}('drop', NULL); END IF;
      IF i = 15 THEN PERFORM set_config('role', 'postgres', false); END IF;
      RETURN 'done';
    EXCEPTION WHEN OTHERS THEN
      RETURN SQLSTATE;
    END $$`)
  await create(owner, 'st', 'SELECT id, ask(id) AS said FROM src', { schedule: '1s' })
  await owner.query('INSERT INTO src SELECT i, i FROM generate_series(10, 15) AS i')
  await refresh(at.client, 'st')
  const { rows } = await at.client.query('SELECT id, said FROM st WHERE id >= 10 ORDER BY id')
  expect(rows.map(({ said }) => said)).toEqual(['42501', '42501', '42501', '42501', '42501', '42501'])
  await expectExact(at.client, 'victim')
})

test('an owner may lend a refresh by a function with its rights', async () => {
  const { client: app, name } = await newRole()
  await create(owner, 'st', 'SELECT id, a FROM src')
  await owner.query(`
    CREATE FUNCTION refresh_st() RETURNS text LANGUAGE sql SECURITY DEFINER
    AS $$ SELECT pgstream.refresh_stream_table('${at.schema}.st') $$;
    INSERT INTO src VALUES (2, 2); GRANT SELECT ON st TO ${name}`)
  expect(await outcome(refresh(app, 'st'))).toBe('42501')
  expect(await outcome(app.query('SELECT refresh_st()'))).toBe('ok')
  expect((await app.query('SELECT count(*)::int AS n FROM st')).rows).toEqual([{ n: 2 }])
})

test('nothing that has our rights is for everybody, but what checks its caller', async () => {
  const { rows } = await at.client.query(
    `SELECT proname::text AS name FROM pg_proc WHERE pronamespace = 'pgstream'::regnamespace AND prosecdef
       AND has_function_privilege($1, oid, 'EXECUTE') ORDER BY 1`,
    [ownerName],
  )
  expect(rows.map(({ name }) => name)).toEqual([
    '_create_stream_table',
    '_expected_delta',
    '_explain_state',
    '_follow_ddl',
    '_follow_drop',
    '_follow_owner',
    '_freshness',
    '_pending_changes',
    '_redefine',
    '_validate_query',
  ])
  for (const call of ['_follow_ddl()', '_follow_drop()'])
    expect(await outcome(owner.query(`SELECT pgstream.${call}`))).toBe('39P03')
  expect(
    await outcome(owner.query(`SET pg_stream.history_retention_days = -1; SELECT pgstream._prune_history()`)),
  ).toBe('42501')
})

test('one who sets pg_stream.internal is watched all the same', async () => {
  await create(owner, 'st', 'SELECT id, a FROM src')
  const id = await idOf('st')
  await owner.query(`SET pg_stream.internal = 'on'`)
  await owner.query('ALTER TABLE src RENAME a TO b')
  await owner.query('INSERT INTO src VALUES (2, 2)')
  await refresh(owner, 'st')
  expect((await owner.query('SELECT * FROM st ORDER BY id')).rows).toEqual([
    { id: 1, a: 1 },
    { id: 2, a: 2 },
  ])
  await owner.query('DROP TABLE st')
  const { rows } = await at.client.query('SELECT FROM pgstream.pgs_stream_tables WHERE pgs_id = $1', [id])
  expect(rows).toEqual([])
  expect(
    (
      await at.client.query(
        `SELECT FROM pg_proc WHERE proname ~ '_${id}(_|$)' AND pronamespace = 'pgstream_state'::regnamespace`,
      )
    ).rows,
  ).toEqual([])
})

test('changes of a table may be read only as long as the table may', async () => {
  await at.client.query(
    `CREATE TABLE pay (id int PRIMARY KEY, v int, w int); GRANT SELECT, TRIGGER ON pay TO ${ownerName}`,
  )
  await create(owner, 'st', 'SELECT id, v FROM pay', { schedule: '1h' })
  const { rows } = await at.client.query(`SELECT 'pay'::regclass::oid::int AS oid`)
  const read = `SELECT c1, c2 FROM pgstream_changes.changes_${rows[0].oid}`
  await at.client.query('INSERT INTO pay VALUES (1, 1)')
  expect((await owner.query(read)).rows).toEqual([{ c1: 1, c2: 1 }])
  for (const [take, give] of [
    [`REVOKE SELECT ON pay FROM ${ownerName}`, `GRANT SELECT ON pay TO ${ownerName}`],
    [
      `REVOKE SELECT ON pay FROM ${ownerName}; GRANT SELECT (id, w) ON pay TO ${ownerName}`,
      `GRANT SELECT (v) ON pay TO ${ownerName}`,
    ],
    ['ALTER TABLE pay ENABLE ROW LEVEL SECURITY', 'ALTER TABLE pay DISABLE ROW LEVEL SECURITY'],
  ] as const) {
    await at.client.query(take)
    expect([take, await outcome(owner.query(read))]).toEqual([take, '42501'])
    await at.client.query(give)
    expect([give, await outcome(owner.query(read))]).toEqual([give, 'ok'])
  }
  await expectExact(at.client, 'st')
})

test('what is recomputed reads through views, as their owners; a delta reads the tables below', async () => {
  await at.client.query(`
    CREATE TABLE pay (id int PRIMARY KEY, v int); INSERT INTO pay VALUES (1, 1);
    CREATE VIEW paid AS SELECT id, v FROM pay WHERE v > 0; GRANT SELECT ON paid TO ${ownerName}`)
  const make = (mode: string) => create(owner, mode, 'SELECT id, v FROM paid', { mode })
  await expect(make('DIFFERENTIAL')).rejects.toMatchObject({
    code: '42501',
    hint: /GRANT SELECT ON .*pay TO/,
  })
  await make('FULL')
  await at.client.query('INSERT INTO pay VALUES (2, 2)')
  expect(await expectExact(owner, 'FULL')).toBe('FULL')
  await at.client.query(`REVOKE SELECT ON paid FROM ${ownerName}`)
  expect(await outcome(refresh(owner, 'FULL'))).toBe('42501')
})

test('what is exported sets nothing but the search_path', async () => {
  await owner.query(`SET search_path = "we""ird; DROP TABLE x; --", ${at.schema}`)
  await create(owner, `${at.schema}.st`, 'SELECT id, a FROM src')
  const { rows } = await owner.query(`SELECT pgstream.export_definition('st') AS sql`)
  await owner.query(`SELECT pgstream.drop_stream_table('st')`)
  await owner.query(rows[0].sql)
  await owner.query(`SET search_path = ${at.schema}`)
  await expectExact(owner, 'st')
})

test('a function of a query that leaves settings behind is refused, and they are taken back', async () => {
  await owner.query(`
    CREATE FUNCTION minus(timestamptz, timestamptz) RETURNS interval LANGUAGE plpgsql AS $$
    BEGIN PERFORM ${at.schema}.note(); RETURN pg_catalog.timestamptz_mi($1, $2); END $$;
    CREATE OPERATOR - (LEFTARG = timestamptz, RIGHTARG = timestamptz, FUNCTION = minus);
    CREATE FUNCTION leaves(i int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$
    BEGIN
      IF i = 20 THEN PERFORM set_config('search_path', '${at.schema}, pg_catalog', false); END IF;
      IF i = 21 THEN PERFORM set_config('default_transaction_read_only', 'on', false); END IF;
      RETURN i;
    END $$`)
  await create(owner, 'st', 'SELECT leaves(id) AS id FROM src', { schedule: '1s' })
  await create(at.client, 'other', 'SELECT who FROM seen', { schedule: '1s' })
  const { rows: before } = await at.client.query('SHOW search_path')
  for (const id of [20, 21]) {
    await owner.query(`INSERT INTO src VALUES (${id}, 0)`)
    expect(await outcome(refresh(owner, 'st'))).toBe('55000')
    expect(await outcome(refresh(at.client, 'st'))).toBe('55000')
    expect(await outcome(at.client.query(`SELECT * FROM pgstream.verify_stream_table('st')`))).toBe('55000')
    await at.client.query(
      'UPDATE pgstream.frontiers SET data_timestamp = now() - interval $$1 hour$$, checked_at = now() - interval $$1 hour$$, last_refresh_at = NULL',
    )
    await at.client.query('CALL pgstream.run_scheduler()')
    expect((await at.client.query('SHOW search_path')).rows).toEqual(before)
    expect((await at.client.query('SHOW default_transaction_read_only')).rows).toEqual([
      { default_transaction_read_only: 'off' },
    ])
    await expectExact(at.client, 'other')
    await owner.query(`DELETE FROM src WHERE id = ${id}`)
  }
  expect(await seen()).toEqual([])
})

test("nothing of an index, a type or a plan runs with other rights than its owner's", async () => {
  await owner.query(`
    CREATE FUNCTION difference(int, int) RETURNS float8 IMMUTABLE LANGUAGE sql AS 'SELECT ($1 - $2)::float8';
    CREATE TYPE spread AS RANGE (subtype = int4, subtype_diff = difference);
    CREATE TABLE wide (id int PRIMARY KEY, r spread);
    CREATE INDEX ON src ((a + who(1)))`)
  await create(owner, 'st', 'SELECT id, a FROM src')
  await create(owner, 'spreads', 'SELECT id, r FROM wide')
  await owner.query(`CREATE OR REPLACE FUNCTION difference(int, int) RETURNS float8 IMMUTABLE LANGUAGE plpgsql AS $$
    BEGIN PERFORM ${at.schema}.note(); RETURN ($1 - $2)::float8; END $$`)
  await owner.query('INSERT INTO wide SELECT i, spread(i, i + i % 7 + 1) FROM generate_series(1, 900) AS i')
  await owner.query('INSERT INTO src VALUES (2, 2)')
  await at.client.query('TRUNCATE seen')
  const session = await at.open(ownerName)
  await session.query('BEGIN ISOLATION LEVEL REPEATABLE READ')
  await refresh(session, 'st')
  await session.query('COMMIT')
  const { rows } = await at.client.query(
    `SELECT buffer::regclass::text AS name FROM pgstream.pgs_change_tracking`,
  )
  for (const { name } of rows) await at.client.query(`ANALYZE ${name}`)
  expect((await seen()).filter((name) => name !== ownerName)).toEqual([])
})

test('REASSIGN OWNED hands over the gate', async () => {
  const { client: heir, name } = await newRole()
  await create(owner, 'st', 'SELECT id, a FROM src')
  const id = await idOf('st')
  await at.client.query(`REASSIGN OWNED BY ${ownerName} TO ${name}`)
  expect(await outcome(refresh(heir, 'st'))).toBe('ok')
  expect(await outcome(owner.query(`SELECT pgstream_state.gate_${id}('drop', '{"cascade": true}')`))).toBe(
    '42501',
  )
})

test('after REASSIGN OWNED the old owner can do nothing, and a superuser everything', async () => {
  const { name } = await newRole()
  await create(owner, 'st', 'SELECT id, a FROM src')
  const id = await idOf('st')
  await at.client.query(`REASSIGN OWNED BY ${ownerName} TO ${name}`)
  await owner.query(`SELECT pgstream_state.gate_${id}('drop', '{"cascade": true}')`).catch(() => {})
  for (const call of [`refresh_stream_table('st')`, `drop_stream_table('st')`])
    expect(await outcome(owner.query(`SELECT pgstream.${call}`))).toBe('42501')
  await at.client.query('INSERT INTO src VALUES (2, 2)')
  expect(await outcome(refresh(at.client, 'st'))).toBe('ok')
  await expectExact(at.client, 'st')
})

test("DDL in a schema of one's own locks no stream tables of others", async () => {
  const { client: other, name } = await newRole()
  await at.client.query(`CREATE SCHEMA of_${name} AUTHORIZATION ${name}`)
  await create(owner, 'st', 'SELECT id, a FROM src')
  await other.query(`BEGIN; ALTER SCHEMA of_${name} OWNER TO ${name}`)
  await owner.query(`SET lock_timeout = '2s'`)
  expect(await outcome(owner.query(`SELECT pgstream.alter_stream_table('st', schedule => '2s')`))).toBe('ok')
  await other.query('ROLLBACK')
  await at.client.query(`DROP SCHEMA of_${name}`)
})

test('the owner of a partitioned source, who is no superuser, makes, attaches and detaches partitions', async () => {
  await owner.query(`CREATE TABLE parted (id int PRIMARY KEY, a int) PARTITION BY RANGE (id);
    CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (100); INSERT INTO parted VALUES (1, 1)`)
  await create(owner, 'st', 'SELECT id, a FROM parted')
  const steps = [
    'CREATE TABLE parted_2 PARTITION OF parted FOR VALUES FROM (100) TO (200)',
    'CREATE TABLE parted_3 (LIKE parted INCLUDING ALL); ALTER TABLE parted ATTACH PARTITION parted_3 FOR VALUES FROM (200) TO (300)',
    `CREATE TABLE parted_4 PARTITION OF parted FOR VALUES FROM (300) TO (400) PARTITION BY LIST (id);
     CREATE TABLE parted_5 PARTITION OF parted_4 DEFAULT`,
    'UPDATE parted SET id = id + 100',
    `MERGE INTO parted USING (VALUES (211, 311)) AS v(was, is_now) ON id = was WHEN MATCHED THEN UPDATE SET id = is_now`,
    'ALTER TABLE parted DETACH PARTITION parted_4',
    'ALTER TABLE parted ATTACH PARTITION parted_4 FOR VALUES FROM (300) TO (400)',
    'DROP TABLE parted_3',
  ]
  let id = 10
  for (const step of steps) {
    await owner.query(`${step}; INSERT INTO parted VALUES (${++id}, 1)`)
    await expectExact(owner, 'st')
  }
})
