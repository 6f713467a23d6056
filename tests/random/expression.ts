/** Random expressions and conditions over the columns in scope. */
import { comparisons, functionsOf } from './functions.ts'
import type { ConditionGenes, ExpressionGenes } from './genes.ts'
import { constant, literal, pick, type Value, value } from './scope.ts'
import { columnTypes } from './types.ts'

/** A column, or a literal where there is none, with functions applied. */
export function expression(genes: ExpressionGenes, scope: readonly Value[]): Value {
  // One in sixteen is a constant.
  const isConstant = scope.length === 0 || genes.column === 63
  const type = pick(columnTypes, genes.literal)
  const base = isConstant ? value(constant(type, genes.literal), type) : pick(scope, genes.column)
  return applyFunctions(base, genes.functions, genes.literal)
}

/** What keeps an open image open, and asks nothing of a float that was added up. */
export function applyFunctions(base: Value, functions: readonly number[], other: number): Value {
  return functions.reduce((argument, gene) => {
    if (argument.rounds) return argument
    const allowed = functionsOf(argument.type).filter(({ reveals }) => !reveals || !argument.open)
    if (allowed.length === 0) return argument
    const chosen = pick(allowed, gene)
    const sql = fill(chosen.sql, argument.sql, literal(argument.type, other))
    const { type } = value(sql, chosen.returns)
    return value(sql, type, { open: argument.open && type.manyImages })
  }, base)
}

/** A condition; true, false or NULL of a row. */
export function condition(genes: ConditionGenes, scope: readonly Value[]): string {
  const on = expression(genes.on, scope)
  const simple = compare(on, genes, scope)
  switch (genes.shape % 8) {
    case 0:
      return `(${simple} OR ${on.sql} IS NULL)`
    case 1:
      return `(NOT ${simple})`
    case 2:
      return `(${simple} IS NOT TRUE)`
    default:
      return simple
  }
}

function compare(on: Value, { comparison, other, shape }: ConditionGenes, scope: readonly Value[]): string {
  if (!on.type.comparable || on.rounds) return `(${on.sql} IS ${comparison % 2 === 0 ? 'NOT ' : ''}NULL)`
  if (on.type.name === 'bool' && comparison % 2 === 0) return on.sql
  const columns = scope.filter((each) => each.type === on.type && !each.rounds && each.sql !== on.sql)
  const right = columns.length > 0 && shape % 3 === 0 ? pick(columns, other).sql : literal(on.type, other)
  return fill(pick(comparisons, comparison), on.sql, right)
}

export function fill(template: string, argument: string, other: string): string {
  return template.replaceAll(/%%|@@|%|@/g, (mark) => {
    if (mark.length === 2) return mark.charAt(0)
    return mark === '%' ? argument : other
  })
}
