import { afterAll, beforeAll, test } from 'vitest'
import { expectExactWhenQuiet } from '../oracle/oracle.ts'
import { type FreshDatabase, freshDatabase, serverVersion } from '../support/server.ts'

/** A unique key of a source is made anew in another sense, in one command: what relied on it has another plan. */
let databases: { readonly watched: FreshDatabase; readonly unwatched: FreshDatabase }

beforeAll(async () => {
  databases = { watched: await freshDatabase(), unwatched: await freshDatabase({ watched: false }) }
})
afterAll(async () => {
  for (const db of Object.values(databases)) await db.close()
})

interface Exchange {
  readonly name: string
  readonly columns: string
  readonly was: string
  readonly is: string
  /** What only the new one lets in, beside (1, 1, 'a'), (NULL, 2, 'b'). */
  readonly rows: string
  readonly before?: string
  readonly since?: number
}

const EXCHANGES: readonly Exchange[] = [
  {
    name: 'NULLS NOT DISTINCT, then distinct',
    columns: 'a int, b int NOT NULL, c text',
    was: 'CONSTRAINT k UNIQUE NULLS NOT DISTINCT (a)',
    is: 'ALTER TABLE t DROP CONSTRAINT k, ADD CONSTRAINT k UNIQUE (a)',
    before: `, (NULL, 3, 'c')`,
    rows: `(NULL, 4, 'd')`,
  },
  {
    name: 'a second column that was only included',
    columns: 'a int, b int NOT NULL, c text NOT NULL',
    was: 'CONSTRAINT k UNIQUE (b) INCLUDE (c)',
    is: 'ALTER TABLE t DROP CONSTRAINT k, ADD CONSTRAINT k UNIQUE (b, c)',
    rows: `(3, 1, 'x')`,
  },
  {
    name: 'another collation',
    columns: 'a int, b int, c text COLLATE case_blind NOT NULL',
    was: '(c)',
    is: 'BEGIN; DROP INDEX k; CREATE UNIQUE INDEX k ON t (c COLLATE "C"); COMMIT',
    rows: `(3, 3, 'A'), (4, 4, 'B')`,
  },
  {
    name: 'NOT NULL, then not valid',
    columns: 'a int CONSTRAINT filled NOT NULL, b int, c text',
    was: 'CONSTRAINT k UNIQUE (a)',
    is: `BEGIN; ALTER TABLE t ALTER a DROP NOT NULL; INSERT INTO t VALUES (NULL, 7, 'c'), (NULL, 7, 'c');
      ALTER TABLE t ADD CONSTRAINT filled NOT NULL a NOT VALID; COMMIT`,
    rows: `(3, 3, 'A'), (4, 4, 'B')`,
    since: 18,
  },
]

for (const [i, { name, columns, was, is, rows, before = '', since = 15 }] of EXCHANGES.entries())
  for (const watched of [true, false])
    test(`${name}, ${watched ? 'watched' : 'unwatched'}`, async ({ skip }) => {
      const client = await (watched ? databases.watched : databases.unwatched).connect()
      if ((await serverVersion(client)) < since) skip()
      await client.query(`CREATE SCHEMA s${i}; SET search_path = s${i};
        CREATE COLLATION case_blind (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
        CREATE TABLE t (${columns})`)
      const make = (key: string) =>
        key.startsWith('(') ? `CREATE UNIQUE INDEX k ON t ${key}` : `ALTER TABLE t ADD ${key}`
      await client.query(make(was))
      await client.query(`INSERT INTO t (a, b, c) VALUES (1, 1, 'a'), (2, 2, 'b')${before}`)
      const queries = {
        plain: 'SELECT a, b, c FROM t',
        joined:
          'SELECT t.a, t.b, t.c, x.b AS other FROM t LEFT JOIN t AS x ON x.b = t.b AND x.c IS NOT DISTINCT FROM t.c',
      }
      for (const [table, query] of Object.entries(queries))
        await client.query(
          `SELECT pgstream.create_stream_table('${table}', '${query}', '1h', 'DIFFERENTIAL')`,
        )
      await client.query(is)
      await client.query(`INSERT INTO t (a, b, c) VALUES ${rows}`)
      for (const table of Object.keys(queries)) await expectExactWhenQuiet(client, table, { image: true })
      await client.query(`DELETE FROM t WHERE b = 3; UPDATE t SET b = b + 10 WHERE b < 3`)
      for (const table of Object.keys(queries)) await expectExactWhenQuiet(client, table, { image: true })
    })
