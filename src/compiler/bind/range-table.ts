/** The range table: what stands in FROM, each entry as algebra, and what its columns are to an expression. */
import { ref, TRUE } from '../algebra/build.ts'
import { type Column, columnOf, type Node } from '../algebra/node.ts'
import { operatorOf } from '../algebra/operators/index.ts'
import { type Scan, TABLE_OID } from '../algebra/operators/scan.ts'
import type { Ordering } from '../algebra/ordering.ts'
import { type Constant, INTEGER, type Scalar, scalarNullable, type TypeRef } from '../algebra/scalar.ts'
import { FULL_HINT, internalError, unsupported } from '../catalog/error.ts'
import {
  booleanField,
  listField,
  nodeField,
  nodeListField,
  numberField,
  stringListField,
} from '../catalog/node-field.ts'
import { isNode, parseViewQuery, type TreeNode, type TreeValue } from '../catalog/node-tree.ts'
import { quoteIdentifier, quoteLiteral } from '../catalog/quote.ts'
import type { RelationFacts } from '../catalog/request.ts'
import { expression, Template } from './binding.ts'
import { bindExpression } from './expression.ts'
import { castTypeSql } from './facts.ts'
import {
  functionItem,
  type ItemColumns,
  itemColumns,
  type RowsItem,
  rowsExpression,
} from './from-function.ts'
import { indexedExpressions } from './index-expressions.ts'
import { nullOf } from './outer-join.ts'
import { bindQuery, bindSorted, columnTypes, type Environment } from './query.ts'
import { readTypes, unsorted } from './read-types.ts'
import { bindRecursion } from './recursion.ts'
import type { Scope } from './scope.ts'
import { clauseColumns, clauseValue } from './search-cycle.ts'
import {
  aroundCte,
  aroundView,
  cteOf,
  hasOnlyRows,
  onlyItem,
  RTE,
  readsInOrder,
  type SortedSource,
  sortedSource,
  takesFirstRows,
} from './sorted-source.ts'
import { assertMaintainable } from './stability.ts'
import { isItemOfRow, type SublinkPrinter } from './subquery/of-row.ts'
import { tableFunction } from './table-function.ts'

export interface RangeEntry {
  /** The relation as algebra; the same node however often it is asked for. */
  node(): Node
  /** The scalar that column `attnum` (from 1) stands for. `scope` is that of the query, for expressions over other entries. */
  column(attnum: number, scope: Scope): Scalar
  /** How its rows come, where that is asked for: of the item that aggregates read, if it is sorted. */
  order?(): readonly Ordering[]
  /** Of an item that is made of each row of the items before it: what it is made by. Absent for what stands by itself. */
  rows?(scope: Scope): RowsItem
}

/**
 * `isPassing`: who reads the query takes its rows as they come, as aggregates and window functions in it do. `wanted`: of its
 * targets.
 */
export function bindRangeTable(
  query: TreeNode,
  environment: Environment,
  isPassing = false,
  wanted = nodeListField(query, 'targetList'),
): readonly RangeEntry[] {
  const isOrdered = isPassing || takesFirstRows(query) || readsInOrder(query, environment.request)
  const types = readTypes(query)
  const ctes = readTypes(unsorted(query, wanted))
  const only = onlyItem(query)
  return nodeListField(query, 'rtable').map((entry, i) => {
    const read = (isCte(entry) ? ctes : types).get(i + 1) ?? new Map()
    const source = isOrdered && i + 1 === only ? sortedSource(entry, environment) : null
    return source ? sortedEntry(entry, source, read) : bindEntry(entry, environment, read)
  })
}

/** What it is sorted by may follow its columns. */
function sortedEntry(
  entry: TreeNode,
  { query, around }: SortedSource,
  types: ReadonlyMap<number, TypeRef>,
): RangeEntry {
  let bound: ReturnType<typeof bindSorted> | undefined
  const sorted = () => {
    bound ??= bindSorted(query, around)
    return bound
  }
  const rows = lazily(() => sorted().rows)
  const item = withWholeRow(rows, types.get(WHOLE_ROW), around, columnNames(entry))
  return { ...item, order: () => sorted().order }
}

function bindEntry(
  entry: TreeNode,
  environment: Environment,
  types: ReadonlyMap<number, TypeRef>,
): RangeEntry {
  switch (numberField(entry, 'rtekind')) {
    case RTE.relation:
      return withWholeRow(
        lazily(
          () => bindRelation(entry, environment, types.has(WHOLE_ROW)),
          (attnum) => storedAttnum(entry, environment, attnum),
        ),
        types.get(WHOLE_ROW),
        environment,
      )
    case RTE.subquery: {
      const { printSublink, request } = environment
      if (
        printSublink &&
        booleanField(entry, 'lateral', false) &&
        !types.has(WHOLE_ROW) &&
        isItemOfRow(entry, request)
      )
        return madeOfRows(
          itemColumns(entry, types, environment.ids, false, environment.request),
          (columns, scope) => subqueryItem(entry, columns, { scope, environment, print: printSublink }),
        )
      return withWholeRow(
        lazily(() => bindQuery(nodeField(entry, 'subquery'), environment)),
        types.get(WHOLE_ROW),
        environment,
        columnNames(entry),
      )
    }
    case RTE.join:
      return aliases(nodeListField(entry, 'joinaliasvars'), 'a join')
    case RTE.group:
      return aliases(nodeListField(entry, 'groupexprs'), 'GROUP BY')
    case RTE.values:
      return readsColumns(entry)
        ? madeOfRows(
            itemColumns(entry, valuesTypes(entry), environment.ids, false, environment.request),
            (columns, scope) => valuesItem(entry, columns, scope),
          )
        : withWholeRow(
            lazily(() => bindValues(entry, environment)),
            types.get(WHOLE_ROW),
            environment,
            columnNames(entry),
          )
    case RTE.cte: {
      const bound = cteEntry(entry, environment, types)
      // A row would have the columns of SEARCH and CYCLE, too.
      const isPlain = clauseColumns(cteOf(entry, environment)).length === 0
      return isPlain ? withWholeRow(bound, types.get(WHOLE_ROW), environment, columnNames(entry)) : bound
    }
    case RTE.function:
      return madeOfRows(
        itemColumns(
          entry,
          types,
          environment.ids,
          booleanField(entry, 'funcordinality'),
          environment.request,
        ),
        (columns, scope) => functionItem(entry, columns, scope),
      )
    case RTE.tablefunc:
      return madeOfRows(
        itemColumns(entry, types, environment.ids, false, environment.request),
        ({ made }, scope) => {
          const bind = (node: TreeNode) => bindExpression(node, scope)
          const item = tableFunction(nodeField(entry, 'tablefunc'), { bind, request: scope.request })
          return { item, made, ordinality: null, isOne: false }
        },
      )
    case RTE.result:
      return lazily(() => ({ op: 'join', inputs: [], predicate: [] }))
    default:
      return refused('this kind of FROM item')
  }
}

/** A subquery that is made of each row; its own part is bound for what is refused in it. */
function subqueryItem(
  entry: TreeNode,
  { made }: ItemColumns,
  {
    scope,
    environment,
    print,
  }: { readonly scope: Scope; readonly environment: Environment; readonly print: SublinkPrinter },
): RowsItem {
  const query = nodeField(entry, 'subquery')
  assertAllMaintainable(bindQuery(query, environment))
  const item = print(query, scope, (variable, level) => {
    if (level === 0) return scope.resolve({ ...variable, fields: { ...variable.fields, varlevelsup: '0' } })
    // The first is the query that it stands in.
    const around = environment.outer[level]
    if (!around) throw internalError('a column of no query')
    return around.own(variable)
  })
  const isOne = booleanField(query, 'hasAggs') && hasOnlyRows(query)
  return { item, made, ordinality: null, isOne }
}

function assertAllMaintainable(node: Node): void {
  operatorOf(node).scalars(node).forEach(assertMaintainable)
  operatorOf(node).inputs(node).forEach(assertAllMaintainable)
}

/** Bound when first used: an entry that only its columns' aliases mention is never read twice. */
export function lazily(bind: () => Node, stored = (attnum: number) => attnum): RangeEntry {
  let bound: Node | undefined
  const node = () => {
    bound ??= bind()
    return bound
  }
  return {
    node,
    column: (attnum) => {
      if (attnum === WHOLE_ROW) throw unsupported('a whole-row reference', 'List the columns one by one.')
      const relation = node()
      const columns = operatorOf(relation).columns(relation)
      const column =
        relation.op === 'scan'
          ? relation.columns.find((each) => each.attnum === stored(attnum))
          : columns[stored(attnum) - 1]
      if (!column) throw internalError(`there is no column ${attnum}`)
      return { kind: 'column', id: column.id, type: column.type }
    },
  }
}

/**
 * The number that a column has where it is stored: that of a source which is compared has it in its copy, and what has no rows
 * has no holes where columns were dropped.
 */
function storedAttnum(entry: TreeNode, { request }: Environment, attnum: number): number {
  const facts = request.relations[numberField(entry, 'relid')]
  if (facts?.kind === 'p' && !booleanField(entry, 'inh'))
    return facts.columns.findIndex((each) => each.attnum === attnum) + 1
  if (!facts?.copy) return attnum
  const stored = facts.copy.columns[attnum]
  if (stored === undefined) {
    const source = quoteLiteral(`${quoteIdentifier(facts.schema)}.${quoteIdentifier(facts.name)}`)
    throw unsupported(
      'a column that the copy of its source lacks',
      `SELECT pgstream.compare_source(${source}) makes the copy anew.`,
    )
  }
  return stored
}

/** Attribute 0: the row as one value. */
const WHOLE_ROW = 0

/**
 * The row as a column besides the others, made where the table is read: on the inner side of an outer join it is NULL as they
 * are, and no row of NULLs.
 */
function withWholeRow(
  entry: RangeEntry,
  type: TypeRef | undefined,
  { request, ids }: Environment,
  names: readonly string[] = [],
): RangeEntry {
  if (!type) return entry
  let made: { readonly whole: Column; readonly node: Node } | undefined
  const bound = () => {
    if (made) return made
    const relation = entry.node()
    const all = operatorOf(relation).columns(relation)
    const passed = all.map((column) => ({ column, value: ref(column) }))
    const columns = names.length > 0 ? all.slice(0, names.length) : all
    const fields = columns.map((column) => column.type)
    const own = type.oid === RECORD ? { ...type, fields } : type
    const text = new Template()
    if (type.oid === RECORD) {
      // A subquery gives a row its names, which JSON shows.
      // By itself the name might be that of a column around.
      text.text('(SELECT coalesce(r.*) FROM (SELECT ')
      for (const [i, column] of columns.entries())
        text
          .text(i > 0 ? ', ' : '')
          .hole(ref(column))
          .text(` AS ${quoteIdentifier(names[i] ?? column.name)}`)
      text.text(') AS r)')
    } else
      text
        .text('ROW(')
        .list(columns.map(ref))
        .text(`)::${castTypeSql(request, type.oid)}`)
    const value = expression({ construct: 'ROW(…)', parts: text.parts, args: text.args, type: own })
    const whole = ids.make('row', own, false)
    const node: Node = { op: 'project', input: relation, outputs: [...passed, { column: whole, value }] }
    made = { whole, node }
    return made
  }
  const column = (attnum: number, scope: Scope) =>
    attnum === WHOLE_ROW ? ref(bound().whole) : entry.column(attnum, scope)
  return { node: () => bound().node, column }
}

const RECORD = 2249

function columnNames(entry: TreeNode): readonly string[] {
  return stringListField(nodeField(entry, 'eref'), 'colnames')
}

/** A function, or whatever else is made anew of each row of the items before it. */
function madeOfRows(
  columns: ItemColumns,
  rows: (columns: ItemColumns, scope: Scope) => RowsItem,
): RangeEntry {
  return {
    node: () => {
      throw internalError('a function is read over what stands before it')
    },
    column: (attnum) => {
      const column = columns.byAttnum.get(attnum)
      if (!column) throw internalError(`a function has no column ${attnum}`)
      return ref(column)
    },
    rows: (scope) => rows(columns, scope),
  }
}

/** JOIN and GROUP entries: their columns are expressions over the other entries. */
function aliases(expressions: readonly TreeNode[], what: string): RangeEntry {
  return {
    node: () => {
      throw internalError(`${what} is not read by itself`)
    },
    column: (attnum, scope) => {
      const expression = expressions[attnum - 1]
      if (!expression) throw internalError(`${what} has no column ${attnum}`)
      return bindExpression(expression, scope)
    },
  }
}

function refused(construct: string): RangeEntry {
  const refuse = (): never => {
    throw unsupported(construct, FULL_HINT)
  }
  return { node: refuse, column: refuse }
}

function bindRelation(entry: TreeNode, environment: Environment, readsWhole: boolean): Node {
  const { request } = environment
  const facts = request.relations[numberField(entry, 'relid')]
  if (!facts) throw internalError(`the compile request lacks relation ${numberField(entry, 'relid')}`)
  if (facts.tree !== null) return bindQuery(parseViewQuery(facts.tree), aroundView(environment))
  const name = `${quoteIdentifier(facts.schema)}.${quoteIdentifier(facts.name)}`
  const refuse = (construct: string, hint: string) => unsupported(construct, hint, `${name} is one.`)
  if (facts.copy && (booleanField(entry, 'inh') || !facts.hasChildren)) {
    const copied = request.relations[facts.copy.relation]
    if (!copied) throw internalError(`the compile request lacks the copy of ${name}`)
    const stored = facts.columns.map(({ attnum }) => facts.copy?.columns[attnum])
    if (readsWhole && String(copied.columns.map(({ attnum }) => attnum)) !== String(stored))
      throw unsupported(
        'a whole-row reference to a source whose copy has other columns',
        'List the columns one by one.',
      )
    return scanOf(copied, environment)
  }
  const compare = `To have it compared at each refresh: SELECT pgstream.compare_source(${quoteLiteral(name)}).`
  if (facts.kind === 'm')
    throw refuse(
      'a materialized view as a source',
      `Define the query over its tables, or as a stream table. ${compare}`,
    )
  if (facts.kind === 'f') throw refuse('a foreign table as a source', `${FULL_HINT} ${compare}`)
  if (facts.kind !== 'r' && facts.kind !== 'p') throw refuse('this kind of relation', FULL_HINT)
  if (facts.schema === 'pg_catalog' || facts.schema === 'information_schema')
    throw refuse('a system catalog as a source', FULL_HINT)
  if (facts.persistence === 'u')
    throw refuse(
      'an unlogged table as a source',
      'ALTER TABLE … SET LOGGED: a crash empties an unlogged table without a change to tell of it.',
    )
  if (facts.rowSecurity)
    throw unsupported(
      'a table with row-level security',
      'Let a role own the stream table for which no policies hold (the owner of the table, or one with BYPASSRLS), or use refresh mode FULL or AUTO.',
      `Changes of ${name} are captured for all rows alike, and its policies hold for the owner of the stream table, or of a view below it.`,
    )
  if (facts.obstacle) throw unsupported(facts.obstacle.construct, facts.obstacle.hint, facts.obstacle.detail)
  if (booleanField(entry, 'inh')) return scanOf(facts, environment)
  return facts.kind === 'p' ? noRows(facts, environment) : scanOf(facts, environment, true)
}

function scanOf(facts: RelationFacts, { request, ids }: Environment, isOnly = false): Scan {
  // The constraints and unique indexes of an inheritance parent say nothing about its children; those of a partitioned table span
  // all its partitions.
  const isLoose = facts.kind === 'r' && facts.hasChildren && !isOnly
  const columns = facts.columns.map((column) => {
    const type = { oid: column.type, typmod: column.typmod, collation: column.collation }
    return { ...ids.make(column.name, type, isLoose || !column.notNull), attnum: column.attnum }
  })
  const idOf = (attnum: number) => columns.find((column) => column.attnum === attnum)?.id ?? 0
  const unique = isLoose ? [] : facts.keys
  const keys = unique
    .filter(
      (key) =>
        key.nullsNotDistinct || key.columns.every((attnum) => !columnOf(columns, idOf(attnum)).nullable),
    )
    .map((key) => key.columns.map(idOf))
  const usable = facts.indexes.filter(
    (index) => !index.partial && (index.method === 'btree' || index.method === 'hash'),
  )
  return {
    op: 'scan',
    relation: facts.oid,
    name: facts.name,
    sql: `${quoteIdentifier(facts.schema)}.${quoteIdentifier(facts.name)}`,
    columns,
    ...(isOnly && facts.hasChildren
      ? { own: { ...ids.make('tableoid', INTEGER, false), attnum: TABLE_OID } }
      : {}),
    keys,
    indexes: usable.map((index) => index.columns.map(idOf)),
    ...(facts.indexes.some((index) => index.arrays?.length)
      ? { arrays: facts.indexes.flatMap(({ arrays = [] }) => arrays.map(idOf)) }
      : {}),
    ...indexedExpressions(
      usable.flatMap(({ expressions }) => expressions ?? []),
      request,
      (attnum) => ref(columnOf(columns, idOf(attnum))),
    ),
    ...(usable.some(({ options }) => options)
      ? { turned: usable.map(({ options = [] }) => options.map((each) => each === 1 || each === 2)) }
      : {}),
    sorted: facts.indexes.filter(({ sorted }) => sorted).map((index) => index.columns.map(idOf)),
    rows: facts.rows,
  }
}

/** ONLY of a partitioned table: it has no rows of its own. */
function noRows(facts: RelationFacts, { request, ids }: Environment): Node {
  const columns = facts.columns.map((column) =>
    ids.make(column.name, { oid: column.type, typmod: column.typmod, collation: column.collation }, true),
  )
  const nulls = columns.map(({ type }) => nullOf(type, request))
  const none: Constant = { ...TRUE, sql: 'false' }
  return { op: 'filter', input: { op: 'values', columns, rows: [nulls] }, predicate: [none] }
}

function valuesTypes(entry: TreeNode): ReadonlyMap<number, TypeRef> {
  return new Map(
    columnTypes(entry, 'coltypes', 'coltypmods', 'colcollations').map((type, i) => [i + 1, type]),
  )
}

/** Does VALUES read columns of the items before it or of queries around, or subqueries? */
function readsColumns(value: TreeValue): boolean {
  if (Array.isArray(value)) return (value as readonly TreeValue[]).some(readsColumns)
  if (!isNode(value)) return false
  if (value.tag === 'SUBLINK') return true
  if (value.fields.values_lists !== undefined) return readsColumns(value.fields.values_lists ?? null)
  return value.tag === 'VAR' || Object.values(value.fields).some(readsColumns)
}

function valuesItem(entry: TreeNode, columns: ItemColumns, scope: Scope): RowsItem {
  const text = new Template().text('(VALUES ')
  for (const [i, row] of listField(entry, 'values_lists').entries())
    text
      .text(i > 0 ? ', (' : '(')
      .list(nodesOf(row).map((value) => bindExpression(value, scope)))
      .text(')')
  text.text(')')
  return {
    item: rowsExpression('VALUES', text.parts, text.args),
    made: columns.made,
    ordinality: null,
    isOne: false,
  }
}

function bindValues(entry: TreeNode, { request, ids }: Environment): Node {
  const nothing = (): never => {
    throw internalError('VALUES over columns is made of rows')
  }
  const scope: Scope = { request, resolve: nothing, external: nothing }
  const rows = listField(entry, 'values_lists').map((row) =>
    nodesOf(row).map((value) => bindExpression(value, scope)),
  )
  const names = stringListField(nodeField(entry, 'eref'), 'colnames')
  const columns: Column[] = columnTypes(entry, 'coltypes', 'coltypmods', 'colcollations').map((type, i) => {
    const nullable = rows.some((row) => {
      const value = row[i]
      return value === undefined || scalarNullable(value, () => true)
    })
    return ids.make(names[i] ?? 'column', type, nullable)
  })
  return { op: 'values', columns, rows }
}

function nodesOf(value: TreeValue): readonly TreeNode[] {
  if (!Array.isArray(value)) throw internalError('a VALUES row is not a list')
  const nodes: readonly TreeValue[] = value
  return nodes.map((node) => {
    if (!isNode(node)) throw internalError('a VALUES item is not a node')
    return node
  })
}

/** Behind a recursion's own columns stand those of SEARCH and CYCLE. */
function cteEntry(entry: TreeNode, environment: Environment, read: ReadonlyMap<number, TypeRef>): RangeEntry {
  const cte = cteOf(entry, environment)
  const clauses = clauseColumns(cte)
  const own = nodeListField(nodeField(cte, 'ctequery'), 'targetList').filter(
    (target) => !booleanField(target, 'resjunk'),
  ).length
  const isOrderRead = clauses.some((clause, i) => clause === 'order' && read.has(own + 1 + i))
  const bound = lazily(() => bindCte(entry, environment, isOrderRead))
  if (clauses.length === 0) return bound
  const column = (attnum: number, scope: Scope) => {
    const clause = clauses[attnum - own - 1]
    if (!clause) return bound.column(attnum, scope)
    const node = bound.node()
    return clauseValue(clause, cte, operatorOf(node).columns(node), environment.request)
  }
  return { node: bound.node, column }
}

function isCte(entry: TreeNode): boolean {
  return numberField(entry, 'rtekind') === RTE.cte
}

/** A WITH query is bound anew for each reference: its columns then have ids of their own. */
function bindCte(entry: TreeNode, environment: Environment, isOrderRead: boolean): Node {
  const cte = cteOf(entry, environment)
  const self = environment.recursions.get(cte)
  if (self) return self
  const around = aroundCte(entry, environment)
  return booleanField(cte, 'cterecursive')
    ? bindRecursion(cte, around, isOrderRead)
    : bindQuery(nodeField(cte, 'ctequery'), around)
}
