/**
 * How a mark join is written in SQL: as EXISTS, which asks an index for each row that is looked at. Where rows are joined
 * whole, or no index answers, that would compare each row with all others (measured, 30,000 rows of each: 88 s): then by an
 * outer join with the values that are there, each once; or, with other conditions than equalities, with the numbers of the rows
 * that a semi join finds.
 */
import { ref } from '../algebra/build.ts'
import type { Node } from '../algebra/node.ts'
import { operatorOf } from '../algebra/operators/index.ts'
import type { MarkJoin } from '../algebra/operators/mark-join.ts'
import { equated, FIRST_KEY } from '../algebra/operators/match-change.ts'
import { type ColumnId, type Scalar, scalarColumns } from '../algebra/scalar.ts'
import { term } from './fitted.ts'
import { conditions, exists, matching } from './match.ts'
import { columnName } from './names.ts'
import { isProbed } from './probes.ts'
import type { Printer } from './select.ts'
import { indent, isHashOfKey, isNullSafe, operand, type Select } from './select-text.ts'

export function markJoin(node: MarkJoin, printer: Printer): Select {
  const isAnswered = !printer.isWhole && isProbed(node.left, node.right, node.predicate)
  const keys = isAnswered ? null : equalKeys(node, printer)
  if (keys) return byKeys(node, keys, printer)
  // The rows of a recursion so far can be read but once.
  if (!isAnswered && !printer.isInRecursion && hasEquality(node)) {
    const numbered = byNumber(node, printer)
    if (numbered) return numbered
  }
  // Of a few rows: without OFFSET the planner may read the right side whole and hash it, taking the few for many.
  const tail = isAnswered && !printer.isBulk ? ' OFFSET 0' : ''
  const { left, first, found } = matching(node, false, printer, tail)
  const text = first.length === 0 ? found : `(${[...first, found].join(' AND ')}) IS TRUE`
  const alias = printer.alias('mark')
  const name = columnName(node.column)
  return {
    ...left,
    from: [...left.from, `LATERAL (SELECT ${text} AS ${name}) AS ${alias}`],
    columns: new Map([...left.columns, [node.column.id, `${alias}.${name}`]]),
  }
}

interface EqualKeys {
  /** Over the right side. */
  readonly values: readonly { readonly id: ColumnId; readonly value: Scalar }[]
  /** Over the left side and these. */
  readonly match: readonly Scalar[]
  readonly onRight: readonly Scalar[]
}

/** What joins the sides, where that is equalities by each of which one value of the right side matches at most. */
function equalKeys({ left, right, predicate }: MarkJoin, { request }: Printer): EqualKeys | null {
  const [lefts, rights] = [idsOf(left), idsOf(right)]
  const reads = (scalar: Scalar, ids: ReadonlySet<ColumnId>) =>
    [...scalarColumns(scalar)].some((id) => ids.has(id))
  const values: { id: ColumnId; value: Scalar }[] = []
  const match: Scalar[] = []
  const onRight: Scalar[] = []
  for (const [i, each] of predicate.entries()) {
    if (!reads(each, rights)) {
      if (reads(each, lefts)) match.push(each)
      else onRight.push(each)
    } else if (!reads(each, lefts)) onRight.push(each)
    else if (isNullSafe(each) || isHashOfKey(each)) {
      for (const { id, type } of operatorOf(right).columns(right))
        if (scalarColumns(each).has(id) && !values.some((known) => known.id === id))
          values.push({ id, value: { kind: 'column', id, type } })
      match.push(each)
    } else {
      const key = equated(each, FIRST_KEY + i, lefts, rights)
      const isOwn =
        key && each.kind === 'operator' && each.oid === request.types[key.value.type.oid]?.equality
      const isBuiltIn = each.kind === 'operator' && each.oid < FIRST_OWN_OID
      if (!key || !(isOwn || isBuiltIn)) return null
      values.push({ id: key.column.id, value: key.value })
      match.push(key.match)
    }
  }
  return values.length === 0 ? null : { values, match, onRight }
}

/** Of what CREATE OPERATOR makes; below are those of PostgreSQL. */
const FIRST_OWN_OID = 16_384

function byKeys(node: MarkJoin, { values, match, onRight }: EqualKeys, printer: Printer): Select {
  const left = printer.select(node.left)
  const right = printer.whole(() => printer.select(node.right))
  const rows = { ...right, where: [...right.where, ...onRight.map((each) => operand(each, right))] }
  const outputs = values.map(({ value }, i) => ({ name: `key_${i + 1}`, value }))
  const total = right.weight === null ? '' : `\nHAVING sum(${right.weight}) > 0`
  const by = values.map((_, i) => i + 1).join(', ')
  const keys = printer.render(rows, outputs, false, `\nGROUP BY ${by}${total}`, ['true AS is_there'])
  const alias = printer.alias('marked')
  const made: Select = {
    from: [],
    where: [],
    columns: new Map(values.map(({ id }, i) => [id, `${alias}.key_${i + 1}`])),
    weight: null,
  }
  const on = conditions(printer.joining(match, [node.left, node.right]), left, made)
  const from =
    left.from.length === 0 ? `(SELECT) AS ${printer.alias('one')}` : left.from.join('\nCROSS JOIN ')
  return {
    ...left,
    from: [`(${from}\nLEFT JOIN (${indent(keys)}) AS ${alias} ON ${on.join(' AND ')})`],
    columns: new Map([...left.columns, [node.column.id, `(${alias}.is_there IS NOT NULL)`]]),
  }
}

function hasEquality({ left, right, predicate }: MarkJoin): boolean {
  const [lefts, rights] = [idsOf(left), idsOf(right)]
  return predicate.some((each) => isHashOfKey(each) || equated(each, FIRST_KEY, lefts, rights) !== null)
}

/** The left rows numbered, and the numbers of those with a match, which a semi join finds. Null: right rows have weights. */
function byNumber(node: MarkJoin, printer: Printer): Select | null {
  const right = printer.whole(() => printer.select(node.right))
  if (right.weight !== null) return null
  const left = printer.select(node.left)
  const columns = operatorOf(node.left).columns(node.left)
  const isWeighted = left.weight !== null || printer.isFitted
  const outputs = columns.map((column) => ({ name: columnName(column), value: ref(column) }))
  const text = printer.render(left, outputs, isWeighted)
  const rows = printer.alias('asking')
  const asked: Select = {
    from: [rows],
    where: [],
    columns: new Map(columns.map((column) => [column.id, `${rows}.${columnName(column)}`])),
    weight: null,
  }
  const met = exists(right, [
    ...right.where,
    ...conditions(printer.joining(node.predicate, [node.left, node.right]), asked, right),
  ])
  const query = `WITH ${rows} AS MATERIALIZED (
  SELECT l.*, row_number() OVER () AS number
  FROM (${indent(indent(term(text)))}) AS l
)
SELECT ${rows}.*, m.number IS NOT NULL AS ${columnName(node.column)}
FROM ${rows}
LEFT JOIN (SELECT ${rows}.number FROM ${rows} WHERE ${met}) AS m ON m.number = ${rows}.number`
  return printer.derived(query, 'marked', [...columns, node.column], isWeighted)
}

function idsOf(node: Node): ReadonlySet<ColumnId> {
  return new Set(
    operatorOf(node)
      .columns(node)
      .map(({ id }) => id),
  )
}
