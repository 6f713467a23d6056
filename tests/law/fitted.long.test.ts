/** Large changes of several sources: the statement is fitted to what has changed, and exact whichever it is. */
import { expect, test } from 'vitest'
import { BOOLEAN, type Scalar } from '../../src/compiler/algebra/scalar.ts'
import {
  before,
  type CountedColumn,
  fittedText,
  forPairs,
  forPassing,
  hasMarks,
  term,
  unionOf,
  unlessChanged,
  whenChanged,
  whereChanged,
} from '../../src/compiler/emit/fitted.ts'
import { condition, type Select } from '../../src/compiler/emit/select-text.ts'
import { expectEqual } from '../oracle/oracle.ts'
import { freshDatabase } from '../support/server.ts'
import { rowsRead } from './rows-read.ts'

test('a text has what the changed sources contribute, and guards against the others', () => {
  const inner = whenChanged([7, 9], ' UNION ALL both')
  const text = `SELECT ${unlessChanged(9, 'NOT nine AND ')}ok${whenChanged([7], ` seven${inner}`)}`
  expect(hasMarks(text)).toBe(true)
  expect(fittedText(text, [7, 9], 'n', 'm')).toBe(
    "$sql$SELECT $sql$ || CASE WHEN n[2] = 0 THEN $sql$NOT nine AND $sql$ ELSE '' END || $sql$ok$sql$ || " +
      "CASE WHEN n[1] > 0 THEN $sql$ seven$sql$ || CASE WHEN n[1] > 0 AND n[2] > 0 THEN $sql$ UNION ALL both$sql$ ELSE '' END ELSE '' END",
  )
})

test('of a union only what is there is said', () => {
  const both = unionOf([whenChanged([7], 'seven'), whenChanged([9], 'nine')], 'seven')
  expect(fittedText(`(${both})`, [7, 9], 'n', 'm')).toBe(
    "$sql$($sql$ || coalesce(nullif(array_to_string(array_remove(ARRAY[CASE WHEN n[1] > 0 THEN $sql$seven$sql$ ELSE '' END, " +
      "CASE WHEN n[2] > 0 THEN $sql$nine$sql$ ELSE '' END], ''), E'\\nUNION ALL\\n'), ''), $sql$seven$sql$) || $sql$)$sql$",
  )
})

test('what hardly any change passes is compared with few values', () => {
  expect(fittedText(`'{1${forPassing(7, ',1')}}'`, [9, 7], 'n', 'm')).toBe(
    "$sql$'{1$sql$ || repeat($sql$,1$sql$, pgstream_passing[2]) || $sql$}'$sql$",
  )
})

test('pairs of changed rows are taken for as many as there are values', () => {
  const values: CountedColumn[] = []
  const [a, b] = [
    { relation: 7, attnum: 1 },
    { relation: 9, attnum: 4 },
  ]
  const text = `{1${forPairs([a, b], ',1')}}{1${forPairs([b, b], ',1')}}`
  expect(fittedText(text, [7, 9], 'n', 'm', values)).toBe(
    '$sql${1$sql$ || repeat($sql$,1$sql$, least(199, 40000 / greatest(pgstream_values[1], pgstream_values[2], 1) - 1)::int) || ' +
      '$sql$}{1$sql$ || repeat($sql$,1$sql$, least(199, 40000 / greatest(pgstream_values[2], pgstream_values[2], 1) - 1)::int) || $sql$}$sql$',
  )
  expect(values).toEqual([a, b])
})

test('a term is said once for each way to read what has changed', () => {
  const ways = { after: 'now', changes: 'diff', union: 'both' }
  const text = term(
    `FROM ${before(7, 'a', ways)}, ${before(9, 'b', ways)} WHERE true${whereChanged('b', ' AND b')}${whereChanged('c', ' AND c')}`,
  )
  const fitted = fittedText(text, [7, 9], 'n', 'm')
  expect(fitted).toBe(
    '(SELECT string_agg($sql$FROM $sql$ || way_1.way || $sql$, $sql$ || way_2.way || $sql$ WHERE true$sql$ || ' +
      "CASE WHEN way_2.nth > 1 THEN $sql$ AND b$sql$ ELSE '' END || '', E'\\nUNION ALL\\n') FROM " +
      'unnest(CASE WHEN n[1] = 0 THEN ARRAY[$sql$now$sql$] ELSE ARRAY[$sql$now$sql$, $sql$diff$sql$] END) WITH ORDINALITY AS way_1(way, nth), ' +
      'unnest(CASE WHEN n[2] = 0 THEN ARRAY[$sql$now$sql$] ELSE ARRAY[$sql$now$sql$, $sql$diff$sql$] END) WITH ORDINALITY AS way_2(way, nth))',
  )
  expect(fittedText(before(7, 'a', ways), [7, 1, 2, 3, 4, 5, 6], 'n', 'm')).toBe('way_1.way')
  expect(fittedText(term('SELECT'), [7], 'n', 'm')).toBe('$sql$SELECT$sql$')
})

test('a condition on changes that meet changes does not let PostgreSQL expect one row of them', () => {
  const type = { oid: 25, typmod: -1, collation: 100 }
  const select = (id: number, isChanges: boolean): Select => ({
    from: [`t${id}`],
    where: [],
    columns: new Map([[id, `t${id}.c`]]),
    weight: isChanges ? `t${id}.weight` : null,
    isHardlyMeasured: isChanges,
  })
  const compared = (sql: string): Scalar => ({
    kind: 'operator',
    oid: 98,
    sql,
    equality: sql === '=',
    args: [
      { kind: 'column', id: 1, type },
      { kind: 'constant', sql: "'a'::text", isNull: false, type },
    ],
    type: BOOLEAN,
    inputCollation: 100,
    strict: true,
    volatility: 'immutable',
  })
  const printed = (sql: string, others: readonly Select[]) =>
    condition(compared(sql), select(1, true), [select(1, true), ...others])
  expect(printed('=', [select(2, true)])).toBe(`CASE WHEN (t1.c = 'a'::text) THEN true ELSE false END`)
  expect(printed('=', [select(2, false)])).toBe(`(t1.c = 'a'::text)`)
  expect(printed('<', [select(2, true)])).toBe(`(t1.c < 'a'::text)`)
})

const QUERIES: Readonly<Record<string, string>> = {
  joined:
    'SELECT k.name, b.id AS b, a.n FROM a JOIN b ON b.id = a.b JOIN c ON c.id = b.c JOIN d ON d.id = a.d JOIN k ON k.id = c.k',
  summed:
    'SELECT k.name, d.id, count(*) AS n, sum(a.n) AS s FROM a JOIN b ON b.id = a.b JOIN c ON c.id = b.c JOIN d ON d.id = a.d JOIN k ON k.id = c.k GROUP BY k.name, d.id',
  outer:
    'SELECT b.id, d.n, s.n AS s FROM b LEFT JOIN d ON d.id = b.id LEFT JOIN (SELECT b, sum(n) AS n FROM a GROUP BY b) AS s ON s.b = b.id WHERE EXISTS (SELECT FROM a WHERE a.b = b.id AND a.n <> b.c)',
  chain:
    'SELECT b.id, d.n, k.name FROM b JOIN c ON c.id = b.c JOIN k ON k.id = c.k JOIN d ON d.id = b.id % 20 JOIN e ON e.id = k.id WHERE NOT EXISTS (SELECT FROM a WHERE a.b = b.id AND a.n < b.c)',
  padded:
    'SELECT b.id, d.n, k.name, s.n AS s FROM b JOIN c ON c.id = b.c JOIN k ON k.id = c.k JOIN e ON e.id = k.id JOIN d ON d.id = b.id % 20 LEFT JOIN (SELECT b, count(*) AS n FROM a GROUP BY b) AS s ON s.b = b.id AND s.n > k.id',
  many: 'SELECT a.id, k.name, e.id AS e, f.n AS f, g.n AS g FROM a JOIN b ON b.id = a.b JOIN c ON c.id = b.c JOIN d ON d.id = a.d JOIN k ON k.id = c.k JOIN e ON e.id = k.id JOIN f ON f.id = k.id JOIN g ON g.id = f.n',
  subqueries: `SELECT a.id, b.c IN (SELECT n FROM d) AS i, a.n NOT IN (SELECT c FROM b) AS j, a.d NOT IN (SELECT k FROM c WHERE c.id > b.c) AS m,
    EXISTS (SELECT FROM a AS x WHERE x.b = b.id AND x.n > a.n) AS e, EXISTS (SELECT FROM c WHERE c.id = b.c AND c.k < a.d) AS l FROM a JOIN b ON b.id = a.b`,
  paired:
    'SELECT b.id, d.id AS d, d.n FROM b FULL JOIN d ON d.id = b.id % 20 AND EXISTS (SELECT FROM a WHERE a.b = b.id AND a.d = d.id AND a.n > d.n)',
  marked: `SELECT '\ue000'::text AS mark, a.n FROM a JOIN b ON b.id = a.b JOIN c ON c.id = b.c`,
}

const CHANGES = {
  a: 'UPDATE a SET n = n + 1, b = 1 + b % 300 WHERE id % 2 = 0; INSERT INTO a SELECT i, i % 300, i % 20, i FROM generate_series(9001, 9600) AS i; DELETE FROM a WHERE id < 400',
  b: 'UPDATE b SET c = 1 + c % 40 WHERE id % 3 = 0',
  c: 'UPDATE c SET k = 1 + k % 5',
  d: 'DELETE FROM d WHERE id % 7 = 0; UPDATE d SET n = n + 1',
  k: `UPDATE k SET name = name || 'x'`,
  e: 'UPDATE e SET id = 1 + id % 5',
  f: 'UPDATE f SET n = 1 + n % 5',
  g: 'UPDATE g SET n = n + 1',
}

test('the statement grows with the number of conditions, it does not double with each', async () => {
  const { client, close } = await freshDatabase()
  try {
    await client.query(
      'CREATE TABLE a (id int PRIMARY KEY, b int); CREATE TABLE b (id int PRIMARY KEY); CREATE TABLE c (id int, b int)',
    )
    const length = async (count: number, connected: string, condition: (i: number) => string) => {
      const conditions = Array.from({ length: count }, (_, i) => condition(i))
      const name = `of_${count}_${connected.toLowerCase()}`
      await client.query(`SELECT pgstream.create_stream_table($1, $2, '1h', 'DIFFERENTIAL')`, [
        name,
        `SELECT a.id, c.id AS c FROM a LEFT JOIN c ON c.b = a.b WHERE ${conditions.join(` ${connected} `)}`,
      ])
      const { rows } = await client.query(
        `SELECT max(length(p.prosrc)) AS n FROM pg_proc p JOIN pgstream.pgs_stream_tables s ON p.proname ~ format('^refresh_%s_from_', s.pgs_id) WHERE s.pgs_name = $1`,
        [name],
      )
      return Number(rows[0].n)
    }
    const queries = {
      AND: (i: number) => `NOT EXISTS (SELECT FROM b WHERE b.id = a.b + ${i})`,
      OR: (i: number) => `a.b + ${i} NOT IN (SELECT c.b FROM c)`,
    }
    for (const [connected, condition] of Object.entries(queries)) {
      const [few, many] = [await length(4, connected, condition), await length(8, connected, condition)]
      // Twice the conditions, each beside all that stand before it.
      expect(many).toBeLessThan(5 * few)
    }
  } finally {
    await close()
  }
})

test('exact whichever sources have changed', async () => {
  const { client, close } = await freshDatabase()
  try {
    await client.query(`
      CREATE TABLE a (id int PRIMARY KEY, b int, d int, n int); CREATE TABLE b (id int PRIMARY KEY, c int);
      CREATE TABLE c (id int PRIMARY KEY, k int); CREATE TABLE d (id int PRIMARY KEY, n int); CREATE TABLE k (id int PRIMARY KEY, name text);
      CREATE TABLE e (id int); CREATE TABLE f (id int, n int); CREATE TABLE g (id int, n int);
      CREATE INDEX ON a (b); CREATE INDEX ON a (d); CREATE INDEX ON b (c); CREATE INDEX ON c (k);
      INSERT INTO e SELECT generate_series(1, 5); INSERT INTO f SELECT i, i FROM generate_series(1, 5) AS i; INSERT INTO g TABLE f;
      INSERT INTO a SELECT i, i % 300, i % 20, i FROM generate_series(1, 4000) AS i;
      INSERT INTO b SELECT i, i % 40 FROM generate_series(1, 300) AS i; INSERT INTO c SELECT i, i % 5 FROM generate_series(1, 40) AS i;
      INSERT INTO d SELECT i, i FROM generate_series(1, 20) AS i; INSERT INTO k SELECT i, 'k' || i FROM generate_series(1, 5) AS i`)
    for (const [name, query] of Object.entries(QUERIES))
      await client.query(`SELECT pgstream.create_stream_table($1, $2, '1h', 'DIFFERENTIAL')`, [name, query])
    for (const sources of ['ab', 'ac', 'ad', 'ak', 'abd', 'ack', 'abcdk', 'abcefg']) {
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

test('of large tables what meets the changes is read', async () => {
  const { client, close } = await freshDatabase()
  try {
    await client.query(`
      CREATE TABLE line (id int PRIMARY KEY, o int NOT NULL, s int NOT NULL, n int); CREATE TABLE o (id int PRIMARY KEY, c int NOT NULL, at date);
      CREATE TABLE c (id int PRIMARY KEY, k int NOT NULL); CREATE TABLE s (id int PRIMARY KEY, k int NOT NULL); CREATE TABLE k (id int PRIMARY KEY, name text);
      CREATE INDEX ON line (o); CREATE INDEX ON line (s); CREATE INDEX ON o (c); CREATE INDEX ON c (k); CREATE INDEX ON s (k);
      INSERT INTO line SELECT i, i / 4, i * 7919 % 1000, i FROM generate_series(1, 60000) AS i;
      INSERT INTO o SELECT i, i * 31 % 1500, date '2020-01-01' + i % 1000 FROM generate_series(0, 15000) AS i;
      INSERT INTO c SELECT i, i % 25 FROM generate_series(0, 1500) AS i; INSERT INTO s SELECT i, i % 25 FROM generate_series(0, 1000) AS i;
      INSERT INTO k SELECT i, 'k' || i FROM generate_series(0, 25) AS i;
      SELECT pgstream.create_stream_table('st', 'SELECT extract(year FROM o.at) AS y, k.name, sum(line.n) AS n FROM line JOIN o ON o.id = line.o JOIN c ON c.id = o.c JOIN s ON s.id = line.s AND s.k = c.k JOIN k ON k.id = s.k GROUP BY 1, 2', '1h', 'DIFFERENTIAL');
      ANALYZE`)
    await client.query(`DELETE FROM line WHERE id < 800; DELETE FROM o WHERE id < 200; UPDATE s SET k = (k + 1) % 25 WHERE id = 7; UPDATE c SET k = (k + 1) % 25 WHERE id % 50 = 0;
      UPDATE k SET name = 'other' WHERE id = 3`)
    const before = await rowsRead(client, ['line', 'o', 'c', 's', 'k'])
    await client.query(`SELECT pgstream.refresh_stream_table('st')`)
    const read = (await rowsRead(client, ['line', 'o', 'c', 's', 'k'])) - before
    await expectEqual(client, 'st')
    expect(read).toBeLessThan(60_000)
  } finally {
    await close()
  }
})

test('who has a match is asked by one join, not by a look through all changes for each row', async () => {
  const { client, close } = await freshDatabase()
  try {
    await client.query(`
      CREATE TABLE a (id int PRIMARY KEY, b int NOT NULL, n int NOT NULL); CREATE INDEX ON a (b);
      INSERT INTO a SELECT i, i % 1000, i % 7 FROM generate_series(1, 4000) AS i;
      CREATE TABLE b (id int PRIMARY KEY, n int NOT NULL); INSERT INTO b SELECT i, i FROM generate_series(1, 1000) AS i;
      SELECT pgstream.create_stream_table('st', 'SELECT x.id, b.n FROM a AS x JOIN b ON b.id = x.b WHERE EXISTS (SELECT FROM a AS y WHERE y.b = x.b AND y.n <> x.n) AND NOT EXISTS (SELECT FROM a AS z WHERE z.b = x.b AND z.n > x.n)', '1h', 'DIFFERENTIAL')`)
    const { rows } = await client.query<{ source: string }>(
      `SELECT prosrc AS source FROM pg_proc WHERE proname LIKE 'refresh_%_from_all_bulk'`,
    )
    expect(rows[0]?.source).toMatch(/asking_1 AS MATERIALIZED/)
    expect(rows[0]?.source).not.toMatch(/coalesce\(sum\(u_\d+\.weight/)
    await client.query('UPDATE a SET n = (n + 3) % 7 WHERE id % 2 = 0; UPDATE b SET n = n + 1')
    await client.query(`SELECT pgstream.refresh_stream_table('st')`)
    await expectEqual(client, 'st')
  } finally {
    await close()
  }
})

test('changes that add up to nothing in the columns that the query reads are no changes', async () => {
  const { client, close } = await freshDatabase({ watched: false })
  try {
    await client.query(`
      CREATE TABLE a (id int PRIMARY KEY, b int NOT NULL); CREATE TABLE b (id int PRIMARY KEY, c int NOT NULL); CREATE TABLE c (id int PRIMARY KEY, n numeric, note text);
      CREATE INDEX ON a (b); CREATE INDEX ON b (c);
      INSERT INTO a SELECT i, i % 2000 FROM generate_series(1, 20000) AS i;
      INSERT INTO b SELECT i, i FROM generate_series(0, 2000) AS i; INSERT INTO c SELECT i, i, 'n' FROM generate_series(0, 2000) AS i;
      SELECT pgstream.create_stream_table('st', 'SELECT a.id, c.n FROM a JOIN b ON b.id = a.b JOIN c ON c.id = b.c', '1h', 'DIFFERENTIAL');
      SELECT pgstream.create_stream_table('notes', 'SELECT id, note FROM c', '1h', 'DIFFERENTIAL'); ANALYZE`)
    const refreshed = async (change: string) => {
      await client.query(change)
      const before = await rowsRead(client, ['a', 'b', 'c'])
      await client.query(`SELECT pgstream.refresh_stream_table('st')`)
      const read = (await rowsRead(client, ['a', 'b', 'c'])) - before
      await expectEqual(client, 'st', { image: true })
      return read
    }
    const unread = `UPDATE c SET note = note || 'x'`
    const back = 'UPDATE c SET n = n + 1 WHERE id < 500; UPDATE c SET n = n - 1 WHERE id < 500'
    expect(await refreshed(`${unread}; UPDATE b SET c = 7 WHERE id = 5`)).toBeLessThan(400)
    expect(
      await refreshed(`${back}; ${unread} WHERE id % 2 = 0; UPDATE a SET b = 9 WHERE id = 5`),
    ).toBeLessThan(400)
    // 1.0 is another image than 1: that is a change.
    await refreshed(`${unread}; UPDATE c SET n = n + 0.0 WHERE id < 900; UPDATE a SET b = 8 WHERE id = 5`)
    await refreshed(`${unread}; UPDATE c SET n = n + 1 WHERE id = 4; UPDATE a SET b = 7 WHERE id = 5`)
    await refreshed(`${unread}; UPDATE b SET c = c`)

    // As if one row less had been counted of what adds up to nothing: the guard refuses, and the whole statement is done.
    const { rows } = await client.query<{ source: string }>(
      `SELECT pg_get_functiondef(p.oid) AS source FROM pg_proc p WHERE p.proname LIKE 'refresh_1_from_all_bulk'`,
    )
    const source = rows[0]?.source ?? ''
    const [head = '', ...tail] = source.split('BEGIN')
    const fewer = head.replaceAll(')::bigint FROM', ')::bigint - 1 FROM')
    expect(fewer).not.toBe(head)
    await client.query([fewer, ...tail].join('BEGIN'))
    await refreshed(`${unread}; UPDATE a SET b = 6 WHERE id < 9; UPDATE b SET c = 3 WHERE id < 9`)
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
