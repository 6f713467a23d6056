/** From the request to algebra. */
import { ColumnIds, type Node } from '../algebra/node.ts'
import { operatorOf } from '../algebra/operators/index.ts'
import type { Project } from '../algebra/operators/project.ts'
import { asProject } from '../algebra/root.ts'
import { parseViewQuery } from '../catalog/node-tree.ts'
import type { CompileRequest } from '../catalog/request.ts'
import { bindQuery } from './query.ts'
import { withShownKeys } from './shown-key.ts'
import { assertMaintainable } from './stability.ts'
import type { SublinkPrinter } from './subquery/of-row.ts'
import { temporalConditions } from './temporal.ts'

/**
 * @param printSublink The later stage's, for subqueries that are expressions of their row.
 * @throws CompileError of kind `unsupported` for what is not maintained incrementally.
 */
export function bind(request: CompileRequest, printSublink?: SublinkPrinter): Project {
  const ids = new ColumnIds()
  const top = parseViewQuery(request.tree)
  const bound = bindQuery(top, {
    request,
    ids,
    top,
    ctes: [],
    outer: [],
    recursions: new Map(),
    merged: new Map(),
    printSublink,
  })
  const query = asProject(withShownKeys(temporalConditions(bound, ids, request), request, ids))
  assertStable(query)
  return query
}

function assertStable(node: Node): void {
  // What it may read of the time was looked at when it was made.
  if (node.op === 'temporal-filter' || node.op === 'temporal-values') {
    assertStable(node.input)
    return
  }
  operatorOf(node).scalars(node).forEach(assertMaintainable)
  operatorOf(node).inputs(node).forEach(assertStable)
}
