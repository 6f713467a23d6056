/** What a refresh reads after one changed row does not grow with the tables: every construct, at two sizes. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { CONSTRUCTS, createTables, ONE_ITEM, ONE_OWNER } from '../../bench/constructs.ts'
import { rowsRead } from '../../bench/rows-read.ts'
import { expectEqual, expectExact } from '../oracle/oracle.ts'
import { analyzeStreamTables } from '../support/analyze.ts'
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

/** Of every kind of change one row. */
const CHANGES: readonly ((n: number) => string)[] = [
  ONE_ITEM,
  ONE_OWNER,
  (n) => `UPDATE item SET owner = 1 + owner % 17, bucket = 3 + bucket % 5 WHERE id = ${n}`,
  (n) => `INSERT INTO item (id, owner, bucket, kind, amount, price, label, tags, doc, created)
    SELECT -${n}, owner, bucket, kind, 500, price, label, tags, doc, created + interval '1 second' FROM item WHERE id = ${n}`,
  (n) => `DELETE FROM item WHERE id < 0 AND id <> ${n}`,
]

test.each(Object.entries(CONSTRUCTS))('%s', async (_, { query, change, grows, before, below, after }) => {
  const run = async (size: number, { client }: FreshDatabase) => {
    if (before) await client.query(before)
    await client.query(`SELECT pgstream.create_stream_table('st', $1, '1h', 'DIFFERENTIAL')`, [query])
    await analyzeStreamTables(client)
    const counts: [string, number][] = []
    for (const [i, each] of [change, change, ...CHANGES].entries()) {
      const sql = each(1500 + i)
      await client.query(sql)
      if (below) await client.query('SELECT pgstream.refresh_stream_table($1)', [below])
      const known = await rowsRead(client)
      await client.query(`SELECT pgstream.refresh_stream_table('st')`)
      counts.push([sql, (await rowsRead(client)) - known])
      // The larger one does the same. Where time passes, the two are compared at one moment.
      if (size === SIZES[0]) await (query.includes('now()') ? expectExact : expectEqual)(client, 'st')
    }
    await client.query(`SELECT pgstream.drop_stream_table('st')`)
    if (after) await client.query(after)
    return counts
  }
  const [few = [], many = []] = await Promise.all([...databases].map(([size, each]) => run(size, each)))
  const grown = many
    .map(([sql, rows], i) => [sql, few[i]?.[1] ?? 0, rows] as const)
    .filter(([, least, most]) => most > 2 * least + 150)
  expect(grown.length > 0 ? grown : null).toEqual(grows ? expect.anything() : null)
})
