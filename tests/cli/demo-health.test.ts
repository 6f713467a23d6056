import { afterEach, expect, test } from 'vitest'
import { createStreamTables, createTables, insertAirports, insertFlights } from '../../src/cli/demo/tables.ts'
import { type FreshDatabase, freshDatabase } from '../support/server.ts'

let db: FreshDatabase

afterEach(() => db.close())

test('the demo lacks no index: health_check and recommend_indexes have nothing to say of its tables', async () => {
  db = await freshDatabase()
  const { client } = db
  await createTables(client)
  const states = Array.from({ length: 50 }, (_, i) => `S${i}`)
  const airports = states.flatMap((state) =>
    [1, 2, 3].map((n) => ({ iata: `${state}${n}`, name: state, city: state, state })),
  )
  await insertAirports(client, airports)
  const at = (i: number) => airports[i % airports.length]?.iata ?? ''
  await insertFlights(
    client,
    Array.from({ length: 30_000 }, (_, i) => ({
      id: i,
      departed: '2001-01-01 10:00',
      origin: at(i),
      destination: at(i * 7 + 1),
      distance: i % 900,
      status: 'landed' as const,
      delay: i % 300,
    })),
  )
  await createStreamTables(client)
  const found = async () => {
    const health = await client.query(
      `SELECT severity, detail FROM pgstream.health_check() WHERE check_name = 'missing_indexes'`,
    )
    const advice = await client.query(
      `SELECT source_table, columns FROM pgstream.recommend_indexes('demo.state_traffic')`,
    )
    return [health.rows[0].severity, health.rows[0].detail, ...advice.rows]
  }
  const clean = ['OK', 'no delta has to read a large table whole']
  expect(await found()).toEqual(clean)
  // Without one, both name the table that lacks it, and not one that is reached by way of it.
  await client.query('DROP INDEX demo.airports_state')
  await client.query(`SELECT pgstream.refresh_stream_table('demo.state_traffic')`)
  const advice = { source_table: 'demo.airports', columns: ['state'] }
  expect(await found()).toEqual([...clean, advice])
  await client.query(`INSERT INTO demo.airports SELECT i, i, i, i FROM generate_series(1, 20000) AS i`)
  expect(await found()).toEqual(['WARNING', 'demo.state_traffic reads all of demo.airports', advice])
})
