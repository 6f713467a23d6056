/** What a refresh reads after one changed row does not grow with the tables: every construct, at two sizes. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { CONSTRUCTS, createTables, ONE_ITEM, ONE_OWNER } from '../../bench/constructs.ts'
import { rowsRead } from '../../bench/rows-read.ts'
import { expectEqual } from '../oracle/oracle.ts'
import { type FreshDatabase, freshDatabase } from '../support/server.ts'

const SIZES = [2000, 20_000] as const

const databases = new Map<number, FreshDatabase>()

beforeAll(async () => {
  for (const size of SIZES) {
    const database = await freshDatabase()
    databases.set(size, database)
    await createTables(database.client, size)
  }
}, 120_000)

afterAll(async () => {
  for (const database of databases.values()) await database.close()
})

test.each(Object.entries(CONSTRUCTS))('%s', async (_, construct) => {
  const changes = [
    construct.change,
    ONE_ITEM,
    ONE_OWNER,
    (n: number) => `UPDATE item SET owner = 1 + owner % 17, bucket = 3 + bucket % 5 WHERE id = ${n}`,
    (n: number) => `INSERT INTO item (id, owner, bucket, kind, amount, price, label, tags, doc, created)
      SELECT -${n}, owner, bucket, kind, 500, price, label, tags, doc, created + interval '1 second' FROM item WHERE id = ${n}`,
    (n: number) => `DELETE FROM item WHERE id = ${n === 0 ? 0 : -n}`,
  ]
  const read = new Map<string, number[]>()
  for (const [size, { client }] of databases) {
    const few = size === SIZES[0]
    if (construct.before) await client.query(construct.before)
    await client.query(`SELECT pgstream.create_stream_table('st', $1, '1h', 'DIFFERENTIAL')`, [
      construct.query,
    ])
    await client.query('ANALYZE')
    for (const [i, change] of changes.entries()) {
      const rows: number[] = []
      for (const n of [1500, 1501]) {
        await client.query(change(n))
        if (construct.below) await client.query(`SELECT pgstream.refresh_stream_table($1)`, [construct.below])
        const before = await rowsRead(client)
        await client.query(`SELECT pgstream.refresh_stream_table('st')`)
        rows.push((await rowsRead(client)) - before)
        if (few) await expectEqual(client, 'st')
      }
      const label = `${i}: ${change(1500)}`
      read.set(label, [...(read.get(label) ?? []), Math.max(...rows)])
    }
    await client.query(`SELECT pgstream.drop_stream_table('st')`)
    if (construct.after) await client.query(construct.after)
  }
  if (construct.grows) return
  const grown = [...read].filter(([, [few = 0, many = 0]]) => many > 2 * few + 100)
  expect(grown).toEqual([])
})
