/** Conditions on the time, in SQL: as they are now, as they were for the stored content, and where the two differ. */
import { asOfThen } from '../algebra/moment.ts'
import type { Node } from '../algebra/node.ts'
import { operatorOf } from '../algebra/operators/index.ts'
import type { TemporalCrossing } from '../algebra/operators/temporal-crossing.ts'
import type { TemporalFilter, TimeRange } from '../algebra/operators/temporal-filter.ts'
import type { TemporalTurning } from '../algebra/operators/temporal-turning.ts'
import type { TemporalValues } from '../algebra/operators/temporal-values.ts'
import type { CompileRequest } from '../catalog/request.ts'
import { columnName } from './names.ts'
import type { Printer } from './select.ts'
import { operand, type Select } from './select-text.ts'

export function temporalFilter(node: TemporalFilter, printer: Printer): Select {
  const input = printer.select(node.input)
  const condition = node.at === 'then' ? asOfThen(node.condition) : node.condition
  return { ...input, where: [...input.where, operand(condition, input)] }
}

/** What can have crossed lies between a bound then and now: there an index finds it. */
export function temporalCrossing(node: TemporalCrossing, printer: Printer): Select {
  const input = printer.select(node.input)
  const [was, is] = [operand(asOfThen(node.condition), input), operand(node.condition, input)]
  const sign = `CASE WHEN ${is} THEN 1 ELSE -1 END`
  return {
    ...input,
    where: [...input.where, passed(node.ranges, input), `((${was}) IS TRUE) <> ((${is}) IS TRUE)`],
    weight: input.weight === null ? sign : `${input.weight} * ${sign}`,
  }
}

const GUARD = '(SELECT ok FROM guard)'

/**
 * The values that lie between a bound then and now; none unless the guard lets pass, or while a bound stays what it was, as
 * current_date does all day: then the lower one is NULL, and an index on the column is not read. As a condition by itself, over no table, it would count as one over all that are joined (see
 * `Printer.gated`; measured, a chain of 10 tables: the first refresh of a connection takes 460 ms → 40 ms).
 */
function passed(ranges: readonly TimeRange[], input: Select): string {
  const between = ranges.map(({ value, bound }) => {
    const [then, now] = [operand(asOfThen(bound), input), operand(bound, input)]
    const lower = `CASE WHEN ${GUARD} AND ${then} <> ${now} THEN least(${then}, ${now}) END`
    return `${operand(value, input)} BETWEEN ${lower} AND greatest(${then}, ${now})`
  })
  const [only = GUARD, ...others] = between
  return others.length === 0 ? only : `(${between.join(' OR ')})`
}

export function temporalValues(node: TemporalValues, printer: Printer): Select {
  const input = printer.select(node.input)
  const made = node.outputs.map(({ column, condition }): [number, string] => [
    column.id,
    operand(node.at === 'then' ? asOfThen(condition) : condition, input),
  ])
  return { ...input, columns: new Map([...input.columns, ...made]) }
}

/** A row twice: as it was, and as it is. */
export function temporalTurning({ input: rows, outputs }: TemporalTurning, printer: Printer): Select {
  const input = printer.select(rows)
  const alias = printer.alias('turned')
  const was = outputs.map(({ condition }) => operand(asOfThen(condition), input))
  const is = outputs.map(({ condition }) => operand(condition, input))
  const names = outputs.map(({ column }) => columnName(column))
  const turned = `LATERAL (VALUES (${[...was, '-1'].join(', ')}), (${[...is, '1'].join(', ')})) AS ${alias}(${[...names, 'weight'].join(', ')})`
  const others = was.map((each, i) => `${each} IS DISTINCT FROM ${is[i]}`)
  const ranges = outputs.flatMap((each) => each.ranges)
  const made = outputs.map(({ column }): [number, string] => [column.id, `${alias}.${columnName(column)}`])
  return {
    from: [...input.from, turned],
    where: [...input.where, passed(ranges, input), `(${others.join(' OR ')})`],
    gates: input.gates,
    columns: new Map([...input.columns, ...made]),
    weight: input.weight === null ? `${alias}.weight` : `${input.weight} * ${alias}.weight`,
  }
}

/** Is there a condition on the time somewhere? */
export function dependsOnTime(node: Node): boolean {
  return (
    node.op === 'temporal-filter' ||
    node.op === 'temporal-values' ||
    operatorOf(node).inputs(node).some(dependsOnTime)
  )
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
