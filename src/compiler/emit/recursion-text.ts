/** A recursion from scratch: as the query has it. */
import { ref } from '../algebra/build.ts'
import { type Column, columnOf, type RecursionNode } from '../algebra/node.ts'
import { operatorOf } from '../algebra/operators/index.ts'
import type { UnionBranch } from '../algebra/operators/union-all.ts'
import type { Scalar } from '../algebra/scalar.ts'
import { columnName, columnType } from './names.ts'
import type { Printer, SelfRows } from './select.ts'
import { indent, type Select } from './select-text.ts'

export function recursionQuery(node: RecursionNode, printer: Printer): string {
  const name = printer.alias('recursion')
  const list = node.columns.map(columnName).join(', ')
  const query = printer.reading(node.recursion.self, rowsOf(node, name), () => {
    const base = branchQuery(node, node.base, printer.select(node.base.input), printer, true)
    const step = branchQuery(node, node.step, printer.select(node.step.input), printer)
    return `(${base})\nUNION${node.recursion.isDistinct ? '' : ' ALL'}\n${step}`
  })
  return `WITH RECURSIVE ${name}(${list}) AS (\n  ${indent(query)}\n)\nSELECT ${list}\nFROM ${name}`
}

/** The rows of `relation`, whose columns have the derived names. */
export function rowsOf(node: RecursionNode, relation: string): SelfRows {
  return (alias) => {
    const name = alias('self')
    return {
      from: [`${relation} AS ${name}`],
      where: [],
      columns: new Map(node.columns.map((column) => [column.id, `${name}.${columnName(column)}`])),
      weight: null,
    }
  }
}

/**
 * One of the two terms, its columns under the names of the recursion's; with `weight` where the rows have one.
 *
 * `isUnlimited`: without lengths. What the step reads of a stage has lost its own, and PostgreSQL asks of the base the length
 * that the two have together (parse_cte.c, analyzeCTE).
 */
export function branchQuery(
  node: RecursionNode,
  branch: UnionBranch,
  select: Select,
  printer: Printer,
  isUnlimited = false,
): string {
  const own = operatorOf(branch.input).columns(branch.input)
  const outputs = node.columns.map((column, i) => {
    const given = columnOf(own, branch.columns[i] ?? 0)
    return { name: columnName(column), value: isUnlimited ? unlimited(given, printer) : ref(given) }
  })
  return printer.render(select, outputs, select.weight !== null)
}

function unlimited(column: Column, printer: Printer): Scalar {
  if (column.type.typmod === -1) return ref(column)
  const type = { ...column.type, typmod: -1 }
  const name = columnType(printer.request, { ...type, collation: 0 })
  return {
    kind: 'expression',
    construct: `cast to ${name}`,
    parts: ['(', `)::${name}`],
    args: [ref(column)],
    closed: true,
    type,
    volatility: 'immutable',
    strict: true,
  }
}
