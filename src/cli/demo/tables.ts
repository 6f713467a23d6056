import type pg from 'pg'
import type { Airport, Flight } from './data.ts'

/** Also on a second start with the same data folder. */
const TABLES = `
CREATE SCHEMA IF NOT EXISTS demo;
CREATE TABLE IF NOT EXISTS demo.airports (
  iata text PRIMARY KEY,
  name text NOT NULL,
  city text NOT NULL,
  state text NOT NULL
);
CREATE TABLE IF NOT EXISTS demo.flights (
  id bigint PRIMARY KEY,
  departed timestamp NOT NULL,
  origin text NOT NULL REFERENCES demo.airports,
  destination text NOT NULL REFERENCES demo.airports,
  distance integer NOT NULL,
  status text NOT NULL DEFAULT 'scheduled',
  delay integer
);
CREATE INDEX IF NOT EXISTS airports_state ON demo.airports (state);
CREATE INDEX IF NOT EXISTS flights_origin ON demo.flights (origin);
CREATE INDEX IF NOT EXISTS flights_destination ON demo.flights (destination);
`

export const STREAM_TABLES: Readonly<Record<string, string>> = {
  // A filter.
  'demo.late_flights': `
SELECT id, departed, origin, destination, delay
FROM demo.flights
WHERE status = 'landed' AND delay >= 60`,
  // A join of three.
  'demo.flight_board': `
SELECT f.id, f.departed, o.city AS from_city, d.city AS to_city, f.status, f.delay
FROM demo.flights f
JOIN demo.airports o ON o.iata = f.origin
JOIN demo.airports d ON d.iata = f.destination`,
  // An aggregate over the join.
  'demo.state_traffic': `
SELECT o.state AS from_state, d.state AS to_state, count(*) AS flights, sum(f.distance) AS miles,
       avg(f.delay) AS mean_delay, max(f.delay) AS worst_delay
FROM demo.flights f
JOIN demo.airports o ON o.iata = f.origin
JOIN demo.airports d ON d.iata = f.destination
WHERE f.status <> 'cancelled'
GROUP BY o.state, d.state`,
}

export async function createTables(client: pg.Client): Promise<void> {
  await client.query(`SET client_min_messages = warning; ${TABLES}`)
}

export async function createStreamTables(client: pg.Client): Promise<void> {
  for (const [name, query] of Object.entries(STREAM_TABLES)) {
    const { rows } = await client.query('SELECT to_regclass($1) IS NOT NULL AS present', [name])
    if (!rows[0]?.present)
      await client.query('SELECT pgstream.create_stream_table($1, $2, $3)', [name, query, '1s'])
  }
}

export async function insertAirports(client: pg.Client, airports: readonly Airport[]): Promise<void> {
  await client.query(
    `INSERT INTO demo.airports
     SELECT iata, name, city, state
     FROM jsonb_to_recordset($1) AS a(iata text, name text, city text, state text)
     ON CONFLICT DO NOTHING`,
    [JSON.stringify(airports)],
  )
}

export type NumberedFlight = Omit<Flight, 'delay'> & {
  readonly id: number
  readonly status: 'scheduled' | 'landed'
  readonly delay: number | null
}

export async function insertFlights(client: pg.Client, flights: readonly NumberedFlight[]): Promise<void> {
  await client.query(
    `INSERT INTO demo.flights (id, departed, origin, destination, distance, status, delay)
     SELECT id, departed, origin, destination, distance, status, delay
     FROM jsonb_to_recordset($1) AS f(id bigint, departed timestamp, origin text, destination text, distance integer,
       status text, delay integer)`,
    [JSON.stringify(flights)],
  )
}
