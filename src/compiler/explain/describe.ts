/** Any stage of the compilation as an indented tree, one operator a line. */
import type { Column, Node } from '../algebra/node.ts'
import { operatorOf } from '../algebra/operators/index.ts'
import type { ColumnId, Scalar } from '../algebra/scalar.ts'
import { printScalar } from '../emit/scalar.ts'

export function describe(node: Node, depth = 0): string {
  const operator = operatorOf(node)
  const inputs = operator.inputs(node)
  const names = new Map<ColumnId, string>([[0, 'weight']])
  for (const column of inputs.flatMap((input) => [...operatorOf(input).columns(input)]))
    names.set(column.id, label(column))
  for (const column of operator.columns(node)) if (!names.has(column.id)) names.set(column.id, label(column))
  const scalar = (each: Scalar) => printScalar(each, (id) => names.get(id) ?? `#${id}`)
  const line = `${'  '.repeat(depth)}${operator.describe(node, scalar)}`
  return [line, ...inputs.map((input) => describe(input, depth + 1))].join('\n')
}

function label(column: Column): string {
  return `${column.name}#${column.id}`
}
