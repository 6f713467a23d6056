import type { Bench } from './database.ts'
import type { Options } from './options.ts'
import { measureQuerySet } from './query-set.ts'
import type { Report } from './report.ts'
import { generateTpch, sizes } from './tpch/generate.ts'
import { tpchQueries } from './tpch/queries.ts'
import { RefreshFunctions } from './tpch/refresh-functions.ts'

/** TPC-H. A share is one of the orders (half of it new, half of it gone), and of customers and parts, which change. */
export async function tpch(bench: Bench, options: Options, report: Report): Promise<void> {
  const scale = options.scale ?? (options.quick ? 0.01 : 0.1)
  const client = await (await bench.database('tpch')).connect()
  report.note(`  data at scale factor ${scale}`)
  await generateTpch(client, scale)
  const { orders, customer } = sizes(scale)
  const functions = new RefreshFunctions(client, scale)
  await measureQuerySet(
    client,
    {
      title: `TPC-H at scale factor ${scale}`,
      queries: tpchQueries(scale),
      event: 'new order',
      oneEvent: () => functions.insertOrders(1),
      share: async (percent) => {
        const half = Math.max(1, Math.round((orders * percent) / 200))
        await functions.insertOrders(half)
        await functions.deleteOrders(half)
        await functions.updateMasterData(Math.ceil((customer * percent) / 100))
      },
    },
    options,
    report,
  )
  await client.end()
}
