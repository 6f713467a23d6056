import type pg from 'pg'
import type { Flight } from './data.ts'
import { insertFlights } from './tables.ts'

/** Flights that depart in one step. */
const DEPARTURES = 10
/** One day shorter than the data, so that a new lap carries on where the last one ended. */
const LAP_DAYS = 90

export interface Step {
  /** The number of the first flight that has not departed yet. */
  readonly next: number
  /** When the last one departed, in flight time. */
  readonly time: string
  readonly cancelled: number
  readonly corrected: number
}

/**
 * One step of the replay, in one transaction: flights depart, those of the step before land or are cancelled, some
 * delays reported the step before that are corrected, and what is a lap old is removed.
 */
export async function replayStep(client: pg.Client, flights: readonly Flight[], next: number): Promise<Step> {
  const departing = Array.from({ length: DEPARTURES }, (_, i) => next + i)
  const landing = departing.map((id) => id - DEPARTURES)
  const landed = landing.map((id) => id - DEPARTURES)
  await client.query('BEGIN')
  await insertFlights(
    client,
    departing.map((id) => ({ ...flightOf(flights, id), id, status: 'scheduled' as const, delay: null })),
  )
  await client.query(
    `UPDATE demo.flights f SET status = 'landed', delay = r.delay
     FROM jsonb_to_recordset($1) AS r(id bigint, delay integer)
     WHERE f.id = r.id AND f.status = 'scheduled'`,
    [
      JSON.stringify(
        landing.filter((id) => !isCancelled(id)).map((id) => ({ id, delay: reported(flights, id) })),
      ),
    ],
  )
  const { rowCount: cancelled } = await client.query(
    `UPDATE demo.flights SET status = 'cancelled' WHERE id = ANY ($1)`,
    [landing.filter(isCancelled)],
  )
  const { rowCount: corrected } = await client.query(
    `UPDATE demo.flights f SET delay = r.delay
     FROM jsonb_to_recordset($1) AS r(id bigint, delay integer)
     WHERE f.id = r.id AND f.status = 'landed'`,
    [JSON.stringify(landed.filter(isMisreported).map((id) => ({ id, delay: flightOf(flights, id).delay })))],
  )
  await client.query('DELETE FROM demo.flights WHERE id <= $1', [next - flights.length])
  await client.query('COMMIT')
  return {
    next: next + DEPARTURES,
    time: flightOf(flights, next + DEPARTURES - 1).departed,
    cancelled: cancelled ?? 0,
    corrected: corrected ?? 0,
  }
}

/** Flights are numbered from 1; after the last the first comes again, a lap later. */
function flightOf(flights: readonly Flight[], id: number): Flight {
  const lap = Math.floor((id - 1) / flights.length)
  const flight = flights[(id - 1) % flights.length]
  if (!flight) throw new Error(`no flight ${id}`)
  if (lap === 0) return flight
  const departed = new Date(`${flight.departed.replace(' ', 'T')}Z`)
  departed.setUTCDate(departed.getUTCDate() + lap * LAP_DAYS)
  return { ...flight, departed: departed.toISOString().slice(0, 16) }
}

const isCancelled = (id: number) => id % 50 === 7
const isMisreported = (id: number) => id % 20 === 5

function reported(flights: readonly Flight[], id: number): number {
  return flightOf(flights, id).delay + (isMisreported(id) ? 45 : 0)
}
