/**
 * Bound crossing: the rows for which a comparison with one row of another relation says something else since that row
 * changed, with weight +1 for those that pass now and −1 for those that did.
 *
 * Shape: the left columns.
 * Keys: none claimed.
 * Class: term.
 * Delta: none: it stands in the deltas of other operators.
 * State: none.
 * Cost: the rows between the bound that was and the one that is, by an index on the column that is compared; all rows are
 * compared where there is none, and where a bound that was NULL is one now or the other way round those beyond it.
 * Nulls: as for a filter; a bound that is NULL lets no row pass.
 * Refuses: nothing.
 * Source: –.
 */
import type { Node } from '../node.ts'
import type { Operator } from '../operator.ts'
import type { Compared } from './bound-filter.ts'
import { operatorOf } from './index.ts'

export interface BoundCrossing extends Compared {
  readonly op: 'bound-crossing'
  readonly left: Node
  /** The change of the one row: as it was with weight −1, as it is with weight +1; either may be missing. */
  readonly moved: Node
}

export const boundCrossing: Operator<BoundCrossing> = {
  op: 'bound-crossing',
  class: 'term',
  inputs: (node) => [node.left, node.moved],
  withInputs: (node, [left = node.left, moved = node.moved]) => ({ ...node, left, moved }),
  scalars: (node) => [node.comparison],
  columns: (node) => operatorOf(node.left).columns(node.left),
  keys: () => [],
  differentiate: () => null,
  describe: (node, scalar) => `bound crossing ${scalar(node.comparison)}`,
}
