import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'

export type Cell = string | number

export interface Table {
  readonly title: string
  readonly columns: readonly string[]
  readonly rows: Cell[][]
}

export interface Target {
  readonly name: string
  readonly measured: number
  /** At most, or at least, this. */
  readonly bound: number
  readonly atLeast: boolean
  readonly unit: string
  readonly reached: boolean
}

/** What a run measured: printed as Markdown while it goes on, written as JSON at its end. */
export class Report {
  readonly tables: Table[] = []
  readonly targets: Target[] = []

  note(text: string): void {
    process.stderr.write(`${text}\n`)
  }

  table(title: string, columns: readonly string[]): Table {
    const table = { title, columns, rows: [] }
    this.tables.push(table)
    return table
  }

  /** The latest row, for whoever waits. */
  progress({ rows }: Table): void {
    this.note(
      `  ${(rows.at(-1) ?? []).map((cell) => (typeof cell === 'number' ? format(cell) : cell)).join(' · ')}`,
    )
  }

  atMost(name: string, measured: number, bound: number, unit = ''): void {
    this.targets.push({ name, measured, bound, atLeast: false, unit, reached: measured <= bound })
  }

  atLeast(name: string, measured: number, bound: number, unit = ''): void {
    this.targets.push({ name, measured, bound, atLeast: true, unit, reached: measured >= bound })
  }

  markdown(): string {
    const tables = this.tables.map(
      ({ title, columns, rows }) => `### ${title}\n\n${markdownTable(columns, rows)}`,
    )
    const targets = this.targets.map(({ name, measured, bound, atLeast, unit, reached }) => [
      name,
      `${format(measured)}${unit}`,
      `${atLeast ? '≥' : '≤'} ${format(bound)}${unit}`,
      reached ? 'reached' : '**not reached**',
    ])
    return [...tables, `### Targets\n\n${markdownTable(['target', 'measured', 'bound', ''], targets)}`].join(
      '\n\n',
    )
  }

  write(folder: string, facts: Record<string, unknown>): string {
    mkdirSync(folder, { recursive: true })
    const file = path.join(folder, `${new Date().toISOString().replace(/[:.]/g, '-')}.json`)
    writeFileSync(
      file,
      `${JSON.stringify({ ...facts, targets: this.targets, tables: this.tables }, null, 2)}\n`,
    )
    return file
  }
}

function markdownTable(columns: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const line = (cells: readonly Cell[]) =>
    `| ${cells.map((cell) => (typeof cell === 'number' ? format(cell) : cell)).join(' | ')} |`
  const rule = `|${columns.map((_, i) => (typeof rows[0]?.[i] === 'number' ? '---:' : '---')).join('|')}|`
  return [line(columns), rule, ...rows.map(line)].join('\n')
}

/** Three significant digits: more would be noise. */
export function format(value: number): string {
  if (!Number.isFinite(value)) return '–'
  if (value === 0) return '0'
  return Math.abs(value) >= 100 ? String(Math.round(value)) : String(Number(value.toPrecision(3)))
}
