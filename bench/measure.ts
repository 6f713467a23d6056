import type pg from 'pg'

/** Milliseconds from sending a statement to its answer, commit included. */
export async function timed(client: pg.Client, sql: string): Promise<number> {
  const start = process.hrtime.bigint()
  await client.query(sql)
  return Number(process.hrtime.bigint() - start) / 1e6
}

export function quantile(samples: readonly number[], q: number): number {
  if (samples.length === 0) return Number.NaN
  const sorted = [...samples].sort((a, b) => a - b)
  const at = (sorted.length - 1) * q
  const low = sorted[Math.floor(at)] ?? Number.NaN
  const high = sorted[Math.ceil(at)] ?? Number.NaN
  return low + (high - low) * (at - Math.floor(at))
}

export function median(samples: readonly number[]): number {
  return quantile(samples, 0.5)
}

/** Samples by contestant. */
export class Samples {
  readonly #all = new Map<string, number[]>()

  add(contestant: string, value: number): void {
    const samples = this.#all.get(contestant)
    if (samples) samples.push(value)
    else this.#all.set(contestant, [value])
  }

  median(contestant: string): number {
    return median(this.#all.get(contestant) ?? [])
  }

  quantile(contestant: string, q: number): number {
    return quantile(this.#all.get(contestant) ?? [], q)
  }

  medians(): Record<string, number> {
    return Object.fromEntries([...this.#all].map(([name, samples]) => [name, median(samples)]))
  }
}

/** The contestants of one round in an order that turns with the round, so that none is always the first or the last. */
export function rotated<T>(contestants: readonly T[], round: number): T[] {
  const by = contestants.length === 0 ? 0 : round % contestants.length
  return [...contestants.slice(by), ...contestants.slice(0, by)]
}
