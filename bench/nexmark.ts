import type { Bench } from './database.ts'
import { generateNexmark, nexmarkEvents } from './nexmark/generate.ts'
import { NEXMARK_QUERIES } from './nexmark/queries.ts'
import type { Options } from './options.ts'
import { measureQuerySet } from './query-set.ts'
import type { Report } from './report.ts'

/** Nexmark. A share is one of the events that come, while as many of the oldest bids go. */
export async function nexmark(bench: Bench, options: Options, report: Report): Promise<void> {
  const events = options.events ?? (options.quick ? 20_000 : 1_000_000)
  const client = await (await bench.database('nexmark')).connect()
  report.note(`  ${events} events`)
  await generateNexmark(client, events)
  let next = events
  const add = async (count: number) => {
    await client.query(nexmarkEvents(next, next + count))
    next += count
  }
  // The next event is a bid.
  await add(4)
  await measureQuerySet(
    client,
    {
      title: `Nexmark with ${events} events`,
      queries: NEXMARK_QUERIES,
      event: 'bid',
      oneEvent: async () => {
        while (next % 50 < 4) await add(1)
        await add(1)
      },
      share: async (percent) => {
        const count = Math.max(1, Math.round((events * percent) / 200))
        await add(count)
        await client.query(
          `DELETE FROM bid WHERE ctid = ANY (ARRAY(SELECT ctid FROM bid ORDER BY date_time LIMIT ${count}))`,
        )
      },
    },
    options,
    report,
  )
  await client.end()
}
