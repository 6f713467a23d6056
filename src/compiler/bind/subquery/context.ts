import type { ColumnIds } from '../../algebra/node.ts'
import type { CompileRequest } from '../../catalog/request.ts'

/** What unnesting needs of a compilation. */
export interface Context {
  readonly ids: ColumnIds
  readonly request: CompileRequest
}
