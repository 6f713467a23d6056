import { nodeField, nodeListField, numberField } from '../catalog/node-field.ts'
import { isNode, parseNodeTree, type TreeNode, type TreeValue } from '../catalog/node-tree.ts'
import type { FunctionFacts } from '../catalog/request.ts'

/**
 * The arguments of a call. A tree has those that were written: what it leaves to a default that is no constant, the time of
 * day say, is put in its place, and all are by position then (as `expand_function_arguments` does it for the planner).
 */
export function calledArguments(call: TreeNode, facts: FunctionFacts | undefined): readonly TreeNode[] {
  const args = nodeListField(call, 'args')
  if (facts?.defaults === undefined || args.length >= facts.arguments.length) return args
  const tree = parseNodeTree(facts.defaults)
  const defaults = Array.isArray(tree) ? (tree as readonly TreeValue[]).filter(isNode) : []
  const all: TreeNode[] = []
  const leftOut = new Set<TreeNode | undefined>(defaults)
  // They are those of the last arguments.
  for (const [i, each] of defaults.entries()) all[facts.arguments.length - defaults.length + i] = each
  for (const [i, arg] of args.entries()) {
    const isNamed = arg.tag === 'NAMEDARGEXPR'
    const place = isNamed ? numberField(arg, 'argnumber') : i
    leftOut.delete(all[place])
    all[place] = isNamed ? nodeField(arg, 'arg') : arg
  }
  return [...leftOut].every((each) => each?.tag === 'CONST') ? args : all
}
