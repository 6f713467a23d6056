/**
 * WITH RECURSIVE: base term UNION [ALL] step term, where the step term reads the rows made so far. PostgreSQL lets it do so
 * once, not below an aggregate, on the side of an outer join that may be missing, or in EXCEPT (parse_cte.c); what is left
 * that is not linear in those rows is refused here.
 */
import { isDoubtful } from '../algebra/identity.ts'
import { type Column, isGroupNode, isPartitionNode, type Node } from '../algebra/node.ts'
import { operatorOf } from '../algebra/operators/index.ts'
import type { Projection } from '../algebra/operators/project.ts'
import { FULL_HINT, internalError, unsupported } from '../catalog/error.ts'
import {
  booleanField,
  nodeField,
  nodeListField,
  stringField,
  stringListField,
} from '../catalog/node-field.ts'
import type { TreeNode } from '../catalog/node-tree.ts'
import type { CompileRequest } from '../catalog/request.ts'
import { typeFacts } from './facts.ts'
import { columnTypes, type Environment } from './query.ts'
import { bindRangeTable } from './range-table.ts'
import type { QueryScope } from './scope.ts'
import { SearchCycle } from './search-cycle.ts'
import { bindOperation } from './set-operation.ts'

/**
 * A WITH query that reads itself; `environment` is that of the query whose WITH it stands in, `isOrderRead` whether what reads
 * it does more with the order of SEARCH than to sort its result.
 */
export function bindRecursion(cte: TreeNode, environment: Environment, isOrderRead: boolean): Node {
  const query = nodeField(cte, 'ctequery')
  const operation = nodeField(query, 'setOperations')
  if (operation.tag === 'RANGETBLREF') throw internalError('a recursive query without UNION')
  const { request, ids } = environment
  const types = columnTypes(operation, 'colTypes', 'colTypmods', 'colCollations')
  for (const { oid } of types) {
    const type = typeFacts(request, oid)
    if (!type.hashable)
      throw unsupported(
        `WITH RECURSIVE with a column of type ${type.sql}`,
        FULL_HINT,
        'The type cannot be hashed.',
      )
  }
  const names = stringListField(cte, 'ctecolnames')
  const own = new Map(nodeListField(query, 'cteList').map((each) => [stringField(each, 'ctename'), each]))
  const inner = {
    ...environment,
    ctes: [own, ...environment.ctes],
    outer: [between(request), ...environment.outer],
  }
  const isDistinct = !booleanField(operation, 'all')
  const clauses = new SearchCycle(cte, types, names, isDistinct || isOrderRead, request)
  const larg = nodeField(operation, 'larg')
  const base = clauses.base(bindOperation(larg, bindRangeTable(query, inner), inner), ids)
  let nullable = columnsOf(base).map((column) => column.nullable)
  // What the step term may make NULL, it may read as NULL: until that is settled.
  for (;;) {
    const shown = types.map((type, i) => ids.make(names[i] ?? 'column', type, nullable[i] ?? true))
    const added = clauses.columns.map(({ name, type }) => ids.make(name, type, false))
    const columns: Column[] = [...shown, ...added]
    const self = -(columns[0]?.id ?? 0)
    const reference: Node = {
      op: 'read',
      version: 'after',
      of: { op: 'stage-output', stage: self, columns, keys: [] },
    }
    const within = { ...inner, recursions: new Map([...environment.recursions, [cte, reference]]) }
    const rarg = nodeField(operation, 'rarg')
    const bound = bindOperation(rarg, bindRangeTable(query, within), within)
    const term = isDistinct && added.length === 0 ? withoutDistinct(bound, self, request) : bound
    assertLinear(term, self)
    if (reads(term, self) > 1)
      throw unsupported(
        'WITH RECURSIVE that reads the rows of a round twice',
        FULL_HINT,
        'It joins the rows of one round with each other, and a refresh knows no rounds.',
      )
    const step = clauses.step(term, added, ids)
    const made = columnsOf(step).map((column, i) => column.nullable || (nullable[i] ?? true))
    if (made.every((each, i) => each === nullable[i])) {
      return {
        op: 'recursion',
        columns,
        base: { input: base, columns: columnsOf(base).map(({ id }) => id) },
        step: { input: step, columns: columnsOf(step).map(({ id }) => id) },
        recursion: { isDistinct, self },
      }
    }
    nullable = made
  }
}

/**
 * UNION has every row once: what makes them distinct in the step term is without effect, unless it is computed with one of several
 * ways to write a value (1.0, 1.00). `isPassed`: nothing more is done with the rows.
 */
function withoutDistinct(node: Node, self: number, request: CompileRequest, isPassed = true): Node {
  if (reads(node, self) === 0 || isPartitionNode(node) || node.op === 'recursion') return node
  const isOfColumns = (made: readonly Projection[]) => made.every(({ value }) => value.kind === 'column')
  if (node.op === 'aggregate' && node.calls.length === 0 && node.keys.length > 0) {
    const { input, keys, rule } = node
    if (!isPassed && keys.some(({ column }) => isDoubtful(request, rule, column))) return node
    return {
      op: 'project',
      input: withoutDistinct(input, self, request, isPassed && isOfColumns(keys)),
      outputs: keys,
    }
  }
  if (isGroupNode(node)) return node
  const passes = node.op === 'union-all' || (node.op === 'project' && isOfColumns(node.outputs))
  const operator = operatorOf(node)
  return operator.withInputs(
    node,
    operator.inputs(node).map((each) => withoutDistinct(each, self, request, isPassed && passes)),
  )
}

/** What does not read the rows made so far is a stage of its own, whose rows the step finds by their key. */
function assertLinear(step: Node, self: number): void {
  const visit = (node: Node): void => {
    const inputs = operatorOf(node).inputs(node)
    if (!isGroupNode(node) && !isPartitionNode(node) && node.op !== 'recursion') {
      inputs.forEach(visit)
      return
    }
    const construct = `${NAMES[node.op] ?? node.op} in the recursive term of WITH RECURSIVE`
    if (inputs.some((input) => reads(input, self) > 0))
      throw unsupported(
        construct,
        FULL_HINT,
        'A row more may take others away there, so what follows from a change cannot be traced row by row.',
      )
    if (operatorOf(node).keys(node).length === 0)
      throw unsupported(construct, FULL_HINT, 'Its rows have no key by which they could be told apart.')
  }
  visit(step)
}

/** How often a term reads the rows made so far. */
function reads(node: Node, self: number): number {
  if (node.op === 'read' && node.of.op === 'stage-output') return node.of.stage === self ? 1 : 0
  const inputs = operatorOf(node).inputs(node)
  return inputs.reduce((sum, input) => sum + reads(input, self), 0)
}

/** The query of the set operation: none of its branches reads its columns. */
function between(request: CompileRequest): QueryScope {
  const none = (): never => {
    throw internalError('a branch of a set operation reads its query')
  }
  return { request, resolve: none, own: none, external: none }
}

const NAMES: Readonly<Record<string, string>> = {
  aggregate: 'GROUP BY or DISTINCT',
  window: 'a window function',
  'distinct-on': 'DISTINCT ON',
  limit: 'LIMIT',
  recursion: 'another recursion',
}

function columnsOf(node: Node): readonly Column[] {
  return operatorOf(node).columns(node)
}
