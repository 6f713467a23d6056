import type pg from 'pg'

/** Types that psql sets to the right. */
const NUMERIC: ReadonlySet<number> = new Set([20, 21, 23, 26, 700, 701, 790, 1700])

/** What psql prints for a result that has rows: its aligned format, NULL as nothing. */
export function formatResult({ fields, rows }: pg.QueryArrayResult<(string | null)[]>): string {
  const names = fields.map(({ name }) => name)
  const cells = rows.map((row) => row.map((value) => (value ?? '').split('\n')))
  const widths = names.map((name, i) =>
    Math.max(width(name), ...cells.flatMap((row) => (row[i] ?? []).map(width))),
  )
  const header = names.map((name, i) => centred(name, widths[i] ?? 0)).join('|')
  const rule = widths.map((each) => '-'.repeat(each + 2)).join('+')
  const lines = cells.flatMap((row) => {
    const height = Math.max(1, ...row.map((cell) => cell.length))
    return Array.from({ length: height }, (_, line) =>
      row
        .map((cell, i) => {
          const text = cell[line] ?? ''
          const room = ' '.repeat((widths[i] ?? 0) - width(text))
          const aligned = NUMERIC.has(fields[i]?.dataTypeID ?? 0) ? room + text : text + room
          return ` ${aligned}${line < cell.length - 1 ? '+' : ' '}`
        })
        .join('|'),
    )
  })
  const count = rows.length === 1 ? '(1 row)' : `(${rows.length} rows)`
  return [header, rule, ...lines, count].map((line) => line.trimEnd()).join('\n')
}

/** What psql prints for an error, with `\set SHOW_CONTEXT never`. */
export function formatError({ message, detail, hint }: pg.DatabaseError): string {
  return [
    `ERROR:  ${message}`,
    ...(detail ? [`DETAIL:  ${detail}`] : []),
    ...(hint ? [`HINT:  ${hint}`] : []),
  ].join('\n')
}

function width(text: string): number {
  return [...text].length
}

function centred(text: string, room: number): string {
  const left = Math.floor((room - width(text)) / 2)
  return ` ${' '.repeat(left)}${text}${' '.repeat(room - width(text) - left)} `
}
