import type pg from 'pg'
import { expect, test } from 'vitest'
import { expectExact } from '../oracle/oracle.ts'
import { backendPid, create, outcome, scenes, untilWaiting } from './scene.ts'

const scene = scenes()

/** Runs `work` again and again until told to stop; the first error ends it. */
function repeat(work: () => Promise<unknown>): { stop(): Promise<void> } {
  let running = true
  const done = (async () => {
    while (running) await work()
  })()
  return {
    stop: () => {
      running = false
      return done
    },
  }
}

test('definitions, writers and two schedulers do not deadlock', async () => {
  const made = await scene(`
    CREATE TABLE a (id int PRIMARY KEY, k int, v int, w int);
    CREATE TABLE b (id int PRIMARY KEY, k int, v int, w int);
    INSERT INTO a SELECT i, i % 10, i, i FROM generate_series(1, 200) AS i;
    INSERT INTO b SELECT i, i % 10, i, i FROM generate_series(1, 200) AS i;`)
  const { client } = made
  const kept = { schedule: '1s' }
  await create(client, 'kept', 'SELECT a.k, count(*) AS n FROM a JOIN b ON a.id = b.id GROUP BY a.k', kept)
  const writer = await made.open()
  const schedulers: pg.Client[] = [await made.open(), await made.open()]
  let row = 0
  const loops = [
    repeat(async () => {
      row = (row % 200) + 1
      await writer.query('UPDATE a SET v = v + 1, w = w + 1 WHERE id = $1', [row])
      await writer.query('UPDATE b SET v = v + 1, w = w + 1 WHERE id = $1', [row])
    }),
    ...schedulers.map((each) => repeat(() => each.query('CALL pgstream.run_scheduler()'))),
  ]
  for (let round = 0; round < 12; round++) {
    const column = round % 2 === 0 ? 'v' : 'w'
    const query = `SELECT a.k, sum(a.${column}) AS n, sum(b.${column}) AS m FROM a JOIN b ON a.id = b.id GROUP BY a.k`
    await create(client, 'passing', query, kept)
    await client.query(`SELECT pgstream.drop_stream_table('passing')`)
  }
  for (const loop of loops) await loop.stop()
  const { rows } = await client.query(
    `SELECT DISTINCT error_message FROM pgstream.pgs_refresh_history WHERE status <> 'COMPLETED'`,
  )
  expect(rows).toEqual([])
  await expectExact(client, 'kept')
}, 60_000)

const TABLES = `CREATE TABLE a (id int PRIMARY KEY, v int); CREATE TABLE b (id int PRIMARY KEY, v int);
  INSERT INTO a VALUES (1, 1), (2, 2); INSERT INTO b VALUES (1, 1), (2, 2)`
const JOIN = 'SELECT a.id, a.v, b.v AS w FROM a JOIN b ON b.id = a.id'

test.each(['a definition', 'the repair of one'])(
  '%s over two tables meets who writes both in no deadlock',
  async (what) => {
    const made = await scene(TABLES)
    if (what !== 'a definition') await create(made.client, 'both', JOIN)
    const [writer, person] = await Promise.all([made.open(), made.open()])
    await writer.query('BEGIN; UPDATE b SET v = 3')
    const making = outcome(
      what === 'a definition'
        ? create(person, 'both', JOIN)
        : person.query(`SELECT pgstream.repair_stream_table('both')`),
    )
    await untilWaiting(made.client, person)
    expect(await outcome(writer.query('UPDATE a SET v = 4'))).toBe('ok')
    await writer.query('COMMIT')
    expect(await making).toBe('ok')
    await expectExact(made.client, 'both')
  },
)

test('writers of one table do not wait for those of the other behind a definition over both', async () => {
  const made = await scene(TABLES)
  const [long, writer, ...people] = await Promise.all([made.open(), made.open(), made.open(), made.open()])
  await long.query('BEGIN; UPDATE b SET v = 3')
  const creating = people.map((person, i) => outcome(create(person, `both_${i}`, JOIN)))
  for (const person of people) await untilWaiting(made.client, person)
  await new Promise((resolve) => setTimeout(resolve, 100))
  await writer.query(`SET statement_timeout = '1s'`)
  for (let i = 0; i < 3; i++) expect(await outcome(writer.query('UPDATE a SET v = v + 1'))).toBe('ok')
  // Not because they have given up.
  const { rows } = await made.client.query(
    'SELECT cardinality(pg_blocking_pids(p)) > 0 AS waits FROM unnest($1::int[]) AS p',
    [people.map(backendPid)],
  )
  expect(rows).toContainEqual({ waits: true })
  await long.query('COMMIT')
  expect(await Promise.all(creating)).toEqual(['ok', 'ok'])
  for (const name of ['both_0', 'both_1']) await expectExact(made.client, name)
})
