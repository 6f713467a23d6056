/** The list of operators. */
import type { Node } from '../node.ts'
import type { Operator } from '../operator.ts'
import { aggregate } from './aggregate.ts'
import { boundCrossing } from './bound-crossing.ts'
import { boundFilter } from './bound-filter.ts'
import { consolidate } from './consolidate.ts'
import { distinctOn } from './distinct-on.ts'
import { expand } from './expand.ts'
import { filter } from './filter.ts'
import { join } from './join.ts'
import { keyMatch } from './key-match.ts'
import { limit } from './limit.ts'
import { markJoin } from './mark-join.ts'
import { negate } from './negate.ts'
import { outerJoin } from './outer-join.ts'
import { project } from './project.ts'
import { read } from './read.ts'
import { recursion } from './recursion.ts'
import { repeat } from './repeat.ts'
import { rowMatch } from './row-match.ts'
import { scan } from './scan.ts'
import { semiJoin } from './semi-join.ts'
import { temporalCrossing } from './temporal-crossing.ts'
import { temporalFilter } from './temporal-filter.ts'
import { temporalTurning } from './temporal-turning.ts'
import { temporalValues } from './temporal-values.ts'
import { unionAll } from './union-all.ts'
import { values } from './values.ts'
import { window } from './window.ts'

export const operators = {
  scan,
  values,
  filter,
  project,
  join,
  'outer-join': outerJoin,
  'semi-join': semiJoin,
  'mark-join': markJoin,
  'bound-filter': boundFilter,
  'union-all': unionAll,
  aggregate,
  expand,
  recursion,
  repeat,
  'temporal-filter': temporalFilter,
  'temporal-values': temporalValues,
  window,
  'distinct-on': distinctOn,
  limit,
  read,
  negate,
  consolidate,
  'temporal-crossing': temporalCrossing,
  'temporal-turning': temporalTurning,
  'bound-crossing': boundCrossing,
  'key-match': keyMatch,
  'row-match': rowMatch,
} as const satisfies { readonly [Op in Node['op']]: Operator<Extract<Node, { op: Op }>> }

/** The operator record of a node. The cast is sound: the table above is typed by `op`. */
export function operatorOf<N extends Node>(node: N): Operator<N> {
  return operators[node.op] as unknown as Operator<N>
}
