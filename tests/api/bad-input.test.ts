import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { untilWaiting } from '../concurrency/scene.ts'
import { type FreshDatabase, freshDatabase } from '../support/server.ts'

let db: FreshDatabase
let role: string

beforeAll(async () => {
  db = await freshDatabase()
  role = `poor_${db.name}`
  await db.client.query(`
    CREATE TABLE orders (id int PRIMARY KEY, region text, amount numeric);
    CREATE FUNCTION unmarked(int) RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN $1; END';
    INSERT INTO orders VALUES (1, 'n', 1), (2, 's', 2);
    CREATE TABLE secret (id int PRIMARY KEY, hidden text);
    CREATE VIEW window_on_secret AS SELECT id FROM secret;
    CREATE ROLE ${role} LOGIN;
    GRANT SELECT ON orders, window_on_secret TO ${role};
    GRANT SELECT (id) ON secret TO ${role};
    CREATE SCHEMA own AUTHORIZATION ${role};
    SELECT pgstream.create_stream_table('existing', 'SELECT id FROM orders')`)
})
afterAll(async () => {
  await db.client.query(`DROP SCHEMA own CASCADE; DROP OWNED BY ${role}; DROP ROLE ${role}`)
  await db.close()
})

/** Everything that a failed definition could leave behind. */
const LEFT = `
  SELECT (SELECT count(*) FROM pg_class WHERE relname <> 'existing' AND oid >= 16384 AND relkind IN ('r', 'v', 'm', 'p'))
    || ' ' || (SELECT count(*) FROM pg_proc WHERE oid >= 16384) || ' ' || (SELECT count(*) FROM pg_trigger)
    || ' ' || (SELECT count(*) FROM pgstream.pgs_stream_tables) || ' ' || (SELECT count(*) FROM pgstream.pgs_change_tracking) AS left`

interface Refusal {
  readonly name?: string
  readonly query?: string
  readonly schedule?: string | null
  readonly mode?: string | null
  readonly code: string
  readonly message: string | RegExp
  readonly detail?: string
  /** The server's own errors may have none. */
  readonly hint?: string | RegExp
}

const REFUSALS: Readonly<Record<string, Refusal>> = {
  'not a SELECT': {
    query: 'DELETE FROM orders',
    code: '42601',
    message: 'must be one SELECT',
    hint: 'single SELECT',
  },
  'an INSERT with RETURNING': {
    query: 'INSERT INTO orders VALUES (9) RETURNING id',
    code: '42601',
    message: 'must be one SELECT',
    hint: 'SELECT',
  },
  'a utility statement': {
    query: 'CREATE TABLE x (a int)',
    code: '42601',
    message: 'must be one SELECT',
    hint: 'SELECT',
  },
  'two statements': {
    query: 'SELECT 1 AS a; SELECT 2 AS b',
    code: '42601',
    message: 'must be one SELECT',
    hint: 'without semicolons',
  },
  'a statement behind a semicolon': {
    query: 'SELECT id FROM orders; DROP TABLE orders',
    code: '42601',
    message: 'must be one SELECT',
    hint: 'without semicolons',
  },
  'a data-modifying CTE': {
    query: 'WITH d AS (DELETE FROM orders RETURNING id) SELECT id FROM d',
    code: '42601',
    message: 'must be one SELECT',
    hint: 'SELECT',
  },
  'SELECT INTO': {
    query: 'SELECT id INTO x FROM orders',
    code: '42601',
    message: 'must not have INTO',
    detail: 'SELECT INTO makes a table.',
    hint: 'Remove INTO',
  },
  'a comment alone': {
    query: '-- c',
    code: '22023',
    message: 'must not be empty',
    hint: 'SELECT',
  },
  'a statement behind a comment': {
    query: '/* not a */ DELETE FROM orders',
    code: '42601',
    message: 'must be one SELECT',
    detail: 'It begins with DELETE.',
    hint: 'SELECT',
  },
  'an empty query': { query: '  ; ', code: '22023', message: 'must not be empty', hint: 'SELECT' },
  'no query': {
    query: null as unknown as string,
    code: '22023',
    message: 'must not be empty',
    hint: 'SELECT',
  },
  'a syntax error': {
    query: 'SELEC id FROM orders',
    code: '42601',
    message: 'syntax error at or near "SELEC"',
    detail: 'Line 1 of the query: SELEC id FROM orders',
    hint: 'Run the query by itself',
  },
  'an unknown table': {
    query: 'SELECT id FROM missing',
    code: '42P01',
    message: 'relation "missing" does not exist',
    detail: 'Line 1 of the query: SELECT id FROM missing',
    hint: 'search_path, which is "$user", public',
  },
  'an unknown column': {
    query: 'SELECT id,\n  o.missing FROM orders o',
    code: '42703',
    message: 'column o.missing does not exist',
    detail: 'Line 2 of the query: o.missing FROM orders o',
    hint: 'spelling',
  },
  'a column that is spelled nearly right': {
    query: 'SELECT amont FROM orders',
    code: '42703',
    message: 'column "amont" does not exist',
    hint: 'Perhaps you meant to reference the column "orders.amount"',
  },
  'a parameter': {
    query: 'SELECT id FROM orders WHERE id = $1',
    code: '42P02',
    message: 'there is no parameter $1',
    hint: 'write the value',
  },
  'a column without a real type': {
    query: 'SELECT id, ROW(id, amount) AS r FROM orders',
    code: '42P16',
    message: 'column "r" has pseudo-type record',
    hint: 'Cast the column',
  },
  'a function that does not exist': {
    query: 'SELECT upperr(id) AS s FROM orders',
    code: '42883',
    message: 'function upperr(integer) does not exist',
    hint: /./,
  },
  'duplicate columns': {
    query: 'SELECT id, id FROM orders',
    code: '42701',
    message: 'column "id" specified more than once',
    hint: 'a name of its own',
  },
  'an unnamed column': {
    query: 'SELECT id, amount * 2 FROM orders',
    code: '42611',
    message: 'column 2 of the query has no name',
    hint: 'AS name',
  },
  'a column named like a system column': {
    query: 'SELECT id AS xmin FROM orders',
    code: '42701',
    message: 'conflicts with a system column name',
    hint: 'another name',
  },
  'no columns': {
    query: 'SELECT FROM orders',
    code: '42P16',
    message: 'at least one column',
    hint: 'Name what to select',
  },
  'a system column': {
    query: 'SELECT id, ctid::text AS place FROM orders',
    code: '0A000',
    message: 'is not allowed in a stream table query',
    hint: 'use columns of the table',
  },
  'a system column in WHERE': {
    query: `SELECT id FROM orders WHERE tableoid = 'orders'::regclass`,
    code: '0A000',
    message: 'is not allowed in a stream table query',
    hint: 'columns of the table',
  },
  'FOR UPDATE': {
    query: 'SELECT id FROM orders FOR UPDATE',
    code: '0A000',
    message: 'FOR UPDATE and FOR SHARE are not allowed',
    hint: 'Remove the locking clause',
  },
  'FOR SHARE in a subquery': {
    query: 'SELECT id FROM (SELECT id FROM orders FOR SHARE) AS s',
    code: '0A000',
    message: 'FOR UPDATE and FOR SHARE are not allowed',
    hint: 'Remove the locking clause',
  },
  'a volatile function': {
    query: 'SELECT id, random() AS r FROM orders',
    code: '0A000',
    message: /volatile/i,
    hint: /./,
  },
  'a function that does not say what it is': {
    query: 'SELECT id, unmarked(id) AS r FROM orders',
    code: '0A000',
    message: 'is volatile',
    hint: 'ALTER FUNCTION … IMMUTABLE',
  },
  'a temporary table': {
    query: 'SELECT a FROM temporary',
    code: '42P16',
    message: 'temporary table "temporary" cannot be a source',
    hint: 'permanent table',
  },
  'a name that exists': {
    name: 'orders',
    code: '42P07',
    message: 'relation "orders" already exists',
    hint: 'another name',
  },
  'a stream table that exists': {
    name: 'public.existing',
    code: '42P07',
    message: 'relation "existing" already exists',
    hint: 'alter_stream_table',
  },
  'an index of that name': {
    name: 'orders_pkey',
    code: '42P07',
    message: 'already exists',
    hint: 'another name',
  },
  'an unknown schema': {
    name: 'nowhere.t',
    code: '3F000',
    message: 'schema "nowhere" does not exist',
    hint: 'CREATE SCHEMA',
  },
  'a temporary schema': {
    name: 'pg_temp.t',
    code: '3F000',
    message: 'cannot create a temporary stream table',
    hint: 'permanent schema',
  },
  'our own schema': {
    name: 'pgstream.t',
    code: '3F000',
    message: 'cannot create a stream table in schema "pgstream"',
    hint: 'your own',
  },
  'a name of three parts': {
    name: 'a.b.c',
    code: '42602',
    message: 'invalid name of a stream table: "a.b.c"',
    hint: 'schema.table',
  },
  'an unquoted name with a space': {
    name: 'my table',
    code: '42602',
    message: 'invalid name',
    hint: 'double quotes',
  },
  'an empty name': {
    name: '',
    code: '42602',
    message: 'invalid name of a stream table: ""',
    hint: 'table',
  },
  'no name': {
    name: null as unknown as string,
    code: '42602',
    message: 'invalid name of a stream table: NULL',
    hint: 'table',
  },
  'a name that is too long': { name: 'x'.repeat(64), code: '42622', message: 'too long', hint: '63 bytes' },
  'a name that is too long in bytes': {
    name: `"${'ü'.repeat(32)}"`,
    code: '42622',
    message: 'too long',
    hint: '63 bytes',
  },
  'a schedule that is none': {
    schedule: 'often',
    code: '22023',
    message: 'invalid schedule: "often"',
    hint: '30s, 5m',
  },
  'a schedule without unit': { schedule: '30', code: '22023', message: 'invalid schedule', hint: '30s' },
  'an empty schedule': { schedule: '', code: '22023', message: 'invalid schedule: ""', hint: '30s' },
  'a negative schedule': { schedule: '-5s', code: '22023', message: 'invalid schedule', hint: '30s' },
  'a schedule of nothing': {
    schedule: '0s',
    code: '22023',
    message: 'shorter than 1 s',
    hint: 'min_schedule_seconds',
  },
  'cron with 4 fields': { schedule: '* * * *', code: '22023', message: 'invalid schedule', hint: 'cron' },
  'cron out of range': { schedule: '60 * * * *', code: '22023', message: 'invalid schedule', hint: 'cron' },
  'cron with an unknown name': {
    schedule: '@often',
    code: '22023',
    message: 'invalid schedule',
    hint: '@hourly',
  },
  'an unknown mode': {
    mode: 'SOMETIMES',
    code: '22023',
    message: 'invalid refresh mode: "SOMETIMES"',
    hint: 'AUTO, DIFFERENTIAL and FULL',
  },
  'no mode': { mode: null, code: '22023', message: 'invalid refresh mode: NULL', hint: 'AUTO' },
}

describe('create_stream_table refuses', () => {
  test.each(Object.entries(REFUSALS))('%s', async (_, given) => {
    const { client } = db
    await client.query('CREATE TEMPORARY TABLE IF NOT EXISTS temporary (a int)')
    const before = (await client.query(LEFT)).rows
    const create = client.query('SELECT pgstream.create_stream_table($1, $2, $3, $4)', [
      given.name === undefined ? 't' : given.name,
      given.query === undefined ? 'SELECT id FROM orders' : given.query,
      given.schedule === undefined ? '1m' : given.schedule,
      given.mode === undefined ? 'AUTO' : given.mode,
    ])
    await expect(create).rejects.toMatchObject({
      code: given.code,
      message:
        typeof given.message === 'string'
          ? expect.stringContaining(given.message)
          : expect.stringMatching(given.message),
      ...(given.detail === undefined ? {} : { detail: given.detail }),
      ...(given.hint === undefined
        ? {}
        : {
            hint:
              typeof given.hint === 'string'
                ? expect.stringContaining(given.hint)
                : expect.stringMatching(given.hint),
          }),
    })
    expect((await client.query(LEFT)).rows).toEqual(before)
  })

  test.each([
    [
      'without CREATE on the schema',
      'public.t',
      'SELECT id FROM orders',
      'permission denied for schema public',
    ],
    [
      'without SELECT on a column',
      'own.t',
      'SELECT hidden FROM secret',
      'permission denied for table secret',
    ],
    [
      'without SELECT on a table',
      'own.t',
      'SELECT count(*) AS n FROM pg_authid',
      'permission denied for table pg_authid',
    ],
  ])('a role %s', async (_, name, query, message) => {
    const poor = await db.connect(role)
    const before = (await db.client.query(LEFT)).rows
    await expect(
      poor.query('SELECT pgstream.create_stream_table($1, $2)', [name, query]),
    ).rejects.toMatchObject({
      code: '42501',
      message: expect.stringContaining(message),
    })
    expect((await db.client.query(LEFT)).rows).toEqual(before)
    await poor.end()
  })
})

test('what a delta reads through a view must be readable itself; what is recomputed reads the view', async () => {
  const poor = await db.connect(role)
  await db.client.query(
    `REVOKE SELECT (id) ON secret FROM ${role}; GRANT TRIGGER ON secret TO ${role}; INSERT INTO secret VALUES (1)`,
  )
  const make = (mode: string) =>
    poor.query(`SELECT pgstream.create_stream_table('own.t', 'SELECT id FROM window_on_secret', '1h', $1)`, [
      mode,
    ])
  for (const mode of ['DIFFERENTIAL', 'AUTO'])
    await expect(make(mode)).rejects.toMatchObject({
      code: '42501',
      message: 'permission denied for table secret',
      hint: expect.stringContaining(`GRANT SELECT ON public.secret TO ${role}`),
    })
  await make('FULL')
  expect((await poor.query('SELECT id FROM own.t')).rows).toEqual([{ id: 1 }])
  await poor.query(`SELECT pgstream.drop_stream_table('own.t')`)
  await db.client.query(`GRANT SELECT (id) ON secret TO ${role}`)
  await make('DIFFERENTIAL')
  await poor.query(`SELECT pgstream.drop_stream_table('own.t')`)
  await db.client.query(`DELETE FROM secret; REVOKE TRIGGER ON secret FROM ${role}`)
  await poor.end()
})

test.each([
  [`SELECT pgstream.refresh_stream_table('missing')`, '42P01', 'stream table "missing" does not exist'],
  [`SELECT pgstream.refresh_stream_table('orders')`, '42809', '"orders" is not a stream table'],
  [`SELECT pgstream.refresh_stream_table('')`, '42P01', 'stream table "" does not exist'],
  [`SELECT pgstream.drop_stream_table('existing', NULL)`, '22004', 'cascade must not be NULL'],
  [`SELECT pgstream.explain_st('existing', NULL)`, '22004', 'with_analyze must not be NULL'],
  [
    `SELECT pgstream.create_stream_table('t', 'SELECT id FROM orders', initialize => NULL)`,
    '22004',
    'initialize must not be NULL',
  ],
  [`SELECT pgstream.refresh_stream_table(NULL)`, '42P01', 'stream table NULL does not exist'],
  [`SELECT pgstream.drop_stream_table('not a name')`, '42P01', 'does not exist'],
  [`SELECT pgstream.alter_stream_table('existing', status => 'ERROR')`, '22023', 'invalid status'],
  [`SELECT pgstream.alter_stream_table('existing', cdc_mode => 'magic')`, '22023', 'invalid cdc_mode'],
  [`SELECT pgstream.alter_stream_table('existing', schedule => 'soon')`, '22023', 'invalid schedule'],
  [
    `SELECT pgstream.alter_stream_table('existing', query => 'SELECT id FROM existing')`,
    '42P17',
    'would read itself',
  ],
  [`SELECT * FROM pgstream.get_refresh_history('existing', -1)`, '22023', 'invalid max_rows'],
  [`SELECT pgstream.parse_duration_seconds('1 hour')`, '22023', 'invalid duration'],
  [`INSERT INTO existing VALUES (5)`, '42809', 'cannot change stream table "existing"'],
  [`UPDATE existing SET id = 5`, '42809', 'cannot change stream table "existing"'],
  [`DELETE FROM existing`, '42809', 'cannot change stream table "existing"'],
  [`TRUNCATE existing`, '42809', 'cannot change stream table "existing"'],
])('%s', async (statement, code, message) => {
  await expect(db.client.query(statement)).rejects.toMatchObject({
    code,
    message: expect.stringContaining(message),
    hint: expect.stringMatching(/./),
  })
})

test.each(['sql', 'plpgsql'])('a function in %s whose body means its own search_path', async (language) => {
  const { client } = db
  const body = language === 'sql' ? 'SELECT rate FROM rates' : 'BEGIN RETURN (SELECT rate FROM rates); END'
  const create = () =>
    client.query(`SELECT pgstream.create_stream_table('t', 'SELECT id, amount * rate() AS paid FROM orders')`)
  await client.query(`
    CREATE TABLE rates (rate int); INSERT INTO rates VALUES (7);
    CREATE FUNCTION rate() RETURNS int LANGUAGE ${language} IMMUTABLE AS $$ ${body} $$`)
  await expect(create()).rejects.toMatchObject({
    code: '42P01',
    message: 'relation "rates" does not exist',
    detail: expect.stringMatching(/function (public\.)?rate\b.*search_path = pg_catalog, pg_temp/),
    hint: expect.stringContaining('schema.name'),
  })
  await client.query('ALTER FUNCTION rate() SET search_path = public')
  await create()
  await client.query(`SELECT pgstream.drop_stream_table('t'); DROP FUNCTION rate; DROP TABLE rates`)
})

test('of two that create one name at once, the second is told that it exists', async () => {
  const [first, second] = [await db.connect(), await db.connect()]
  const create = `SELECT pgstream.create_stream_table('twice', 'SELECT id FROM orders')`
  await first.query(`BEGIN; ${create}`)
  const refused = expect(second.query(create)).rejects.toMatchObject({
    code: '42P07',
    message: 'relation "twice" already exists',
    hint: expect.stringContaining('another name'),
  })
  await untilWaiting(db.client, second)
  await first.query('COMMIT')
  await refused
  await first.query(`SELECT pgstream.drop_stream_table('twice')`)
})

test('others than the owner', async () => {
  const poor = await db.connect(role)
  for (const call of [
    'refresh_stream_table',
    'drop_stream_table',
    'resume_stream_table',
    'alter_stream_table',
  ]) {
    const argument = call === 'alter_stream_table' ? `'existing', schedule => '1h'` : `'existing'`
    await expect(poor.query(`SELECT pgstream.${call}(${argument})`)).rejects.toMatchObject({
      code: '42501',
      message: 'must be owner of stream table existing',
    })
  }
  await expect(poor.query(`SELECT FROM existing`)).rejects.toMatchObject({ code: '42501' })
  await poor.end()
})
