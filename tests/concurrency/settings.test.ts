import { expect, test } from 'vitest'
import { create, refresh, scenes } from './scene.ts'

const scene = scenes()

/** As a session of another person's may be set. */
const STRANGE = `SET bytea_output = 'escape'; SET extra_float_digits = -10; SET TimeZone = 'Pacific/Kiritimati';
  SET DateStyle = 'SQL, DMY'; SET IntervalStyle = 'iso_8601'; SET xmloption = 'document'`

for (const [mode, query] of [
  ['DIFFERENTIAL', 'SELECT id, b::text AS b, f::text AS f FROM t'],
  ['DIFFERENTIAL', 'SELECT b::text || f::text AS k, count(*) AS n FROM t GROUP BY 1'],
  [
    'FULL',
    `SELECT id, at::date AS day, at::text AS t, i::text AS i, b::text AS b, f::text AS f, '01/02/2024'::text::date AS d FROM t`,
  ],
] as const)
  test(`${mode}: whoever refreshes, the settings are those of the definition: ${query}`, async () => {
    const { client, open } = await scene(`SET TimeZone = 'Europe/Berlin'; SET DateStyle = 'ISO, DMY';
      CREATE TABLE t (id int PRIMARY KEY, at timestamptz, i interval, b bytea, f float8);
      INSERT INTO t VALUES (1, '2024-01-01 23:30+00', '1 day 2 hours', '\\x00ff', 0.1)`)
    await create(client, 'st', query, { mode })
    const other = await open()
    await other.query(STRANGE)
    const write = (id: number) =>
      client.query(
        `INSERT INTO t VALUES (${id}, '2024-01-01 23:30+00', '1 day 2 hours', '\\x00ff', 0.1::float8 + 0.2::float8)`,
      )
    const differing = `(TABLE st EXCEPT ALL (${query})) UNION ALL ((${query}) EXCEPT ALL TABLE st)`
    await write(2)
    await refresh(other, 'st')
    expect((await client.query(differing)).rows).toEqual([])
    expect((await other.query(`SELECT * FROM pgstream.verify_stream_table('st')`)).rows).toEqual([])
    // The plan is made anew, and the definition changed, by others too.
    await client.query('ALTER TABLE t RENAME id TO key; ALTER TABLE t RENAME key TO id')
    await write(3)
    await refresh(other, 'st')
    await other.query(`SELECT pgstream.alter_stream_table('st', refresh_mode => $1)`, [
      mode === 'FULL' ? 'AUTO' : 'FULL',
    ])
    await write(4)
    await refresh(other, 'st')
    expect((await client.query(differing)).rows).toEqual([])
    expect((await other.query(`SHOW TimeZone`)).rows).toEqual([{ TimeZone: 'Pacific/Kiritimati' }])
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
