import { formatTable } from '../table.ts'

export type StreamTableRow = {
  readonly 'stream table': string
  readonly rows: number
  readonly 'staleness s': number | null
  readonly 'last refresh ms': number | null
  readonly 'rows changed': number | null
}

/** What can be done without, in this order, where the terminal is narrow. */
const DISPENSABLE: readonly (keyof StreamTableRow)[] = ['last refresh ms', 'rows changed']

/** The stream tables as lines of at most so many columns: fewer facts rather than cut ones, rows and staleness always. */
export function layoutTables(rows: readonly StreamTableRow[], width: number): readonly string[] {
  const short = rows.map((row) => ({ ...row, 'stream table': withoutSchema(row['stream table']) }))
  for (const each of [rows, short]) {
    for (let dropped = 0; dropped <= DISPENSABLE.length; dropped++) {
      const lines = formatTable(each.map((row) => without(row, DISPENSABLE.slice(0, dropped)))).split('\n')
      if (lines.every((line) => line.length <= width)) return lines
    }
  }
  return short.flatMap((row) => [
    row['stream table'],
    `  ${row.rows} rows`,
    row['staleness s'] === null ? '  not filled yet' : `  ${row['staleness s'].toFixed(1)} s stale`,
  ])
}

/** A text in lines of at most so many columns, broken between words. */
export function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const longer = `${lines.at(-1) ?? ''} ${word}`
    if (lines.length > 0 && longer.length <= width) lines[lines.length - 1] = longer
    else lines.push(word)
  }
  return lines
}

/** How much is done, with a bar as long as there is room for. */
export function layoutProgress(label: string, done: number, total: number, width: number): string {
  const figures = `${done.toLocaleString('en')} of ${total.toLocaleString('en')}`
  const room = Math.min(40, width - label.length - figures.length - 2)
  if (room < 5) return `${label} ${Math.floor((100 * done) / total)} %`
  const filled = Math.round((room * done) / total)
  return `${label} ${'█'.repeat(filled)}${'░'.repeat(room - filled)} ${figures}`
}

function withoutSchema(name: string): string {
  return name.slice(name.indexOf('.') + 1)
}

function without(row: StreamTableRow, names: readonly (keyof StreamTableRow)[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(row).filter(([name]) => !(names as string[]).includes(name)))
}
