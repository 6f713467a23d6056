/** The pipeline. Pure: same request, same plan; no I/O, clock, randomness or dependency. */

import { asProject } from './algebra/root.ts'
import { bind } from './bind/index.ts'
import { type LineageEntry, lineage } from './bind/lineage.ts'
import { notices } from './bind/notices.ts'
import { refuseUnmaintainable } from './bind/refuse.ts'
import {
  CompileError,
  DEEP_NESTING,
  FULL_HINT,
  isStackOverflow,
  tooDeep,
  unsupported,
} from './catalog/error.ts'
import { parseViewQuery } from './catalog/node-tree.ts'
import type { CompileRequest } from './catalog/request.ts'
import { cutIntoStages } from './delta/stage.ts'
import { emitDifferential, emitFull } from './emit/index.ts'
import type { Plan, Reason } from './emit/plan.ts'
import { printRowSubquery } from './emit/text/row-subquery.ts'
import { explainDifferential, explainFull } from './explain/explain.ts'
import { normalize } from './normalize/index.ts'

/**
 * Turns a query into the SQL that maintains it. Mode AUTO recomputes what is not maintained incrementally and says why.
 * @throws CompileError for a query that no mode, or not the mode asked for, can keep.
 */
export function compile(request: CompileRequest): Plan {
  try {
    return compiled(request)
  } catch (error) {
    throw isStackOverflow(error) ? tooDeep() : error
  }
}

function compiled(request: CompileRequest): Plan {
  const tree = parseViewQuery(request.tree)
  refuseUnmaintainable(tree, request)
  const columns = lineage(tree, request)
  if (request.mode === 'FULL') return recomputed(request, columns, [])
  try {
    return maintained(request, columns)
  } catch (thrown) {
    const error = isStackOverflow(thrown) ? unsupported(DEEP_NESTING, FULL_HINT) : thrown
    if (request.mode !== 'AUTO' || !(error instanceof CompileError) || error.kind !== 'unsupported')
      throw error
    return recomputed(request, columns, [
      { construct: error.construct, message: error.message, detail: error.detail, hint: error.hint },
    ])
  }
}

function maintained(request: CompileRequest, lineage: readonly LineageEntry[]): Plan {
  const query = asProject(normalize(bind(request, printRowSubquery)))
  const staged = cutIntoStages(query)
  const root = asProject(staged.root)
  const emitted = emitDifferential(request, query, staged, root)
  const explain = explainDifferential(request, query, staged, emitted)
  return { ...emitted.plan, notices: notices(request), lineage, explain }
}

function recomputed(
  request: CompileRequest,
  lineage: readonly LineageEntry[],
  reasons: readonly Reason[],
): Plan {
  const emitted = emitFull(request, reasons)
  return { ...emitted.plan, notices: notices(request), lineage, explain: explainFull(emitted) }
}
