/** SELECT DISTINCT ON (…): the first row of each key, by the query's ORDER BY. */
import { ref } from '../algebra/build.ts'
import type { Project } from '../algebra/operators/project.ts'
import type { Ordering } from '../algebra/ordering.ts'
import { internalError } from '../catalog/error.ts'
import { booleanField, nodeListField } from '../catalog/node-field.ts'
import type { TreeNode } from '../catalog/node-tree.ts'
import { bindOrdering, targetOfItem } from './ordering.ts'
import { keyedBy } from './partition-key.ts'
import type { Environment } from './query.ts'

/** `selected` has an output for each of `targets`; `ties`: how rows come that ORDER BY leaves equal. */
export function bindDistinctOn(
  query: TreeNode,
  targets: readonly TreeNode[],
  selected: Project,
  ties: readonly Ordering[],
  { request, ids }: Environment,
): Project {
  if (!booleanField(query, 'hasDistinctOn')) return selected
  const of = (item: TreeNode) => {
    const output = selected.outputs[targets.indexOf(targetOfItem(item, targets))]
    if (!output) throw internalError('DISTINCT ON names no output')
    return output
  }
  const items = nodeListField(query, 'distinctClause').map(of)
  const parting = items.filter(({ value }) => value.kind !== 'constant')
  const { keys } = keyedBy(
    selected,
    parting.map(({ column }) => ref(column)),
    request,
    ids,
    'DISTINCT ON',
  )
  const order = nodeListField(query, 'sortClause').map((item) =>
    bindOrdering(item, ref(of(item).column), request),
  )
  return {
    op: 'project',
    input: { op: 'distinct-on', input: selected, partition: { keys }, order: [...order, ...ties] },
    outputs: selected.outputs.map(({ column }) => ({ column, value: ref(column) })),
  }
}
