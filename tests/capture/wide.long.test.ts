import { beforeEach, describe, expect, test } from 'vitest'
import { expectExact } from '../oracle/oracle.ts'
import { type FreshDatabase, freshDatabase } from '../support/server.ts'

let db: FreshDatabase

beforeEach(async () => {
  db = await freshDatabase()
  return () => db.close()
})

async function wideTable(columns: number): Promise<void> {
  const rest = Array.from({ length: columns - 1 }, (_, i) => `c${i + 2} int`)
  await db.client.query(`CREATE TABLE wide (id int PRIMARY KEY, ${rest.join(', ')})`)
}

async function create(mode = 'AUTO'): Promise<string> {
  await db.client.query(
    `SELECT pgstream.create_stream_table('copied', 'SELECT * FROM wide', '1h', '${mode}')`,
  )
  const { rows } = await db.client.query<{ strategy: string }>(
    `SELECT strategy FROM pgstream.pgs_stream_tables WHERE pgs_name = 'copied'`,
  )
  return rows[0]?.strategy ?? ''
}

describe('a source of many columns', () => {
  test('is captured, though its buffer has no room to pack all of them', async () => {
    await wideTable(800)
    expect(await create()).toBe('DIFFERENTIAL')
    for (const change of [
      'INSERT INTO wide (id, c2, c800) SELECT i, i, i FROM generate_series(1, 1500) AS i',
      'UPDATE wide SET c300 = id, c301 = -id WHERE id <= 1200',
    ]) {
      await db.client.query(change)
      await expectExact(db.client, 'copied')
    }
    expect((await db.client.query(`SELECT FROM pgstream.verify_stream_table('copied')`)).rowCount).toBe(0)
  })

  test('of more than 1,250 is recomputed, with the reason', async () => {
    await wideTable(1600)
    await expect(create('DIFFERENTIAL')).rejects.toMatchObject({
      code: '0A000',
      detail: 'more than 1,250 columns of "wide" are read.',
    })
    expect(await create()).toBe('FULL')
    await db.client.query('INSERT INTO wide (id, c1600) VALUES (1, 2)')
    await db.client.query(`SELECT pgstream.refresh_stream_table('copied')`)
    expect((await db.client.query('SELECT id, c1600 FROM copied')).rows).toEqual([{ id: 1, c1600: 2 }])
    expect((await db.client.query(`SELECT FROM pgstream.verify_stream_table('copied')`)).rowCount).toBe(0)
  })

  test('of which two stream tables read too many together is recomputed for the second', async () => {
    await wideTable(1400)
    const some = (from: number, to: number) =>
      Array.from({ length: to - from }, (_, i) => `c${from + i}`).join(', ')
    for (const [name, columns] of [
      ['low', some(2, 702)],
      ['high', some(702, 1400)],
    ] as const)
      await db.client.query(
        `SELECT pgstream.create_stream_table('${name}', 'SELECT id, ${columns} FROM wide', '1h')`,
      )
    const { rows } = await db.client.query(
      'SELECT pgs_name, strategy FROM pgstream.pgs_stream_tables ORDER BY 1',
    )
    expect(rows).toEqual([
      { pgs_name: 'high', strategy: 'FULL' },
      { pgs_name: 'low', strategy: 'DIFFERENTIAL' },
    ])
  })
})

test('the first refresh of a join of eleven tables is planned in little time', async () => {
  const dims = Array.from({ length: 10 }, (_, i) => `d${i}`)
  await db.client.query(`CREATE TABLE f (id int PRIMARY KEY, ${dims.map((d) => `${d} int`).join(', ')})`)
  await db.client.query(
    `INSERT INTO f SELECT i, ${dims.map(() => 'i % 5').join(', ')} FROM generate_series(1, 100) AS i`,
  )
  for (const d of dims)
    await db.client.query(
      `CREATE TABLE ${d} (id int PRIMARY KEY, n text); INSERT INTO ${d} SELECT i, 'n' || i FROM generate_series(0, 4) AS i`,
    )
  const query = `SELECT f.id, ${dims.map((d) => `${d}.n AS ${d}`).join(', ')} FROM f ${dims.map((d) => `JOIN ${d} ON ${d}.id = f.${d}`).join(' ')}`
  await db.client.query(`SELECT pgstream.create_stream_table('star', '${query}', '1h')`)
  await db.client.query(
    `UPDATE f SET d3 = 0 WHERE id < 5; UPDATE d1 SET n = 'x' WHERE id = 1; UPDATE d2 SET n = 'y'`,
  )
  // All orders of all terms take 25 s on the machine on which it was found, these 0.3 s.
  await db.client.query(`SET statement_timeout = '10s'`)
  await expectExact(db.client, 'star')
})
