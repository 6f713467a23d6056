/**
 * The first rows of those that a subquery sorts: SELECT DISTINCT ON (k) … FROM (SELECT … ORDER BY k, v) AS q. What DISTINCT ON or
 * ORDER BY … LIMIT leaves equal comes as it is sorted there, where they sort by what comes first.
 */
import { ref } from '../algebra/build.ts'
import type { ColumnIds } from '../algebra/node.ts'
import type { Project } from '../algebra/operators/project.ts'
import { distinctOrderings, type Ordering, sameOrdering } from '../algebra/ordering.ts'
import { internalError } from '../catalog/error.ts'
import { booleanField, nodeListField, optionalNode } from '../catalog/node-field.ts'
import type { TreeNode } from '../catalog/node-tree.ts'
import type { CompileRequest } from '../catalog/request.ts'
import { bindOrdering, targetOfItem } from './ordering.ts'

/** `incoming`: how the rows come; `selected` has an output for each of `targets`. Returns them with what settles ties besides. */
export function withTies(
  query: TreeNode,
  targets: readonly TreeNode[],
  selected: Project,
  incoming: readonly Ordering[],
  { request, ids }: { readonly request: CompileRequest; readonly ids: ColumnIds },
): { readonly rows: Project; readonly ties: readonly Ordering[] } {
  if (!takesFirst(query) || incoming.length === 0) return { rows: selected, ties: [] }
  const distinct = booleanField(query, 'hasDistinctOn') ? nodeListField(query, 'distinctClause') : []
  const own = [...nodeListField(query, 'sortClause'), ...distinct].map((item) => {
    const output = selected.outputs[targets.indexOf(targetOfItem(item, targets))]
    if (!output) throw internalError('ORDER BY names no output')
    return bindOrdering(item, output.value, request)
  })
  const [sorts, comes] = [distinctOrderings(own), distinctOrderings(incoming)]
  if (!sorts.every((each, i) => sameOrdering(each, comes[i]))) return { rows: selected, ties: [] }
  const rest = comes.slice(sorts.length)
  const added = rest.map(({ value }) => ({ column: ids.make('order', value.type, true), value }))
  return {
    rows: { ...selected, outputs: [...selected.outputs, ...added] },
    ties: rest.map((each, i) => ({ ...each, value: added[i] ? ref(added[i].column) : each.value })),
  }
}

/** Plain DISTINCT does not keep an order. */
export function takesFirst(query: TreeNode): boolean {
  if (booleanField(query, 'hasDistinctOn')) return true
  const isLimited = ['limitCount', 'limitOffset'].some((name) => optionalNode(query, name) !== null)
  return (
    isLimited &&
    nodeListField(query, 'sortClause').length > 0 &&
    nodeListField(query, 'distinctClause').length === 0
  )
}
