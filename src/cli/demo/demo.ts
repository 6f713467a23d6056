import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { type Flight, readFlights } from './data.ts'
import type { StreamTableRow } from './layout.ts'
import { replayStep, type Step } from './replay.ts'
import { createStreamTables, createTables, insertAirports, insertFlights, STREAM_TABLES } from './tables.ts'
import { makeView, type View } from './view.ts'

export interface DemoOptions {
  readonly url: string
  /** The line that says where to connect. */
  readonly ready: string
  readonly signal: AbortSignal
}

/** The first flights are history; the rest depart while you watch. */
const HISTORY = 10_000
const BATCH = 500
const STEP_MS = 250
const VIEW_MS = 500

/** Load real flights, put stream tables over them, and replay the rest with corrections and cancellations. */
export async function runDemo({ url, ready, signal }: DemoOptions): Promise<void> {
  const view = makeView()
  view.ready(ready)
  const writer = await open(url)
  const reader = await open(url)
  try {
    const { airports, flights } = readFlights()
    await createTables(writer)
    await insertAirports(writer, airports)
    const next = await load(writer, flights, view, signal)
    if (signal.aborted) return
    await createStreamTables(writer)
    const story = new Story()
    await Promise.all([
      replay(writer, flights, { next, story, signal }),
      watch(reader, view, { story, signal }),
    ])
  } catch (error) {
    if (!signal.aborted) throw error
  } finally {
    view.end()
    await Promise.all([writer.end().catch(() => {}), reader.end().catch(() => {})])
  }
}

async function open(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, application_name: 'pg-stream demo' })
  client.on('error', () => {}) // The next query tells.
  await client.connect()
  return client
}

/** Returns the number of the next flight; with a kept data folder the replay goes on where it stopped. */
async function load(
  client: pg.Client,
  flights: readonly Flight[],
  view: View,
  signal: AbortSignal,
): Promise<number> {
  const { rows } = await client.query<{ next: number }>(
    'SELECT coalesce(max(id), 0)::int + 1 AS next FROM demo.flights',
  )
  let next = rows[0]?.next ?? 1
  while (next <= HISTORY && !signal.aborted) {
    const batch = flights.slice(next - 1, Math.min(next - 1 + BATCH, HISTORY))
    const first = next
    await insertFlights(
      client,
      batch.map((flight, i) => ({ ...flight, id: first + i, status: 'landed' })),
    )
    next += batch.length
    view.progress('flights', next - 1, HISTORY)
  }
  return next
}

async function replay(
  client: pg.Client,
  flights: readonly Flight[],
  { next: first, story, signal }: { next: number; story: Story; signal: AbortSignal },
): Promise<void> {
  for (let next = first; !signal.aborted; ) {
    const step = await replayStep(client, flights, next)
    story.add(step, step.next - next)
    next = step.next
    await pause(STEP_MS, signal)
  }
}

/** What has been replayed so far, in words. */
class Story {
  #time = ''
  #departures = 0
  #corrections = 0
  #cancellations = 0

  add({ time, corrected, cancelled }: Step, departed: number): void {
    this.#time = time
    this.#departures += departed
    this.#corrections += corrected
    this.#cancellations += cancelled
  }

  toString(): string {
    if (this.#departures === 0) return 'The replay of US flights begins'
    const figures = [
      [this.#departures, 'departures'],
      [this.#corrections, 'delays corrected'],
      [this.#cancellations, 'flights cancelled'],
    ].map(([number, what]) => `${number?.toLocaleString('en')} ${what}`)
    return `Replaying US flights, now ${this.#time}: ${figures.join(', ')}`
  }
}

async function watch(
  client: pg.Client,
  view: View,
  { story, signal }: { story: Story; signal: AbortSignal },
): Promise<void> {
  const counts = Object.keys(STREAM_TABLES).map(
    (name) => `SELECT '${name}' AS name, count(*)::int AS rows FROM ${name}`,
  )
  const query = `
    SELECT c.name AS "stream table", c.rows,
           pgstream.get_staleness(c.name) AS "staleness s", h.duration_ms AS "last refresh ms",
           (h.rows_inserted + h.rows_updated + h.rows_deleted)::int AS "rows changed"
    FROM (${counts.join(' UNION ALL ')}) c
    LEFT JOIN LATERAL (
      SELECT duration_ms, rows_inserted, rows_updated, rows_deleted
      FROM pgstream.get_refresh_history(c.name, 20)
      WHERE status = 'COMPLETED'
      ORDER BY refresh_id DESC LIMIT 1
    ) h ON true`
  while (!signal.aborted) {
    const { rows } = await client.query<StreamTableRow>(query)
    view.tables(rows, String(story))
    await pause(VIEW_MS, signal)
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => {})
}
