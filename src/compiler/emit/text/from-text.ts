/** FROM as text, and what the columns of its items are called. */
import type { Scalar, TypeRef } from '../../algebra/scalar.ts'
import { expression } from '../../bind/binding.ts'
import { bindExpression } from '../../bind/expression.ts'
import { castTypeSql, collationSql } from '../../bind/facts.ts'
import { tableFunction } from '../../bind/table-function.ts'
import { internalError } from '../../catalog/error.ts'
import {
  booleanField,
  intListField,
  nodeField,
  nodeListField,
  numberField,
  oidListField,
  optionalNode,
  stringField,
  stringListField,
} from '../../catalog/node-field.ts'
import { isNode, type TreeNode, type TreeValue } from '../../catalog/node-tree.ts'
import { quoteIdentifier } from '../../catalog/quote.ts'
import { columnType } from '../names.ts'
import {
  expressionText,
  type Level,
  nodeLists,
  notPrinted,
  outputTargets,
  scalarText,
  subqueryText,
} from './query-text.ts'

/** RTEKind (parsenodes.h) */
const RTE = {
  relation: 0,
  subquery: 1,
  join: 2,
  function: 3,
  tableFunction: 4,
  values: 5,
  cte: 6,
  result: 8,
  group: 9,
}

export interface RangeName {
  readonly entry: TreeNode
  readonly alias: string
  /** Of an item whose row is a value as a whole, which JSON shows the names of: those it was given. */
  readonly names: readonly string[] | null
}

export function rangeNames(query: TreeNode, aliases: { next: number }): readonly RangeName[] {
  return nodeListField(query, 'rtable').map((entry, i) => {
    const kind = numberField(entry, 'rtekind')
    const isNamed = kind !== RTE.join && kind !== RTE.group && kind !== RTE.result
    // A dropped column of a row type has no name.
    const isValue = ROWS.has(kind) && !erefNames(entry).includes('') && readsWhole(query, i + 1)
    return { entry, alias: isNamed ? `r${aliases.next++}` : '', names: isValue ? erefNames(entry) : null }
  })
}

/** Items whose columns are called as we like. */
const ROWS: ReadonlySet<number> = new Set([RTE.subquery, RTE.values, RTE.cte, RTE.function])

function erefNames(entry: TreeNode): readonly string[] {
  return stringListField(nodeField(entry, 'eref'), 'colnames')
}

/** Is the row of this item a value anywhere in the query? */
function readsWhole(query: TreeNode, varno: number): boolean {
  const walk = (value: TreeValue, level: number): boolean => {
    if (Array.isArray(value)) return value.some((each) => walk(each, level))
    if (!isNode(value)) return false
    const { tag, fields } = value
    if (tag === 'VAR' && fields.varattno === '0' && fields.varno === String(varno))
      if (fields.varlevelsup === String(level)) return true
    const inside = tag === 'QUERY' ? level + 1 : level
    return Object.values(fields).some((each) => walk(each, inside))
  }
  return walk(query, -1)
}

/** What a VAR stands for; `level` is the one it belongs to. */
export function rangeScalar(node: TreeNode, level: Level): Scalar {
  const named = level.range[numberField(node, 'varno') - 1]
  if (!named) throw internalError('a column of no relation')
  const { entry, alias, names } = named
  const attnum = numberField(node, 'varattno')
  const kind = numberField(entry, 'rtekind')
  const type: TypeRef = {
    oid: numberField(node, 'vartype'),
    typmod: numberField(node, 'vartypmod'),
    collation: numberField(node, 'varcollid'),
  }
  if (kind === RTE.join || kind === RTE.group) {
    const list = nodeListField(entry, kind === RTE.join ? 'joinaliasvars' : 'groupexprs')
    const aliased = list[attnum - 1]
    if (!aliased) throw notPrinted('a whole row of a join')
    return bindExpression(aliased, level.scope)
  }
  if (attnum === 0) {
    if (kind !== RTE.relation && !names) throw notPrinted('a whole row of a function')
    if (names && new Set(names).size < names.length)
      throw notPrinted('a whole row of a subquery with a name twice')
    const sql = `(${alias}.*)::${castTypeSql(level.request, type.oid)}`
    return expression({ construct: 'a whole row', parts: [`(${sql})`], args: [], type })
  }
  return expression({
    construct: 'a column',
    parts: [`${alias}.${columnOf(named, attnum, level)}`],
    args: [],
    type,
  })
}

function columnOf({ entry, names }: RangeName, attnum: number, { request }: Level): string {
  if (numberField(entry, 'rtekind') !== RTE.relation)
    return names ? quoteIdentifier(names[attnum - 1] ?? '') : `c${attnum}`
  const facts = request.relations[numberField(entry, 'relid')]
  const column = facts?.columns.find((each) => each.attnum === attnum)
  if (!column) throw internalError(`relation ${facts?.name} has no column ${attnum}`)
  return quoteIdentifier(column.name)
}

/** JoinType (nodes.h). */
const JOIN_TYPES: Readonly<Record<number, string>> = {
  0: 'JOIN',
  1: 'LEFT JOIN',
  2: 'FULL JOIN',
  3: 'RIGHT JOIN',
}

export function fromItem(item: TreeNode, level: Level): string {
  if (item.tag === 'RANGETBLREF') {
    const named = level.range[numberField(item, 'rtindex') - 1]
    if (!named) throw internalError('FROM names no relation')
    return rangeText(named, level)
  }
  if (item.tag !== 'JOINEXPR') throw internalError(`FROM item ${item.tag}`)
  const quals = optionalNode(item, 'quals')
  const left = fromItem(nodeField(item, 'larg'), level)
  const right = fromItem(nodeField(item, 'rarg'), level)
  return `(${left}\n${JOIN_TYPES[numberField(item, 'jointype')]} ${right} ON ${quals ? expressionText(quals, level) : 'true'})`
}

function rangeText(named: RangeName, level: Level): string {
  const { entry, alias, names } = named
  const { request } = level
  const lateral = booleanField(entry, 'lateral') ? 'LATERAL ' : ''
  switch (numberField(entry, 'rtekind')) {
    case RTE.relation: {
      const facts = request.relations[numberField(entry, 'relid')]
      if (!facts) throw internalError('the compile request lacks a relation')
      const only = booleanField(entry, 'inh') || facts.kind === 'v' ? '' : 'ONLY '
      return `${only}${quoteIdentifier(facts.schema)}.${quoteIdentifier(facts.name)} AS ${alias}`
    }
    case RTE.subquery: {
      const query = nodeField(entry, 'subquery')
      return `${lateral}(\n${subqueryText(query, level)}\n) AS ${alias}${columnList(outputTargets(query).length, names)}`
    }
    case RTE.values: {
      return `${lateral}(\n${valuesText(entry, level)}\n) AS ${alias}${columnList(erefNames(entry).length, names)}`
    }
    case RTE.cte: {
      return `${quoteIdentifier(stringField(entry, 'ctename'))} AS ${alias}${columnList(erefNames(entry).length, names)}`
    }
    case RTE.tableFunction: {
      const bind = (node: TreeNode) => bindExpression(node, level.scope)
      const text = scalarText(tableFunction(nodeField(entry, 'tablefunc'), { bind, request }))
      const columns = erefNames(entry).length
      return `${lateral}${text} AS ${alias}${columnList(columns)}`
    }
    case RTE.function:
      return functionText(named, lateral, level)
    default:
      throw notPrinted('this kind of FROM item')
  }
}

function valuesText(entry: TreeNode, level: Level): string {
  const rows = nodeLists(entry, 'values_lists').map(
    (row) => `(${row.map((value) => expressionText(value, level)).join(', ')})`,
  )
  return `VALUES ${rows.join(', ')}`
}

const CLAUSES = ['groupClause', 'distinctClause', 'windowClause', 'sortClause', 'groupingSets']

/** The text of a query that is nothing but VALUES: the server analyses it as a SELECT of all its columns. */
export function bareValues(level: Level): string | null {
  const [item, ...others] = nodeListField(nodeField(level.query, 'jointree'), 'fromlist')
  if (item?.tag !== 'RANGETBLREF' || others.length > 0) return null
  const entry = level.range[numberField(item, 'rtindex') - 1]?.entry
  if (!entry || numberField(entry, 'rtekind') !== RTE.values) return null
  const targets = outputTargets(level.query)
  const passesAll = targets.every((target, i) => {
    const value = nodeField(target, 'expr')
    return (
      value.tag === 'VAR' &&
      numberField(value, 'varattno') === i + 1 &&
      numberField(value, 'varlevelsup') === 0
    )
  })
  const isWhole = targets.length === erefNames(entry).length
  const isPlain =
    optionalNode(nodeField(level.query, 'jointree'), 'quals') === null &&
    optionalNode(level.query, 'havingQual') === null &&
    CLAUSES.every((name) => nodeListField(level.query, name).length === 0)
  return passesAll && isWhole && isPlain ? valuesText(entry, level) : null
}

function columnList(count: number, names: readonly string[] | null = null): string {
  const all = Array.from({ length: count }, (_, i) => (names ? quoteIdentifier(names[i] ?? '') : `c${i + 1}`))
  return count === 0 ? '' : `(${all.join(', ')})`
}

/** What may stand in ROWS FROM as it is printed; a COALESCE of one value says the same as the value. */
const IN_FROM: ReadonlySet<string> = new Set(['FUNCEXPR', 'COALESCE', 'COALESCEEXPR'])

function functionText({ entry, alias, names: given }: RangeName, lateral: string, level: Level): string {
  const { request } = level
  const calls = nodeListField(entry, 'functions').map((each) => {
    const call = nodeField(each, 'funcexpr')
    const names = stringListField(each, 'funccolnames')
    const types = oidListField(each, 'funccoltypes')
    const typmods = intListField(each, 'funccoltypmods')
    const collations = oidListField(each, 'funccolcollations')
    const columns = types.map((oid, i) => {
      const type = { oid, typmod: typmods[i] ?? -1, collation: collations[i] ?? 0 }
      const collate =
        type.collation !== 0 && type.collation !== 100
          ? ` COLLATE ${collationSql(request, type.collation)}`
          : ''
      if (type.typmod !== -1) throw notPrinted('a column definition list with a length')
      // What the function looks for in what it is given: the key of a JSON object.
      return `${quoteIdentifier(names[i] ?? '')} ${columnType(request, { ...type, collation: 0 })}${collate}`
    })
    const text = expressionText(call, level)
    const item = IN_FROM.has(call.tag) ? text : `COALESCE(${text})`
    return `${item}${columns.length > 0 ? ` AS (${columns.join(', ')})` : ''}`
  })
  const ordinality = booleanField(entry, 'funcordinality') ? ' WITH ORDINALITY' : ''
  const columns = erefNames(entry).length
  return `${lateral}ROWS FROM (${calls.join(', ')})${ordinality} AS ${alias}${columnList(columns, given)}`
}
