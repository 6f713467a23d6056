/** A row and the rows that a function makes of it, in SQL: an item of FROM that sees those before it. */
import { type Expand, madeColumns } from '../algebra/operators/expand.ts'
import type { Scalar } from '../algebra/scalar.ts'
import { columnName } from './names.ts'
import type { Printer } from './select.ts'
import { operand, type Select, top } from './select-text.ts'

export function expand(node: Expand, printer: Printer): Select {
  const input = printer.select(node.input)
  const alias = printer.alias('f')
  const names = node.made.map((column, i) => (column ? columnName(column) : `unread_${i + 1}`))
  const list = names.length === 0 ? '' : `(${names.join(', ')})`
  const item = `LATERAL ${top(node.item, input)} AS ${alias}${list}`
  const columns = new Map([
    ...input.columns,
    ...madeColumns(node).map((column) => [column.id, `${alias}.${columnName(column)}`] as const),
  ])
  if (node.outer === null) return { ...input, from: [...input.from, item], columns }
  const rows =
    input.from.length === 0 ? `(SELECT) AS ${printer.alias('one')}` : input.from.join('\nCROSS JOIN ')
  const on = node.outer.map((each: Scalar) => operand(each, { ...input, columns })).join(' AND ') || 'true'
  return { ...input, from: [`(${rows}\nLEFT JOIN ${item} ON ${on})`], columns }
}
