/** Comparisons with one row, in SQL: as that row is in some state, and where the two states differ. */
import type { Node } from '../algebra/node.ts'
import { INT2, INT4, INT8 } from '../algebra/number-types.ts'
import type { BoundCrossing } from '../algebra/operators/bound-crossing.ts'
import {
  type BoundFilter,
  type Compared,
  isOfOneOrder,
  soughtValue,
} from '../algebra/operators/bound-filter.ts'
import { operatorOf } from '../algebra/operators/index.ts'
import type { ColumnId, Scalar } from '../algebra/scalar.ts'
import type { CompileRequest } from '../catalog/request.ts'
import type { Printer } from './select.ts'
import { condition, indent, operand, type Select } from './select-text.ts'

/** Stands for the bound: no column has this id. */
const BOUND: ColumnId = -2

/** The bound is a scalar subquery: computed once, and NULL where there is no row. */
export function boundFilter(node: BoundFilter, printer: Printer): Select {
  const left = printer.select(node.left)
  const bound = `(${indent(boundQuery(node.right, node.bound, printer))})`
  const scope = withBound(left, bound)
  return { ...left, where: [...left.where, condition(comparedWith(node), scope, [scope])] }
}

function boundQuery(right: Node, bound: Scalar, printer: Printer): string {
  return printer.whole(() => {
    const rows = printer.select(right)
    const one =
      rows.weight === null
        ? rows
        : printer.derived(
            printer.consolidatedRows(rows, operatorOf(right).columns(right)),
            'one',
            operatorOf(right).columns(right),
            true,
          )
    return printer.render(one, [{ name: 'bound', value: bound }], false)
  })
}

/**
 * The bounds that were and are, and the values between which a comparison changes its mind: there an index finds them. With
 * a bound that is NULL no row passes, so beyond the other one all do or did.
 */
export function boundCrossing(node: BoundCrossing, printer: Printer): Select {
  const left = printer.select(node.left)
  const moved = printer.whole(() => printer.query(node.moved, [{ name: 'bound', value: node.bound }], true))
  const rows = printer.shared('moved', moved)
  const of = (sign: string) => `(SELECT m.bound FROM ${rows} AS m WHERE m.weight ${sign} 0)`
  const range = rangeOf(node, left, printer)
  const bounds = printer.shared(
    'bounds',
    `SELECT b.was, b.now${range === null ? '' : `, ${range.least} AS least, ${range.greatest} AS greatest`}
FROM (SELECT ${of('<')} AS was, ${of('>')} AS now OFFSET 0) AS b
WHERE EXISTS (SELECT FROM ${rows})`,
  )
  const bound = (name: string) => `(SELECT b.${name} FROM ${bounds} AS b)`
  const holds = (name: string) => operand(comparedWith(node), withBound(left, bound(name)))
  const sign = `CASE WHEN ${holds('now')} THEN 1 ELSE -1 END`
  return {
    ...left,
    where: [
      ...left.where,
      ...(range === null
        ? []
        : [`${operand(soughtValue(node), left)} BETWEEN ${bound('least')} AND ${bound('greatest')}`]),
      `(${holds('was')} IS TRUE) <> (${holds('now')} IS TRUE)`,
    ],
    gates: [...(left.gates ?? []), `EXISTS (SELECT FROM ${bounds})`],
    weight: left.weight === null ? sign : `${left.weight} * ${sign}`,
  }
}

interface Range {
  readonly least: string
  readonly greatest: string
}

/** Null where values and bounds have no order in common that an index can have, or rows are no set that an index is of. */
function rangeOf(node: BoundCrossing, left: Select, printer: Printer): Range | null {
  if (left.weight !== null || left.from.length !== 1) return null
  if (!isOrdered(node, printer.request)) return null
  const sought = soughtValue(node)
  const end = (direction: string) =>
    printer.whole(() => {
      const rows = printer.select(node.left)
      const value = operand(sought, rows)
      return printer.render(
        { ...rows, where: [...rows.where, `${value} IS NOT NULL`] },
        [{ name: 'value', value: sought }],
        false,
        `\nORDER BY ${value}${direction}\nLIMIT 1`,
      )
    })
  const limits = sought === node.value ? undefined : LIMITS[sought.type.oid]
  if (sought !== node.value && !limits) return null
  const rounded = (text: string, rounding: string) =>
    limits
      ? `greatest(least(${rounding}(${text}), ${limits.greatest}), ${limits.least})::${limits.type}`
      : text
  const either = (direction: string, chosen: string, rounding: string) =>
    `CASE WHEN b.was IS NULL OR b.now IS NULL THEN (${indent(end(direction))}) ELSE ${rounded(`${chosen}(b.was, b.now)`, rounding)} END`
  return { least: either('', 'least', 'ceil'), greatest: either(' DESC', 'greatest', 'floor') }
}

/** Of integers that are compared as numeric: no bound lies beyond them, NaN and Infinity neither. */
const LIMITS: Readonly<
  Record<number, { readonly type: string; readonly least: string; readonly greatest: string }>
> = {
  [INT2]: { type: 'smallint', least: '-32768', greatest: '32767' },
  [INT4]: { type: 'integer', least: '-2147483648', greatest: '2147483647' },
  [INT8]: { type: 'bigint', least: '-9223372036854775808', greatest: '9223372036854775807' },
}

/** With an order, and no NULLs within. */
function isOrdered(compared: Compared, request: CompileRequest): boolean {
  const facts = request.types[compared.value.type.oid]
  return isOfOneOrder(compared) && facts?.sortable === true && facts.kind !== 'c' && facts.kind !== 'p'
}

function comparedWith({ comparison, bound }: Compared): Scalar {
  const placed: Scalar = { kind: 'column', id: BOUND, type: bound.type }
  return { ...comparison, args: comparison.args.map((arg) => (arg === bound ? placed : arg)) }
}

function withBound(left: Select, text: string): Select {
  return { ...left, columns: new Map([...left.columns, [BOUND, text]]) }
}
