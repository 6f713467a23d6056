/**
 * Subqueries as values that a SELECT treats like columns: as keys, in grouping sets, windows, FILTER, DISTINCT ON and
 * conditions of joins. They read tables, lists of the row's own, or both, and may have one more inside that reads both levels.
 */
import { condition, expression } from './expression.ts'
import type { ConditionGenes, ExpressionGenes } from './genes.ts'
import { constant, pick, type Relation, type Value, value } from './scope.ts'
import type { Call } from './sublinks.ts'
import { type FunctionGenes, functionsInFrom } from './table-functions.ts'
import { inFullOrder } from './windows.ts'

export interface DerivedGenes {
  readonly kind: number
  /** A relation, a list of the row, or both. */
  readonly reads: number
  readonly relation: number
  readonly list: FunctionGenes
  readonly correlation: number
  readonly where: ConditionGenes | null
  readonly column: ExpressionGenes
  /** DISTINCT, groups, set operations, LIMIT. */
  readonly shape: number
  readonly call: number
  readonly within: DerivedGenes | null
}

/** Null where nothing fits. `take` is asked for each relation that is read. */
export function derived(
  genes: DerivedGenes,
  scope: readonly Value[],
  relations: readonly Relation[],
  alias: string,
  call: Call,
  take: () => boolean,
): Value | null {
  const seen = scope.filter(({ rounds, open }) => !rounds && !open)
  const from = fromOf(genes, seen, relations, alias, take)
  if (!from) return null
  const where = [...from.where]
  if (genes.where) where.push(condition(genes.where, [...from.scope, ...seen]))
  const inner = [...from.scope]
  if (genes.within) {
    const nested = derived(genes.within, [...from.scope, ...seen], relations, `${alias}n`, call, take)
    if (nested && genes.within.shape % 3 === 0) inner.unshift(nested, nested)
    else if (nested) where.push(isTrue(nested))
  }
  const source = `FROM ${from.sql}${where.length > 0 ? ` WHERE ${where.join(' AND ')}` : ''}`
  return shown(genes, seen, inner, from.scope, source, alias, call)
}

/** A truth value of any value. */
export function isTrue({ sql, type }: Value): string {
  return type.name === 'bool' ? sql : `(${sql} IS NOT NULL)`
}

interface From {
  readonly sql: string
  readonly scope: readonly Value[]
  readonly where: readonly string[]
}

function fromOf(
  genes: DerivedGenes,
  seen: readonly Value[],
  relations: readonly Relation[],
  alias: string,
  take: () => boolean,
): From | null {
  const reads = genes.reads % 4
  const list = reads === 2 ? functionsInFrom(genes.list, seen, `${alias}l`) : null
  if (list) return { ...list, where: correlation(genes, list.scope, seen, 2) }
  if (!take()) return null
  const relation = pick(relations, genes.relation)
  const columns = relation.columns.map((column) => value(`${alias}.${column.name}`, column.type, column))
  const table = { sql: `${relation.name} AS ${alias}`, scope: columns }
  const more = reads === 3 ? functionsInFrom(genes.list, [...columns, ...seen], `${alias}l`) : null
  const where = correlation(genes, columns, seen, 7)
  if (!more) return { ...table, where }
  return { sql: `${table.sql}, ${more.sql}`, scope: [...more.scope, ...columns], where }
}

/** Of eight, `often` depend on the row outside. */
function correlation(
  genes: DerivedGenes,
  inner: readonly Value[],
  seen: readonly Value[],
  often: number,
): readonly string[] {
  const pairs = inner
    .filter(({ type, rounds }) => type.comparable && !rounds)
    .flatMap((r) => seen.filter((l) => l.type === r.type).map((l) => ({ l, r })))
  if (pairs.length === 0 || genes.correlation % 8 >= often) return []
  const { l, r } = pick(pairs, genes.correlation >> 1)
  const operator = genes.correlation % 8 === 5 && l.type.ordered ? '<=' : '='
  return [`${r.sql} ${operator} ${l.sql}`]
}

const SET_OPERATIONS = ['UNION', 'UNION ALL', 'EXCEPT', 'INTERSECT', 'EXCEPT ALL']

/** Rows of one column, in which nothing is open. */
function rowsOf(genes: DerivedGenes, column: Value, seen: readonly Value[], from: string): string {
  const { sql, type } = column
  const others = seen.filter((each) => each.type === type)
  const other = others.length > 0 ? pick(others, genes.call).sql : constant(type, genes.call)
  switch (genes.shape % 8) {
    case 0:
    case 1:
      return `SELECT DISTINCT ${sql} ${from}`
    case 2:
      return `SELECT ${sql} ${from} GROUP BY ${sql}`
    case 3:
      return `SELECT ${sql} ${from} GROUP BY ${sql} HAVING count(*) > 1`
    case 4:
      return `SELECT ${sql} ${from} ${pick(SET_OPERATIONS, genes.call)} SELECT ${other}`
    case 5:
      return `SELECT ${other} ${pick(SET_OPERATIONS, genes.call)} SELECT ${sql} ${from}`
    case 6:
      return `SELECT ${sql} ${from} ORDER BY ${sql} LIMIT ${(genes.call % 3) + 1}`
    default:
      return `SELECT ${sql} ${from}`
  }
}

const IN_JSON = ['int2', 'int4', 'int8', 'text', 'bool']

function shown(
  genes: DerivedGenes,
  seen: readonly Value[],
  inner: readonly Value[],
  own: readonly Value[],
  from: string,
  alias: string,
  call: Call,
): Value | null {
  const kind = genes.kind % 16
  const first = expression(genes.column, inner)
  const column =
    inFullOrder([first]) && inner.some(({ sql }) => first.sql.includes(sql))
      ? first
      : inner.find((each) => inFullOrder([each]))
  if (kind < 2 && (!column || genes.shape % 8 > 6)) {
    const limit = genes.call % 2 === 0 ? ' LIMIT 1' : ''
    return value(`(${kind === 1 ? 'NOT ' : ''}EXISTS (SELECT ${from}${limit}))`, 'bool')
  }
  const group = `${alias}g`
  if (kind >= 12 || !column) {
    // An aggregate of outer columns alone would be one of the query around.
    const made = call(genes.call, genes.column, own)
    const having = kind === 13 ? ' HAVING count(*) > 1' : ''
    return { ...made, sql: `(SELECT ${made.sql} ${from}${having})` }
  }
  const rows = rowsOf(genes, column, seen, from)
  const isSorted = / LIMIT \d$/.test(rows)
  switch (kind) {
    case 0:
    case 1:
      return value(`(${kind === 1 ? 'NOT ' : ''}EXISTS (${rows}))`, 'bool')
    case 2:
    case 3: {
      const compared = seen.filter(({ type }) => type === column.type)
      if (compared.length === 0) return value(`(EXISTS (${rows}))`, 'bool')
      const { sql } = pick(compared, genes.correlation)
      return value(`(${sql} ${kind === 2 ? 'IN' : 'NOT IN'} (${rows}))`, 'bool')
    }
    case 4:
      return value(`(SELECT count(*) FROM (${rows}) AS ${group})`, 'int8')
    case 5:
      if (column.type.name === 'int4')
        return value(`ARRAY(${rows}${isSorted ? '' : ' ORDER BY 1'})`, 'int_array')
      return value(`cardinality(ARRAY(${rows}))`, 'int4')
    case 6:
      return value(`cardinality(ARRAY(${rows}))`, 'int4')
    case 7:
      return value(
        `(SELECT max(${group}.n) FROM (SELECT ${column.sql} AS v, count(*) AS n ${from} GROUP BY ${column.sql}) AS ${group})`,
        'int8',
      )
    case 8:
      return {
        ...column,
        sql: `(SELECT ${column.sql} ${from} ORDER BY ${column.sql}${genes.shape % 2 === 0 ? '' : ' DESC'} LIMIT 1 OFFSET ${genes.call % 3 === 0 ? 1 : 0})`,
      }
    case 9:
      return value(
        `(SELECT count(${group}) FROM (${rows}) AS ${group} WHERE ${group} IS ${genes.call % 2 === 0 ? 'NOT ' : ''}NULL)`,
        'int8',
      )
    case 10:
      return value(`(SELECT count(DISTINCT ${group}) FROM (${rows}) AS ${group})`, 'int8')
    default:
      if (!IN_JSON.includes(column.type.name))
        return value(`(SELECT count(*) FROM (${rows}) AS ${group})`, 'int8')
      return value(
        `(SELECT jsonb_agg(${group}.v ORDER BY ${group}.v) FROM (${rows}) AS ${group}(v))`,
        'jsonb',
      )
  }
}
