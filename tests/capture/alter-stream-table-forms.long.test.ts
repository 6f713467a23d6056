import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type FreshDatabase, freshDatabase } from '../support/server.ts'

/** DDL by hand on a stream table that is the source of others, and on a partitioned source. */
let db: FreshDatabase
const query = async (sql: string, values: unknown[] = []) => (await db.client.query(sql, values)).rows

async function expectExact(...names: string[]) {
  for (const name of names) {
    await query('SELECT pgstream.refresh_stream_table($1)', [name])
    expect(await query('SELECT * FROM pgstream.verify_stream_table($1)', [name])).toEqual([])
  }
}

async function names(): Promise<string[]> {
  return (
    await query(`SELECT pgs_relid::regclass::text AS name FROM pgstream.pgs_stream_tables ORDER BY pgs_id`)
  ).map((row) => row.name)
}

const ALLOWED = [
  'CREATE INDEX ON mid (total)',
  'CREATE INDEX mine ON mid (total); DROP INDEX mine',
  `COMMENT ON TABLE mid IS 'x'; COMMENT ON COLUMN mid.total IS 'y'`,
  'GRANT SELECT ON mid TO PUBLIC; REVOKE SELECT ON mid FROM PUBLIC',
  'ALTER TABLE mid RENAME TO middle',
  'CREATE SCHEMA elsewhere; ALTER TABLE mid SET SCHEMA elsewhere',
  'ALTER SCHEMA work RENAME TO labour; SET search_path = labour, public',
  'ALTER TABLE mid ALTER total SET STATISTICS 50',
  'ALTER TABLE mid ALTER region SET STORAGE EXTERNAL',
  'ALTER TABLE mid SET (fillfactor = 60); ALTER TABLE mid RESET (fillfactor)',
  'ALTER TABLE mid CLUSTER ON mid_region_idx; ALTER TABLE mid SET WITHOUT CLUSTER',
  'ALTER TABLE mid REPLICA IDENTITY FULL',
  'ALTER TABLE mid ADD CHECK (total > -100000)',
  'VACUUM FULL mid',
  'CLUSTER mid USING mid_region_idx',
  'REINDEX TABLE mid',
  'CREATE STATISTICS counted ON region, total FROM mid',
  'CREATE VIEW v AS SELECT * FROM mid',
  'ALTER TABLE mid ENABLE ROW LEVEL SECURITY; ALTER TABLE mid DISABLE ROW LEVEL SECURITY',
  'ALTER TABLE mid OWNER TO CURRENT_USER',
]

const REFUSED = [
  'ALTER TABLE mid ADD COLUMN x int',
  'ALTER TABLE mid DROP COLUMN total',
  'ALTER TABLE mid RENAME COLUMN total TO t',
  'ALTER TABLE mid ALTER total TYPE float8',
  'ALTER TABLE mid ALTER total TYPE numeric(20, 2)',
  'ALTER TABLE mid ALTER region TYPE text COLLATE "C"',
  'ALTER TABLE mid ALTER total TYPE numeric USING total + 1',
  'ALTER TABLE mid SET UNLOGGED',
  'ALTER TABLE mid DISABLE TRIGGER ALL',
  'DROP INDEX mid_region_idx',
  'CREATE RULE r AS ON INSERT TO mid DO INSTEAD NOTHING',
  'CREATE TABLE child () INHERITS (mid)',
]

describe.each([
  ['watched', true],
  ['unwatched', false],
])('%s', (_, watched) => {
  beforeAll(async () => {
    db = await freshDatabase({ watched })
  })
  afterAll(() => db.close())

  const clear = async () => {
    await query('SET search_path = public')
    for (const name of (await names()).reverse())
      await query('SELECT pgstream.drop_stream_table($1, cascade => true)', [name])
    await query(`SELECT pgstream._drop_capture(source_relid) FROM pgstream.pgs_change_tracking;
      DROP SCHEMA IF EXISTS work, labour, elsewhere CASCADE`)
  }

  describe('a stream table below others', () => {
    beforeEach(async () => {
      await query(`CREATE SCHEMA work; SET search_path = work, public;
        CREATE TABLE t (id int PRIMARY KEY, region text NOT NULL, amount numeric);
        INSERT INTO t SELECT i, 'r' || i % 3, i FROM generate_series(1, 9) AS i;
        SELECT pgstream.create_stream_table('mid', 'SELECT region, sum(amount) AS total FROM t GROUP BY region', '1h', 'DIFFERENTIAL');
        SELECT pgstream.create_stream_table('top', 'SELECT max(total) AS most, count(*) AS n FROM mid', '1h', 'DIFFERENTIAL');
        SELECT pgstream.create_stream_table('listed', 'SELECT region, total FROM mid ORDER BY total LIMIT 2', '1h')`)
      return clear
    })

    test.each(ALLOWED)('%s', async (ddl) => {
      for (const each of ddl.split('; ')) await query(each)
      await query(`UPDATE t SET amount = amount + 1 WHERE id < 4; INSERT INTO t VALUES (10, 'new', 5)`)
      await expectExact(...(await names()))
      expect(await query(`SELECT * FROM pgstream.pgs_stream_tables WHERE status <> 'ACTIVE'`)).toEqual([])
    })

    test.runIf(watched).each(REFUSED)('%s is refused', async (ddl) => {
      await expect(query(ddl)).rejects.toMatchObject({
        code: expect.stringMatching(/^42809$/),
        detail: expect.stringMatching(/./),
      })
      await query(`UPDATE t SET amount = amount + 1 WHERE id < 4`)
      await expectExact(...(await names()))
    })
  })

  test.runIf(watched)('other columns are refused in ERROR and SUSPENDED as well', async () => {
    await query(`CREATE SCHEMA work; SET search_path = work, public; CREATE TABLE t (id int PRIMARY KEY, v int, w int);
      INSERT INTO t VALUES (1, 1, 1);
      SELECT pgstream.create_stream_table('st', 'SELECT id, v FROM t', '1h')`)
    const refuses = async (status: string) => {
      for (const change of ['ADD x int', 'ADD x serial', 'RENAME v TO u', 'DROP v', 'ALTER v TYPE bigint'])
        await expect(query(`ALTER TABLE st ${change}`), `${status}: ${change}`).rejects.toMatchObject({
          code: '42809',
          message: 'cannot alter the columns of stream table "st"',
        })
      expect(await query('SELECT status FROM pgstream.pgs_status()')).toEqual([{ status }])
      expect(await query('TABLE st')).toEqual([{ id: 1, v: 1 }])
    }
    await query(`SELECT pgstream.alter_stream_table('st', status => 'SUSPENDED')`)
    await refuses('SUSPENDED')
    await query('ALTER TABLE t DROP COLUMN v')
    await refuses('ERROR')
    // What tells nothing of columns is not.
    await query(`ALTER TABLE st RENAME TO again; COMMENT ON TABLE again IS 'x'; CREATE INDEX ON again (v)`)
    await query(`ALTER TABLE t ADD COLUMN v int DEFAULT 2; SELECT pgstream.resume_stream_table('again')`)
    await expectExact('again')
    await clear()
  })

  describe('a partitioned source', () => {
    beforeEach(async () => {
      await query(`CREATE SCHEMA work; SET search_path = work, public;
        CREATE TABLE p (id int, region text, amount numeric) PARTITION BY LIST (region);
        CREATE TABLE p1 PARTITION OF p FOR VALUES IN ('r1'); CREATE TABLE p2 PARTITION OF p FOR VALUES IN ('r2') PARTITION BY RANGE (id);
        CREATE TABLE p2a PARTITION OF p2 FOR VALUES FROM (0) TO (100); CREATE TABLE rest PARTITION OF p DEFAULT;
        CREATE TABLE p4 (amount numeric, id int, region text); INSERT INTO p4 VALUES (4, 4, 'r4');
        INSERT INTO p SELECT i, 'r' || 1 + i % 3, i FROM generate_series(1, 9) AS i;
        SELECT pgstream.create_stream_table('incremental', 'SELECT region, sum(amount) AS total FROM p GROUP BY region', '1h', 'DIFFERENTIAL');
        SELECT pgstream.create_stream_table('recomputed', 'SELECT id, region, amount FROM p ORDER BY amount DESC LIMIT 5', '1h')`)
      return clear
    })

    test.each([
      `ALTER TABLE p ATTACH PARTITION p4 FOR VALUES IN ('r4')`,
      'ALTER TABLE p DETACH PARTITION p1',
      'DROP TABLE rest;ALTER TABLE p DETACH PARTITION p1 CONCURRENTLY',
      'ALTER TABLE p2 DETACH PARTITION p2a;CREATE TABLE p2b PARTITION OF p2 FOR VALUES FROM (0) TO (200)',
      'DROP TABLE p2',
      `CREATE TABLE p5 PARTITION OF p FOR VALUES IN ('r5')`,
      'TRUNCATE p2a',
      'ALTER TABLE p RENAME COLUMN amount TO sum',
      'ALTER TABLE p ALTER amount TYPE numeric USING amount + 1',
      'ALTER TABLE p1 RENAME TO first;ALTER TABLE first SET SCHEMA public;ALTER TABLE public.first SET SCHEMA work',
      'ALTER TABLE p1 DISABLE TRIGGER ALL',
      'CREATE INDEX ON p (id)',
      'CREATE INDEX ON ONLY p (id)',
      'VACUUM FULL p1',
      'ALTER TABLE p ADD COLUMN more int DEFAULT 1',
      'ALTER TABLE p1 ADD CHECK (id > 0);ALTER TABLE p1 SET (fillfactor = 70)',
    ])('%s', async (ddl) => {
      for (const each of ddl.split(';')) await query(each)
      await query(`INSERT INTO p (id, region) VALUES (20, 'r1'), (21, 'r2'), (22, 'r4')`).catch(async () =>
        query(`INSERT INTO p (id, region) VALUES (21, 'r2')`).catch(() => {}),
      )
      await query(`UPDATE p SET id = id + 10 WHERE id % 2 = 0; DELETE FROM p WHERE id = 3`)
      await expectExact('incremental', 'recomputed')
      await query(`UPDATE p SET id = id + 30 WHERE id % 3 = 0`)
      await expectExact('incremental', 'recomputed')
    })
  })

  test('what a query uses is altered below it', async () => {
    await query(`CREATE SCHEMA work; SET search_path = work, public;
      CREATE TABLE t (id int PRIMARY KEY, n int); INSERT INTO t SELECT i, i FROM generate_series(1, 9) AS i;
      CREATE FUNCTION f(int) RETURNS int IMMUTABLE LANGUAGE sql RETURN $1 + 1;
      CREATE FUNCTION through(int) RETURNS int IMMUTABLE LANGUAGE sql RETURN work.f($1);
      CREATE VIEW v AS SELECT id, n FROM t WHERE n > 2;
      CREATE OPERATOR === (LEFTARG = int, RIGHTARG = int, FUNCTION = int4eq);
      SELECT pgstream.create_stream_table('st', 'SELECT id, through(n) AS fn, n === 5 AS five FROM v', '1h', 'DIFFERENTIAL');
      SELECT pgstream.create_stream_table('recomputed', 'SELECT DISTINCT f(n) AS fn, n === 5 AS five FROM v WHERE now() IS NOT NULL', '1h')`)
    for (const ddl of [
      'CREATE OR REPLACE FUNCTION f(int) RETURNS int IMMUTABLE LANGUAGE sql RETURN $1 * 2',
      'ALTER FUNCTION f(int) RENAME TO g; ALTER FUNCTION through(int) SET SCHEMA public',
      'CREATE OR REPLACE VIEW v AS SELECT id, n FROM t WHERE n > 4',
      'CREATE OR REPLACE VIEW v AS SELECT id, n + 1 AS n, 5 AS more FROM t',
      'ALTER VIEW v RENAME TO w; ALTER VIEW w RENAME COLUMN n TO m',
      'ALTER OPERATOR ===(int, int) SET SCHEMA public',
      'ALTER FUNCTION g(int) STABLE; ALTER FUNCTION g(int) IMMUTABLE; ALTER FUNCTION g(int) STRICT; ALTER FUNCTION g(int) COST 5',
      'ALTER FUNCTION g(int) OWNER TO CURRENT_USER; GRANT EXECUTE ON FUNCTION g(int) TO PUBLIC',
    ]) {
      await query(ddl)
      await query('UPDATE t SET n = n + 1 WHERE id % 2 = 0')
      await expectExact('st', 'recomputed')
    }
    expect(await query('SELECT fn, five FROM st WHERE id = 5')).toEqual([{ fn: 12, five: false }])
    await query('DROP FUNCTION g(int) CASCADE')
    for (const name of ['st', 'recomputed'])
      await expect(query('SELECT pgstream.refresh_stream_table($1)', [name])).rejects.toMatchObject({
        code: '55000',
      })
    await clear()
  })
})
