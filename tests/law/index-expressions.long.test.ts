/**
 * Tables that are looked for by an expression over their columns: recommend_indexes asks for the index, and once it is there a
 * refresh reads a few rows.
 */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { expectEqual } from '../oracle/oracle.ts'
import { analyze } from '../support/analyze.ts'
import { type FreshDatabase, freshDatabase } from '../support/server.ts'
import { rowsRead } from './rows-read.ts'

let database: FreshDatabase

/** Rows that one refresh may read or fetch, of all tables together. */
const FEW = 400

const TABLES = ['users', 'orders', 'days', 'kinds', 'old_kinds']

const CASES: Readonly<Record<string, { readonly query: string; readonly statements: readonly string[] }>> = {
  'a join': {
    query: 'SELECT u.id, o.id AS o FROM users u JOIN orders o ON lower(u.email) = lower(o.email)',
    statements: ['ON public.orders ((lower(email)))', 'ON public.users ((lower(email::text)))'],
  },
  'an outer join by an attribute of a document': {
    query:
      "SELECT o.id, k.name FROM orders o LEFT JOIN kinds k ON (o.attrs ->> 'kind')::integer = k.id AND o.attrs ->> 'size' = k.size",
    statements: ["ON public.orders (((attrs ->> 'kind'::text)::integer), (attrs ->> 'size'::text))"],
  },
  'computed below': {
    query: `SELECT d.day, q.n FROM days d JOIN (SELECT date_trunc('day', at) AS day, id, amount + 1 AS n FROM orders) AS q USING (day)`,
    statements: ["ON public.orders ((date_trunc('day'::text, at)))"],
  },
  exists: {
    query:
      'SELECT u.id FROM users u WHERE NOT EXISTS (SELECT FROM orders o WHERE lower(o.email) = lower(u.email))',
    statements: ['ON public.orders ((lower(email)))', 'ON public.users ((lower(email::text)))'],
  },
  'extremes of groups': {
    query: "SELECT date_trunc('day', at) AS day, max(amount) AS a, count(*) AS n FROM orders GROUP BY 1",
    statements: ["ON public.orders ((date_trunc('day'::text, at)))"],
  },
  'varchar, which has no equality of its own': {
    query: 'SELECT u.id, o.id AS o FROM users u LEFT JOIN orders o ON u.email = o.email',
    statements: ['ON public.orders (email)', 'ON public.users (email)'],
  },
  'a domain': {
    query: 'SELECT u.id, o.id AS o FROM users u JOIN orders o ON u.code = o.code',
    statements: ['ON public.orders (code)', 'ON public.users (code)'],
  },
  'a parent and its child': {
    query: 'SELECT u.id, k.id AS k FROM users u JOIN kinds k ON upper(k.name) = upper(u.email)',
    statements: [
      'ON public.kinds ((upper(name)))',
      'ON public.old_kinds ((upper(name)))',
      'ON public.users ((upper(email::text)))',
    ],
  },
}

const CHANGES = (n: number): readonly string[] => [
  `INSERT INTO orders SELECT 100000 + ${n}, email, at, 900, attrs, code FROM orders WHERE id = ${n}`,
  `UPDATE orders SET amount = amount + 5, email = upper(email) WHERE id = ${n + 1}`,
  `UPDATE users SET email = 'Mail' || ${n + 2} WHERE id = ${n}`,
  `UPDATE days SET day = day + interval '40 days' WHERE id = ${n}`,
  `UPDATE kinds SET name = 'mail' || ${n}, size = '1' WHERE id = ${n}`,
  `DELETE FROM orders WHERE id = ${n + 3}; DELETE FROM users WHERE id = ${n + 4}; INSERT INTO old_kinds VALUES (${n} - 50000, 'mail8', '2')`,
]

beforeAll(async () => {
  database = await freshDatabase()
  await database.client.query(`SET client_min_messages = warning;
    CREATE DOMAIN code AS varchar(20);
    CREATE TABLE users (id int PRIMARY KEY, email varchar(50), code code);
    CREATE TABLE orders (id int PRIMARY KEY, email text, at timestamp NOT NULL, amount numeric, attrs jsonb, code code);
    CREATE TABLE days (id int PRIMARY KEY, day timestamp); CREATE INDEX ON days (day);
    CREATE TABLE kinds (id int PRIMARY KEY, name text, size text); CREATE TABLE old_kinds (PRIMARY KEY (id)) INHERITS (kinds);
    INSERT INTO users SELECT i, CASE WHEN i % 50 > 0 THEN 'mail' || i END, 'c' || i FROM generate_series(1, 20000) AS i;
    INSERT INTO orders SELECT i, CASE WHEN i % 40 > 0 THEN 'MAIL' || i / 2 END, timestamp '2020-01-01' + i * interval '1 hour', i % 100,
      jsonb_build_object('kind', i / 4, 'size', i % 3), 'c' || i / 2 FROM generate_series(1, 20000) AS i;
    INSERT INTO days SELECT i, timestamp '2020-01-01' + i * interval '1 day' FROM generate_series(1, 800) AS i;
    INSERT INTO kinds SELECT i, 'kind' || i, i % 3 FROM generate_series(1, 8000) AS i;
    INSERT INTO old_kinds SELECT -i, 'old' || i, i % 3 FROM generate_series(1, 8000) AS i; ANALYZE`)
})

afterAll(async () => {
  await database?.close()
})

test.each(Object.entries(CASES))('%s', async (label, { query, statements }) => {
  const { client } = database
  await client.query('DROP TABLE IF EXISTS st')
  const advice = async () =>
    (await client.query(`SELECT statement FROM pgstream.recommend_indexes('st')`)).rows.map(({ statement }) =>
      statement.replace('CREATE INDEX CONCURRENTLY ', ''),
    )
  await client.query('SELECT pgstream.create_stream_table($1, $2, $3, $4)', [
    'st',
    query,
    '1h',
    'DIFFERENTIAL',
  ])
  expect((await advice()).sort()).toEqual(statements)
  const { rows: explained } = await client.query(
    `SELECT split_part(value, ': without', 1) AS index FROM pgstream.explain_st('st') WHERE property = 'missing index'`,
  )
  expect(explained.map(({ index }) => `ON ${index}`).sort()).toEqual(statements)
  // An index that is made where rows were updated in place is of no use beside older transactions (pg_index.indcheckxmin).
  await client.query(`VACUUM ${TABLES.join(', ')}`)
  for (const statement of statements) await client.query(`CREATE INDEX ${statement}`)
  expect(await advice()).toEqual([])
  await analyze(client)
  for (const change of CHANGES(100 + 10 * Object.keys(CASES).indexOf(label))) {
    await client.query(change)
    const before = await rowsRead(client, TABLES)
    const { rows } = await client.query(`SELECT pgstream.refresh_stream_table('st') AS action`)
    expect(['DIFFERENTIAL', 'NO_DATA']).toContain(rows[0].action)
    const read = (await rowsRead(client, TABLES)) - before
    expect([change, read < FEW ? 'few' : read]).toEqual([change, 'few'])
    await expectEqual(client, 'st')
  }
  expect(await advice()).toEqual([])
  const { rows } = await client.query(
    `SELECT i.indexrelid::regclass::text AS name FROM pg_index i WHERE NOT i.indisunique AND i.indrelid::regclass::text = ANY ($1) AND i.indrelid <> 'days'::regclass`,
    [TABLES],
  )
  await client.query(`SELECT pgstream.drop_stream_table('st')`)
  for (const { name } of rows) await client.query(`DROP INDEX ${name}`)
})

test('an index on something else does not take the advice away, one on that expression does', async () => {
  const { client } = database
  await client.query(
    'CREATE TABLE boss (id int PRIMARY KEY, mail text, boss int); INSERT INTO boss SELECT i, i, i / 4 FROM generate_series(1, 5000) AS i',
  )
  await client.query(`SELECT pgstream.create_stream_table('same', $1, '1h', 'DIFFERENTIAL')`, [
    'SELECT a.id, b.id AS other FROM boss a JOIN boss b ON lower(a.mail) = lower(b.mail)',
  ])
  const advice = async () =>
    (await client.query(`SELECT columns FROM pgstream.recommend_indexes('same')`)).rows.map(
      ({ columns }) => columns,
    )
  await client.query('CREATE INDEX ON boss (boss); CREATE INDEX ON boss ((boss + 1))')
  expect(await advice()).toEqual([['lower(mail)']])
  await client.query('CREATE INDEX ON boss (lower(mail))')
  expect(await advice()).toEqual([])
  await client.query(`SELECT pgstream.refresh_stream_table('same')`)
  expect(await advice()).toEqual([])
})
