/**
 * Many rows, and what meets them in something that is a stored state and its changes added up: by a join, and not by looking for each,
 * because what is added up holds all changes, and each look would go through them.
 */
import { ref } from '../algebra/build.ts'
import type { Column } from '../algebra/node.ts'
import { term } from './fitted.ts'
import { groupByImage } from './image.ts'
import { columnName } from './names.ts'
import type { Printer } from './select.ts'
import { indent, type Select } from './select-text.ts'

export interface Counted {
  readonly left: Select
  /** How many rows of the right side meet the row. */
  readonly total: string
  /** What was asked for besides the columns. */
  readonly further: string
}

/** Of many left rows each with the number of right ones that meet it (measured, TPC-H q21 with 60,000 changes: 15 s → 2 s). */
export function counted(
  left: Select,
  columns: readonly Column[],
  right: Select,
  match: (left: Select) => readonly string[],
  printer: Printer,
  further: string | null = null,
): Counted {
  const { rows, asked, asking } = askedRows(
    left,
    columns,
    printer,
    further === null ? [] : [`${further} AS further`],
  )
  const met = printer.render(
    { ...right, from: [rows, ...right.from], where: [...right.where, ...match(asked)] },
    [],
    true,
    '',
    [`${rows}.number`],
  )
  const query = `${asking}
SELECT ${rows}.*, coalesce(m.total, 0) AS total
FROM ${rows}
LEFT JOIN (SELECT t.number, sum(t.weight) AS total FROM (${indent(term(met))}) AS t GROUP BY 1) AS m ON m.number = ${rows}.number`
  const made = printer.derived(query, 'c', columns, true)
  const alias = made.weight?.slice(0, -'weight'.length)
  return { left: made, total: `${alias}total`, further: `${alias}further` }
}

/** Many left rows with the right ones that meet them, or NULLs. */
export function paddedRows(
  left: Select,
  leftColumns: readonly Column[],
  right: Select,
  rightColumns: readonly Column[],
  match: (left: Select) => readonly string[],
  printer: Printer,
): Select {
  const { rows, asked, asking } = askedRows(left, leftColumns, printer)
  const outputs = (columns: readonly Column[]) =>
    columns.map((column) => ({ name: columnName(column), value: ref(column) }))
  const met = printer.render(
    { ...right, from: [rows, ...right.from], where: [...right.where, ...match(asked)] },
    outputs(rightColumns),
    true,
    '',
    [`${rows}.number`],
  )
  const images = rightColumns.map((column) =>
    groupByImage(printer.request, column, `t.${columnName(column)}`),
  )
  const net = `SELECT ${[
    't.number',
    ...rightColumns.map((column, i) => `${images[i]?.output} AS ${columnName(column)}`),
    'sum(t.weight) AS weight',
  ].join(', ')}
  FROM (${indent(indent(term(met)))}) AS t
  GROUP BY ${['t.number', ...images.flatMap(({ groupBy }) => groupBy)].join(', ')}
  HAVING sum(t.weight) <> 0`
  const items = [
    ...leftColumns.map((column) => `${rows}.${columnName(column)}`),
    ...rightColumns.map((column) => `m.${columnName(column)}`),
    `(${rows}.weight * coalesce(m.weight, 1))::bigint AS weight`,
  ]
  const query = `${asking}
SELECT ${items.join(', ')}
FROM ${rows}
LEFT JOIN (${net}) AS m ON m.number = ${rows}.number`
  return {
    ...printer.derived(query, 'c', [...leftColumns, ...rightColumns], true),
    isUnmeasured: true,
  }
}

interface AskedRows {
  /** The WITH query of the left rows, and its text. */
  readonly rows: string
  readonly asking: string
  readonly asked: Select
}

/** Left rows, each with a number of its own. */
function askedRows(
  left: Select,
  columns: readonly Column[],
  printer: Printer,
  further: readonly string[] = [],
): AskedRows {
  const outputs = columns.map((column) => ({ name: columnName(column), value: ref(column) }))
  const rows = printer.alias('asking')
  const asking = term(printer.render(left, outputs, true, '', further))
  return {
    rows,
    asking: `WITH ${rows} AS MATERIALIZED (
  SELECT l.*, row_number() OVER () AS number
  FROM (${indent(indent(asking))}) AS l
)`,
    asked: {
      from: [rows],
      where: [],
      columns: new Map(columns.map((column) => [column.id, `${rows}.${columnName(column)}`])),
      weight: `${rows}.weight`,
    },
  }
}
