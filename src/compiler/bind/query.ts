/**
 * From the server's analysed query to algebra: one place decides what is maintained and says "not supported" about the
 * rest, by name. Subqueries in FROM, views and WITH become part of the tree; ORDER BY has no meaning for a
 * table and is left out.
 */
import { groupRule, isAlwaysRecomputed } from '../algebra/aggregate-functions.ts'
import { and, ref, sameScalar, sql } from '../algebra/build.ts'
import type { ColumnIds, Node } from '../algebra/node.ts'
import type { Aggregate } from '../algebra/operators/aggregate.ts'
import { operatorOf } from '../algebra/operators/index.ts'
import type { Project, Projection } from '../algebra/operators/project.ts'
import type { Ordering } from '../algebra/ordering.ts'
import {
  BOOLEAN,
  type Scalar,
  scalarArguments,
  scalarColumns,
  scalarNullable,
  type TypeRef,
} from '../algebra/scalar.ts'
import { staticScale } from '../algebra/static-scale.ts'
import { isComposite } from '../catalog/composite.ts'
import { CompileError, FULL_HINT, internalError, SQLSTATE, unsupported } from '../catalog/error.ts'
import {
  booleanField,
  intListField,
  nodeField,
  nodeListField,
  numberField,
  oidListField,
  optionalNode,
  optionalString,
} from '../catalog/node-field.ts'
import { isNode, type TreeNode, type TreeValue } from '../catalog/node-tree.ts'
import type { CompileRequest } from '../catalog/request.ts'
import { type BoundCall, bindAggregate } from './aggregate-call.ts'
import { distinctTargets } from './distinct.ts'
import { type Aggregation, overValues, type Context as ValuesContext } from './distinct-calls.ts'
import { bindDistinctOn } from './distinct-on.ts'
import { bindExpression } from './expression.ts'
import { baseTypeRef, operatorFacts, operatorSql, typeFacts } from './facts.ts'
import { withTies } from './first-of-sorted.ts'
import { bindFrom } from './from-clause.ts'
import { assertGroupKey } from './group-key.ts'
import { type GroupingSet, groupingBits, groupingSets, unionOfSets } from './grouping-sets.ts'
import { readsColumn, takenApart } from './grouping-windows.ts'
import { raised } from './levels.ts'
import { bindLimit } from './limit.ts'
import { bindOrdering, targetOfItem } from './ordering.ts'
import { type MergedColumns, nullOf, withMergedColumns } from './outer-join.ts'
import { bindRangeTable, lazily, type RangeEntry } from './range-table.ts'
import type { QueryScope, Scope } from './scope.ts'
import { SelectSets } from './select-sets.ts'
import { bindSetOperation } from './set-operation.ts'
import { ctesOf, isPassing, onlyItem, takesFirstRows } from './sorted-source.ts'
import { replaceScalars } from './subquery/columns.ts'
import type { SublinkPrinter } from './subquery/of-row.ts'
import { Sublinks } from './subquery/sublinks.ts'
import { WindowCalls } from './window.ts'

/** What a query sees of the queries around it. */
export interface Environment {
  readonly request: CompileRequest
  readonly ids: ColumnIds
  /** The outermost query. */
  readonly top: TreeNode
  /** WITH queries by level: the innermost first. */
  readonly ctes: readonly ReadonlyMap<string, TreeNode>[]
  /** The queries around, the innermost first. */
  readonly outer: readonly QueryScope[]
  /** Of WITH queries that are being bound: what they are to themselves. */
  readonly recursions: ReadonlyMap<TreeNode, Node>
  readonly merged: MergedColumns
  /** Printing is a later stage; without it no subquery is an expression. */
  readonly printSublink?: SublinkPrinter | undefined
}

/** A whole query: a projection of its output columns. */
export function bindQuery(query: TreeNode, outer: Environment): Project {
  const targets = wantedTargets(query)
  return shown(targets, bindTargets(query, targets, outer))
}

/** A query as it is sorted, or as what it reads is: what it is sorted by may follow its columns. */
export function bindSorted(
  query: TreeNode,
  outer: Environment,
): { readonly rows: Project; readonly order: readonly Ordering[] } {
  if (isPassing(query)) return bindPassing(query, outer)
  if (nodeListField(query, 'sortClause').length === 0) return { rows: bindQuery(query, outer), order: [] }
  const targets = wantedTargets(query, true)
  const rows = bindTargets(query, targets, outer)
  const order = nodeListField(query, 'sortClause').map((item) => {
    const output = rows.outputs[targets.indexOf(targetOfItem(item, targets))]
    if (!output) throw internalError('ORDER BY names no output')
    return bindOrdering(item, ref(output.column), outer.request)
  })
  return { rows, order }
}

/** One that leaves the rows of its one item in their order (isPassing in sorted-source.ts). */
function bindPassing(
  query: TreeNode,
  outer: Environment,
): { readonly rows: Project; readonly order: readonly Ordering[] } {
  const targets = wantedTargets(query)
  const { range, environment } = rangeOf(query, outer, true, targets)
  const rows = bindSelect(query, targets, range, environment)
  const below = range[onlyItem(query) - 1]?.order?.() ?? []
  const added = below.map(({ value }) => ({
    column: outer.ids.make('order', value.type, true),
    value,
  }))
  const order = below.map((each, i) => ({ ...each, value: added[i] ? ref(added[i].column) : each.value }))
  return { rows: { ...rows, outputs: [...rows.outputs, ...added] }, order }
}

/** `targets`: of the query's, those that are wanted. */
function bindTargets(query: TreeNode, targets: readonly TreeNode[], outer: Environment): Project {
  const { range, environment } = rangeOf(query, outer, false, targets)
  const setOperation = optionalNode(query, 'setOperations')
  const apart = takenApart(query)
  if (apart) {
    const groups = bindGroups(apart.groups, nodeListField(apart.groups, 'targetList'), range, environment)
    const all = nodeListField(query, 'targetList')
    const above = nodeListField(apart.above, 'targetList').filter((_, i) =>
      targets.some((each) => each === all[i]),
    )
    return finished(
      apart.above,
      above,
      bindSelect(apart.above, above, [lazily(() => groups)], environment),
      environment,
    )
  }
  const selected = setOperation
    ? bindSetOperation(query, setOperation, range, environment)
    : bindGroups(query, targets, range, environment)
  const incoming = takesFirstRows(query) ? (range[onlyItem(query) - 1]?.order?.() ?? []) : []
  return finished(query, targets, selected, environment, incoming)
}

/** What a query reads, and what its parts may read besides: its WITH queries, and those around. */
function rangeOf(
  query: TreeNode,
  outer: Environment,
  isPassing: boolean,
  targets: readonly TreeNode[],
): { readonly range: readonly RangeEntry[]; readonly environment: Environment } {
  const environment = { ...outer, ctes: [ctesOf(query), ...outer.ctes] }
  const range: RangeEntry[] = []
  const here = scopeOver(range, environment, (node) => {
    throw notHere(node)
  })
  range.push(
    ...bindRangeTable(query, { ...environment, outer: [here, ...environment.outer] }, isPassing, targets),
  )
  return { range, environment }
}

/** SELECT … FROM … GROUP BY … HAVING. */
function bindGroups(
  query: TreeNode,
  targets: readonly TreeNode[],
  range: readonly RangeEntry[],
  environment: Environment,
): Project {
  const sets = groupingSets(query)
  if (!sets) return bindSelect(query, targets, range, environment)
  return unionOfSets(query, targets, sets, environment.ids, (set) =>
    bindSelect(query, targets, range, environment, set),
  )
}

/** DISTINCT and LIMIT over what is selected; `incoming`: how its rows come, where the first are taken. */
function finished(
  query: TreeNode,
  targets: readonly TreeNode[],
  selected: Project,
  environment: Environment,
  incoming: readonly Ordering[] = [],
): Project {
  const isDistinct = nodeListField(query, 'distinctClause').length > 0
  const { rows, ties } = withTies(query, targets, selected, incoming, environment)
  const distinct = booleanField(query, 'hasDistinctOn')
    ? bindDistinctOn(query, targets, rows, ties, environment)
    : isDistinct
      ? distinctTargets(rows, environment)
      : rows
  return bindLimit(query, targets, distinct, ties, environment)
}

/** The columns of the result, and what DISTINCT ON or ORDER BY with LIMIT needs besides. */
function wantedTargets(query: TreeNode, isSorted = false): readonly TreeNode[] {
  const isOrdered =
    isSorted ||
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

/** `set`: the one of several grouping sets that is asked for. */
function bindSelect(
  query: TreeNode,
  targets: readonly TreeNode[],
  range: readonly RangeEntry[],
  environment: Environment,
  set: GroupingSet | null = null,
): Project {
  const { request, ids } = environment
  const sublinks = new Sublinks(environment)
  const sorted = range[onlyItem(query) - 1]?.order?.() ?? []
  const rows = scopeOver(range, environment, (node) => {
    if (node.tag !== 'SUBLINK') throw notHere(node)
    return sublinks.bind(node, rows)
  })
  let input = bindFrom(nodeField(query, 'jointree'), range, rows, sublinks, environment)
  const groups = nodeListField(query, 'groupClause')
  const isGrouped = booleanField(query, 'hasAggs') || groups.length > 0
  const windows = new WindowCalls(query, request, ids, isGrouped ? [] : sorted)
  const having = optionalNode(query, 'havingQual')
  // A column of a query around may be anything.
  const [grouped, sets] = [new SelectSets(ids), new SelectSets(ids)]
  const hidden = hiddenSets(query, targets)
  const isNullable = (id: number) =>
    operatorOf(input)
      .columns(input)
      .find((column) => column.id === id)?.nullable ?? true
  if (!booleanField(query, 'hasAggs') && groups.length === 0 && !having && !set) {
    const external: Scope['external'] = (node) => {
      if (node.tag === 'SUBLINK') return sublinks.bind(node, withWindows)
      if (node.tag !== 'WINDOWFUNC') return rows.external(node)
      return windows.bind(node, (inner) => bindExpression(inner, rows))
    }
    const withWindows = scopeOver(range, environment, external, sets.rows())
    const values = targets.map((target) => bindExpression(nodeField(target, 'expr'), withWindows))
    for (const target of hidden) bindExpression(nodeField(target, 'expr'), withWindows)
    return projectValues(targets, values, withCalls(input, sublinks, windows, sets), ids)
  }

  const calls: BoundCall[] = []
  const external: Scope['external'] = (node) => {
    if (node.tag === 'SUBLINK') {
      const found = sublinks.find(node)
      const groupedBy = [...keys.map(({ value }) => value), ...absent]
      const isKey = found && groupedBy.some((value) => scalarColumns(value).has(found.id))
      return isKey ? ref(found) : sublinksAbove.bind(node, mixed)
    }
    if (node.tag === 'WINDOWFUNC') return windows.bind(node, (inner) => above(bindExpression(inner, mixed)))
    if (node.tag === 'GROUPINGFUNC') return groupingBits(node, set ?? new Set(groups.map(referenceOf)))
    if (node.tag !== 'AGGREF') throw notHere(node)
    return bindAggregate(node, rows, { calls, ids, sorted, direct })
  }
  // A set that is grouped by is made below the aggregation, any other above.
  const mixed = scopeOver(range, environment, external, (call, field) => {
    const known = grouped.find(call, field?.number ?? 0)
    return known ? ref(known) : sets.rows(above)(call, field)
  })
  const keyScope = scopeOver(range, environment, rows.external, grouped.rows())
  const keys: Projection[] = []
  /** In a subquery: the columns of the aggregation for those that it groups by. */
  const sublinksAbove = new Sublinks(environment, (tree) => {
    const below = new Set(
      operatorOf(input)
        .columns(input)
        .map(({ id }) => id),
    )
    return replaceScalars(tree, (scalar) => {
      const isOf = (list: readonly Projection[]) => list.some((each) => sameScalar(each.value, scalar))
      const isAbsent = absent.some((each) => sameScalar(each, scalar))
      const isBelow = scalar.kind === 'column' && (below.has(scalar.id) || sublinks.has(scalar.id))
      return isOf(keys) || isAbsent || isBelow ? above(scalar) : null
    })
  })
  const addKey = (value: Scalar, name: string): Projection => {
    const found = keys.find((key) => sameScalar(key.value, value))
    if (found) return found
    assertGroupKey(request, value.type, 'GROUP BY', FULL_HINT)
    const key = { column: ids.make(name, value.type, scalarNullable(value, isNullable)), value }
    keys.push(key)
    return key
  }
  const absent: Scalar[] = []
  /** Constants among grouping sets: what is NULL where they are not grouped by is the target itself. */
  const constants = new Map<number, Scalar>()
  const isGroupedConstant = (scalar: Scalar) =>
    [...constants.values()].some((each) => sameScalar(each, scalar))
  for (const group of groups) {
    const target = nodeListField(query, 'targetList').find(
      (each) => numberField(each, 'ressortgroupref') === referenceOf(group),
    )
    if (!target) throw internalError('a GROUP BY item has no target entry')
    const value = bindExpression(nodeField(target, 'expr'), keyScope)
    const isConstant = set !== null && scalarColumns(value).size === 0
    if (isConstant) {
      assertPlainSets(query)
      // Of a column or an expression that is the same in all rows PostgreSQL makes NULLs wherever it stands.
      if (readsColumn(nodeField(target, 'expr'), query) || isGroupedConstant(value)) throw constantTwice()
      constants.set(referenceOf(group), value)
    }
    if (!set || set.has(referenceOf(group))) addKey(value, optionalString(target, 'resname') ?? 'key')
    else if (!isConstant) absent.push(value)
  }
  /** Above the aggregation: group expressions are its columns; a column that is none depends on one (primary key). */
  const above = (scalar: Scalar): Scalar => {
    // Here versions of PostgreSQL differ, and one from itself where no row is left.
    if (isGroupedConstant(scalar)) throw constantTwice()
    const key = keys.find((each) => sameScalar(each.value, scalar))
    if (key) return { kind: 'column', id: key.column.id, type: key.column.type }
    if (absent.some((each) => sameScalar(each, scalar))) return nullOf(scalar.type, request)
    if (scalar.kind === 'column') {
      const isMade = calls.some((call) => call.column.id === scalar.id) || windows.has(scalar.id)
      if (isMade || sublinksAbove.has(scalar.id) || sets.has(scalar.id)) return scalar
      const found = operatorOf(input)
        .columns(input)
        .find(({ id }) => id === scalar.id)
      // One of a query around.
      if (!found && !sublinks.has(scalar.id)) return scalar
      const { column } = addKey(scalar, found?.name ?? 'key')
      return { kind: 'column', id: column.id, type: column.type }
    }
    return scalar.kind === 'constant' ? scalar : { ...scalar, args: scalarArguments(scalar).map(above) }
  }
  /** A direct argument of an ordered-set aggregate, which is called below: it may read what is grouped by. */
  const direct = (scalar: Scalar): Scalar => {
    if (isGroupedConstant(scalar)) throw constantTwice()
    if (keys.some((each) => sameScalar(each.value, scalar))) return scalar
    if (absent.some((each) => sameScalar(each, scalar))) return nullOf(scalar.type, request)
    if (scalar.kind === 'column') above(scalar)
    return scalar.kind === 'column' || scalar.kind === 'constant'
      ? scalar
      : { ...scalar, args: scalarArguments(scalar).map(direct) }
  }
  const bound = targets.map((target) => {
    const reference = numberField(target, 'ressortgroupref')
    const constant = constants.get(reference)
    if (constant) return set?.has(reference) ? constant : nullOf(constant.type, request)
    return above(bindExpression(nodeField(target, 'expr'), mixed))
  })
  const condition = having ? conjuncts(above(bindExpression(having, mixed))) : []
  for (const target of hidden) above(bindExpression(nodeField(target, 'expr'), mixed))
  input = grouped.over(sublinks.attached(input))
  const aggregated = aggregation(input, keys, calls, { request, ids, isNullable })
  const kept = condition.length === 0 ? aggregated : sublinksAbove.filtered(aggregated, condition)
  return projectValues(targets, bound, withCalls(kept, sublinksAbove, windows, sets), ids)
}

/** γ[keys; calls](input). */
function aggregation(
  input: Node,
  keys: readonly Projection[],
  bound: readonly BoundCall[],
  context: ValuesContext,
): Aggregate {
  const { request, ids } = context
  const made = ({ input: rows, keys: by, calls, base, isNullable }: Aggregation): Aggregate => {
    const rule = groupRule(
      by,
      calls,
      ids,
      {
        nullable: (scalar) => scalarNullable(scalar, isNullable),
        isRow: (type) => isComposite(request, type.oid),
        scale: (scalar) => staticScale(scalar, rows, (type) => baseTypeRef(request, type)),
        equality: (type) => {
          const { equality, kind } = typeFacts(request, type.oid)
          if (equality === 0 || kind === 'p')
            throw unsupported(`min or max over type ${typeFacts(request, type.oid).sql}`, FULL_HINT)
          return operatorSql(operatorFacts(request, equality))
        },
      },
      base,
    )
    return { op: 'aggregate', input: rows, keys: by, calls, rule }
  }
  const counted = overValues(input, keys, bound, context)
  const overCounted = counted && made(counted)
  // Where a group is read anew in any case its values need not be kept.
  if (overCounted && !isAlwaysRecomputed(overCounted.rule)) return overCounted
  const calls = bound.map(({ values: _, ...call }) => call)
  return made({ input, keys, calls, base: null, isNullable: context.isNullable })
}

/** Window functions, then sets; a subquery stands above what it compares. */
function withCalls(input: Node, sublinks: Sublinks, windows: WindowCalls, sets: SelectSets): Node {
  const below = sublinks.attachedBelow(input, (id) => windows.has(id) || sets.has(id))
  const between = sublinks.attachedBelow(windows.over(below), (id) => sets.has(id))
  return sublinks.attached(sets.over(between))
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

/** A set that is only ordered by makes rows as well. */
function hiddenSets(query: TreeNode, targets: readonly TreeNode[]): readonly TreeNode[] {
  return booleanField(query, 'hasTargetSRFs')
    ? nodeListField(query, 'targetList').filter((target) => !targets.includes(target) && hasSet(target))
    : []
}

function hasSet(value: TreeValue): boolean {
  if (Array.isArray(value)) return (value as readonly TreeValue[]).some(hasSet)
  if (!isNode(value)) return false
  return value.fields.funcretset === 'true' || Object.values(value.fields).some(hasSet)
}

function constantTwice(): CompileError {
  return unsupported(
    'GROUPING SETS over a constant that also stands elsewhere',
    FULL_HINT,
    'Whether it is NULL there is not the same in all versions of PostgreSQL.',
  )
}

/** PostgreSQL before 18 takes such a column for the same in all sets when it sorts: DISTINCT loses rows. */
function assertPlainSets(query: TreeNode): void {
  const isSorted =
    booleanField(query, 'hasWindowFuncs') ||
    nodeListField(query, 'distinctClause').length > 0 ||
    optionalNode(query, 'limitCount') !== null ||
    optionalNode(query, 'limitOffset') !== null
  if (isSorted) throw unsupported('DISTINCT, LIMIT or a window over GROUPING SETS of a constant', FULL_HINT)
}

function referenceOf(group: TreeNode): number {
  return numberField(group, 'tleSortGroupRef')
}

export function projectTargets(
  targets: readonly TreeNode[],
  input: Node,
  ids: ColumnIds,
  bind: (expr: TreeNode, target: TreeNode) => Scalar,
): Project {
  const columns = operatorOf(input).columns(input)
  const outputs = targets.map((target) => {
    const value = bind(nodeField(target, 'expr'), target)
    const nullable = scalarNullable(value, (id) => columns.find((each) => each.id === id)?.nullable ?? true)
    return { column: ids.make(optionalString(target, 'resname') ?? 'column', value.type, nullable), value }
  })
  return { op: 'project', input, outputs }
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

function scopeOver(
  range: readonly RangeEntry[],
  { request, outer, merged }: Environment,
  external: Scope['external'],
  sets?: Scope['rows'],
): QueryScope {
  const scope: QueryScope = {
    request,
    resolve: (node) => {
      const level = numberField(node, 'varlevelsup')
      if (level === 0) return scope.own(node)
      const around = outer[level - 1]
      if (!around) throw internalError(`there is no query ${level} levels up`)
      return around.own(node)
    },
    own: (node) => {
      const attnum = numberField(node, 'varattno')
      return withMergedColumns(entryAt(range, numberField(node, 'varno')).column(attnum, scope), merged)
    },
    external: (node) => {
      const level = AGGREGATES.has(node.tag) ? numberField(node, 'agglevelsup') : 0
      if (level === 0) return external(node)
      // An aggregate of a query around: there it is computed, here it is a column.
      const around = outer[level - 1]
      if (!around) throw internalError(`there is no query ${level} levels up`)
      return around.external(raised(node, -level))
    },
    ...(sets ? { rows: sets } : {}),
  }
  return scope
}

const AGGREGATES: ReadonlySet<string> = new Set(['AGGREF', 'GROUPINGFUNC'])

export function entryAt(range: readonly RangeEntry[], index: number): RangeEntry {
  const entry = range[index - 1]
  if (!entry) throw internalError(`there is no range table entry ${index}`)
  return entry
}

export function notHere(node: TreeNode): CompileError {
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

/**
 * Conditions that all must hold, also those that every branch of an OR has: (a AND b) OR (a AND c) is a AND (b OR c), for NULL
 * as well. PostgreSQL does the same (prepqual.c), but only here is it known which of them join two tables.
 */
export function conjuncts(scalar: Scalar): readonly Scalar[] {
  if (scalar.kind === 'constant' && scalar.sql === 'true') return []
  if (scalar.kind !== 'logic') return [scalar]
  if (scalar.op === 'not') return [otherwise(scalar.args[0]) ?? scalar]
  if (scalar.op === 'and') return scalar.args.flatMap(conjuncts)
  const branches = scalar.args.map(conjuncts)
  const isIn = (branch: readonly Scalar[], each: Scalar) => branch.some((other) => sameScalar(other, each))
  const common = (branches[0] ?? []).filter((each) => branches.every((branch) => isIn(branch, each)))
  if (common.length === 0) return [scalar]
  const rest = branches.map((branch) => branch.filter((each) => !isIn(common, each)))
  // What is left of one of them asks for nothing.
  if (rest.some((branch) => branch.length === 0)) return common
  return [...common, { ...scalar, args: rest.map(and) }]
}

/** Of IS NOT DISTINCT FROM between two values of rows: an equality, or both NULL. One is looked for by the other so. */
function otherwise(negated: Scalar | undefined): Scalar | null {
  if (negated?.kind !== 'expression' || !negated.negates) return null
  const { args, negates } = negated
  if (args.some((arg) => scalarColumns(arg).size === 0)) return null
  const unknown = args.map((arg) => sql(BOOLEAN)`(${arg} IS NULL)`)
  return { kind: 'logic', op: 'or', args: [{ ...negates, args }, and(unknown)], type: BOOLEAN }
}
