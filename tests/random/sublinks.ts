/** Random subqueries in expressions: EXISTS, IN, ANY, ALL and scalar ones, correlated or not. */
import { condition } from './expression.ts'
import type { ConditionGenes, ExpressionGenes, QueryGenes } from './genes.ts'
import { pick, type Relation, type Value, value } from './scope.ts'
import { inFullOrder } from './windows.ts'

export interface SublinkGenes {
  readonly kind: number
  readonly relation: number
  /** Reads this instead of a relation. */
  readonly query: QueryGenes | null
  readonly left: number
  readonly right: number
  readonly correlation: number
  readonly where: ConditionGenes | null
  readonly column: ExpressionGenes
  readonly call: number
  /** Under OR, NOT, by itself; or shown. */
  readonly place: number
  readonly other: ConditionGenes
}

/** Builds a scalar aggregate call over a scope: what aggregated SELECTs use. */
export type Call = (gene: number, argument: ExpressionGenes, scope: readonly Value[]) => Value

/** A subquery as a value over `scope`, of which it sees `within` itself; null where nothing fits. */
export function sublink(
  genes: SublinkGenes,
  scope: readonly Value[],
  within: readonly Value[],
  relation: Relation,
  position: number,
  call: Call,
): Value | null {
  const alias = `e${position}`
  const inner = relation.columns.map((column) => value(`${alias}.${column.name}`, column.type, column))
  // An image that is left open may not decide what a subquery shows.
  const isUsable = ({ type, rounds, open }: Value) => type.comparable && !rounds && !open
  const outer = within.filter(isUsable)
  const equatable = inner.filter(({ type, rounds }) => type.comparable && !rounds)
  const pairsWith = (values: readonly Value[]) =>
    equatable.flatMap((r) => values.filter((l) => l.type === r.type).map((l) => ({ l, r })))
  const pairs = pairsWith(outer)
  const where: string[] = []
  const correlated = genes.correlation % 8
  if (pairs.length > 0 && correlated > 0) {
    const { l, r } = pick(pairs, genes.left)
    const operator = correlated > 5 && l.type.ordered ? pick(['<=', '<>', '>'], genes.right) : '='
    where.push(`${r.sql} ${operator} ${l.sql}`)
  }
  const shownThere = within.filter(({ rounds, open }) => !rounds && !open)
  if (genes.where) where.push(condition(genes.where, correlated > 4 ? [...inner, ...shownThere] : inner))
  const from = `FROM ${relation.name} AS ${alias}${where.length > 0 ? ` WHERE ${where.join(' AND ')}` : ''}`
  const kind = genes.kind % 12
  if (kind < 2) {
    const [key] = equatable
    const having = key && genes.call % 4 === 3 ? ` GROUP BY ${key.sql} HAVING count(*) > 1` : ''
    return value(`${kind === 1 ? 'NOT ' : ''}EXISTS (SELECT ${from}${having})`, 'bool')
  }
  if (kind === 10) return firstOf(genes, inner, from)
  if (kind === 11) {
    const whole = inner.filter(({ type }) => type.name === 'int4')
    if (whole.length === 0) return null
    const { sql } = pick(whole, genes.call)
    return value(`ARRAY(SELECT ${sql} ${from} ORDER BY ${sql} DESC)`, 'int_array')
  }
  if (kind < 7) {
    const compared = pairsWith(scope.filter(isUsable))
    if (compared.length === 0) return null
    const { l, r } = pick(compared, genes.right)
    const second = pick(compared, genes.left)
    if (kind < 5 && genes.call % 4 === 3 && second.l.sql !== l.sql)
      return value(
        `((${l.sql}, ${second.l.sql}) ${kind === 2 ? 'IN' : 'NOT IN'} (SELECT ${r.sql}, ${second.r.sql} ${from}))`,
        'bool',
      )
    const operator = pick(['<', '>=', '<>', '='], genes.call)
    const test = ['IN', 'NOT IN', 'NOT IN', `${operator} ANY`, `${operator} ALL`][kind - 2]
    const isOrdered = l.type.ordered || operator === '=' || operator === '<>'
    return value(`(${l.sql} ${isOrdered ? test : 'IN'} (SELECT ${r.sql} ${from}))`, 'bool')
  }
  const shown = call(genes.call, genes.column, inner)
  return { ...shown, sql: `(SELECT ${shown.sql} ${from})` }
}

/** The first in an order that leaves nothing open. */
function firstOf(genes: SublinkGenes, inner: readonly Value[], from: string): Value | null {
  const exact = inner.filter((each) => inFullOrder([each]))
  if (exact.length === 0) return null
  const shown = pick(exact, genes.call)
  const direction = genes.place % 2 === 0 ? '' : ' DESC NULLS LAST'
  return { ...shown, sql: `(SELECT ${shown.sql} ${from} ORDER BY ${shown.sql}${direction} LIMIT 1)` }
}

/** A truth value under AND, OR and NOT; of any other value, whether it is there. */
export function sublinkCondition(genes: SublinkGenes, made: Value, scope: readonly Value[]): string {
  const truth =
    made.type.name === 'bool' ? made.sql : `(${made.sql} IS ${genes.place % 2 === 0 ? 'NOT ' : ''}NULL)`
  const other = condition(genes.other, scope)
  switch (genes.place % 8) {
    case 0:
      return `(${truth} OR ${other})`
    case 1:
      return `(NOT (${truth} AND ${other}))`
    case 2:
      return `((${truth}) IS NOT TRUE)`
    case 3:
      return `(CASE WHEN ${other} THEN ${truth} ELSE false END)`
    case 4:
      return `(NOT (${truth}))`
    default:
      return truth
  }
}
