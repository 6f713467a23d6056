/** Conditions on the time: rows come and go as it passes. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { expectExact } from '../oracle/oracle.ts'
import { type FreshDatabase, freshDatabase } from '../support/server.ts'

let database: FreshDatabase

beforeAll(async () => {
  database = await freshDatabase()
  await database.client.query(`
    CREATE TABLE event (id int PRIMARY KEY, at timestamptz, local timestamp, day date, ends timestamptz, kind text);
    CREATE INDEX ON event (at);
    CREATE INDEX ON event (ends);
    CREATE INDEX ON event (day);
    CREATE INDEX ON event (local);
    CREATE TABLE kind (kind text PRIMARY KEY, name text, until timestamptz);
  `)
})

afterAll(() => database.close())

const QUERIES: Readonly<Record<string, string>> = {
  'what was lately': `SELECT id, kind FROM event WHERE at > now() - interval '2 seconds'`,
  'what is over': 'SELECT id FROM event WHERE ends <= now()',
  'what is due and not over': 'SELECT id, kind FROM event WHERE at <= now() AND now() < ends',
  between: `SELECT id FROM event WHERE at BETWEEN now() - interval '1 second' AND now() + interval '1 second'`,
  today: 'SELECT id FROM event WHERE day = current_date',
  'days from today': 'SELECT id FROM event WHERE day >= current_date - 1',
  'local time': `SELECT id FROM event WHERE local < localtimestamp - interval '1 second'`,
  precision: 'SELECT id FROM event WHERE at <= CURRENT_TIMESTAMP(0)',
  'whole days': `SELECT id FROM event WHERE at >= date_trunc('day', now())`,
  or: `SELECT id FROM event WHERE ends IS NULL OR ends > now() OR kind = 'a'`,
  case: `SELECT id FROM event WHERE CASE WHEN kind = 'a' THEN at <= now() ELSE ends <= transaction_timestamp() END`,
  'in a join': `SELECT e.id, k.name FROM event e JOIN kind k USING (kind) WHERE e.at > now() - interval '2 seconds' AND k.until > now()`,
  'below groups': `SELECT kind, count(*) AS n, max(at) AS last FROM event WHERE at <= now() GROUP BY kind`,
  'over groups': `SELECT kind, count(*) AS n FROM event GROUP BY kind HAVING max(at) <= now()`,
  'on the right of a left join': `SELECT k.kind, e.id FROM kind k LEFT JOIN (SELECT * FROM event WHERE ends > now()) e USING (kind)`,
  'on both sides of a full join': `SELECT k.kind, e.id FROM (SELECT * FROM kind WHERE until > now()) k FULL JOIN (SELECT * FROM event WHERE ends > now()) e USING (kind)`,
  distinct: `SELECT DISTINCT kind FROM event WHERE at <= now()`,
  windows: `SELECT id, row_number() OVER (PARTITION BY kind ORDER BY id) AS place FROM event WHERE at <= now()`,
  limit: `SELECT id FROM event WHERE at <= now() ORDER BY id LIMIT 3`,
  shown: `SELECT id, at <= now() AS begun, ends > now() AS "open", at <= now() OR kind = 'a' AS either FROM event`,
  'in a CASE': `SELECT id, CASE WHEN ends <= now() THEN 'over' WHEN at <= now() THEN 'begun' ELSE 'due' END AS state FROM event`,
  'in FILTER': `SELECT kind, count(*) FILTER (WHERE ends > now()) AS "open", count(*) FILTER (WHERE at < now() - interval '1 second') AS old, count(*) AS n, max(at) FILTER (WHERE at <= now()) AS last FROM event GROUP BY kind`,
  'in other aggregates': `SELECT kind, bool_or(at <= now()) AS begun, count(at > now()) AS n, count(DISTINCT ends > now()) AS d, max(CASE WHEN ends > now() THEN id END) AS m, string_agg(id::text, ',' ORDER BY at <= now(), id) AS s, avg(id) FILTER (WHERE ends < now() OR ends IS NULL) AS a FROM event GROUP BY kind`,
  'grouped by': `SELECT at <= now() AS begun, count(*) AS n FROM event GROUP BY at <= now()`,
  'in grouping sets': `SELECT kind, ends > now() AS "open", count(*) AS n FROM event GROUP BY ROLLUP (kind, ends > now())`,
  'in a window': `SELECT id, count(*) FILTER (WHERE at <= now()) OVER (PARTITION BY kind) AS n, rank() OVER (PARTITION BY ends > now() ORDER BY id) AS r FROM event`,
  'sorted by': `SELECT id FROM event ORDER BY at <= now() DESC NULLS LAST, id LIMIT 4`,
  'first of each': `SELECT DISTINCT ON (kind) kind, id FROM event ORDER BY kind, ends > now() DESC NULLS LAST, id`,
  'in ON, of the right': `SELECT k.kind, e.id FROM kind k LEFT JOIN event e ON e.kind = k.kind AND e.ends > now()`,
  'in ON, of the left': `SELECT e.id, k.name FROM event e LEFT JOIN kind k ON k.kind = e.kind AND e.ends > now()`,
  'in ON, of both': `SELECT e.id, k.name FROM event e LEFT JOIN kind k ON k.kind = e.kind AND (e.ends > now()) = (k.until > now())`,
  'in ON of a right join': `SELECT e.id, k.name FROM event e RIGHT JOIN kind k ON k.kind = e.kind AND e.at <= now() AND k.until > now()`,
  'in ON of a full join': `SELECT e.id, k.name FROM event e FULL JOIN kind k ON k.kind = e.kind AND e.at <= now() AND k.until > now()`,
  'compared with another': `SELECT e.id, k.name FROM event e JOIN kind k ON k.kind = e.kind WHERE (e.ends > now()) IS NOT DISTINCT FROM (k.until > now())`,
  'in a subquery, of the row around': `SELECT id FROM event e WHERE NOT EXISTS (SELECT FROM kind k WHERE k.kind = e.kind AND e.ends > now())`,
  'in a subquery, shown': `SELECT id, (SELECT count(*) FILTER (WHERE k.until > now()) FROM kind k WHERE k.kind = e.kind) AS n FROM event e`,
  'in a set-returning function': `SELECT id, b FROM event, unnest(ARRAY[at <= now(), ends > now()]) AS b`,
  'in a union': `SELECT id, at <= now() AS b FROM event UNION SELECT id, ends > now() FROM event`,
  'over a left join': `SELECT k.kind, e.id, e.ends > now() AS "open" FROM kind k LEFT JOIN event e USING (kind)`,
  'with columns of two tables': `SELECT e.id, e.ends > now() OR k.until > now() AS "open" FROM event e JOIN kind k USING (kind)`,
  'over groups, shown': `SELECT kind, max(ends) > now() AS "open" FROM event GROUP BY kind`,
  'days until today': `SELECT id, day < current_date AS past, count(*) OVER (PARTITION BY day = current_date) AS n FROM event`,
  'in a range': `SELECT id FROM event WHERE tstzrange(at, greatest(at, ends)) @> now()`,
  'in a range, shown': `SELECT id, now() <@ tstzrange(at, greatest(at, ends), '(]') AS "on", daterange(day, day + 2) @> current_date AS near FROM event`,
  'in a range without an end': `SELECT kind, count(*) AS n FROM event WHERE NOT (tsrange(local, NULL) @> localtimestamp) OR ends IS NULL GROUP BY kind`,
  'where a recursion begins': `WITH RECURSIVE r(a, b) AS (SELECT id, id + 1 FROM event WHERE at <= now() UNION SELECT r.a, e.id + 1 FROM r JOIN event e ON e.id = r.b) SELECT a, b FROM r`,
  'at each step of a recursion': `WITH RECURSIVE r(a, b, n) AS (SELECT id, id + 1, 1 FROM event UNION ALL SELECT r.a, e.id + 1, n + 1 FROM r JOIN event e ON e.id = r.b AND e.ends > now() WHERE n < 3) SELECT a, b, n FROM r`,
  'shown by a recursion': `WITH RECURSIVE r(a, b, begun) AS (SELECT id, id + 1, at <= now() FROM event UNION SELECT r.a, e.id + 1, begun FROM r JOIN event e ON e.id = r.b WHERE e.kind = 'a') SELECT a, b, begun FROM r`,
  'in groups that a recursion reads': `WITH RECURSIVE r(a, b) AS (SELECT id, kind FROM event UNION SELECT r.a, g.kind FROM r JOIN (SELECT kind AS of, min(kind) AS kind, count(*) AS n FROM event WHERE ends > now() GROUP BY kind) AS g ON g.of > r.b AND g.n > 1) SELECT a, b FROM r`,
  difference: `SELECT kind FROM event WHERE at <= now() EXCEPT SELECT kind FROM kind WHERE until > now()`,
}

const SECONDS = (offset: number) => `clock_timestamp() + interval '${offset} seconds'`

test('rows enter and leave as time passes, changes or none', async () => {
  const { client } = database
  await client.query(`
    INSERT INTO kind VALUES ('a', 'Ada', ${SECONDS(1)}), ('b', 'Bob', ${SECONDS(2)}), ('c', NULL, NULL);
    INSERT INTO event
    SELECT i, ${SECONDS(0)} + (i - 6) * interval '0.4 seconds', (now() + (i - 6) * interval '0.3 seconds')::timestamp,
      current_date + i % 4 - 2, ${SECONDS(0)} + (i % 7) * interval '0.5 seconds', chr(97 + i % 4)
    FROM generate_series(1, 14) AS i;
    INSERT INTO event VALUES (50, NULL, NULL, NULL, NULL, NULL), (51, 'infinity', 'infinity', 'infinity', '-infinity', 'a');
  `)
  const names = Object.keys(QUERIES).map((_, i) => `timed_${i}`)
  for (const [i, query] of Object.values(QUERIES).entries())
    await client.query(`SELECT pgstream.create_stream_table($1, $2, '1h', 'DIFFERENTIAL')`, [names[i], query])
  const changes = [
    '',
    `UPDATE event SET kind = 'b', ends = ${SECONDS(1)} WHERE id IN (2, 5)`,
    '',
    `DELETE FROM event WHERE id IN (3, 51); INSERT INTO event SELECT i, ${SECONDS(0.5)}, now(), current_date, ${SECONDS(0.3)}, 'a' FROM generate_series(60, 63) AS i`,
    `UPDATE kind SET until = ${SECONDS(0.5)} WHERE kind = 'a'; UPDATE event SET at = at - interval '1 hour' WHERE id = 60`,
    '',
  ]
  for (const change of changes) {
    await client.query(change)
    await client.query('SELECT pg_sleep(0.45)')
    for (const name of names)
      expect(await expectExact(client, name), name).toMatch(/^(DIFFERENTIAL|NO_DATA)$/)
  }
  // What is stored is right for its own moment, whenever that is asked.
  for (const name of names)
    expect((await client.query('SELECT * FROM pgstream.verify_stream_table($1)', [name])).rows).toEqual([])
}, 120_000)

test('where nothing has crossed there is nothing to tell', async () => {
  const { client } = database
  await client.query(`
    CREATE TABLE quiet (id int PRIMARY KEY, at timestamptz);
    INSERT INTO quiet VALUES (1, now() - interval '1 day');
    SELECT pgstream.create_stream_table('calm', 'SELECT id FROM quiet WHERE at <= now()', '1h', 'DIFFERENTIAL');
  `)
  const history = () => client.query(`SELECT count(*)::int AS n FROM pgstream.get_refresh_history('calm')`)
  const before = await history()
  expect(await expectExact(client, 'calm')).toBe('NO_DATA')
  expect((await history()).rows).toEqual(before.rows)
  // And none in one transaction, where time stands still.
  await client.query(`BEGIN; INSERT INTO quiet VALUES (2, now()), (3, now() + interval '1 microsecond')`)
  expect(await expectExact(client, 'calm', { within: true })).toBe('DIFFERENTIAL')
  expect((await client.query('SELECT id FROM calm ORDER BY id')).rows).toEqual([{ id: 1 }, { id: 2 }])
  expect(await expectExact(client, 'calm', { within: true })).toBe('NO_DATA')
  await client.query('COMMIT')
  expect(await expectExact(client, 'calm')).toBe('DIFFERENTIAL')
})

test('the scheduler finds it due though nothing has changed', async () => {
  const { client } = database
  await client.query(`
    CREATE TABLE soon (id int PRIMARY KEY, at timestamptz);
    INSERT INTO soon VALUES (1, clock_timestamp() + interval '0.5 seconds');
    SELECT pgstream.create_stream_table('come', 'SELECT id FROM soon WHERE at <= now()', '1s', 'DIFFERENTIAL');
  `)
  await expect
    .poll(
      async () => {
        await client.query('CALL pgstream._refresh_all_due(NULL, NULL)')
        return (await client.query('SELECT id FROM come')).rows
      },
      { timeout: 20_000 },
    )
    .toEqual([{ id: 1 }])
})

test('its owner needs no more rights than for any other, and its time zone holds for everybody', async () => {
  const { client } = database
  await client.query('CREATE ROLE timekeeper LOGIN; CREATE SCHEMA kept AUTHORIZATION timekeeper')
  const owner = await database.connect('timekeeper')
  await owner.query(`
    SET TimeZone = 'Pacific/Kiritimati';
    CREATE TABLE kept.days (day date PRIMARY KEY);
    INSERT INTO kept.days SELECT current_date + i FROM generate_series(-3, 3) AS i;
  `)
  await owner.query(
    `SELECT pgstream.create_stream_table('kept.past', 'SELECT day FROM kept.days WHERE day < current_date', '1h', 'DIFFERENTIAL')`,
  )
  await owner.query('INSERT INTO kept.days VALUES (current_date - 10), (current_date + 10)')
  expect(await expectExact(owner, 'kept.past')).toBe('DIFFERENTIAL')
  const shown = async () => (await owner.query('SELECT day::text FROM kept.past ORDER BY day')).rows
  const before = await shown()
  await owner.query(`SET TimeZone = 'Pacific/Pago_Pago'`)
  await owner.query(`SELECT pgstream.refresh_stream_table('kept.past')`)
  expect(await shown()).toEqual(before)
  await owner.end()
  await client.query(`SELECT pgstream.drop_stream_table('kept.past')`)
  await client.query('DROP OWNED BY timekeeper CASCADE; DROP ROLE timekeeper')
})

test('one that crosses among many, or is counted otherwise from now on, is found by an index', async () => {
  const { client } = database
  await client.query(`
    CREATE TABLE many (id int PRIMARY KEY, at timestamptz);
    INSERT INTO many SELECT i, now() + i * interval '1 minute' FROM generate_series(-50000, 50000) AS i;
    CREATE INDEX ON many (at);
    ANALYZE many;
    SELECT pgstream.create_stream_table('lately', $$SELECT id FROM many WHERE at > now() - interval '1 hour'$$, '1h', 'DIFFERENTIAL');
    SELECT pgstream.create_stream_table('counted', $$SELECT id % 100 AS k, count(*) FILTER (WHERE at > now() - interval '1 hour') AS n FROM many GROUP BY 1$$, '1h', 'DIFFERENTIAL');
  `)
  // Statements of their own: what one statement writes after it has refreshed makes the next refresh compute anew.
  await client.query(
    `INSERT INTO many VALUES (100000, clock_timestamp() - interval '1 hour' + interval '0.2 seconds')`,
  )
  const names = ['lately', 'counted']
  for (const name of names) await client.query('SELECT pgstream.refresh_stream_table($1)', [name])
  await client.query('SELECT pg_sleep(0.3)')
  const read = async () =>
    (
      await client.query(`SELECT seq_scan::int, idx_tup_fetch::int AS fetched
      FROM pg_stat_xact_user_tables WHERE relname = 'many'`)
    ).rows[0]
  for (const name of names) {
    await client.query('BEGIN')
    // What earlier transactions of the session have read is in there until it is sent off, once a second.
    const before = await read()
    await client.query('SELECT pgstream.refresh_stream_table($1)', [name])
    const after = await read()
    await client.query('COMMIT')
    expect(after.seq_scan - (before?.seq_scan ?? 0), name).toBe(0)
    expect(after.fetched - (before?.fetched ?? 0), name).toBeLessThan(20)
    await expectExact(client, name)
  }
  expect((await client.query('SELECT count(*)::int AS n FROM lately WHERE id = 100000')).rows).toEqual([
    { n: 0 },
  ])
})

test('a change that comes after the look is seen by the guard, which no join is planned by', async () => {
  const { client } = database
  await client.query(`
    CREATE TABLE links (id int PRIMARY KEY, next int, at timestamptz);
    INSERT INTO links SELECT i, i + 1, now() - i * interval '1 minute' FROM generate_series(1, 9) AS i;
    SELECT pgstream.create_stream_table('chained', $$SELECT a.id, d.at, b.at > now() - interval '2 minutes' AS late FROM links a
      JOIN links b ON b.id = a.next JOIN links c ON c.id = b.next JOIN links d ON d.id = c.next
      WHERE greatest(a.at, d.at) > now() - interval '1 hour'$$, '1h', 'DIFFERENTIAL');
    UPDATE pgstream.frontiers SET moment = moment - interval '56 minutes'
    WHERE pgs_id = (SELECT pgs_id FROM pgstream.pgs_stream_tables WHERE pgs_name = 'chained');
  `)
  await client.query('UPDATE links SET next = 1 WHERE id = 9')
  const stored = async () => (await client.query('SELECT * FROM chained ORDER BY id')).rows
  const before = await stored()
  const { rows } = await client.query(`
    SELECT f.pgs_id, pg_snapshot_xmax(f.snapshot)::text AS xmax, pgstream._frontier_ids(f.snapshot, f.own_xid)::text AS ids, f.own_xid, f.own_seq
    FROM pgstream.frontiers f JOIN pgstream.pgs_stream_tables s USING (pgs_id) WHERE s.pgs_name = 'chained'`)
  const { pgs_id: id, xmax, ids, own_xid, own_seq } = rows[0]
  const name = `refresh_${id}_from_time`
  const answer = await client.query(`SELECT * FROM pgstream_state.${name}($1, $2, $3, $4)`, [
    xmax,
    ids,
    own_xid,
    own_seq,
  ])
  expect(answer.rows[0]).toMatchObject({ applied: false, inserted: '0', updated: '0', deleted: '0' })
  expect(await stored()).toEqual(before)
  // A condition over no table counts as one over all that are joined, and any two of these for joined by it.
  const source = await client.query('SELECT prosrc FROM pg_proc WHERE proname = $1', [name])
  expect(source.rows[0].prosrc).toContain('BETWEEN CASE WHEN (SELECT ok FROM guard)')
  expect(source.rows[0].prosrc).not.toMatch(/(WHERE|AND) \(SELECT ok FROM guard\)/)
  expect(await expectExact(client, 'chained')).toBe('DIFFERENTIAL')
})

test.each([
  ['other uses of the time', 'SELECT id, now() AS n FROM event', 'function now() cannot be maintained'],
  ['differences to the time', `SELECT id FROM event WHERE now() - at > interval '1 day'`, 'function now()'],
  ['other stable functions', `SELECT id FROM event WHERE kind = current_user`, 'CURRENT_USER'],
  [
    'the time of the statement',
    'SELECT id FROM event WHERE at < statement_timestamp()',
    'statement_timestamp',
  ],
])('refuses %s', async (_, query, message) => {
  await expect(
    database.client.query(`SELECT pgstream.create_stream_table('no', $1, '1m', 'DIFFERENTIAL')`, [query]),
  ).rejects.toThrow(message)
})
