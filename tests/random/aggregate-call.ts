/** Random aggregate calls over a scope. */
import { condition, expression } from './expression.ts'
import { furtherCall } from './further-aggregates.ts'
import type { CallGenes, ExpressionGenes } from './genes.ts'
import { type Value, value } from './scope.ts'

/** One without FILTER: what a subquery shows. */
export function scalarCall(call: number, argument: ExpressionGenes, scope: readonly Value[]): Value {
  return aggregateCall({ call, argument, filter: null, over: [] }, scope)
}

export function aggregateCall(genes: CallGenes, scope: readonly Value[]): Value {
  const filter = genes.filter ? ` FILTER (WHERE ${condition(genes.filter, scope)})` : ''
  const argument = expression(genes.argument, scope)
  const { type } = argument
  const call = (sql: string, returns: string, from: Partial<Value> = {}) =>
    value(`${sql}${filter}`, returns, from)
  const isFloat = (name: string) => name === 'float8' || name === 'float4'
  const further = genes.call >= 40 ? furtherCall(genes.call - 40, argument) : null
  if (further) return { ...further, sql: `${further.sql}${filter}` }
  switch (genes.call % 8) {
    case 0:
      return call('count(*)', 'int8')
    case 1:
      return call(`count(${argument.sql})`, 'int8')
    case 2:
    case 3:
      if (type.sum && !argument.rounds)
        return call(`sum(${argument.sql})`, type.sum, {
          rounds: isFloat(type.sum),
          // It shows the scale of what is added up.
          open: argument.open && type.manyImages,
        })
      break
    case 4:
      if (type.avg && !argument.rounds)
        return call(`avg(${argument.sql})`, type.avg, {
          rounds: isFloat(type.avg),
          open: argument.open && type.manyImages,
        })
      break
    default:
      break
  }
  if (!type.ordered) return call(`count(${argument.sql})`, 'int8')
  const name = genes.call % 2 === 0 ? 'min' : 'max'
  const returns = type.name === 'decimal' ? 'numeric' : type.name === 'varchar' ? 'text' : type.name
  return call(`${name}(${argument.sql})`, returns, {
    rounds: argument.rounds,
    open: argument.open || type.manyImages,
  })
}
