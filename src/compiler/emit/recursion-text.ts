/** A recursion from scratch: as the query has it. */
import { columnOf, type RecursionNode } from '../algebra/node.ts'
import { operatorOf } from '../algebra/operators/index.ts'
import type { UnionBranch } from '../algebra/operators/union-all.ts'
import { columnName } from './names.ts'
import type { Printer, SelfRows } from './select.ts'
import { indent, type Select } from './select-text.ts'

export function recursionQuery(node: RecursionNode, printer: Printer): string {
  const name = printer.alias('recursion')
  const list = node.columns.map(columnName).join(', ')
  const query = printer.reading(node.recursion.self, rowsOf(node, name), () => {
    const base = branchQuery(node, node.base, printer.select(node.base.input), printer)
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

/** One of the two terms, its columns under the names of the recursion's; with `weight` where the rows have one. */
export function branchQuery(
  node: RecursionNode,
  branch: UnionBranch,
  select: Select,
  printer: Printer,
): string {
  const own = operatorOf(branch.input).columns(branch.input)
  const outputs = node.columns.map((column, i) => {
    const { id, type } = columnOf(own, branch.columns[i] ?? 0)
    return { name: columnName(column), value: { kind: 'column', id, type } as const }
  })
  return printer.render(select, outputs, select.weight !== null)
}
