import { expect, test } from 'vitest'
import { expectExact } from '../oracle/oracle.ts'
import { serverVersion } from '../support/server.ts'
import { create, refresh, scenes } from './scene.ts'

const scene = scenes()

/** As a session of another person's may be set. */
const STRANGE = `SET bytea_output = 'escape'; SET extra_float_digits = -10; SET TimeZone = 'Pacific/Kiritimati';
  SET DateStyle = 'SQL, DMY'; SET IntervalStyle = 'iso_8601'; SET xmloption = 'document';
  SET standard_conforming_strings = off; SET escape_string_warning = off; SET quote_all_identifiers = on;
  SET array_nulls = off; SET transform_null_equals = on; SET timezone_abbreviations = 'Australia'`

const TABLE = `
  CREATE TABLE t (id int PRIMARY KEY, at timestamptz, i interval, b bytea, f float8, k text);
  INSERT INTO t VALUES (1, '2024-01-01 23:30+00', '1 day 2 hours', E'\\\\x00ff', 0.1, 'one')`

const write = (id: number) =>
  `INSERT INTO t VALUES (${id}, '2024-01-01 23:30+00', '1 day 2 hours', E'\\\\x00ff', 0.1::float8 + 0.2::float8, 'v${id}')`

const QUERIES: readonly (readonly ['DIFFERENTIAL' | 'FULL', string])[] = [
  ['DIFFERENTIAL', 'SELECT id, b::text AS b, f::text AS f FROM t'],
  ['DIFFERENTIAL', 'SELECT b::text || f::text AS k, count(*) AS n FROM t GROUP BY 1'],
  [
    'DIFFERENTIAL',
    `SELECT id, quote_ident(k) AS q, 'a\\\\b' || k AS t, k ~ '\\\\d' AS r, i = NULL AS n FROM t`,
  ],
  ['DIFFERENTIAL', `SELECT quote_ident(k) AS q, array_agg(k || '{1,NULL}'::text[]) AS a FROM t GROUP BY 1`],
  ['FULL', `SELECT id, '{1,NULL}'::text[] AS a, '{1,NULL}'::text::text[] AS e, quote_ident(k) AS q FROM t`],
  ['FULL', `SELECT id, 'a\n b' AS l, E'q\\\\\\n\\'' || k AS s, 'x\\\\y' AS "na\nme" FROM t`],
  [
    'FULL',
    `SELECT id, at::date AS day, at::text AS t, i::text AS i, b::text AS b, f::text AS f, '01/02/2024'::text::date AS d FROM t`,
  ],
]

for (const [mode, query] of QUERIES)
  test(`${mode}: whoever refreshes, the settings are those of the definition: ${query}`, async () => {
    const { client, open } = await scene(
      `SET TimeZone = 'Europe/Berlin'; SET DateStyle = 'ISO, DMY'; ${TABLE}`,
    )
    await create(client, 'st', query, { mode })
    const other = await open()
    await other.query(STRANGE)
    const differing = `(TABLE st EXCEPT ALL (${query})) UNION ALL ((${query}) EXCEPT ALL TABLE st)`
    await client.query(write(2))
    await refresh(other, 'st')
    expect((await client.query(differing)).rows).toEqual([])
    expect((await other.query(`SELECT * FROM pgstream.verify_stream_table('st')`)).rows).toEqual([])
    // The plan is made anew, and the definition changed, by others too.
    await client.query('ALTER TABLE t RENAME id TO key; ALTER TABLE t RENAME key TO id')
    await client.query(write(3))
    await refresh(other, 'st')
    for (const other_mode of mode === 'FULL' ? ['AUTO', 'FULL'] : ['FULL', 'DIFFERENTIAL']) {
      await other.query(`SELECT pgstream.alter_stream_table('st', refresh_mode => $1)`, [other_mode])
      await client.query(write(other_mode === mode ? 4 : 5))
      await refresh(other, 'st')
      expect((await client.query(differing)).rows).toEqual([])
    }
    expect((await other.query(`SHOW TimeZone`)).rows).toEqual([{ TimeZone: 'Pacific/Kiritimati' }])
    expect((await other.query(`SHOW standard_conforming_strings`)).rows).toEqual([
      { standard_conforming_strings: 'off' },
    ])
  })

for (const [mode, query] of QUERIES)
  test(`${mode}: what a strange session defines stays what it meant, here and where it is exported to: ${query}`, async () => {
    const { schema, client, open } = await scene(TABLE)
    const definer = await open()
    // Fewer digits than all are no setting of a definition.
    await definer.query(`${STRANGE}; RESET extra_float_digits`)
    await create(definer, 'st', query, { mode })
    const differing = `(TABLE st EXCEPT ALL (${query})) UNION ALL ((${query}) EXCEPT ALL TABLE st)`
    await client.query(write(2))
    await refresh(client, 'st')
    expect((await definer.query(differing)).rows).toEqual([])
    await client.query(`SELECT pgstream.alter_stream_table('st', refresh_mode => 'FULL')`)
    await client.query(write(3))
    await refresh(client, 'st')
    expect((await definer.query(differing)).rows).toEqual([])
    const exported = await client.query(`SELECT pgstream.export_definition('st') AS sql`)
    await client.query(`SELECT pgstream.drop_stream_table('st'); ${exported.rows[0].sql}`)
    await client.query(`SET search_path = ${schema}, public`)
    await client.query(write(4))
    await refresh(client, 'st')
    expect((await definer.query(differing)).rows).toEqual([])
  })

test('constants are kept in a style that is read under every other: PostgreSQL does not read all that it writes', async () => {
  const { client, open } = await scene(TABLE)
  const definer = await open()
  await definer.query(
    `SET DateStyle = 'German, YMD'; SET IntervalStyle = 'sql_standard'; SET TimeZone = 'Europe/Dublin'`,
  )
  const query = `SELECT id, DATE '2024-02-03' AS d, i - INTERVAL '-1 year 2 mons -3 days 04:05' AS i, TIMESTAMPTZ '2024-07-03 10:00+02' AS at, at::text AS t FROM t`
  await create(definer, 'st', query, { mode: 'FULL' })
  await client.query(write(2))
  await refresh(client, 'st')
  expect(
    (await definer.query(`(TABLE st EXCEPT ALL (${query})) UNION ALL ((${query}) EXCEPT ALL TABLE st)`)).rows,
  ).toEqual([])
})

test('constants of a virtual generated column mean to every writer what they meant to its maker', async () => {
  const { client, open } = await scene()
  const kind = (await serverVersion(client)) >= 18 ? 'VIRTUAL' : 'STORED'
  await client.query(`SET DateStyle = 'SQL, DMY'; SET IntervalStyle = 'sql_standard'; SET standard_conforming_strings = off;
    SET escape_string_warning = off;
    CREATE TABLE g (id int PRIMARY KEY, d date, s text,
      late boolean GENERATED ALWAYS AS (d > '01/02/2024') ${kind},
      shifted timestamp GENERATED ALWAYS AS (d + interval '-1 2:00:00') ${kind},
      marked text GENERATED ALWAYS AS (s || E'\\\\' || E'\\n') ${kind})`)
  await create(client, 'st', 'SELECT id, late, shifted, marked FROM g')
  const other = await open()
  for (const writer of [client, other]) {
    await writer.query(
      `INSERT INTO g (id, d, s) SELECT coalesce(max(id), 0) + n, date '2024-01-30' + n, 'a' FROM g, generate_series(1, 5) AS n GROUP BY n`,
    )
    await expectExact(client, 'st', { image: true })
    await expectExact(other, 'st', { image: true })
  }
  await other.query(`UPDATE g SET d = d - 1; SET DateStyle = 'ISO, YMD'`)
  await expectExact(other, 'st', { image: true })
})

test('pg_stream.cdc_mode is the capture mode of what is created; one that there is not is refused', async () => {
  const { client } = await scene('CREATE TABLE t (id int PRIMARY KEY)')
  const mode = async () =>
    (await client.query(`SELECT cdc_mode FROM pgstream.stream_tables_info WHERE pgs_relid = 'st'::regclass`))
      .rows[0].cdc_mode
  for (const [given, kept] of [
    ['TRIGGER', 'trigger'],
    ['auto', 'auto'],
    ['', 'auto'],
  ]) {
    await client.query(`SELECT set_config('pg_stream.cdc_mode', $1, false)`, [given])
    await create(client, 'st', 'SELECT id FROM t')
    expect(await mode()).toBe(kept)
    await client.query(`SELECT pgstream.drop_stream_table('st')`)
  }
  for (const [given, code, message] of [
    ['wal', '0A000', 'cdc_mode wal is not supported'],
    ['zz', '22023', 'invalid cdc_mode: "zz"'],
  ]) {
    await client.query(`SELECT set_config('pg_stream.cdc_mode', $1, false)`, [given])
    await expect(create(client, 'st', 'SELECT id FROM t')).rejects.toMatchObject({ code, message })
    await client.query('RESET pg_stream.cdc_mode')
    await create(client, 'st', 'SELECT id FROM t')
    await expect(
      client.query(`SELECT pgstream.alter_stream_table('st', cdc_mode => $1)`, [given]),
    ).rejects.toMatchObject({ code, message })
    await client.query(`SELECT pgstream.drop_stream_table('st')`)
  }
})
