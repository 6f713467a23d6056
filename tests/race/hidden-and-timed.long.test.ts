/**
 * What is decided outside of the rows, with writers beside the refreshes: whom policies of row-level security concern, while roles
 * come to be concerned and cease to be, and which spans of time rows lie in, while time passes.
 */
import type pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { expectEqual, expectExact } from '../oracle/oracle.ts'
import { type FreshDatabase, freshDatabase } from '../support/server.ts'
import { sayWhoWaits } from './hang.ts'

let database: FreshDatabase
let keeper: string
let owner: string
let writer: string

beforeAll(async () => {
  database = await freshDatabase()
  ;[keeper, owner, writer] = ['keeper', 'owner', 'writer'].map((role) => `${role}_${database.name}`) as [
    string,
    string,
    string,
  ]
  await database.client.query(`CREATE ROLE ${keeper}; CREATE ROLE ${owner} LOGIN IN ROLE ${keeper}; CREATE ROLE ${writer} LOGIN;
    GRANT CREATE ON SCHEMA public TO ${owner};
    CREATE TABLE kinds (id int PRIMARY KEY, name text);
    CREATE TABLE docs (id int PRIMARY KEY, tenant text, kind int, v int);
    ALTER TABLE kinds OWNER TO ${keeper}; ALTER TABLE docs OWNER TO ${keeper};
    INSERT INTO kinds SELECT i, 'k' || i % 4 FROM generate_series(1, 20) AS i;
    INSERT INTO docs SELECT i, CASE WHEN i % 3 = 0 THEN '${writer}' ELSE 'other' END, i % 20, i FROM generate_series(1, 300) AS i;
    ALTER TABLE docs ENABLE ROW LEVEL SECURITY;
    CREATE POLICY own ON docs USING (tenant = current_user OR v % 7 = 0) WITH CHECK (true);
    GRANT ALL ON docs, kinds TO ${writer}; GRANT SELECT, TRIGGER ON docs, kinds TO ${owner};
    CREATE TABLE ev (id int PRIMARY KEY, dev int, at timestamptz); CREATE INDEX ON ev (dev, at); CREATE INDEX ON ev (at);
    INSERT INTO ev SELECT i, i % 9, now() + (i - 150) * interval '0.1 s' FROM generate_series(1, 400) AS i`)
})

afterAll(async () => {
  for (const role of [owner, keeper, writer])
    await database.client.query(`DROP OWNED BY ${role} CASCADE; DROP ROLE ${role}`)
  await database.close()
})

/** Goes on until `isOver`; two writers may meet in two rows. */
async function write(
  client: pg.Client,
  isOver: () => boolean,
  change: (k: number) => string,
  from: number,
): Promise<number> {
  let committed = 0
  for (let k = from; !isOver(); k++)
    try {
      await client.query(`BEGIN; ${change(k)}; COMMIT`)
      committed++
    } catch (error) {
      await client.query('ROLLBACK')
      if (!['40P01', '40001', '23505'].includes((error as { code?: string }).code ?? '')) throw error
    }
  return committed
}

/** As the look that refreshes have once a second; one of theirs may come between its rows. */
async function look(admin: pg.Client): Promise<void> {
  for (let isOver = false; !isOver; )
    isOver = await admin.query('UPDATE pgstream._catalog_looks SET looked_at = NULL').then(
      () => true,
      (error) => {
        if (error.code !== '40P01') throw error
        return false
      },
    )
}

/** What is to be filled anew is, in a transaction of its own; then it is compared. */
async function exactOf(client: pg.Client, name: string): Promise<string> {
  for (;;)
    try {
      return await expectExact(client, name)
    } catch (error) {
      // Two that plan anew, a stream table and what reads it, may wait for each other: one of them is to try again.
      if (!/cannot be filled in a repeatable read transaction|deadlock detected/.test(String(error)))
        throw error
      await client.query('SELECT pgstream.refresh_stream_table($1)', [name]).catch((met) => {
        if (met.code !== '40P01') throw met
      })
    }
}

const HIDDEN: Readonly<Record<string, string>> = {
  sums: 'SELECT tenant, count(*) AS n, sum(v) AS s, max(v) AS m FROM docs GROUP BY tenant',
  named: 'SELECT d.id, d.v, k.name FROM docs d LEFT JOIN kinds k ON k.id = d.kind',
  empty_kinds: 'SELECT k.id FROM kinds k WHERE NOT EXISTS (SELECT FROM docs d WHERE d.kind = k.id)',
  over_sums: 'SELECT n % 2 AS odd, sum(s) AS s FROM sums GROUP BY n % 2',
}

test('roles that policies come to concern and cease to', async () => {
  const { client: admin } = database
  const reader = await database.connect(owner)
  for (const [name, query] of Object.entries(HIDDEN))
    await reader.query(`SELECT pgstream.create_stream_table($1, $2, '1h', 'AUTO')`, [name, query])
  const names = Object.keys(HIDDEN)
  const actions = new Map<string, number>()
  const stop = sayWhoWaits(await database.connect(), 120_000)
  let isOver = false
  const change = (
    k: number,
  ) => `INSERT INTO docs VALUES (${k} + 1000, CASE WHEN ${k} % 2 = 0 THEN current_user::text ELSE 'late' END, ${k} % 20, ${k} % 50) ON CONFLICT DO NOTHING;
    UPDATE docs SET v = v + 7, kind = (kind + ${k}) % 21 WHERE id % 50 = ${k % 50};
    DELETE FROM docs WHERE id % 97 = ${k % 97} AND v % 3 = 0; UPDATE kinds SET name = 'k' || ${k % 5} WHERE id = ${k % 20}`
  const writers = [1, 2, 3].map(async (own) =>
    write(await database.connect(writer), () => isOver, change, own * 100_000),
  )
  // Refreshes as it comes, in the middle of what changes the roles.
  const refresher = (async () => {
    const client = await database.connect(owner)
    while (!isOver)
      for (const name of names)
        await client.query('SELECT pgstream.refresh_stream_table($1)', [name]).catch((error) => {
          expect([name, error.message, error.code]).toEqual([
            name,
            error.message,
            expect.stringMatching(/^(40001|40P01|42501|0A000|55P03)$/),
          ])
        })
  })()
  try {
    for (let round = 0; round < 14; round++) {
      const isHidden = round % 2 === 0
      // By turns each way in which somebody comes to be concerned.
      const [hide, show] =
        round % 4 < 2
          ? [`REVOKE ${keeper} FROM ${owner}`, `GRANT ${keeper} TO ${owner}`]
          : ['ALTER TABLE docs FORCE ROW LEVEL SECURITY', 'ALTER TABLE docs NO FORCE ROW LEVEL SECURITY']
      await admin.query(isHidden ? hide : show)
      for (let time = 0; time < 2; time++)
        for (const name of names) {
          await look(admin)
          const action = await exactOf(reader, name)
          actions.set(action, (actions.get(action) ?? 0) + 1)
        }
    }
  } finally {
    isOver = true
    const committed = await Promise.all(writers)
    await refresher
    stop()
    expect(committed.reduce((sum, each) => sum + each, 0)).toBeGreaterThan(5)
  }
  for (const name of names) {
    await exactOf(reader, name)
    await expectEqual(reader, name)
  }
  // Both ways were gone.
  expect(actions.get('FULL') ?? 0).toBeGreaterThan(0)
  expect(actions.get('DIFFERENTIAL') ?? 0).toBeGreaterThan(0)
})

const TIMED: Readonly<Record<string, string>> = {
  followed: `SELECT a.id, count(b.id) AS n FROM ev a LEFT JOIN ev b
    ON b.dev = a.dev AND b.at > a.at AND b.at <= a.at + interval '2 s' GROUP BY a.id`,
  ended: `SELECT id, dev, at + interval '3 s' AS ends FROM ev WHERE at + interval '3 s' > now()`,
  live: `SELECT dev, count(*) AS n, max(at) AS last FROM ev WHERE now() BETWEEN at AND at + interval '5 s' GROUP BY dev`,
  unseen: `SELECT DISTINCT a.dev FROM ev a WHERE NOT EXISTS
    (SELECT FROM ev b WHERE b.dev = a.dev AND b.at >= now() - interval '1 s' AND b.at < now() + interval '1 s')`,
  islands: `SELECT dev, at - place * interval '1 s' AS island, count(*) AS n
    FROM (SELECT *, row_number() OVER (PARTITION BY dev ORDER BY at, id) AS place FROM ev) AS e GROUP BY 1, 2`,
  seconds: `SELECT extract(epoch FROM at)::bigint / 3 AS part, count(*) AS n FROM ev WHERE at < now() AND isfinite(at) GROUP BY 1`,
}

test('spans of time, while it passes', async () => {
  for (const [name, query] of Object.entries(TIMED))
    await database.client.query(`SELECT pgstream.create_stream_table($1, $2, '1h', 'DIFFERENTIAL')`, [
      name,
      query,
    ])
  const names = Object.keys(TIMED)
  const stop = sayWhoWaits(await database.connect(), 120_000)
  let isOver = false
  const change = (k: number) =>
    `INSERT INTO ev VALUES (${k} + 1000, ${k} % 10, now() + (${k} % 60 - 30) * interval '0.15 s') ON CONFLICT DO NOTHING;
    UPDATE ev SET at = at + (${k} % 7 - 2) * interval '0.7 s', dev = (dev + ${k}) % 10 WHERE id % 40 = ${k % 40};
    UPDATE ev SET at = CASE WHEN at IS NULL THEN clock_timestamp() WHEN id % 5 = 0 THEN 'infinity' END WHERE id % 90 = ${k % 90};
    DELETE FROM ev WHERE id > 1000 AND id % 6 = ${k % 6}`.replace(
      "'infinity'",
      k % 3 === 0 ? "'-infinity'" : "'infinity'",
    )
  const writers = [1, 2, 3, 4].map(async (own) => {
    const client = await database.connect()
    await client.query(`SET TimeZone = '${['UTC', 'Europe/Berlin', 'America/New_York'][own % 3]}'`)
    return write(client, () => isOver, change, own * 100_000)
  })
  const reader = async (order: readonly string[]) => {
    const client = await database.connect()
    for (let round = 0; round < 14; round++)
      for (const name of order) expect(['DIFFERENTIAL', 'NO_DATA']).toContain(await expectExact(client, name))
  }
  try {
    await Promise.all([reader(names), reader([...names].reverse())])
  } finally {
    isOver = true
    const committed = await Promise.all(writers)
    stop()
    expect(committed.reduce((sum, each) => sum + each, 0)).toBeGreaterThan(5)
  }
  for (const name of names) await expectExact(database.client, name)
})
