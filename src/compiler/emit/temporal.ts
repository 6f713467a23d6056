/** Conditions on the time, in SQL: as they are now, as they were for the stored content, and where the two differ. */
import { asOfThen } from '../algebra/moment.ts'
import type { Node } from '../algebra/node.ts'
import { operatorOf } from '../algebra/operators/index.ts'
import type { TemporalCrossing } from '../algebra/operators/temporal-crossing.ts'
import type { TemporalFilter } from '../algebra/operators/temporal-filter.ts'
import type { CompileRequest } from '../catalog/request.ts'
import { operand, type Printer, type Select } from './select.ts'

export function temporalFilter(node: TemporalFilter, printer: Printer): Select {
  const input = printer.select(node.input)
  const condition = node.at === 'then' ? asOfThen(node.condition) : node.condition
  return { ...input, where: [...input.where, operand(condition, input)] }
}

/** What can have crossed lies between a bound then and now: there an index finds it. */
export function temporalCrossing(node: TemporalCrossing, printer: Printer): Select {
  const input = printer.select(node.input)
  const between = node.ranges.map(({ value, bound }) => {
    const [then, now] = [operand(asOfThen(bound), input), operand(bound, input)]
    return `${operand(value, input)} BETWEEN least(${then}, ${now}) AND greatest(${then}, ${now})`
  })
  const [was, is] = [operand(asOfThen(node.condition), input), operand(node.condition, input)]
  const sign = `CASE WHEN ${is} THEN 1 ELSE -1 END`
  const [only, ...others] = between
  return {
    ...input,
    where: [
      ...input.where,
      others.length === 0 ? (only ?? 'true') : `(${between.join(' OR ')})`,
      `((${was}) IS TRUE) <> ((${is}) IS TRUE)`,
      '(SELECT ok FROM guard)',
    ],
    weight: input.weight === null ? sign : `${input.weight} * ${sign}`,
  }
}

/** Is there a condition on the time somewhere? */
export function dependsOnTime(node: Node): boolean {
  return node.op === 'temporal-filter' || operatorOf(node).inputs(node).some(dependsOnTime)
}

/** The query for the moment of the stored content. */
export function asStored<N extends Node>(node: N): N {
  const operator = operatorOf(node)
  return operator.withInputs(operator.inState?.(node, 'before') ?? node, operator.inputs(node).map(asStored))
}

/** The moment for which the stored content was computed, as one row. */
export function storedMoment(request: CompileRequest): string {
  return `SELECT f.moment AS at FROM pgstream.frontiers AS f WHERE f.pgs_id = ${request.target.id}`
}
