/** The list of operators. */
import type { Node } from '../node.ts'
import type { Operator } from '../operator.ts'
import { aggregate } from './aggregate.ts'
import { consolidate } from './consolidate.ts'
import { distinctOn } from './distinct-on.ts'
import { filter } from './filter.ts'
import { join } from './join.ts'
import { limit } from './limit.ts'
import { negate } from './negate.ts'
import { project } from './project.ts'
import { read } from './read.ts'
import { scan } from './scan.ts'
import { unionAll } from './union-all.ts'
import { values } from './values.ts'
import { window } from './window.ts'

export const operators = {
  scan,
  values,
  filter,
  project,
  join,
  'union-all': unionAll,
  aggregate,
  window,
  'distinct-on': distinctOn,
  limit,
  read,
  negate,
  consolidate,
} as const satisfies { readonly [Op in Node['op']]: Operator<Extract<Node, { op: Op }>> }

/** The operator record of a node. The cast is sound: the table above is typed by `op`. */
export function operatorOf<N extends Node>(node: N): Operator<N> {
  return operators[node.op] as unknown as Operator<N>
}
