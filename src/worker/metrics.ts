import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'

/** Without a poll for so long, the worker counts as cut off. */
const SILENCE_MS = 10_000

export interface StreamTableFacts {
  readonly name: string
  readonly status: string
  readonly staleness: number | null
  readonly consecutive_errors: number
}

/** What the worker tells Prometheus. */
export class WorkerMetrics {
  readonly registry = new Registry()
  readonly polls = this.#counter('polls_total', 'Times the worker asked whether something is due')
  readonly calls = this.#counter('scheduler_calls_total', 'Calls of the scheduler')
  readonly errors = this.#counter('scheduler_errors_total', 'Calls of the scheduler that failed')
  readonly reconnects = this.#counter('reconnects_total', 'Connections made again after a loss')
  readonly callSeconds = new Histogram({
    name: 'pg_stream_scheduler_call_seconds',
    help: 'Length of a call of the scheduler',
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5, 30, 120],
    registers: [this.registry],
  })
  readonly #staleness = this.#gauge('staleness_seconds', 'How far a stream table is behind now')
  readonly #errorsInRow = this.#gauge('consecutive_errors', 'Failed refreshes since the last good one')
  readonly #active = this.#gauge('active', '1 when the status is ACTIVE')
  #lastPoll = Number.NEGATIVE_INFINITY
  #collecting: Promise<void> | undefined
  #facts: (() => Promise<readonly StreamTableFacts[]>) | undefined

  constructor() {
    // The lag of the event loop is measured by waking it up: not a hundred times a second, which costs more than all else.
    collectDefaultMetrics({
      register: this.registry,
      prefix: 'pg_stream_worker_',
      eventLoopMonitoringPrecision: 1_000,
    })
  }

  /** Where the figures of the stream tables come from while there is a connection. */
  connected(facts: (() => Promise<readonly StreamTableFacts[]>) | undefined): void {
    this.#facts = facts
    if (facts === undefined) this.#lastPoll = Number.NEGATIVE_INFINITY
  }

  polled(): void {
    this.polls.inc()
    this.#lastPoll = performance.now()
  }

  isHealthy(): boolean {
    return performance.now() - this.#lastPoll < SILENCE_MS
  }

  #counter(name: string, help: string): Counter {
    return new Counter({ name: `pg_stream_${name}`, help, registers: [this.registry] })
  }

  #gauge(name: string, help: string): Gauge<'stream_table'> {
    return new Gauge({
      name: `pg_stream_${name}`,
      help,
      labelNames: ['stream_table'],
      registers: [this.registry],
      collect: () => this.#collect(),
    })
  }

  /** The three gauges are collected at once; one query serves them. */
  #collect(): Promise<void> {
    this.#collecting ??= this.#read().finally(() => {
      this.#collecting = undefined
    })
    return this.#collecting
  }

  async #read(): Promise<void> {
    const rows = (await this.#facts?.()) ?? []
    for (const gauge of [this.#staleness, this.#errorsInRow, this.#active]) gauge.reset()
    for (const row of rows) {
      const label = { stream_table: row.name }
      if (row.staleness !== null) this.#staleness.set(label, row.staleness)
      this.#errorsInRow.set(label, row.consecutive_errors)
      this.#active.set(label, row.status === 'ACTIVE' ? 1 : 0)
    }
  }
}
