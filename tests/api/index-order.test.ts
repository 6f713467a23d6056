/** recommend_indexes goes by where ORDER BY puts NULLs: an index in another order does not serve. */
import { expect, test } from 'vitest'
import { withClient } from '../support/server.ts'

test('the index for first rows has their order, NULLs too', async () => {
  await withClient(async (client) => {
    await client.query(`
      CREATE TABLE bids (id int PRIMARY KEY, item int NOT NULL, price int NOT NULL);
      CREATE INDEX ON bids (price);
      CREATE INDEX ON bids (item, price DESC NULLS LAST);
      SELECT pgstream.create_stream_table('last_nulls', 'SELECT id FROM bids ORDER BY price DESC NULLS LAST LIMIT 3');
      SELECT pgstream.create_stream_table('plain', 'SELECT id FROM bids ORDER BY price DESC LIMIT 3');
      SELECT pgstream.create_stream_table('highest', 'SELECT DISTINCT ON (item) item, id FROM bids ORDER BY item, price DESC')`)
    const advice = async (name: string) =>
      (
        await client.query(
          `SELECT statement, (SELECT string_agg(value, '; ') FROM pgstream.explain_st($1) WHERE property = 'missing index') AS explained
           FROM pgstream.recommend_indexes($1)`,
          [name],
        )
      ).rows
    expect(await advice('last_nulls')).toEqual([
      {
        statement: 'CREATE INDEX CONCURRENTLY ON public.bids (price DESC NULLS LAST)',
        explained:
          'public.bids (price DESC NULLS LAST): without it the table is read whole for its first rows',
      },
    ])
    expect(await advice('plain')).toEqual([])
    expect(await advice('highest')).toEqual([
      {
        statement: 'CREATE INDEX CONCURRENTLY ON public.bids (item, price)',
        explained: 'public.bids (item, price): without it a group is read whole for its first rows',
      },
    ])
    await client.query(`
      CREATE INDEX ON bids (price NULLS FIRST);
      CREATE INDEX ON bids (item, price);
      SELECT pgstream.create_stream_table('also', 'SELECT id FROM bids ORDER BY price DESC NULLS LAST LIMIT 4')`)
    for (const name of ['last_nulls', 'also', 'highest']) expect(await advice(name)).toEqual([])
  })
})
