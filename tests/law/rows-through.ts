import type pg from 'pg'
import { expect } from 'vitest'
import { expectEqual } from '../oracle/oracle.ts'

/** What refreshes of one session do, node by node. */
export class PlansOf {
  readonly #client: pg.Client
  readonly #plans: string[] = []

  private constructor(client: pg.Client) {
    this.#client = client
    client.on('notice', ({ message }) => this.#plans.push(message ?? ''))
  }

  static async watch(client: pg.Client): Promise<PlansOf> {
    await client.query(`LOAD 'auto_explain'; SET auto_explain.log_min_duration = 0; SET auto_explain.log_nested_statements = on;
      SET auto_explain.log_analyze = on; SET auto_explain.log_timing = off`)
    return new PlansOf(client)
  }

  /**
   * Refreshes by the changes, under the oracle; the most rows that a node of a plan has let through or thrown away. `image`: no
   * value that groups show may be written in several ways, of which PostgreSQL shows any.
   */
  async refreshed(name: string, { image = true } = {}): Promise<number> {
    await this.#client.query('SET client_min_messages = log')
    this.#plans.length = 0
    const { rows } = await this.#client.query('SELECT pgstream.refresh_stream_table($1) AS action', [name])
    await this.#client.query('RESET client_min_messages')
    const most = this.#most()
    expect(rows).toEqual([{ action: 'DIFFERENTIAL' }])
    await expectEqual(this.#client, name, { image })
    expect(most).toBeGreaterThan(0)
    return most
  }

  #most(): number {
    let [loops, greatest] = [1, 0]
    for (const line of this.#plans.flatMap((plan) => plan.split('\n'))) {
      const actual = /actual rows=([\d.]+) loops=(\d+)/.exec(line)
      if (actual) loops = Number(actual[2])
      const rows = Number(actual?.[1] ?? /Rows Removed by .*: (\d+)/.exec(line)?.[1] ?? 0)
      greatest = Math.max(greatest, rows * loops)
    }
    return greatest
  }
}
