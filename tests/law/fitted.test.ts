/** Large changes of several sources: the statement is fitted to what has changed, and exact whichever it is. */
import { expect, test } from 'vitest'
import { fittedText, hasMarks, unlessChanged, whenChanged } from '../../src/compiler/emit/fitted.ts'
import { expectEqual } from '../oracle/oracle.ts'
import { freshDatabase } from '../support/server.ts'

test('a text has what the changed sources contribute, and guards against the others', () => {
  const inner = whenChanged([7, 9], ' UNION ALL both')
  const text = `SELECT ${unlessChanged(9, 'NOT nine AND ')}ok${whenChanged([7], ` seven${inner}`)}`
  expect(hasMarks(text)).toBe(true)
  expect(fittedText(text, [7, 9], 'n')).toBe(
    "$sql$SELECT $sql$ || CASE WHEN n[2] = 0 THEN $sql$NOT nine AND $sql$ ELSE '' END || $sql$ok$sql$ || " +
      "CASE WHEN n[1] > 0 THEN $sql$ seven$sql$ || CASE WHEN n[1] > 0 AND n[2] > 0 THEN $sql$ UNION ALL both$sql$ ELSE '' END ELSE '' END",
  )
})

const QUERIES: Readonly<Record<string, string>> = {
  joined:
    'SELECT k.name, b.id AS b, a.n FROM a JOIN b ON b.id = a.b JOIN c ON c.id = b.c JOIN d ON d.id = a.d JOIN k ON k.id = c.k',
  summed:
    'SELECT k.name, d.id, count(*) AS n, sum(a.n) AS s FROM a JOIN b ON b.id = a.b JOIN c ON c.id = b.c JOIN d ON d.id = a.d JOIN k ON k.id = c.k GROUP BY k.name, d.id',
  outer:
    'SELECT b.id, d.n, s.n AS s FROM b LEFT JOIN d ON d.id = b.id LEFT JOIN (SELECT b, sum(n) AS n FROM a GROUP BY b) AS s ON s.b = b.id WHERE EXISTS (SELECT FROM a WHERE a.b = b.id AND a.n <> b.c)',
  marked: `SELECT '\ue000'::text AS mark, a.n FROM a JOIN b ON b.id = a.b JOIN c ON c.id = b.c`,
}

const CHANGES = {
  a: 'UPDATE a SET n = n + 1, b = 1 + b % 300 WHERE id % 2 = 0; INSERT INTO a SELECT i, i % 300, i % 20, i FROM generate_series(9001, 9600) AS i; DELETE FROM a WHERE id < 400',
  b: 'UPDATE b SET c = 1 + c % 40 WHERE id % 3 = 0',
  c: 'UPDATE c SET k = 1 + k % 5',
  d: 'DELETE FROM d WHERE id % 7 = 0; UPDATE d SET n = n + 1',
  k: `UPDATE k SET name = name || 'x'`,
}

test('exact whichever sources have changed', async () => {
  const { client, close } = await freshDatabase()
  try {
    await client.query(`
      CREATE TABLE a (id int PRIMARY KEY, b int, d int, n int); CREATE TABLE b (id int PRIMARY KEY, c int);
      CREATE TABLE c (id int PRIMARY KEY, k int); CREATE TABLE d (id int PRIMARY KEY, n int); CREATE TABLE k (id int PRIMARY KEY, name text);
      CREATE INDEX ON a (b); CREATE INDEX ON a (d); CREATE INDEX ON b (c); CREATE INDEX ON c (k);
      INSERT INTO a SELECT i, i % 300, i % 20, i FROM generate_series(1, 4000) AS i;
      INSERT INTO b SELECT i, i % 40 FROM generate_series(1, 300) AS i; INSERT INTO c SELECT i, i % 5 FROM generate_series(1, 40) AS i;
      INSERT INTO d SELECT i, i FROM generate_series(1, 20) AS i; INSERT INTO k SELECT i, 'k' || i FROM generate_series(1, 5) AS i`)
    for (const [name, query] of Object.entries(QUERIES))
      await client.query(`SELECT pgstream.create_stream_table($1, $2, '1h', 'DIFFERENTIAL')`, [name, query])
    for (const sources of ['ab', 'ac', 'ad', 'ak', 'abd', 'ack', 'abcdk']) {
      await client.query('BEGIN')
      for (const source of sources) await client.query(CHANGES[source as keyof typeof CHANGES])
      await client.query('DELETE FROM a WHERE id > 9000')
      await client.query('COMMIT')
      for (const name of Object.keys(QUERIES)) {
        const { rows } = await client.query('SELECT pgstream.refresh_stream_table($1) AS action', [name])
        expect(rows[0].action, `${name} after ${sources}`).toBe('DIFFERENTIAL')
        await expectEqual(client, name)
      }
    }
  } finally {
    await close()
  }
})

test('what comes between the counting and the statement is not lost', async () => {
  const { client, close } = await freshDatabase({ watched: false })
  try {
    await client.query(`
      CREATE TABLE a (id int PRIMARY KEY, b int); CREATE TABLE b (id int PRIMARY KEY, c int); CREATE TABLE c (id int PRIMARY KEY, n int);
      INSERT INTO a SELECT i, i % 300 FROM generate_series(1, 2000) AS i;
      INSERT INTO b SELECT i, i FROM generate_series(1, 300) AS i; INSERT INTO c SELECT i, i FROM generate_series(1, 300) AS i;
      SELECT pgstream.create_stream_table('st', 'SELECT a.id, c.n FROM a JOIN b ON b.id = a.b JOIN c ON c.id = b.c', '1h', 'DIFFERENTIAL')`)
    await client.query('UPDATE a SET b = 1 + b % 299; UPDATE b SET c = 1 + c % 299; UPDATE c SET n = n + 1')
    // As if nothing had been counted: the guard refuses, and what is right for any number is done.
    const { rows } = await client.query<{ name: string; source: string }>(
      `SELECT p.oid::regprocedure::text AS name, pg_get_functiondef(p.oid) AS source FROM pg_proc p WHERE p.proname LIKE 'refresh_%_from_all_bulk'`,
    )
    const [{ source } = { source: '' }] = rows
    const uncounted = source.replaceAll(
      'coalesce(sum(coalesce(b.n, 1)), 0)::bigint FROM',
      '0::bigint * count(*) FROM',
    )
    const declared = uncounted.indexOf('BEGIN')
    expect(uncounted.slice(0, declared)).not.toBe(source.slice(0, source.indexOf('BEGIN')))
    await client.query(uncounted.slice(0, declared) + source.slice(source.indexOf('BEGIN')))
    await client.query(`SELECT pgstream.refresh_stream_table('st')`)
    await expectEqual(client, 'st')
    const history = await client.query(`SELECT action FROM pgstream.get_refresh_history('st', 1)`)
    expect(history.rows).toEqual([{ action: 'DIFFERENTIAL' }])
  } finally {
    await close()
  }
})
