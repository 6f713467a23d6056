import type { Decoded } from './decoder.ts'

/**
 * Money is stored in the smallest unit, but how many digits that is, and how they are read, is the setting
 * lc_monetary, also when casting from numeric. The scale of one unit of currency tells it at run time.
 */
export function moneyConstant(units: bigint): Decoded {
  const scale = "pg_catalog.scale('1'::money::numeric)"
  return { text: null, sql: `('${units}'::numeric * pg_catalog.power('10'::numeric, -${scale}))::money` }
}
