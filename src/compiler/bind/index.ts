/** From the request to algebra. */
import { ColumnIds, type Node } from '../algebra/node.ts'
import { operatorOf } from '../algebra/operators/index.ts'
import type { Project } from '../algebra/operators/project.ts'
import { parseViewQuery } from '../catalog/node-tree.ts'
import type { CompileRequest } from '../catalog/request.ts'
import { bindQuery } from './query.ts'
import { assertMaintainable } from './stability.ts'

/** @throws CompileError of kind `unsupported` for what is not maintained incrementally. */
export function bind(request: CompileRequest): Project {
  const query = bindQuery(parseViewQuery(request.tree), {
    request,
    ids: new ColumnIds(),
    ctes: [],
    outer: [],
  })
  assertStable(query)
  return query
}

function assertStable(node: Node): void {
  operatorOf(node).scalars(node).forEach(assertMaintainable)
  operatorOf(node).inputs(node).forEach(assertStable)
}
