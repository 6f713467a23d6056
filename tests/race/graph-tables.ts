/** Each writer counts its transactions here, as the first thing it does in each. */
export const TICKS = `
  CREATE TABLE ticks (writer int PRIMARY KEY, n bigint NOT NULL);
  INSERT INTO ticks SELECT i, 0 FROM generate_series(1, 8) AS i;`

export interface GraphTable {
  readonly name: string
  readonly query: string
  readonly schedule: string
  readonly mode?: 'FULL'
  readonly group?: string
  /** The columns that show the tick of a writer, in the row where k is the negative of its number. */
  readonly ticks: readonly string[]
}

/** What every table over ordinary tables carries with it, so that two of them show whether they are of one moment. */
const carrying = (query: string) => `${query} UNION ALL SELECT -writer, n::numeric FROM ticks`
const table = (name: string, query: string, schedule = '1s', more: Partial<GraphTable> = {}): GraphTable => ({
  name,
  query,
  schedule,
  ticks: ['v'],
  ...more,
})
const base = (name: string, query: string, schedule?: string, more?: Partial<GraphTable>) =>
  table(name, carrying(query), schedule, more)
const meet = (name: string, ...sides: string[]) =>
  table(
    name,
    `SELECT ${sides[0]}.k, ${sides.map((side, i) => `${side}.v AS v${i}`).join(', ')} FROM ${sides[0]} ${sides
      .slice(1)
      .map((side) => `JOIN ${side} ON ${side}.k = ${sides[0]}.k`)
      .join(' ')}`,
    '1s',
    { ticks: sides.map((_, i) => `v${i}`) },
  )

/** In an order in which they can be created. */
export const GRAPH: readonly GraphTable[] = [
  // Two diamonds with a side in common.
  base('total', 'SELECT customer AS k, sum(amount) AS v FROM orders GROUP BY customer', 'calculated'),
  base('pieces', 'SELECT customer AS k, sum(qty)::numeric AS v FROM orders GROUP BY customer', 'calculated'),
  base('dearest', 'SELECT customer AS k, max(amount) AS v FROM orders GROUP BY customer', 'calculated'),
  meet('totals', 'total', 'pieces'),
  meet('dearests', 'pieces', 'dearest'),
  // A diamond over a stream table.
  table(
    'active',
    `SELECT customer AS k, id, amount AS v FROM orders WHERE status = 'active'
     UNION ALL SELECT -writer, 0, n::numeric FROM ticks`,
  ),
  table('active_total', 'SELECT k, sum(v) AS v FROM active GROUP BY k'),
  table('active_most', 'SELECT k, max(v) AS v FROM active GROUP BY k', 'calculated'),
  meet('actives', 'active_total', 'active_most'),
  // Four ways, one of them recomputed each time.
  base('notes_all', 'SELECT k, count(*)::numeric AS v FROM notes GROUP BY k', 'calculated'),
  base('notes_long', 'SELECT k, max(length(v))::numeric AS v FROM notes GROUP BY k', 'calculated'),
  base('notes_some', `SELECT k, count(*)::numeric AS v FROM notes WHERE v <> 'n1' GROUP BY k`, '1s', {
    mode: 'FULL',
  }),
  base('by_day', 'SELECT day AS k, sum(n)::numeric AS v FROM visits GROUP BY day', 'calculated'),
  meet('four', 'notes_all', 'notes_long', 'notes_some', 'by_day'),
  // One stream table joined with itself.
  table('twice', 'SELECT a.k, a.v0 AS v, b.v1 AS w FROM actives AS a JOIN actives AS b ON b.k = a.k', '1s', {
    ticks: ['v', 'w'],
  }),
  // A chain.
  table('link', 'SELECT k, v0 AS v FROM totals WHERE v1 IS NOT NULL', 'calculated'),
  table('links', 'SELECT k, sum(v) AS v FROM link GROUP BY k', '2s'),
  // Two that were declared to belong together.
  base('customer_names', 'SELECT id AS k, length(region)::numeric AS v FROM customers', '1s', {
    group: 'pair',
  }),
  base('late', 'SELECT id AS k, n::numeric AS v FROM visits WHERE day > 5', '3s', { group: 'pair' }),
  // By cron, over one that has no bound of its own.
  base('day_most', 'SELECT day AS k, max(n)::numeric AS v FROM visits GROUP BY day', 'calculated'),
  table('reported', 'SELECT k, v FROM day_most', '* * * * * *'),
]

/** What must be of one moment whenever it is read. */
export const GROUPS: readonly (readonly string[])[] = [
  ['total', 'pieces', 'dearest', 'totals', 'dearests'],
  ['active_total', 'active_most', 'actives'],
  ['notes_all', 'notes_long', 'notes_some', 'by_day', 'four'],
  ['customer_names', 'late'],
]

/** Members that read members only: their query can be asked at the snapshot of whoever reads them. */
export const MEETINGS: readonly string[] = ['totals', 'dearests', 'actives', 'four']
