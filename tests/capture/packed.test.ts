import { beforeEach, describe, expect, test } from 'vitest'
import { expectExact } from '../oracle/oracle.ts'
import { takeBulkAbove } from '../random/bulk.ts'
import { type FreshDatabase, freshDatabase } from '../support/server.ts'
import { type Probe, probe } from './probe.ts'

let db: FreshDatabase

beforeEach(async () => {
  db = await freshDatabase()
  await db.client.query('CREATE TABLE t (id int PRIMARY KEY, a text, n numeric, other text)')
  return () => db.close()
})

/** Rows of the buffer by the part that they are in: those packed together count as one. */
async function parts({ buffer }: Probe): Promise<Record<string, number>> {
  const { rows } = await db.client.query<{ part: string; rows: number }>(
    `SELECT part::text, count(*)::int AS rows FROM ${buffer} GROUP BY part ORDER BY part`,
  )
  return Object.fromEntries(rows.map(({ part, rows }) => [part, rows]))
}

const INSERT = `INSERT INTO t SELECT i, nullif('a' || i % 10, 'a3'), i, 'x' FROM generate_series(1, 2500) AS i`

describe('statements of more than 1,000 rows', () => {
  test('are packed by 1,000', async () => {
    const t = await probe(db.client, 't', ['id', 'a', 'n'])
    await db.client.query(INSERT)
    expect(await parts(t)).toEqual({ p: 3 })
    expect(await t.captured()).toBe(2500)
    await db.client.query(`UPDATE t SET other = 'y'; UPDATE t SET a = a`)
    expect(await parts(t)).toEqual({ p: 3 })
    await db.client.query('UPDATE t SET n = n + 1; UPDATE t SET n = n + 1 WHERE id <= 1000')
    expect(await parts(t)).toEqual({ p: 9, s: 2000 })
    // The first pair stays: only the pairs that differ are written.
    await db.client.query(`UPDATE t SET n = CASE WHEN id % 5 = 0 THEN n * 2 ELSE n END`)
    expect(await t.captured()).toBe(2500 + 5000 + 2000 + 1000)
    await db.client.query('DELETE FROM t WHERE id > 100')
    expect(await t.mismatches()).toEqual([])
  })

  test('are not packed when a value is large', async () => {
    const t = await probe(db.client, 't', ['id', 'a'])
    await db.client.query(
      `INSERT INTO t SELECT i, CASE i WHEN 1500 THEN (SELECT string_agg(md5(j::text), '') FROM generate_series(1, 50) AS j) END FROM generate_series(1, 2000) AS i`,
    )
    await db.client.query(`UPDATE t SET a = '' WHERE id > 100`)
    await db.client.query(`UPDATE t SET a = 'small'`)
    expect(await parts(t)).toEqual({ b: 2000 + 3800, p: 4 })
    expect(await t.mismatches()).toEqual([])
  })

  test('are not packed when a column is an array', async () => {
    await db.client.query('ALTER TABLE t ADD list int[]')
    const t = await probe(db.client, 't', ['id', 'a', 'list'])
    await db.client.query(
      `INSERT INTO t SELECT i, 'a', i, 'x', ARRAY[i, NULL] FROM generate_series(1, 2000) AS i`,
    )
    expect(await parts(t)).toEqual({ b: 2000 })
    expect(await t.mismatches()).toEqual([])
  })
})

test('changes packed before a column was captured that cannot be packed', async () => {
  const { client } = db
  await client.query('ALTER TABLE t ADD list int[]')
  await client.query(
    `SELECT pgstream.create_stream_table('sums', 'SELECT a, sum(n) AS n FROM t GROUP BY a', '1h', 'DIFFERENTIAL')`,
  )
  await client.query(INSERT)
  await client.query(
    `SELECT pgstream.create_stream_table('lists', 'SELECT id, list FROM t', '1h', 'DIFFERENTIAL')`,
  )
  await client.query(`UPDATE t SET list = ARRAY[id], n = n + 1`)
  await expectExact(client, 'sums')
  await expectExact(client, 'lists')
})

test('two stream tables that read different columns, at different times, and cleaning in between', async () => {
  const { client } = db
  await client.query(`SELECT pgstream.create_stream_table('sums', 'SELECT a, sum(n) AS n, count(*) AS c FROM t GROUP BY a', '1h', 'DIFFERENTIAL');
    SELECT pgstream.create_stream_table('ids', 'SELECT id FROM t WHERE id % 2 = 0', '1h', 'DIFFERENTIAL');
    SELECT pgstream.create_stream_table('pairs', 'SELECT x.id, y.n FROM t AS x JOIN t AS y ON y.id = x.id + 1', '1h', 'DIFFERENTIAL')`)
  const clean = () => client.query(`SELECT pgstream._clean_changes('t'::regclass)`)
  await client.query(INSERT)
  await expectExact(client, 'sums')
  await clean()
  await client.query('UPDATE t SET n = n + 1 WHERE id > 500; DELETE FROM t WHERE id = 7')
  await expectExact(client, 'ids')
  await clean()
  await client.query(`UPDATE t SET id = -id; UPDATE t SET other = 'z'`)
  for (const each of ['sums', 'ids', 'pairs']) await expectExact(client, each)
  await clean()
  const { rows } = await client.query(`SELECT 't'::regclass::oid AS oid`)
  expect((await client.query(`TABLE pgstream_changes.changes_${rows[0].oid}`)).rows).toEqual([])
})

test('the own transaction, savepoints, and how many are pending', async () => {
  const { client } = db
  await client.query(
    `SELECT pgstream.create_stream_table('sums', 'SELECT a, sum(n) AS n FROM t GROUP BY a', '1h', 'DIFFERENTIAL')`,
  )
  const pending = async () =>
    (
      await client.query(
        `SELECT pgstream._pending(t) AS seen, pgstream._estimate_pending('t'::regclass, t.frontier)::int AS estimate
         FROM pgstream._refresh_targets t`,
      )
    ).rows
  const exact = () => expectExact(client, 'sums', { within: true })
  await client.query('BEGIN')
  await client.query(INSERT)
  // Counted up to a little above what cached plans are for: in whole pieces.
  expect(await pending()).toEqual([{ seen: ['2500', '0'], estimate: 2500 }])
  await exact()
  expect(await pending()).toEqual([{ seen: ['0', '0'], estimate: 0 }])
  await client.query('SAVEPOINT a; UPDATE t SET n = -n')
  await exact()
  await client.query('ROLLBACK TO a; DELETE FROM t WHERE id > 1200')
  await exact()
  await client.query('COMMIT')
  await expectExact(client, 'sums')
  await client.query('BEGIN; UPDATE t SET n = 0; ROLLBACK')
  expect(await pending()).toEqual([{ seen: ['0', '0'], estimate: 0 }])
})

test('the scheduler notices what is packed', async () => {
  const { client } = db
  await client.query(
    `SELECT pgstream.create_stream_table('sums', 'SELECT a, sum(n) AS n FROM t GROUP BY a', '1s', 'DIFFERENTIAL')`,
  )
  const moved = async () => {
    const { rows } = await client.query(
      `SELECT last_value::int AS value FROM pgstream_changes.counter_${(await client.query(`SELECT 't'::regclass::oid AS oid`)).rows[0].oid}`,
    )
    return rows[0].value
  }
  let before = await moved()
  for (const statement of [
    INSERT,
    'UPDATE t SET n = n + 1',
    'UPDATE t SET n = n + (id % 2)',
    'UPDATE t SET n = n + (id > 2000)::int',
    'DELETE FROM t WHERE id > 1200',
  ]) {
    await client.query(statement)
    const after = await moved()
    expect(after, statement).toBeGreaterThan(before)
    before = after
  }
  await client.query(`UPDATE t SET other = 'seen'`)
  expect(await moved()).toBe(before)
})

/** An UPDATE whose transition tables are not of the same length: the row that moves is swallowed where it arrives. */
test.each([1000, 1])('a row swallowed on its way to another partition (packed above %i)', async (above) => {
  const { client } = db
  await takeBulkAbove(client, above)
  await client.query(`
    CREATE TABLE p (id int, k int, v text) PARTITION BY LIST (k);
    CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1); CREATE TABLE p2 PARTITION OF p FOR VALUES IN (2);
    INSERT INTO p SELECT i, 1, nullif('v', 'v') FROM generate_series(1, 8) AS i;
    CREATE FUNCTION swallow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
    CREATE TRIGGER swallow BEFORE INSERT ON p2 FOR EACH ROW EXECUTE FUNCTION swallow()`)
  const p = await probe(client, 'p')
  const values = await probe(client, 'p', ['v'])
  await client.query('UPDATE p SET k = CASE WHEN id % 3 = 0 THEN 2 ELSE 1 END')
  expect(await p.mismatches()).toEqual([])
  expect(await values.mismatches()).toEqual([])
})
