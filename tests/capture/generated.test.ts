import { beforeEach, expect, test } from 'vitest'
import { type FreshDatabase, freshDatabase } from '../support/server.ts'

let db: FreshDatabase
beforeEach(async () => {
  db = await freshDatabase()
  return () => db.close()
})

const sql = (text: string) => db.client.query(text)
const create = (query: string, mode = 'DIFFERENTIAL') =>
  db.client.query('SELECT pgstream.create_stream_table($1, $2, $3, $4)', ['st', query, '1h', mode])

async function refreshed(name = 'st') {
  const { rows } = await db.client.query('SELECT pgstream.refresh_stream_table($1) AS action', [name])
  expect((await db.client.query('SELECT * FROM pgstream.verify_stream_table($1)', [name])).rows).toEqual([])
  return rows[0].action
}

const KINDS = ['STORED', 'VIRTUAL'] as const
const isPostgres18 = async () =>
  Number((await sql(`SELECT current_setting('server_version_num') AS v`)).rows[0].v) >= 180000

/** A partition that numbers its columns otherwise: the column is then not in the parent's transition table. */
const PARTITIONED = (expression: string) => `
  CREATE TABLE p (id int, k int, g int GENERATED ALWAYS AS (${expression}) STORED) PARTITION BY RANGE (id);
  CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (100);
  CREATE TABLE p2 (gone int, k int, g int GENERATED ALWAYS AS (${expression}) STORED, id int);
  ALTER TABLE p2 DROP COLUMN gone;`
const ATTACH = 'ALTER TABLE p ATTACH PARTITION p2 FOR VALUES FROM (100) TO (200);'

test.each(KINDS)('%s: a column that the expression names is renamed', async (kind) => {
  if (kind === 'VIRTUAL' && !(await isPostgres18())) return
  await sql(`CREATE TABLE q (id int PRIMARY KEY, k int, g int GENERATED ALWAYS AS (k * 2) ${kind})`)
  await create('SELECT id, g FROM q')
  await sql(
    'INSERT INTO q VALUES (1, 1); ALTER TABLE q RENAME k TO kk; INSERT INTO q VALUES (2, 2); UPDATE q SET kk = 9',
  )
  expect(await refreshed()).toBe('DIFFERENTIAL')
})

test('a column is renamed behind a stored one of a partitioned table', async () => {
  await sql(PARTITIONED('k * 2') + ATTACH)
  await create('SELECT id, g FROM p')
  await sql(
    'ALTER TABLE p RENAME k TO kk; INSERT INTO p (id, kk) VALUES (1, 1), (101, 2), (102, NULL); UPDATE p SET kk = 7, id = 103 WHERE id = 1',
  )
  expect(await refreshed()).toBe('DIFFERENTIAL')
})

test.each(KINDS)('%s: another expression', async (kind) => {
  if (!(await isPostgres18()) && kind === 'VIRTUAL') return
  await sql(
    `CREATE TABLE q (id int PRIMARY KEY, k int, g int GENERATED ALWAYS AS (k * 2) ${kind}); INSERT INTO q VALUES (1, 1)`,
  )
  await create('SELECT id, g FROM q')
  // Since PostgreSQL 17.
  if (Number((await sql(`SELECT current_setting('server_version_num') AS v`)).rows[0].v) < 170000) return
  await sql(
    'INSERT INTO q VALUES (2, 2); ALTER TABLE q ALTER g SET EXPRESSION AS (k * 3); INSERT INTO q VALUES (3, 3)',
  )
  expect(await refreshed()).toBe('REINITIALIZE')
  const { rows } = await sql(`SELECT reason FROM pgstream.get_refresh_history('st', 1)`)
  expect(rows[0].reason).toBe('the expression of generated column g of source table public.q was changed')
  await sql('UPDATE q SET k = k + 1; INSERT INTO q VALUES (4, 4)')
  expect(await refreshed()).toBe('DIFFERENTIAL')
})

test('DROP EXPRESSION leaves the values: nothing is computed anew', async () => {
  await sql(
    'CREATE TABLE q (id int PRIMARY KEY, k int, g int GENERATED ALWAYS AS (k * 2) STORED); INSERT INTO q VALUES (1, 1)',
  )
  await create('SELECT id, g FROM q')
  await sql(
    'INSERT INTO q VALUES (2, 2); ALTER TABLE q ALTER g DROP EXPRESSION; INSERT INTO q VALUES (3, 3, 100); UPDATE q SET g = NULL WHERE id = 1',
  )
  expect(await refreshed()).toBe('DIFFERENTIAL')
})

/** Remembers in its session who called it. */
const SPY = `CREATE FUNCTION spy(int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN
  PERFORM set_config('spy.callers', concat_ws(' ', current_setting('spy.callers', true), current_user), false);
  RETURN $1 * 2; END $$;`

test("a user's function in a stored column never runs with the rights of capture", async () => {
  const role = `writer_${db.name}`
  await sql(`CREATE ROLE ${role} LOGIN; ${SPY} ${PARTITIONED('spy(k)')} GRANT ALL ON p TO ${role}`)
  // Partitions that number their columns alike: the value is in the transition table.
  await create('SELECT id, g FROM p')
  const writer = await db.connect(role)
  const callers = async () => {
    const { rows } = await writer.query(`SELECT current_setting('spy.callers') AS names`)
    return [...new Set(String(rows[0].names).trim().split(' '))]
  }
  await writer.query('INSERT INTO p VALUES (1, 1), (2, NULL); UPDATE p SET k = 5 WHERE id = 1')
  await sql(`COPY p (id, k) FROM PROGRAM 'printf "3\\t3\\n4\\t4\\n"'`)
  expect(await refreshed()).toBe('DIFFERENTIAL')
  expect(await callers()).toEqual([role])

  await sql(ATTACH)
  await writer.query('INSERT INTO p VALUES (101, 1), (102, NULL); UPDATE p SET k = 6')
  expect(await callers()).toEqual([role])
  const { rows } = await sql('SELECT status, broken_reason FROM pgstream.pgs_stream_tables')
  expect(rows).toEqual([{ status: 'ERROR', broken_reason: expect.stringContaining('generated column "g"') }])
  await sql(`SELECT pgstream.drop_stream_table('st')`)
  await expect(create('SELECT id, g FROM p')).rejects.toMatchObject({
    code: '0A000',
    detail: expect.stringContaining('not part of PostgreSQL'),
  })
  await create('SELECT id, k FROM p')
  await sql(`SELECT pgstream.drop_stream_table('st')`)
  await create('SELECT id, g FROM p', 'AUTO')
  await sql('INSERT INTO p VALUES (103, 3)')
  expect(await refreshed()).toBe('FULL')
  await sql(`DROP OWNED BY ${role}; DROP ROLE ${role}`)
})

test('nor does what a type brings: a domain, an operator, a composite type', async () => {
  await sql(`${SPY}
    CREATE DOMAIN even AS int CHECK (spy(VALUE) > 0);
    CREATE TYPE pair AS (a int, b int);
    CREATE FUNCTION plus(int, int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT spy($1) + $2';
    CREATE OPERATOR ## (LEFTARG = int, RIGHTARG = int, FUNCTION = plus)`)
  for (const expression of ['(k::even)::int', 'k ## 1', 'coalesce((ROW(k, k)::pair).a, 1)']) {
    await sql(PARTITIONED(expression) + ATTACH)
    await expect(create('SELECT id, g FROM p')).rejects.toMatchObject({ code: '0A000' })
    await sql('DROP TABLE p')
  }
})

test('partitions that compute a column otherwise', async () => {
  // PostgreSQL 15 does not allow it.
  if (Number((await sql(`SELECT current_setting('server_version_num') AS v`)).rows[0].v) < 160000) return
  await sql(PARTITIONED('k * 2'))
  await create('SELECT id, g FROM p', 'AUTO')
  await sql(`DROP TABLE p2; CREATE TABLE p2 (k int, g int GENERATED ALWAYS AS (k * 5) STORED, id int); ${ATTACH}
    INSERT INTO p (id, k) VALUES (1, 1), (101, 1)`)
  await refreshed()
  await sql('INSERT INTO p (id, k) VALUES (2, 1), (102, 1)')
  expect(await refreshed()).toBe('FULL')
  // No reader is left, so no capture.
  expect(
    (await sql(`SELECT count(*)::int AS n FROM pg_trigger WHERE tgname LIKE 'pgstream_capture%'`)).rows,
  ).toEqual([{ n: 0 }])
  expect((await sql('SELECT FROM pgstream.pgs_change_tracking')).rowCount).toBe(0)
})

test('a longer type: who does not show it goes on, who shows it gets it', async () => {
  await sql(
    `CREATE TABLE q (id int PRIMARY KEY, a varchar(5), n numeric(5,1)); INSERT INTO q VALUES (1, 'x', 1.5)`,
  )
  await create('SELECT id, a::text AS a, n > 1 AS positive FROM q')
  await sql(`SELECT pgstream.create_stream_table('shown', 'SELECT id, a FROM q');
    SELECT pgstream.create_stream_table('unconcerned', 'SELECT id FROM q');
    `)
  await sql(`INSERT INTO q VALUES (2, 'y', 2.5);
    ALTER TABLE q ALTER a TYPE varchar(20), ALTER n TYPE numeric(8,3); INSERT INTO q VALUES (3, 'longer than five', 0.999)`)
  expect(await refreshed()).toBe('REINITIALIZE')
  await sql(`UPDATE q SET n = 1.001 WHERE id = 3; UPDATE q SET a = 'also longer' WHERE id = 1`)
  expect(await refreshed()).toBe('DIFFERENTIAL')
  expect(await refreshed('unconcerned')).toBe('DIFFERENTIAL')
  expect(await refreshed('shown')).toBe('REINITIALIZE')
  expect(
    (
      await sql(
        `SELECT format_type(atttypid, atttypmod) AS type FROM pg_attribute WHERE attrelid = 'shown'::regclass AND attname = 'a'`,
      )
    ).rows,
  ).toEqual([{ type: 'character varying(20)' }])
  await sql(`UPDATE q SET a = 'now twelve..' WHERE id = 2`)
  expect(await refreshed('shown')).toBe('DIFFERENTIAL')
})
