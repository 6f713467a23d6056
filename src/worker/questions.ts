import pg from 'pg'

/** A connection of ours, as the server knows it. */
export interface Backend {
  readonly pid: number
  /** Process numbers come back: the two together do not. */
  readonly start: string
}

interface Question {
  readonly backend: Backend
  /** On the clock of `performance`. */
  readonly overdueAt: number
  readonly reject: (why: Error) => void
}

/** How long a worker waits for what may never come. */
export interface Patience {
  /** One wait for work inside the server. */
  readonly waitS: number
  /** For the answer to any question that is soon answered. */
  readonly answerMs: number
  /** How often what is overdue is asked after, and how long that may take. */
  readonly lookMs: number
  /** For so long an answer may be under way to us. */
  readonly underWayS: number
  /** For so long the server tries to send us what we do not take. */
  readonly untakenS: number
  /** Between two looks at how much a connection keeps. */
  readonly sizeMs: number
}
export const PATIENCE: Patience = {
  waitS: 5,
  answerMs: 5_000,
  lookMs: 5_000,
  underWayS: 2,
  untakenS: 30,
  sizeMs: 10_000,
}

/** Those of the given backends that are gone, or have answered. A state that nobody may see says nothing. */
const LOST = `SELECT ours.pid
  FROM unnest($1::integer[], $2::text[]) AS ours(pid, start)
  LEFT JOIN pg_catalog.pg_stat_activity AS a ON a.pid = ours.pid AND extract(epoch FROM a.backend_start)::text = ours.start
  WHERE a.pid IS NULL OR a.state = 'idle' AND a.state_change < clock_timestamp() - make_interval(secs => $3)`

/**
 * What was asked of the server and not answered yet. A connection can die without a word (a firewall that forgets it, a
 * failover), and the answer never comes; but a refresh may rightly take long. So whoever is overdue is asked after over a
 * new connection: when that says that the backend is gone, or has answered already, the old one is given up. While there
 * is no new one either, we go on trying.
 */
export class Questions {
  readonly #url: string
  readonly #patience: Patience
  readonly #onLost: (why: Error) => void
  readonly #onSilence: (why: Error) => void
  readonly #open = new Set<Question>()
  readonly #timer: NodeJS.Timeout
  #isLooking = false
  #isSilent = false

  constructor(
    url: string,
    patience: Patience,
    on: {
      /** A connection is dead. */
      readonly lost: (why: Error) => void
      /** No new connection can be made either; told once. */
      readonly silence: (why: Error) => void
    },
  ) {
    this.#url = url
    this.#patience = patience
    this.#onLost = on.lost
    this.#onSilence = on.silence
    this.#timer = setInterval(() => this.#look(), patience.lookMs).unref()
  }

  /** The answer, which is overdue after so long; an error as soon as the connections are given up. */
  answer<T>(backend: Backend, ms: number, answer: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const question = { backend, overdueAt: performance.now() + ms, reject }
      this.#open.add(question)
      answer.finally(() => this.#open.delete(question)).then(resolve, reject)
    })
  }

  /** Nobody waits any longer. */
  giveUp(why: Error): void {
    clearInterval(this.#timer)
    for (const { reject } of this.#open) reject(why)
    this.#open.clear()
  }

  async #look(): Promise<void> {
    const now = performance.now()
    const overdue = [...this.#open].filter(({ overdueAt }) => overdueAt <= now)
    if (overdue.length === 0 || this.#isLooking) return
    this.#isLooking = true
    try {
      const lost = await this.#ask(overdue.map(({ backend }) => backend))
      this.#isSilent = false
      // What was answered meanwhile is not lost.
      const dead = overdue.find((question) => this.#open.has(question) && lost.has(question.backend.pid))
      if (dead) this.#onLost(new Error('a connection died without a word: its answer is overdue'))
    } catch (error) {
      if (!this.#isSilent && this.#open.size > 0) this.#onSilence(error as Error)
      this.#isSilent = true
    } finally {
      this.#isLooking = false
    }
  }

  async #ask(backends: readonly Backend[]): Promise<ReadonlySet<number>> {
    const client = new pg.Client({
      connectionString: this.#url,
      application_name: 'pg_stream worker',
      connectionTimeoutMillis: this.#patience.lookMs,
      query_timeout: this.#patience.lookMs,
    })
    client.on('error', () => {})
    try {
      await client.connect()
      const { rows } = await client.query<{ pid: number }>(LOST, [
        backends.map(({ pid }) => pid),
        backends.map(({ start }) => start),
        this.#patience.underWayS,
      ])
      return new Set(rows.map(({ pid }) => pid))
    } finally {
      endConnection(client)
    }
  }
}

/** Say goodbye, without waiting for it to be heard for longer than a second. */
export async function endConnection(client: pg.Client): Promise<void> {
  const timer = setTimeout(() => client.connection.stream.destroy(), 1_000)
  await client.end().catch(() => {})
  clearTimeout(timer)
}
