import { internalError } from '../catalog/error.ts'
import type { Node } from './node.ts'
import type { Project } from './operators/project.ts'

/** The root of a query is the projection of its output columns; no rewrite takes it away. */
export function asProject(node: Node): Project {
  if (node.op !== 'project') throw internalError(`the root of a query is ${node.op}, not a projection`)
  return node
}
