/** When a part of a term has no rows, because what it begins with has none. */
import type { Node } from '../algebra/node.ts'
import type { Read } from '../algebra/operators/read.ts'

/** The delta without rows of which the node has none. */
export function deltaBelow(node: Node): Read | null {
  switch (node.op) {
    case 'read':
      return node.version === 'delta' ? node : null
    case 'filter':
    case 'project':
    case 'negate':
    case 'consolidate':
    case 'repeat':
      return deltaBelow(node.input)
    case 'bound-filter':
      return deltaBelow(node.left)
    default:
      return null
  }
}

/** The sources of which each leaves no row of the node when it has not changed. */
export function emptiedBy(node: Node): ReadonlySet<number> {
  switch (node.op) {
    case 'read':
      return new Set(node.version === 'delta' && node.of.op === 'scan' ? [node.of.relation] : [])
    case 'filter':
    case 'project':
    case 'negate':
    case 'consolidate':
    case 'repeat':
    case 'expand':
      return emptiedBy(node.input)
    case 'join':
      return new Set(node.inputs.flatMap((input) => [...emptiedBy(input)]))
    case 'outer-join':
    case 'semi-join':
    case 'mark-join':
    case 'bound-filter':
      return emptiedBy(node.left)
    case 'key-match':
      return emptiedBy(node.delta)
    case 'row-match':
      return new Set([...emptiedBy(node.left), ...emptiedBy(node.delta)])
    default:
      return new Set()
  }
}
