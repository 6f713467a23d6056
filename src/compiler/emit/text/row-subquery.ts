/** A subquery of a row (bind/subquery/of-row.ts) as an expression: its text, with holes for the columns of that row. */
import type { Expression, Scalar } from '../../algebra/scalar.ts'
import { expression, Template } from '../../bind/binding.ts'
import { rowsExpression } from '../../bind/from-function.ts'
import type { SublinkPrinter } from '../../bind/subquery/of-row.ts'
import { externalNode } from './external-text.ts'
import { type Level, notPrinted, subqueryText, withoutSetFlags } from './query-text.ts'

/** Stands in the text for a hole. No text has it: PostgreSQL has no such character. */
const HOLE = /\0(\d+)\0/

export const printRowSubquery: SublinkPrinter = (node, scope, column) => {
  const holes: Scalar[] = []
  const around: Level = {
    request: scope.request,
    query: node,
    outer: null,
    range: [],
    aliases: { next: 1 },
    scope,
    column: (variable, level) => {
      const value = column(variable, level)
      holes.push(value)
      const parts = [`\0${holes.length - 1}\0`]
      return expression({ construct: 'a column', parts, args: [], type: value.type })
    },
  }
  const clean = withoutSetFlags(node)
  const printed =
    node.tag === 'QUERY'
      ? rowsExpression('a subquery in FROM', [`(\n${subqueryText(clean, around)}\n)`], [])
      : externalNode(clean, around)
  if (printed.kind !== 'expression') throw notPrinted('this subquery')
  return filled(printed, holes)
}

function filled(printed: Expression, holes: readonly Scalar[]): Expression {
  const out = new Template()
  for (const [i, part] of printed.parts.entries()) {
    for (const [j, piece] of part.split(HOLE).entries()) {
      const hole = j % 2 === 1 ? holes[Number(piece)] : undefined
      if (hole) out.hole(hole)
      else out.text(piece)
    }
    const arg = printed.args[i]
    if (arg) out.hole(arg)
  }
  return { ...printed, parts: out.parts, args: out.args, volatility: 'immutable', strict: false }
}
