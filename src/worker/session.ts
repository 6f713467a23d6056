import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import type { Logger } from 'pino'
import { ownSettings } from '../hosts/own-settings.ts'
import { readAlert } from './alert.ts'
import type { StreamTableFacts, WorkerMetrics } from './metrics.ts'
import { type Backend, endConnection, type Patience, Questions } from './questions.ts'

interface SessionOptions {
  readonly url: string
  readonly concurrency: number
  readonly log: Logger
  readonly metrics: WorkerMetrics
  readonly signal: AbortSignal
  readonly patience: Patience
  /** Of connections before this one, still to be recorded. */
  readonly fatal: FatalRefresh[]
}

/** While a call is at work: what comes after it is waited for as something near. */
const SHORT_WAIT_S = 1
/** What a call has done by then needs no other. */
const SOON_MS = 40
/** While everything that is due is in somebody's hands: from the one to the other. */
const BUSY_MS = 20
const LONGEST_PAUSE_MS = 160
/** One call leaves the rest to the next: what a connection keeps is looked at between two. */
const MOST_GROUPS = 100
/** After a failed call of the scheduler. */
const ERROR_MS = 1_000
/**
 * Whatever a database or a role has for its people: a worker writes, sees what others have just done, waits, and takes as
 * long as a refresh takes. The server hears within a minute that we are gone, however we went, and lets go of what was claimed.
 */
const workerSettings = ({ untakenS }: Patience) =>
  ownSettings(
    {
      default_transaction_isolation: 'read committed',
      default_transaction_read_only: 'off',
      default_transaction_deferrable: 'off',
      tcp_keepalives_idle: '15',
      tcp_keepalives_interval: '5',
      tcp_keepalives_count: '3',
      tcp_user_timeout: `${untakenS}s`,
    },
    'session',
  )
const OWN_BACKEND = `SELECT a.pid, extract(epoch FROM a.backend_start)::text AS start
  FROM pg_catalog.pg_stat_activity AS a WHERE a.pid = pg_catalog.pg_backend_pid()`

/** A refresh that ended its connection: what it said, and where (the context of the error). */
export interface FatalRefresh {
  readonly id: string
  readonly code: string | undefined
  readonly message: string
  readonly where: string
}

/** The refresh that an error came out of: the outermost, of which no text in a query or function can pretend to be. */
export function refreshIn(where: string | undefined): string | undefined {
  return [...(where ?? '').matchAll(/\bpgstream_state\.refresh_([0-9]{1,18})_/g)].at(-1)?.[1]
}

/** How many groups of stream tables are due, and which: as the server writes it, for the server to read. */
interface Due extends pg.QueryResultRow {
  readonly due: number
  readonly work: string | null
}
const NOTHING: Due = { due: 0, work: null }

interface Connection {
  readonly client: pg.Client
  readonly backend: Backend
  /** On the clock of `performance`: when it was last asked how much it keeps. */
  sizedAt: number
  isSwollen: boolean
}

/** The worker's connections from one connect to the first that is lost. */
export class Session {
  readonly #options: SessionOptions
  readonly #questions: Questions
  readonly #clients: pg.Client[] = []
  readonly #idle: Connection[] = []
  readonly #calls = new Set<Promise<void>>()
  #waiter: Connection | undefined
  #lost: Error | undefined
  #pauseUntil = 0
  #listening = false
  /** On the clock of `performance`. */
  #refreshedAt = performance.now() - 1_000
  /** Calls in a row that refreshed nothing. */
  #inVain = 0
  #waitsForPromotion = false

  constructor(options: SessionOptions) {
    this.#options = options
    this.#questions = new Questions(options.url, options.patience, {
      lost: (why) => this.abandon(why),
      silence: ({ message }) =>
        options.log.warn({ reason: message }, 'an answer is overdue, and the server cannot be asked for it'),
    })
  }

  /** Connected means that the first question was answered: there is a server, and pg_stream in it. */
  async connect(): Promise<void> {
    this.#waiter = await this.#open()
    this.#waiter.client.on('notification', ({ payload }) => this.#report(payload))
    await this.#listen()
    const first = await this.#open()
    this.#idle.push(first)
    await this.#recordFatal(first)
    await this.#wait(0)
    let facts: Promise<Connection> | undefined
    this.#options.metrics.connected(async () => {
      facts ??= this.#open()
      return this.#facts(await facts)
    })
  }

  /** Wait for work and call until the signal, or until a connection is lost: that throws. */
  async run(): Promise<void> {
    const { signal, patience } = this.#options
    while (!signal.aborted) {
      if (this.#lost) throw this.#lost
      // Who could not take more need not look: what is in hand takes all that it finds.
      if (this.#calls.size >= this.#options.concurrency) await this.#untilOneIsThrough(patience.waitS * 1_000)
      const { due, work } = await this.#wait(this.#calls.size > 0 ? SHORT_WAIT_S : patience.waitS)
      if (signal.aborted) break
      if (!this.#listening) await this.#listen()
      const pause = this.#pauseUntil - performance.now()
      if (pause > 0) await sleep(pause, undefined, { signal }).catch(() => {})
      else if (due > 0) {
        // One call takes what it finds, and is mostly through before another could help it; the wait goes on when it is not, and
        // lets more in when there is need. If all are at it already, what is due is theirs.
        const isFull = this.#calls.size >= this.#options.concurrency
        if (!isFull) await this.#call(work)
        await this.#untilOneIsThrough(isFull ? BUSY_MS : SOON_MS)
        // What others have in hand is asked for less and less.
        if (!isFull && this.#inVain > 0)
          await sleep(Math.min(BUSY_MS * 2 ** this.#inVain, LONGEST_PAUSE_MS), undefined, { signal }).catch(
            () => {},
          )
      }
    }
    await Promise.race([Promise.all(this.#calls), sleep(2_000, undefined, { ref: false })])
  }

  /** Give up what is connected: `run` throws. */
  abandon(why: Error): void {
    this.#lost ??= why
    this.#questions.giveUp(this.#lost)
  }

  /** For people, who want to hear of what is rare; a refresh that went well is not. Kept apart from the line's own keys. */
  #report(payload: string | undefined): void {
    const { log } = this.#options
    const alert = readAlert(payload)
    if (alert === undefined) {
      log.debug({ payload }, 'a notification that is no alert')
      return
    }
    const { event, facts } = alert
    const level = event === 'refresh_completed' ? 'debug' : event === 'resumed' ? 'info' : 'warn'
    log[level]({ alert: facts }, event)
  }

  /** Hear of alerts; on a standby that has to wait for its promotion, as everything has. */
  async #listen(): Promise<void> {
    const { log } = this.#options
    const waiter = this.#waiter
    const [server] = waiter
      ? await this.#ask<{ standby: boolean; home: boolean }>(
          waiter,
          'SELECT pg_is_in_recovery() AS standby, pgstream._is_home() AS home',
        )
      : []
    if (waiter === undefined || server === undefined || server.standby) {
      if (!this.#waitsForPromotion) log.warn('the server is a standby: waiting for its promotion')
      this.#waitsForPromotion = true
      return
    }
    if (!server.home)
      log.warn('the stream tables wait to be restored: SELECT * FROM pgstream.restore_stream_tables()')
    await this.#ask(waiter, 'LISTEN pg_stream_alert')
    this.#listening = true
  }

  /** Asked inside the server until something is due, or the time is over. */
  async #wait(seconds: number): Promise<Due> {
    const { signal, metrics } = this.#options
    const waiter = this.#waiter
    if (waiter === undefined) return NOTHING
    const answer = this.#ask<Due>(
      waiter,
      {
        name: 'await',
        text: 'CALL pgstream._await($1, NULL, NULL, $2)',
        // Who has just refreshed looks at once, and often for a while; beside a call that is at work there is no hurry to look.
        values: [seconds, this.#calls.size > 0 ? 0.1 : (performance.now() - this.#refreshedAt) / 1_000],
      },
      (seconds + 1) * 1_000,
    )
    let stop = () => {}
    const stopped = new Promise<undefined>((resolve) => {
      stop = () => resolve(undefined)
      signal.addEventListener('abort', stop, { once: true })
      if (signal.aborted) stop()
    })
    try {
      const rows = await Promise.race([answer, stopped])
      metrics.polled()
      return rows?.[0] ?? NOTHING
    } finally {
      signal.removeEventListener('abort', stop)
      // Cut off by our own stop, it is nobody's error.
      if (signal.aborted) answer.catch(() => {})
    }
  }

  async close(): Promise<void> {
    this.#questions.giveUp(this.#lost ?? new Error('stopped'))
    await Promise.all(this.#clients.map(endConnection))
  }

  /** Until one of the calls ends, for so long at most. */
  async #untilOneIsThrough(ms: number): Promise<void> {
    const over = new AbortController()
    const signal = AbortSignal.any([this.#options.signal, over.signal])
    await Promise.race([...this.#calls, sleep(ms, undefined, { signal }).catch(() => {})])
    over.abort()
  }

  /** One more call of the scheduler; it begins with what the wait has found. */
  async #call(work: Due['work']): Promise<void> {
    const { log, metrics } = this.#options
    const connection = this.#idle.pop() ?? (await this.#open())
    const call = this.#refresh(connection, work)
      .catch(async (error: Error & { code?: string; where?: string }) => {
        metrics.errors.inc()
        // The loss is told by itself.
        if (error === this.#lost) return
        this.#pauseUntil = performance.now() + ERROR_MS
        log.error({ sqlstate: error.code, reason: error.message }, 'scheduler failed')
        // What it had claimed must not wait for this connection's next call.
        await this.#ask(connection, 'SELECT pg_advisory_unlock_all()').catch(() => this.#noteFatal(error))
      })
      .then(async () => {
        if (await this.#noteSize(connection)) this.#retire(connection)
        else this.#idle.push(connection)
        this.#calls.delete(call)
      })
    this.#calls.add(call)
  }

  /** All that is due, some at a time: who ended and waited anew in between would leave nobody a reason to help. */
  async #refresh(connection: Connection, found: Due['work']): Promise<void> {
    const { metrics, signal } = this.#options
    let work = found
    let isWork = false
    for (;;) {
      const stop = metrics.callSeconds.startTimer()
      const [row] = await this.#ask<{ refreshed: number }>(connection, {
        text: 'CALL pgstream._run(0, $1, NULL, $2)',
        values: [work, MOST_GROUPS],
      }).finally(() => {
        stop()
        metrics.calls.inc()
      })
      const refreshed = row?.refreshed ?? 0
      // Where one change was, the next is not far (the wait looks more often); where others do the work, there is no hurry.
      isWork ||= refreshed > 0
      if (isWork) this.#refreshedAt = performance.now()
      this.#inVain = isWork ? 0 : Math.min(this.#inVain + 1, 10)
      if (refreshed < MOST_GROUPS || signal.aborted || (await this.#noteSize(connection))) return
      work = null
    }
  }

  /** Does it keep too much? What it has refreshed is kept in it, and goes only with it. */
  async #noteSize(connection: Connection): Promise<boolean> {
    const now = performance.now()
    if (connection.isSwollen || now < connection.sizedAt + this.#options.patience.sizeMs)
      return connection.isSwollen
    connection.sizedAt = now
    const [size] = await this.#ask<{ swollen: boolean | null }>(
      connection,
      'SELECT pgstream._is_swollen() AS swollen',
    ).catch(() => [])
    connection.isSwollen = size?.swollen === true
    return connection.isSwollen
  }

  /** The next call makes a new one. */
  #retire({ client, backend }: Connection): void {
    this.#options.log.debug({ pid: backend.pid }, 'a connection that keeps much is made again')
    client
      .removeAllListeners('end')
      .removeAllListeners('error')
      .on('error', () => {})
    this.#clients.splice(this.#clients.indexOf(client), 1)
    void endConnection(client)
  }

  /** Of an error that ended the connection the scheduler could write nothing down; a shutdown, or somebody's word, is none. */
  #noteFatal({ code, message, where }: Error & { code?: string; where?: string }): void {
    const id = refreshIn(where)
    if (id !== undefined && !code?.startsWith('57'))
      this.#options.fatal.push({ id, code, message, where: where ?? '' })
  }

  /** Or the same would be tried again at once, and what comes after it never. */
  async #recordFatal(connection: Connection): Promise<void> {
    for (const { id, code, message, where } of this.#options.fatal.splice(0))
      await this.#ask(connection, {
        text: 'SELECT pgstream._record_group_failure($1, clock_timestamp(), $2, $3, pgstream._is_raised($4))',
        values: [id, message, code, where],
      }).catch((error: Error) =>
        this.#options.log.error({ reason: error.message }, 'a failed refresh could not be recorded'),
      )
  }

  async #open(): Promise<Connection> {
    const client = new pg.Client({
      connectionString: this.#options.url,
      application_name: 'pg_stream worker',
      keepAlive: true,
      keepAliveInitialDelayMillis: 15_000,
      connectionTimeoutMillis: 10_000,
    })
    client.on('error', (error) => this.abandon(error))
    client.on('end', () => this.abandon(new Error('connection closed by the server')))
    await client.connect()
    this.#clients.push(client)
    const ask = <T extends pg.QueryResultRow>(text: string) =>
      client.query<T>({ text, query_timeout: this.#options.patience.answerMs } as pg.QueryConfig)
    // First by itself: it may be too short for what follows.
    await ask('SET statement_timeout = 0')
    await ask(workerSettings(this.#options.patience))
    const [backend] = (await ask<Backend & pg.QueryResultRow>(OWN_BACKEND)).rows
    if (backend === undefined) throw new Error('the server does not know this connection')
    // What nobody waits for any more ends (where the system can tell; PostgreSQL refuses the setting elsewhere).
    await ask(`SET client_connection_check_interval = '500ms'`).catch(() => {})
    return { client, backend, sizedAt: performance.now(), isSwollen: false }
  }

  /** The rows of the answer; an error as soon as the session's connections are given up. */
  async #ask<T extends pg.QueryResultRow>(
    { client, backend }: Connection,
    query: string | pg.QueryConfig,
    ms = this.#options.patience.answerMs,
  ): Promise<readonly T[]> {
    if (this.#lost) throw this.#lost
    return (await this.#questions.answer(backend, ms, client.query<T>(query))).rows
  }

  async #facts(connection: Connection): Promise<readonly StreamTableFacts[]> {
    if (this.#lost) return []
    return this.#ask<StreamTableFacts & pg.QueryResultRow>(
      connection,
      `SELECT name, status, extract(epoch FROM staleness)::float8 AS staleness, consecutive_errors
       FROM pgstream.pgs_status()`,
    )
  }
}
