/** To which window functions it matters in which order rows come, or which are peers. */
import type { FunctionFacts } from '../catalog/request.ts'
import { isInOrder } from './aggregate-call.ts'
import type { WindowFrame } from './window-frame.ts'

/** What OVER says. */
export interface Over {
  readonly order: readonly unknown[]
  readonly frame: WindowFrame
}

/** They take a row for one place among all, whatever the frame. */
const BY_PLACE: ReadonlySet<string> = new Set(['row_number', 'ntile', 'lag', 'lead'])
const BY_PEERS: ReadonlySet<string> = new Set(['rank', 'dense_rank', 'percent_rank', 'cume_dist'])
/** What looks at the rows of the frame alone, whatever its place among all. */
export const BY_FRAME: ReadonlySet<string> = new Set(['first_value', 'last_value', 'nth_value'])

/** Does the result go by the order in which rows come that the window leaves equal? */
export function goesByOrder(facts: FunctionFacts, { order, frame }: Over): boolean {
  if (isByPlace(facts) || isForeign(facts)) return true
  const { name, kind } = facts
  if (kind === 'w' && BY_PEERS.has(name)) return false
  const isOfPeers = frame.exclusion === ' EXCLUDE GROUP' || frame.exclusion === ' EXCLUDE TIES'
  // All are peers: at most the row itself is left.
  if (isOfPeers && order.length === 0) return false
  if (frame.unit === 'ROWS' && !isWhole(frame)) return true
  return kind === 'a' ? isInOrder(facts) : BY_FRAME.has(name)
}

/** Does a call that has no order see all rows, each peer to each, and go by how they come? */
export function readsAllInOrder(facts: FunctionFacts, over: Over): boolean {
  const { unit } = over.frame
  return over.order.length === 0 && unit !== 'ROWS' && !isForeign(facts) && goesByOrder(facts, over)
}

/** Does the result of a window function go by the place of its row, or of others, in the partition? */
export function isByPlace({ name, schema }: FunctionFacts): boolean {
  return schema === 'pg_catalog' && BY_PLACE.has(name)
}

export function seesPeers(facts: FunctionFacts, { unit, exclusion }: WindowFrame): boolean {
  const { name, schema } = facts
  if (isByPlace(facts)) return false
  if (isForeign(facts) || (schema === 'pg_catalog' && BY_PEERS.has(name))) return true
  return unit !== 'ROWS' || exclusion === ' EXCLUDE GROUP' || exclusion === ' EXCLUDE TIES'
}

/** A window function of which nothing is known. */
function isForeign({ kind, schema }: FunctionFacts): boolean {
  return kind === 'w' && schema !== 'pg_catalog'
}

function isWhole({ start, end }: WindowFrame): boolean {
  return start.text === 'UNBOUNDED PRECEDING' && end.text === 'UNBOUNDED FOLLOWING'
}
