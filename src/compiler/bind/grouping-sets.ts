/**
 * GROUPING SETS, ROLLUP and CUBE: the sum of one aggregation per set, in which what is not grouped by is NULL, and GROUPING()
 * a constant.
 */
import { ref } from '../algebra/build.ts'
import type { ColumnIds, Key } from '../algebra/node.ts'
import type { Project } from '../algebra/operators/project.ts'
import { type Constant, INTEGER } from '../algebra/scalar.ts'
import { FULL_HINT, internalError, unsupported } from '../catalog/error.ts'
import { booleanField, intListField, nodeListField, numberField } from '../catalog/node-field.ts'
import type { TreeNode } from '../catalog/node-tree.ts'

/** References (tleSortGroupRef) to the expressions that are grouped by. */
export type GroupingSet = ReadonlySet<number>

/** Each is an aggregation with a state of its own. */
const MOST_SETS = 64

/** GroupingSetKind (parsenodes.h). */
const KIND = { empty: 0, simple: 1, rollup: 2, cube: 3, sets: 4 }

/** All combinations of what GROUP BY lists, as PostgreSQL makes them; null without any. */
export function groupingSets(query: TreeNode): readonly GroupingSet[] | null {
  const clauses = nodeListField(query, 'groupingSets')
  if (clauses.length === 0) return null
  let sets: readonly (readonly number[])[] = [[]]
  for (const clause of clauses) {
    const more = expanded(clause)
    if (sets.length * more.length > MOST_SETS)
      throw unsupported(`more than ${MOST_SETS} grouping sets`, FULL_HINT, 'Each has a state of its own.')
    sets = sets.flatMap((set) => more.map((other) => [...set, ...other]))
  }
  const found = sets.map((set) => new Set(set))
  if (!booleanField(query, 'groupDistinct', false)) return found
  return [...new Map(found.map((set) => [imageOf(set), set])).values()]
}

function expanded(node: TreeNode): readonly (readonly number[])[] {
  const kind = numberField(node, 'kind')
  switch (kind) {
    case KIND.empty:
      return [[]]
    case KIND.simple:
      return [intListField(node, 'content')]
    case KIND.sets:
      return nodeListField(node, 'content').flatMap(expanded)
    case KIND.rollup: {
      const items = itemsOf(node)
      return [...items, null].map((_, i) => items.slice(0, items.length - i).flat())
    }
    case KIND.cube: {
      const items = itemsOf(node)
      if (2 ** items.length > MOST_SETS)
        throw unsupported(`more than ${MOST_SETS} grouping sets`, FULL_HINT, 'Each has a state of its own.')
      return Array.from({ length: 2 ** items.length }, (_, bits) =>
        items.filter((_, i) => bits & (1 << i)).flat(),
      )
    }
    default:
      throw internalError(`grouping set of kind ${kind}`)
  }
}

/** What ROLLUP and CUBE list: expressions, or several in parentheses. */
function itemsOf(node: TreeNode): readonly (readonly number[])[] {
  return nodeListField(node, 'content').map((each) => intListField(each, 'content'))
}

/** GROUPING(a, b, …): a bit for each that the set does not group by, the last one lowest. */
export function groupingBits(node: TreeNode, set: GroupingSet): Constant {
  const bits = intListField(node, 'refs').reduce((sum, each) => sum * 2 + (set.has(each) ? 0 : 1), 0)
  return { kind: 'constant', sql: `'${bits}'::integer`, isNull: false, type: INTEGER }
}

/** The rows of all sets. */
export function unionOfSets(
  query: TreeNode,
  targets: readonly TreeNode[],
  sets: readonly GroupingSet[],
  ids: ColumnIds,
  select: (set: GroupingSet) => Project,
): Project {
  const branches = sets.map(select)
  const [first] = branches
  if (!first) throw internalError('no grouping set')
  const columns = first.outputs.map(({ column: { name, type } }, i) =>
    ids.make(
      name,
      type,
      branches.some(({ outputs }) => outputs[i]?.column.nullable ?? true),
    ),
  )
  const key = sharedKey(query, targets, sets, branches).map((i) => columns[i]?.id ?? 0)
  return {
    op: 'project',
    input: {
      op: 'union-all',
      columns,
      branches: branches.map((input) => ({ input, columns: input.outputs.map(({ column }) => column.id) })),
      ...(key.length > 0 ? { keys: [key] } : {}),
    },
    outputs: columns.map((column) => ({
      column: ids.make(column.name, column.type, column.nullable),
      value: ref(column),
    })),
  }
}

/** Where all that is grouped by is shown and never NULL by itself, the NULLs tell the set: positions of the columns. */
function sharedKey(
  query: TreeNode,
  targets: readonly TreeNode[],
  sets: readonly GroupingSet[],
  branches: readonly Project[],
): Key {
  if (new Set(sets.map(imageOf)).size < sets.length) return []
  const positions = nodeListField(query, 'groupClause').map((group) => {
    const reference = numberField(group, 'tleSortGroupRef')
    const at = targets.findIndex((target) => numberField(target, 'ressortgroupref') === reference)
    const isKey = sets.every(
      (set, i) => !set.has(reference) || branches[i]?.outputs[at]?.column.nullable === false,
    )
    return isKey ? at : -1
  })
  return positions.includes(-1) ? [] : positions
}

function imageOf(set: GroupingSet): string {
  return [...set].sort((a, b) => a - b).join()
}
