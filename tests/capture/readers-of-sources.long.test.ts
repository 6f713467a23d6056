import type pg from 'pg'
import { beforeEach, describe, expect, test } from 'vitest'
import { expectEqual, expectExactWhenQuiet } from '../oracle/oracle.ts'
import { type FreshDatabase, freshDatabase, serverVersion } from '../support/server.ts'

// A report, or pg_dump, reads a source for hours. What PostgreSQL lets others do beside it they can do with capture, too.
let db: FreshDatabase
let reader: pg.Client
/** PostgreSQL 17 and later have the setting event_triggers. */
let hasSetting: boolean

const one = async (client: pg.Client, query: string) => (await client.query(query)).rows[0]

const READERS = {
  daily: 'SELECT day, count(*) AS c, sum(n) AS n FROM ev GROUP BY day',
  late: 'SELECT id, n FROM ev WHERE day > 8',
  days: 'SELECT count(*) AS days, sum(n) AS n FROM daily',
}

describe.each([true, false])('event triggers: %s', (watched) => {
  beforeEach(async () => {
    db = await freshDatabase({ watched })
    await db.client.query(`
      CREATE TABLE ev (id int, day int NOT NULL, n int) PARTITION BY RANGE (day);
      CREATE TABLE ev_0 PARTITION OF ev FOR VALUES FROM (0) TO (10) PARTITION BY LIST (day);
      CREATE TABLE ev_0_rest PARTITION OF ev_0 DEFAULT;
      CREATE TABLE ev_1 PARTITION OF ev FOR VALUES FROM (10) TO (20);
      INSERT INTO ev SELECT i, i % 20, i FROM generate_series(1, 100) AS i`)
    for (const [name, query] of Object.entries(READERS))
      await db.client.query(`SELECT pgstream.create_stream_table($1, $2, '1s', 'DIFFERENTIAL')`, [
        name,
        query,
      ])
    hasSetting = (await serverVersion(db.client)) >= 17
    reader = await db.connect()
    await reader.query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM ev')
    await db.client.query(`SET lock_timeout = '2s'`)
    return () => db.close()
  })

  /** As if the last look for what nobody told of were some time ago. */
  const later = () =>
    db.client.query(`UPDATE pgstream._catalog_looks SET looked_at = looked_at - interval '2 seconds'`)

  test('DETACH PARTITION … CONCURRENTLY that waits for a reader keeps nobody from refreshing', async () => {
    const { client } = db
    const administrator = await db.connect()
    const detached = administrator.query('ALTER TABLE ev DETACH PARTITION ev_0 CONCURRENTLY')
    while ((await one(client, 'SELECT count(*)::int AS n FROM ev')).n > 50)
      await new Promise((resolve) => setTimeout(resolve, 10))
    await later()
    for (const name of Object.keys(READERS))
      expect(await expectExactWhenQuiet(client, name)).toMatch(/^(REINITIALIZE|DIFFERENTIAL|NO_DATA)$/)

    // From then on by the changes of what is left.
    await client.query('INSERT INTO ev VALUES (201, 15, 201); UPDATE ev SET n = n + 1 WHERE day = 11')
    for (const name of Object.keys(READERS))
      expect(await expectExactWhenQuiet(client, name)).toBe('DIFFERENTIAL')
    await later()
    await client.query('DELETE FROM ev WHERE day = 12')
    await client.query('CALL pgstream.run_scheduler()')
    for (const name of Object.keys(READERS)) await expectEqual(client, name)
    // What is written to it is nobody's change; by the transaction that is waited for, through the parent, neither.
    await client.query('INSERT INTO ev_0 VALUES (301, 5, 1); UPDATE ev_0 SET n = 7')
    await reader.query('INSERT INTO ev VALUES (401, 6, 1), (402, 16, 1); UPDATE ev SET n = 9 WHERE day = 16')
    for (const name of Object.keys(READERS)) await expectExactWhenQuiet(client, name)

    await reader.query('COMMIT')
    await detached
    await later()
    for (const name of Object.keys(READERS)) await expectExactWhenQuiet(client, name)
    expect(
      await one(
        client,
        `SELECT count(*)::int AS n FROM pg_trigger WHERE tgrelid IN ('ev_0'::regclass, 'ev_0_rest'::regclass)`,
      ),
    ).toEqual({ n: 0 })
    await client.query('DROP TABLE ev_0; INSERT INTO ev VALUES (501, 17, 501); DELETE FROM ev WHERE day = 18')
    for (const name of Object.keys(READERS))
      expect(await expectExactWhenQuiet(client, name)).toBe('DIFFERENTIAL')
  })

  test('a child that somebody reads is let go of without a wait', async () => {
    const { client } = db
    await client.query(
      `CREATE TABLE parent (id int, n int); CREATE TABLE child () INHERITS (parent); INSERT INTO child VALUES (1, 1);
      SELECT pgstream.create_stream_table('family', 'SELECT sum(n) AS n, count(*) AS c FROM parent', '1s', 'DIFFERENTIAL');
      SET event_triggers = off; ALTER TABLE child NO INHERIT parent; SET event_triggers = on`.replaceAll(
        /SET event_triggers = \w+;?/g,
        (found) => (hasSetting ? found : ''),
      ),
    )
    await reader.query('SELECT count(*) FROM child')
    await later()
    expect(await expectExactWhenQuiet(client, 'family')).toBe('REINITIALIZE')
    await client.query('INSERT INTO parent VALUES (2, 2)')
    expect(await expectExactWhenQuiet(client, 'family')).toBe('DIFFERENTIAL')
    await client.query('INSERT INTO child VALUES (3, 3); INSERT INTO parent VALUES (4, 4)')
    await expectExactWhenQuiet(client, 'family')
  })

  test.each(['ALL', 'USER'])('triggers that are disabled and enabled, as for a load: %s', async (which) => {
    const { client } = db
    for (const table of ['ev', 'ev_1'])
      await client.query(`BEGIN; ALTER TABLE ${table} DISABLE TRIGGER ${which}; INSERT INTO ${table} VALUES (601, 15, 601);
        ALTER TABLE ${table} ENABLE TRIGGER ${which}; COMMIT`)
    await later()
    for (const name of Object.keys(READERS)) await expectExactWhenQuiet(client, name)
    await client.query('UPDATE ev SET n = n + 1 WHERE day IN (3, 13); DELETE FROM ev_1 WHERE day = 14')
    for (const name of Object.keys(READERS))
      expect(await expectExactWhenQuiet(client, name)).toBe('DIFFERENTIAL')
    expect(
      await one(
        client,
        `SELECT count(*)::int AS n FROM pg_trigger WHERE tgenabled <> 'A' AND tgname LIKE 'pgstream_capture%'`,
      ),
    ).toEqual({ n: 0 })
  })
})
