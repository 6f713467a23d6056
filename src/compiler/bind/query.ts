/**
 * From the server's analysed query to algebra: one place decides what is maintained and says "not supported" about the
 * rest, by name. Subqueries in FROM, views and non-recursive WITH become part of the tree; ORDER BY has no meaning for a
 * table and is left out.
 */
import { groupRule } from '../algebra/aggregate-functions.ts'
import { sameScalar } from '../algebra/build.ts'
import { type ColumnIds, columnOf, type Node } from '../algebra/node.ts'
import type { AggregateCall } from '../algebra/operators/aggregate.ts'
import { operatorOf } from '../algebra/operators/index.ts'
import type { Project, Projection } from '../algebra/operators/project.ts'
import { type Scalar, scalarArguments, scalarNullable, type TypeRef } from '../algebra/scalar.ts'
import { staticScale } from '../algebra/static-scale.ts'
import { isComposite } from '../catalog/composite.ts'
import { CompileError, internalError, SQLSTATE, unsupported } from '../catalog/error.ts'
import {
  booleanField,
  intListField,
  listField,
  nodeField,
  nodeListField,
  numberField,
  oidListField,
  optionalNode,
  optionalString,
  stringField,
} from '../catalog/node-field.ts'
import type { TreeNode } from '../catalog/node-tree.ts'
import type { CompileRequest } from '../catalog/request.ts'
import { bindAggregate } from './aggregate-call.ts'
import { expression } from './binding.ts'
import { bindDistinctOn } from './distinct-on.ts'
import { bindExpression } from './expression.ts'
import { baseTypeRef, castTypeSql, operatorFacts, operatorSql, typeFacts } from './facts.ts'
import { bindLimit } from './limit.ts'
import { bindRangeTable, type RangeEntry } from './range-table.ts'
import type { Scope } from './scope.ts'
import { WindowCalls } from './window.ts'

const FULL_HINT = 'Use refresh mode FULL or AUTO, which recomputes the query at each refresh.'

/** What a query sees of the queries around it. */
export interface Environment {
  readonly request: CompileRequest
  readonly ids: ColumnIds
  /** WITH queries by level: the innermost first. */
  readonly ctes: readonly ReadonlyMap<string, TreeNode>[]
}

/** A whole query: a projection of its output columns. */
export function bindQuery(query: TreeNode, outer: Environment): Project {
  refuseClauses(query)
  const ctes = new Map(nodeListField(query, 'cteList').map((cte) => [stringField(cte, 'ctename'), cte]))
  const environment = { ...outer, ctes: [ctes, ...outer.ctes] }
  const range = bindRangeTable(query, environment)
  const setOperation = optionalNode(query, 'setOperations')
  const targets = wantedTargets(query)
  const selected = setOperation
    ? bindSetOperation(query, setOperation, range, environment)
    : bindSelect(query, targets, range, environment)
  const distinct = bindDistinctOn(query, targets, selected, environment)
  return shown(targets, bindLimit(query, targets, distinct, environment))
}

/** The columns of the result, and what DISTINCT ON or ORDER BY with LIMIT needs besides. */
function wantedTargets(query: TreeNode): readonly TreeNode[] {
  const isOrdered =
    booleanField(query, 'hasDistinctOn') ||
    optionalNode(query, 'limitCount') !== null ||
    optionalNode(query, 'limitOffset') !== null
  const items = isOrdered
    ? [...nodeListField(query, 'sortClause'), ...nodeListField(query, 'distinctClause')]
    : []
  const named = new Set(items.map((item) => numberField(item, 'tleSortGroupRef')))
  return nodeListField(query, 'targetList').filter(
    (target) => !booleanField(target, 'resjunk') || named.has(numberField(target, 'ressortgroupref')),
  )
}

/** Without what was only sorted by. */
function shown(targets: readonly TreeNode[], project: Project): Project {
  const outputs = project.outputs.filter((_, i) => {
    const target = targets[i]
    return target !== undefined && !booleanField(target, 'resjunk')
  })
  return outputs.length === project.outputs.length ? project : { ...project, outputs }
}

function refuseClauses(query: TreeNode): void {
  const clause = (present: boolean, construct: string) => {
    if (present) throw unsupported(construct, FULL_HINT)
  }
  clause(booleanField(query, 'hasRecursive'), 'WITH RECURSIVE')
  clause(
    listField(query, 'distinctClause').length > 0 && !booleanField(query, 'hasDistinctOn'),
    'SELECT DISTINCT',
  )
  clause(listField(query, 'groupingSets').length > 0, 'GROUPING SETS')
  clause(booleanField(query, 'hasTargetSRFs'), 'a set-returning function in the select list')
}

function bindSelect(
  query: TreeNode,
  targets: readonly TreeNode[],
  range: readonly RangeEntry[],
  { request, ids }: Environment,
): Project {
  const rows = scopeOver(range, request, (node) => {
    throw notHere(node)
  })
  const input = bindFrom(nodeField(query, 'jointree'), range, rows)
  const windows = new WindowCalls(query, request, ids)
  const groups = nodeListField(query, 'groupClause')
  const having = optionalNode(query, 'havingQual')
  const isNullable = (id: number) => columnOf(operatorOf(input).columns(input), id).nullable
  if (!booleanField(query, 'hasAggs') && groups.length === 0 && !having) {
    const withWindows = scopeOver(range, request, (node) => {
      if (node.tag !== 'WINDOWFUNC') throw notHere(node)
      return windows.bind(node, (inner) => bindExpression(inner, rows))
    })
    const values = targets.map((target) => bindExpression(nodeField(target, 'expr'), withWindows))
    return projectValues(targets, values, windows.over(input), ids)
  }

  const calls: AggregateCall[] = []
  const mixed = scopeOver(range, request, (node) => {
    if (node.tag === 'WINDOWFUNC') return windows.bind(node, (inner) => above(bindExpression(inner, mixed)))
    if (node.tag !== 'AGGREF') throw notHere(node)
    return bindAggregate(node, rows, calls, ids)
  })
  const keys: Projection[] = []
  const addKey = (value: Scalar, name: string): Projection => {
    const found = keys.find((key) => sameScalar(key.value, value))
    if (found) return found
    const type = typeFacts(request, value.type.oid)
    // The state of a group is found, and kept unique, by a btree index over its key.
    if (type.kind === 'p')
      throw unsupported(
        `GROUP BY over type ${type.sql}`,
        FULL_HINT,
        'No table can have a column of this type.',
      )
    if (!type.sortable)
      throw unsupported(`GROUP BY over type ${type.sql}`, FULL_HINT, 'The type has no btree operator class.')
    const key = { column: ids.make(name, value.type, scalarNullable(value, isNullable)), value }
    keys.push(key)
    return key
  }
  for (const group of groups) {
    const target = nodeListField(query, 'targetList').find(
      (each) => numberField(each, 'ressortgroupref') === numberField(group, 'tleSortGroupRef'),
    )
    if (!target) throw internalError('a GROUP BY item has no target entry')
    addKey(bindExpression(nodeField(target, 'expr'), rows), optionalString(target, 'resname') ?? 'key')
  }
  /** Above the aggregation: group expressions are its columns; a column that is none depends on one (primary key). */
  const above = (scalar: Scalar): Scalar => {
    const key = keys.find((each) => sameScalar(each.value, scalar))
    if (key) return { kind: 'column', id: key.column.id, type: key.column.type }
    if (scalar.kind === 'column') {
      if (calls.some((call) => call.column.id === scalar.id) || windows.has(scalar.id)) return scalar
      const { column } = addKey(scalar, columnOf(operatorOf(input).columns(input), scalar.id).name)
      return { kind: 'column', id: column.id, type: column.type }
    }
    return scalar.kind === 'constant' ? scalar : { ...scalar, args: scalarArguments(scalar).map(above) }
  }
  const bound = targets.map((target) => above(bindExpression(nodeField(target, 'expr'), mixed)))
  const condition = having ? conjuncts(above(bindExpression(having, mixed))) : []
  const rule = groupRule(keys, calls, ids, {
    nullable: (scalar) => scalarNullable(scalar, isNullable),
    isRow: (type) => isComposite(request, type.oid),
    scale: (scalar) => staticScale(scalar, input, (type) => baseTypeRef(request, type)),
    equality: (type) => {
      const { equality, kind } = typeFacts(request, type.oid)
      if (equality === 0 || kind === 'p')
        throw unsupported(`min or max over type ${typeFacts(request, type.oid).sql}`, FULL_HINT)
      return operatorSql(operatorFacts(request, equality))
    },
  })
  const aggregated: Node = { op: 'aggregate', input, keys, calls, rule }
  const kept: Node =
    condition.length === 0 ? aggregated : { op: 'filter', input: aggregated, predicate: condition }
  return projectValues(targets, bound, windows.over(kept), ids)
}

function projectValues(
  targets: readonly TreeNode[],
  values: readonly Scalar[],
  input: Node,
  ids: ColumnIds,
): Project {
  return projectTargets(targets, input, ids, (_, target) => {
    const value = values[targets.indexOf(target)]
    if (!value) throw internalError('a target entry was not bound')
    return value
  })
}

function projectTargets(
  targets: readonly TreeNode[],
  input: Node,
  ids: ColumnIds,
  bind: (expr: TreeNode, target: TreeNode) => Scalar,
): Project {
  const columns = operatorOf(input).columns(input)
  const outputs = targets.map((target) => {
    const value = bind(nodeField(target, 'expr'), target)
    const nullable = scalarNullable(value, (id) => columnOf(columns, id).nullable)
    return { column: ids.make(optionalString(target, 'resname') ?? 'column', value.type, nullable), value }
  })
  return { op: 'project', input, outputs }
}

/** FROM and WHERE. */
function bindFrom(jointree: TreeNode, range: readonly RangeEntry[], rows: Scope): Node {
  const inputs = nodeListField(jointree, 'fromlist').map((item) => bindFromItem(item, range, rows))
  const quals = optionalNode(jointree, 'quals')
  return { op: 'join', inputs, predicate: quals ? conjuncts(bindExpression(quals, rows)) : [] }
}

function bindFromItem(item: TreeNode, range: readonly RangeEntry[], rows: Scope): Node {
  if (item.tag === 'RANGETBLREF') return entryAt(range, numberField(item, 'rtindex')).node()
  if (item.tag !== 'JOINEXPR') throw internalError(`FROM item ${item.tag}`)
  const kind = JOIN_TYPES[numberField(item, 'jointype')]
  if (kind !== 'JOIN') throw unsupported(kind ?? 'this kind of join', FULL_HINT)
  const quals = optionalNode(item, 'quals')
  return {
    op: 'join',
    inputs: [
      bindFromItem(nodeField(item, 'larg'), range, rows),
      bindFromItem(nodeField(item, 'rarg'), range, rows),
    ],
    predicate: quals ? conjuncts(bindExpression(quals, rows)) : [],
  }
}

/** JoinType (nodes.h). */
const JOIN_TYPES: Readonly<Record<number, string>> = {
  0: 'JOIN',
  1: 'LEFT JOIN',
  2: 'FULL JOIN',
  3: 'RIGHT JOIN',
}

/** SetOperation (parsenodes.h). */
const SET_OPERATIONS: Readonly<Record<number, string>> = { 1: 'UNION', 2: 'INTERSECT', 3: 'EXCEPT' }

/** UNION ALL of any number of queries. */
function bindSetOperation(
  query: TreeNode,
  operation: TreeNode,
  range: readonly RangeEntry[],
  { request, ids }: Environment,
): Project {
  const types = columnTypes(operation, 'colTypes', 'colTypmods', 'colCollations')
  const branches: Node[] = []
  const collect = (node: TreeNode): void => {
    if (node.tag === 'RANGETBLREF') {
      branches.push(castTo(entryAt(range, numberField(node, 'rtindex')).node(), types, request, ids))
      return
    }
    const name = SET_OPERATIONS[numberField(node, 'op')] ?? 'set operation'
    const all = booleanField(node, 'all')
    if (name !== 'UNION' || !all) throw unsupported(all ? `${name} ALL` : name, FULL_HINT)
    collect(nodeField(node, 'larg'))
    collect(nodeField(node, 'rarg'))
  }
  collect(operation)
  const inputs = branches.map((input) => ({ input, columns: operatorOf(input).columns(input) }))
  const columns = types.map((type, i) =>
    ids.make(
      inputs[0]?.columns[i]?.name ?? 'column',
      type,
      inputs.some((each) => each.columns[i]?.nullable ?? true),
    ),
  )
  const union: Node = {
    op: 'union-all',
    columns,
    branches: inputs.map(({ input, columns: own }) => ({ input, columns: own.map((column) => column.id) })),
  }
  const targets = nodeListField(query, 'targetList').filter((target) => !booleanField(target, 'resjunk'))
  const scope: Scope = {
    request,
    resolve: (node) => {
      const column = columns[numberField(node, 'varattno') - 1]
      if (!column) throw internalError('a set operation has no such column')
      return { kind: 'column', id: column.id, type: column.type }
    },
    external: (node) => {
      throw notHere(node)
    },
  }
  return projectTargets(targets, union, ids, (expr) => bindExpression(expr, scope))
}

/** The types and collations that `prefix` lists of a node name, one per column. */
export function columnTypes(
  node: TreeNode,
  types: string,
  typmods: string,
  collations: string,
): readonly TypeRef[] {
  const typmodList = intListField(node, typmods)
  const collationList = oidListField(node, collations)
  return oidListField(node, types).map((oid, i) => ({
    oid,
    typmod: typmodList[i] ?? -1,
    collation: collationList[i] ?? 0,
  }))
}

/** A branch whose column types are not yet the common ones: the planner would cast them (prepunion.c). */
function castTo(node: Node, types: readonly TypeRef[], request: CompileRequest, ids: ColumnIds): Node {
  const columns = operatorOf(node).columns(node)
  if (columns.every((column, i) => column.type.oid === types[i]?.oid)) return node
  const outputs = columns.map((column, i) => {
    const type = types[i] ?? column.type
    const value: Scalar = { kind: 'column', id: column.id, type: column.type }
    if (type.oid === column.type.oid) return { column: ids.make(column.name, type, column.nullable), value }
    const sql = castTypeSql(request, type.oid)
    const cast = expression({ construct: `cast to ${sql}`, parts: ['(', `)::${sql}`], args: [value], type })
    return { column: ids.make(column.name, type, column.nullable), value: cast }
  })
  return { op: 'project', input: node, outputs }
}

function scopeOver(
  range: readonly RangeEntry[],
  request: CompileRequest,
  external: Scope['external'],
): Scope {
  const scope: Scope = {
    request,
    resolve: (node) => {
      if (numberField(node, 'varlevelsup') !== 0)
        throw unsupported('a reference to an outer query', FULL_HINT)
      const attnum = numberField(node, 'varattno')
      if (attnum === 0) throw unsupported('a whole-row reference', 'List the columns one by one.')
      return entryAt(range, numberField(node, 'varno')).column(attnum, scope)
    },
    external,
  }
  return scope
}

export function entryAt(range: readonly RangeEntry[], index: number): RangeEntry {
  const entry = range[index - 1]
  if (!entry) throw internalError(`there is no range table entry ${index}`)
  return entry
}

function notHere(node: TreeNode): CompileError {
  const construct = EXTERNAL[node.tag] ?? node.tag
  return construct === 'a parameter'
    ? new CompileError(
        'user',
        SQLSTATE.featureNotSupported,
        construct,
        'a stream table query cannot have parameters',
      )
    : unsupported(construct, FULL_HINT)
}

const EXTERNAL: Readonly<Record<string, string>> = {
  AGGREF: 'an aggregate in this place',
  GROUPINGFUNC: 'GROUPING()',
  WINDOWFUNC: 'window functions',
  SUBLINK: 'a subquery in an expression',
  PARAM: 'a parameter',
}

export function conjuncts(scalar: Scalar): readonly Scalar[] {
  return scalar.kind === 'logic' && scalar.op === 'and' ? scalar.args.flatMap(conjuncts) : [scalar]
}
