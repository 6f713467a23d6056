import type pg from 'pg'
import { expect, test } from 'vitest'
import { freshDatabase } from '../support/server.ts'
import { create, outcome, untilWaiting } from './scene.ts'

const SETUP = `
  CREATE TABLE a (id int PRIMARY KEY, v int); CREATE TABLE b (id int, w text);
  CREATE TABLE p (id int, v int) PARTITION BY RANGE (id); CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10);`

const QUERIES = [
  ['one', 'SELECT id, v FROM a'],
  [
    'two',
    'SELECT b.w, count(*) AS n, max(a.v) AS most, avg(a.v) AS mean FROM a JOIN b USING (id) GROUP BY b.w',
  ],
  ['three', 'SELECT id FROM p'],
  ['four', 'SELECT n FROM two'],
] as const

/** Everything there is, by name. */
async function inventory(client: pg.Client): Promise<string[]> {
  const { rows } = await client.query(`
    SELECT 'class ' || n.nspname || '.' || c.relname AS what FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname !~ '^pg_(toast|temp|catalog)'
    UNION ALL SELECT 'proc ' || oid::regprocedure FROM pg_proc WHERE pronamespace::regnamespace::text ~ '^(pgstream|public)'
    UNION ALL SELECT 'trigger ' || tgname || ' on ' || tgrelid::regclass FROM pg_trigger
    UNION ALL SELECT 'type ' || oid::regtype FROM pg_type WHERE typnamespace::regnamespace::text ~ '^(pgstream|public)'
    UNION ALL SELECT 'acl ' || relname || relacl::text FROM pg_class WHERE relacl IS NOT NULL AND relnamespace::regnamespace::text ~ '^(pgstream|public)'
    UNION ALL SELECT 'stream table ' || pgs_name FROM pgstream.pgs_stream_tables
    UNION ALL SELECT 'frontier' FROM pgstream.frontiers UNION ALL SELECT 'dependency' FROM pgstream.pgs_dependencies
    UNION ALL SELECT 'tracking' FROM pgstream.pgs_change_tracking UNION ALL SELECT 'history' FROM pgstream.pgs_refresh_history
    UNION ALL SELECT 'truncation' FROM pgstream.truncations
    ORDER BY 1`)
  return rows.map((row) => row.what)
}

async function withDatabase(run: (client: pg.Client) => Promise<void>) {
  const db = await freshDatabase()
  try {
    await db.client.query(SETUP)
    await run(db.client)
  } finally {
    await db.close()
  }
}

async function createAll(client: pg.Client) {
  for (const [name, query] of QUERIES) await create(client, name, query)
  await client.query(
    `INSERT INTO a VALUES (1, 1); INSERT INTO b VALUES (1, 'x'); INSERT INTO p VALUES (1, 1); TRUNCATE p`,
  )
  for (const [name] of QUERIES) await client.query('SELECT pgstream.refresh_stream_table($1)', [name])
  await client.query('INSERT INTO a VALUES (2, 2)')
}

test('drop_stream_table leaves nothing behind', async () => {
  await withDatabase(async (client) => {
    const before = await inventory(client)
    await createAll(client)
    expect(await outcome(client.query(`SELECT pgstream.drop_stream_table('two')`))).toBe('2BP01')
    for (const [name] of [...QUERIES].reverse())
      await client.query('SELECT pgstream.drop_stream_table($1)', [name])
    expect(await inventory(client)).toEqual(before)
    await client.query(`INSERT INTO a VALUES (3, 3); DELETE FROM b; INSERT INTO p VALUES (2, 2)`)
  })
})

test('cascade => true', async () => {
  await withDatabase(async (client) => {
    const before = await inventory(client)
    await createAll(client)
    for (const name of ['one', 'two', 'three'])
      await client.query('SELECT pgstream.drop_stream_table($1, true)', [name])
    expect(await inventory(client)).toEqual(before)
  })
})

test('a plain DROP TABLE of stream tables', async () => {
  await withDatabase(async (client) => {
    const before = await inventory(client)
    await createAll(client)
    await client.query('DROP TABLE one, two, three CASCADE')
    await client.query('DROP TABLE IF EXISTS four')
    expect(await inventory(client)).toEqual(before)
  })
})

test('DROP TABLE of a source: the stream table stays readable and says why it is not refreshed', async () => {
  await withDatabase(async (client) => {
    await createAll(client)
    await client.query('DROP TABLE b')
    const { rows } = await client.query(
      `SELECT status, broken_reason FROM pgstream.pgs_stream_tables WHERE pgs_name = 'two'`,
    )
    expect(rows).toEqual([{ status: 'ERROR', broken_reason: 'source table public.b was dropped' }])
    expect(await outcome(client.query('TABLE two'))).toBe('ok')
    expect(await outcome(client.query(`SELECT pgstream.refresh_stream_table('two')`))).toBe('55000')
    await client.query('CALL pgstream.run_scheduler()')
    await client.query('INSERT INTO a VALUES (9, 9)')
    expect(await outcome(client.query(`SELECT pgstream.refresh_stream_table('one')`))).toBe('ok')
    await client.query(
      `CREATE TABLE b (id int, w text); INSERT INTO b VALUES (1, 'back'); SELECT pgstream.resume_stream_table('two')`,
    )
    expect((await client.query('SELECT w FROM two')).rows).toEqual([{ w: 'back' }])
  })
})

test('everything dropped at once, and a schema with everything in it', async () => {
  await withDatabase(async (client) => {
    const before = await inventory(client)
    await client.query('CREATE SCHEMA s; SET search_path = s')
    await client.query(SETUP)
    await createAll(client)
    await client.query('DROP TABLE a, b, p, one, two, three, four CASCADE')
    await client.query(SETUP)
    await createAll(client)
    await client.query('DROP SCHEMA s CASCADE; RESET search_path')
    expect(await inventory(client)).toEqual(before)
  })
})

test('a drop that is rolled back', async () => {
  await withDatabase(async (client) => {
    await createAll(client)
    const before = await inventory(client)
    await client.query(
      `BEGIN; SELECT pgstream.drop_stream_table('two', true); DROP TABLE p CASCADE; ROLLBACK`,
    )
    expect(await inventory(client)).toEqual(before)
    for (const [name] of QUERIES) await client.query('SELECT pgstream.refresh_stream_table($1)', [name])
    const { rows } = await client.query(
      `SELECT (SELECT count(*) FROM pgstream.verify_stream_table('two')) AS n`,
    )
    expect(rows).toEqual([{ n: '0' }])
  })
})

test.each(['DIFFERENTIAL', 'FULL'])(
  'a reader that is defined meanwhile (%s) is no less a reader',
  async (mode) => {
    const db = await freshDatabase()
    try {
      const { client } = db
      await client.query(SETUP)
      const other = await db.connect()
      for (const cascade of [false, true]) {
        await create(client, 'st', 'SELECT id, v FROM a')
        await other.query('BEGIN')
        await create(other, 'reader', 'SELECT id FROM st', { mode })
        const dropping = outcome(client.query(`SELECT pgstream.drop_stream_table('st', ${cascade})`))
        await untilWaiting(other, client)
        await other.query('COMMIT')
        expect(await dropping).toBe(cascade ? 'ok' : '2BP01')
        const { rows } = await client.query(
          'SELECT pgs_name AS name FROM pgstream.pgs_stream_tables ORDER BY 1',
        )
        expect(rows.map(({ name }) => name)).toEqual(cascade ? [] : ['reader', 'st'])
        if (!cascade) await client.query(`SELECT pgstream.drop_stream_table('st', true)`)
      }
    } finally {
      await db.close()
    }
  },
)

test('another mode, of one whose source is dropped meanwhile, is refused with the reason', async () => {
  const db = await freshDatabase()
  try {
    const { client } = db
    await client.query(SETUP)
    await create(client, 'st', 'SELECT id, v FROM a')
    const other = await db.connect()
    await other.query('BEGIN; DROP TABLE a')
    const altering = client.query(`SELECT pgstream.alter_stream_table('st', refresh_mode => 'FULL')`)
    const refused = expect(altering).rejects.toMatchObject({
      code: '55000',
      detail: 'source table public.a was dropped.',
    })
    await untilWaiting(other, client)
    await other.query('COMMIT')
    await refused
  } finally {
    await db.close()
  }
})

test('who alters or refreshes one that is dropped meanwhile is told so', async () => {
  const db = await freshDatabase()
  try {
    const { client } = db
    await client.query(SETUP)
    const other = await db.connect()
    for (const call of [
      `alter_stream_table('st', schedule => '5s')`,
      `alter_stream_table('st', consistency_group => 'together')`,
      `alter_stream_table('st', status => 'SUSPENDED')`,
      `alter_stream_table('st', refresh_mode => 'FULL')`,
      `alter_stream_table('st', query => 'SELECT id, 1 AS v FROM a')`,
      `create_or_replace_stream_table('st', 'SELECT id, v FROM a', '5s')`,
      `resume_stream_table('st')`,
      `repair_stream_table('st')`,
      `subscribe('st', 'told')`,
      `refresh_stream_table('st')`,
    ]) {
      await create(client, 'st', 'SELECT id, v FROM a')
      await client.query('INSERT INTO a SELECT count(*), 1 FROM a')
      await other.query(`BEGIN; SELECT pgstream.drop_stream_table('st')`)
      const calling = expect(client.query(`SELECT pgstream.${call}`), call).rejects.toMatchObject({
        code: '42P01',
        message: 'the stream table was dropped by another transaction',
      })
      await untilWaiting(other, client)
      await other.query('COMMIT')
      await calling
    }
  } finally {
    await db.close()
  }
})

test.each(['pause_all', 'resume_all'])('%s is not stopped by one that is dropped meanwhile', async (name) => {
  const db = await freshDatabase()
  try {
    const { client } = db
    await client.query(SETUP)
    for (const each of ['first', 'second', 'third']) await create(client, each, 'SELECT id, v FROM a')
    if (name === 'resume_all') await client.query('SELECT pgstream.pause_all()')
    const [holder, other] = await Promise.all([db.connect(), db.connect()])
    await holder.query(`BEGIN; SELECT FROM pgstream.pgs_stream_tables WHERE pgs_name = 'first' FOR UPDATE`)
    const calling = client.query(`SELECT pgstream.${name}() AS n`)
    await untilWaiting(other, client)
    await other.query(`SELECT pgstream.drop_stream_table('second')`)
    await holder.query('COMMIT')
    expect((await calling).rows).toEqual([{ n: '2' }])
  } finally {
    await db.close()
  }
})

test.each(['before', 'in the same transaction'])(
  'what is dropped %s is created again while somebody has only asked how fresh it was',
  async (when) => {
    const db = await freshDatabase()
    try {
      const { client } = db
      await client.query(`${SETUP} SET lock_timeout = '10s'`)
      const before = await inventory(client)
      const looker = await db.connect()
      await create(client, 'st', 'SELECT count(*) AS n FROM a')
      await create(client, 'parts', 'SELECT v, count(*) AS n FROM p GROUP BY v')
      await looker.query('BEGIN; SELECT data_timestamp FROM pgstream.pgs_status()')
      const drop = `SELECT pgstream.drop_stream_table('st'); SELECT pgstream.drop_stream_table('parts')`
      const between = `TRUNCATE a; INSERT INTO a SELECT i, i FROM generate_series(1, 3000) AS i; INSERT INTO a VALUES (0, 7);
        DELETE FROM a WHERE id = 2; INSERT INTO p VALUES (1, 1); ALTER TABLE p ALTER COLUMN v TYPE text`
      if (when === 'before') await client.query(`${drop}; ${between}; BEGIN`)
      else await client.query(`BEGIN; INSERT INTO a VALUES (-1, 1); ${drop}; ${between}`)
      // It would wait for the looker otherwise, and writers of the table behind it.
      await create(client, 'st', 'SELECT v % 5 AS k, count(*) AS n, sum(v) AS s FROM a GROUP BY 1')
      await create(client, 'parts', 'SELECT v, count(*) AS n FROM p GROUP BY v')
      await client.query('UPDATE a SET v = v + 1 WHERE id < 10')
      for (const name of ['st', 'parts'])
        await client.query('SELECT pgstream.refresh_stream_table($1)', [name])
      const differences = async () =>
        (
          await client.query(
            `SELECT * FROM pgstream.verify_stream_table('st') UNION ALL SELECT * FROM pgstream.verify_stream_table('parts')`,
          )
        ).rows
      expect(await differences()).toEqual([])
      await client.query('COMMIT')
      await client.query(`DELETE FROM a WHERE id = 3; INSERT INTO p1 VALUES (2, 'x')`)
      for (const name of ['st', 'parts'])
        expect(
          (await client.query('SELECT pgstream.refresh_stream_table($1) AS action', [name])).rows,
        ).toEqual([{ action: 'DIFFERENTIAL' }])
      expect(await differences()).toEqual([])
      await looker.query('COMMIT')
      await client.query(drop)
      expect(await inventory(client)).toEqual(before)
    } finally {
      await db.close()
    }
  },
)
