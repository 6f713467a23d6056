import type pg from 'pg'
import { expect, test } from 'vitest'
import { expectExact } from '../oracle/oracle.ts'
import { freshDatabase } from '../support/server.ts'

const DEFAULTS = [
  `default_transaction_isolation = 'repeatable read'`,
  `default_transaction_isolation = 'serializable'`,
  'default_transaction_read_only = on',
  'exit_on_error = on',
]

const one = async (client: pg.Client, query: string) => (await client.query(query)).rows[0]

for (const given of DEFAULTS)
  test(`the scheduler works in a database with ${given}`, async () => {
    const db = await freshDatabase()
    try {
      await db.client.query('CREATE TABLE t (id int PRIMARY KEY, g int); INSERT INTO t VALUES (1, 1)')
      await db.client.query(`ALTER DATABASE ${db.name} SET ${given}`)
      const client = await db.connect()
      const notices: (string | undefined)[] = []
      client.on('notice', ({ message }) => notices.push(message))
      await client.query('SET default_transaction_read_only = off')
      await client.query(
        `SELECT pgstream.create_stream_table('a', 'SELECT g, count(*) AS n FROM t GROUP BY g', 'calculated')`,
      )
      await client.query(
        `SELECT pgstream.create_stream_table('b', 'SELECT g, max(id) AS m FROM t GROUP BY g', 'calculated')`,
      )
      await client.query(
        `SELECT pgstream.create_stream_table('d', 'SELECT g, n, m FROM a JOIN b USING (g)', '1s')`,
      )
      const isolation = (await one(client, 'SHOW transaction_isolation')).transaction_isolation
      expect(notices).toEqual(
        isolation === 'read committed'
          ? []
          : ['a', 'b', 'd'].map((name) => `stream table "${name}" is empty until the scheduler fills it`),
      )
      const worker = await db.connect()
      for (let id = 2; id < 5; id++) {
        await worker.query('CALL pgstream.run_scheduler()')
        await client.query(`INSERT INTO t VALUES (${id}, 1)`)
        await worker.query('CALL pgstream.run_scheduler()')
        expect(await one(client, 'SELECT n::int AS n, m FROM d')).toEqual({ n: id, m: id })
      }
      const failed = await client.query(
        `SELECT pgs_id, error_message FROM pgstream.pgs_refresh_history WHERE status <> 'COMPLETED'`,
      )
      expect(failed.rows).toEqual([])
      // What the database has for others is as it was.
      expect((await one(worker, 'SHOW default_transaction_isolation')).default_transaction_isolation).toBe(
        isolation,
      )
      await client.query(`INSERT INTO t VALUES (100, 2)`)
      await worker.query('CALL pgstream._await(1, NULL)')
      await client.query(`SET default_transaction_isolation = 'read committed'`)
      await expectExact(client, 'd')
    } finally {
      await db.close()
    }
  })

test('under exit_on_error, too, an error that is caught ends no session', async () => {
  const db = await freshDatabase()
  try {
    const { client } = db
    // Procedures that commit cannot have a SET clause: pgstream._commit. The two that are left out are called by them, and write code.
    const { rows } = await client.query(
      `SELECT proname FROM pg_proc
       WHERE pronamespace = 'pgstream'::regnamespace AND prosrc ~ '\\yEXCEPTION\\s+WHEN\\y' AND prokind = 'f'
         AND 'exit_on_error=off' <> ALL (coalesce(proconfig, '{}')) AND proname NOT IN ('_words_of_termination', '_guard_capture_body')`,
    )
    expect(rows).toEqual([])
    await client.query(`
      SET exit_on_error = on;
      CREATE TABLE t (id int PRIMARY KEY, g int); INSERT INTO t VALUES (1, 1);
      SELECT pgstream.create_stream_table('a', 'SELECT g, count(*) AS n FROM t GROUP BY g', 'calculated');
      SELECT pgstream.create_stream_table('b', 'SELECT g, max(id) AS m FROM t GROUP BY g', 'calculated');
      SELECT pgstream.create_stream_table('d', 'SELECT g, n, m FROM a JOIN b USING (g)', '1s');
      SELECT pgstream.create_stream_table('bad', 'SELECT id, 10 / g AS x FROM t', '1s');
      ALTER TABLE t RENAME COLUMN id TO number;
      INSERT INTO t VALUES (2, 0)`)
    await client.query('CALL pgstream.run_scheduler()')
    expect((await client.query(`SELECT n::int, m FROM d WHERE g = 0`)).rows).toEqual([{ n: 1, m: 2 }])
    expect(
      await one(
        client,
        `SELECT error_message FROM pgstream.get_refresh_history('bad') WHERE status = 'FAILED'`,
      ),
    ).toEqual({ error_message: 'division by zero' })
    expect(await one(client, 'SHOW exit_on_error')).toEqual({ exit_on_error: 'on' })
  } finally {
    await db.close()
  }
})

test('run_scheduler says that it cannot run inside a transaction block', async () => {
  const db = await freshDatabase()
  try {
    const refused = {
      code: '25001',
      message: 'run_scheduler() cannot run inside a transaction block',
      hint: expect.stringContaining('autocommit'),
    }
    await db.client.query(
      'CREATE FUNCTION from_function() RETURNS int LANGUAGE plpgsql AS $$ DECLARE n int; BEGIN CALL pgstream.run_scheduler(0, n); RETURN n; END $$',
    )
    for (const query of ['BEGIN; CALL pgstream.run_scheduler()', 'SELECT from_function()']) {
      await expect(db.client.query(query)).rejects.toMatchObject(refused)
      await db.client.query('ROLLBACK')
    }
    await db.client.query('BEGIN')
    await expect(db.client.query('CALL pgstream.run_scheduler()')).rejects.toMatchObject(refused)
    await db.client.query('ROLLBACK')
    // A procedure of one's own that is called by itself may call it.
    await db.client.query(
      'CREATE PROCEDURE mine() LANGUAGE plpgsql AS $$ DECLARE n int; BEGIN CALL pgstream.run_scheduler(0, n); COMMIT; END $$',
    )
    await db.client.query('CALL mine()')
  } finally {
    await db.close()
  }
})
