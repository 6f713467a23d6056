/**
 * So long after a moment is the same moment in every time zone; a day after it is not. What is written by a format is the same in
 * every locale, unless the format asks for names.
 */
import { expect, test } from 'vitest'
import { expectExact } from '../oracle/oracle.ts'
import { create, scenes } from './scene.ts'

const scene = scenes()

const SETUP = `CREATE TABLE ev (id int PRIMARY KEY, dev int, at timestamptz, v float8, wait interval);
  CREATE INDEX ON ev (dev, at);
  INSERT INTO ev SELECT i, i % 7, '2024-03-30 20:00+00'::timestamptz + i * interval '11 min', i % 97, '5 min' FROM generate_series(1, 200) AS i`

const QUERIES: readonly string[] = [
  `SELECT id, at + interval '90 minutes' AS a, at - interval '0.5' second AS b, interval '-3 hours' + at AS c, at + interval '25:00' AS d FROM ev`,
  `SELECT id, at + v * interval '1 second' - interval '1 hour' * 2 / 3 + -interval '1 min' AS a FROM ev`,
  `SELECT id, date_add(at, '3 hours') AS a, date_subtract(at, '90 min') AS b FROM ev`,
  `SELECT id, at + make_interval(mins => 5, secs => v) AS a, at + make_interval(0, 0, 0, 0, id, 3) AS b, at + make_interval(days => 0, hours => 1) AS c FROM ev`,
  `SELECT id, extract(epoch FROM at) AS a, date_part('epoch', at) AS b FROM ev`,
  `SELECT a.id, count(b.id) AS n FROM ev a LEFT JOIN ev b ON b.dev = a.dev AND b.at > a.at AND b.at <= a.at + interval '2 hours' GROUP BY a.id`,
  `SELECT dev, at - place * interval '11 min' AS island, count(*) AS n FROM (SELECT *, row_number() OVER (PARTITION BY dev ORDER BY at) AS place FROM ev) AS e GROUP BY 1, 2`,
  `SELECT id, moment FROM ev, generate_series(at, at + interval '3 hours', interval '1 hour') AS moment WHERE id % 9 = 0`,
]

test.each(QUERIES)('%s', async (query) => {
  const { client, open } = await scene(SETUP)
  const { rows } = await client.query(`SELECT current_setting('server_version_num')::int AS version`)
  if (query.includes('date_add') && rows[0].version < 160000) return
  await client.query(`SET TimeZone = 'Europe/Berlin'`)
  await create(client, 'sums', query)
  const other = await open()
  await other.query(`SET TimeZone = 'America/New_York'`)
  for (const change of [
    `UPDATE ev SET at = at + interval '1 hour', v = v + 0.5 WHERE id % 10 = 3`,
    `DELETE FROM ev WHERE id % 11 = 0; INSERT INTO ev VALUES (1000, 3, '2024-10-27 00:30+00', 7), (1001, 3, NULL, NULL), (1002, 3, 'infinity', 1) `,
    `UPDATE ev SET dev = 1, at = '2024-03-31 01:00+01' WHERE id IN (1000, 5)`,
    'DELETE FROM ev WHERE id = 1002',
  ]) {
    if (query.includes('moment') && change.includes('infinity')) continue
    await other.query(change)
    expect(['DIFFERENTIAL', 'NO_DATA']).toContain(await expectExact(other, 'sums'))
    await client.query('UPDATE ev SET v = v + 1 WHERE id = 7')
    await expectExact(client, 'sums')
  }
})

test.each([
  `SELECT at - interval '1 day' AS a FROM ev`,
  'SELECT at + wait AS a FROM ev',
  'SELECT at + make_interval(days => 1) AS a FROM ev',
  'SELECT at + make_interval(0, 0, 0, id) AS a FROM ev',
  `SELECT at + (interval '1 hour' + wait) AS a FROM ev`,
  `SELECT at + (at - at) AS a FROM ev`,
  `SELECT at + justify_hours(interval '25 hours') AS a FROM ev`,
  `SELECT at + interval '1 month 1 hour' AS a FROM ev`,
])('refused: %s', async (query) => {
  const { client } = await scene(SETUP)
  await expect(create(client, 'sums', query)).rejects.toMatchObject({
    message: /operator [-+] cannot be maintained incrementally/,
    hint: expect.stringContaining(`interval '24 hours'`),
  })
})

test.each([
  `SELECT to_char(at AT TIME ZONE 'UTC', 'YYYY-MM Day') AS a FROM ev`,
  `SELECT to_char(wait, 'HH24:MI') AS a, to_char(v, 'FM999,990.00') AS b, to_char(id, '0000') AS c, to_char(v::numeric, '9.99MI') AS d FROM ev`,
  `SELECT to_date(to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD'), 'YYYY-MM-DD') AS day, count(*) AS n FROM ev GROUP BY 1`,
  `SELECT to_number(id::text, '9999') AS n, to_char(id::smallint, '99') AS s FROM ev`,
  `SELECT to_char(v, 'FM$999,990.0%') AS a, to_char(id, 'FMRN') AS b, to_char(id, '999th') AS c, to_char(v, 'FM990" locals"') AS d, to_char(v, '9.99EEEE') AS e FROM ev`,
  `SELECT to_char(at AT TIME ZONE 'UTC', 'FMDDth "of" Month IYYY-IW J RM Q BC') AS a FROM ev`,
])('by a format: %s', async (query) => {
  const { client, open } = await scene(SETUP)
  await create(client, 'sums', query)
  const other = await open()
  await other.query(
    `SET lc_time = 'C'; SET lc_numeric = 'C'; SET TimeZone = 'Asia/Kolkata'; SET DateStyle = 'German'`,
  )
  for (let round = 0; round < 3; round++) {
    await other.query(
      `UPDATE ev SET at = at + interval '25 hours', v = v * 1.5, wait = wait * 2 WHERE id % 3 = ${round}`,
    )
    expect(await expectExact(other, 'sums')).toMatch(/DIFFERENTIAL|NO_DATA/)
  }
})

test.each([
  ['SELECT extract(hour FROM at) AS a FROM ev', 'AT TIME ZONE'],
  [`SELECT to_char(at, 'YYYY-MM') AS a FROM ev`, 'AT TIME ZONE'],
  [`SELECT id FROM ev WHERE at >= date '2024-01-01'`, 'AT TIME ZONE'],
  [`SELECT date_trunc('month', date '2024-01-01' + id) AS a FROM ev`, 'day::timestamp'],
  [`SELECT to_char(date '2024-01-01' + id, 'YYYY-MM') AS a FROM ev`, 'day::timestamp'],
  [`SELECT at::text AS a FROM ev`, 'to_char'],
  [`SELECT (at AT TIME ZONE 'UTC')::text AS a FROM ev`, 'to_char'],
  [`SELECT (id::text)::date AS a FROM ev`, 'to_date'],
  [`SELECT (id::text)::timestamptz AS a FROM ev`, 'IMMUTABLE'],
  [
    `SELECT id FROM ev WHERE to_tsvector(id::text) @@ plainto_tsquery('english', 'x')`,
    `to_tsvector('english'`,
  ],
  [`SELECT to_char(at AT TIME ZONE 'UTC', 'TMDay') AS a FROM ev`, 'arguments only'],
  [`SELECT to_char(v, '9D9') AS a FROM ev`, 'arguments only'],
  [`SELECT to_char(v, wait::text) AS a FROM ev`, 'arguments only'],
  [`SELECT to_char(v, 'S999') AS a FROM ev`, 'arguments only'],
])('%s says what else', async (query, hint) => {
  const { client } = await scene(SETUP)
  await expect(create(client, 'sums', query)).rejects.toMatchObject({ hint: expect.stringContaining(hint) })
})

test.each([
  `SELECT dev, at - place * interval '11 min' AS island, min(at) AS a, max(at) AS b FROM (SELECT *, row_number() OVER (PARTITION BY dev ORDER BY at) AS place FROM ev) AS e GROUP BY 1, 2`,
  `SELECT to_date(day, 'YYYY-MM-DD') AS day, max(n) AS n FROM (SELECT to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD') AS day, count(*) AS n FROM ev GROUP BY 1) AS q GROUP BY 1`,
  'SELECT extract(epoch FROM at) AS e, max(n) AS n FROM (SELECT at, count(*) AS n FROM ev GROUP BY at) AS q GROUP BY 1',
  `SELECT dev, at FROM (SELECT dev, max(at) AS at FROM ev GROUP BY dev) AS q ORDER BY at + interval '1 hour', dev LIMIT 2`,
  'SELECT mood::text::mood AS m, max(n) AS n FROM (SELECT mood, count(*) AS n FROM felt GROUP BY 1) AS q GROUP BY 1',
])('what PostgreSQL makes no index on, over what is stored: %s', async (query) => {
  const { client } = await scene(`${SETUP}; CREATE TYPE mood AS ENUM ('sad', 'ok');
    CREATE TABLE felt (id int PRIMARY KEY, mood mood); INSERT INTO felt SELECT i, CASE WHEN i % 3 = 0 THEN 'ok'::mood ELSE 'sad' END FROM generate_series(1, 200) AS i`)
  await create(client, 'st', query)
  for (const change of [
    `UPDATE ev SET at = at + interval '25 hours' WHERE id % 10 = 3; UPDATE felt SET mood = 'ok' WHERE id % 10 = 4`,
    'DELETE FROM ev WHERE id % 11 = 0; DELETE FROM felt WHERE id % 7 = 0',
    `INSERT INTO ev SELECT id + 1000, dev, at, v, wait FROM ev; UPDATE felt SET mood = NULL WHERE id % 5 = 1`,
  ]) {
    await client.query(change)
    expect(await expectExact(client, 'st')).toBe('DIFFERENTIAL')
  }
})

test.each([
  [`SELECT a.id, b.id AS o FROM ev a JOIN ev b ON b.at = a.at + interval '11 min'`, ['(at)']],
  [`SELECT id FROM ev WHERE at + interval '1 hour' > now()`, ['(at)']],
  [
    `SELECT id FROM ev WHERE now() - interval '1 hour' >= at - interval '2 hours' + interval '1 sec'`,
    ['(at)'],
  ],
  [`SELECT id FROM ev WHERE at + v * interval '1 hour' > now()`, []],
  [`SELECT to_char(at AT TIME ZONE 'UTC', 'YYYY-MM') AS m, max(v) AS n FROM ev GROUP BY 1`, []],
  [`SELECT a.id, b.id AS o FROM ev a JOIN ev b ON concat(a.dev, '-') = concat(b.id, '-')`, []],
] as const)('no index is asked for that PostgreSQL makes none on: %s', async (query, columns) => {
  const { client } = await scene(SETUP.replace(/CREATE INDEX[^;]*;/, ''))
  await create(client, 'st', query)
  const { rows } = await client.query(`SELECT statement FROM pgstream.recommend_indexes('st')`)
  expect(rows.map(({ statement }) => /\(.*/.exec(statement)?.[0])).toEqual(columns)
  for (const { statement } of rows) await client.query(statement)
})

test('what is compared with the time so long after it', async () => {
  const { client } = await scene(SETUP)
  await create(
    client,
    'st',
    `SELECT id FROM ev WHERE at + interval '1 hour' - interval '10 min' > now() - interval '1 min'`,
  )
  await create(client, 'shown', `SELECT id, interval '30 min' + at <= now() AS over FROM ev`)
  await client.query(
    `INSERT INTO ev SELECT 5000 + i, 1, now() - interval '51 min' + i * interval '300 ms' FROM generate_series(1, 5) AS i
     UNION ALL SELECT 6000 + i, 1, now() - interval '30 min' + i * interval '300 ms' FROM generate_series(1, 5) AS i
     UNION ALL SELECT 7000, 1, 'infinity' UNION ALL SELECT 7001, 1, NULL`,
  )
  for (let round = 0; round < 6; round++) {
    expect(await expectExact(client, 'st')).toMatch(/DIFFERENTIAL|NO_DATA/)
    expect(await expectExact(client, 'shown')).toMatch(/DIFFERENTIAL|NO_DATA/)
    await client.query('SELECT pg_sleep(0.3)')
  }
})
