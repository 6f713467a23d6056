import { layoutProgress, layoutTables, type StreamTableRow, wrap } from './layout.ts'

/** What the demo shows while it runs. */
export interface View {
  ready(line: string): void
  progress(label: string, done: number, total: number): void
  tables(rows: readonly StreamTableRow[], story: string): void
  end(): void
}

/** Drawn in place on a terminal; elsewhere lines on standard error, so that standard output is the ready line alone. */
export function makeView(): View {
  return process.stdout.isTTY ? new TerminalView() : new PlainView()
}

class TerminalView implements View {
  #drawn = 0

  ready(line: string): void {
    process.stdout.write(`${line}\n\n`)
  }

  progress(label: string, done: number, total: number): void {
    this.#draw((width) => [layoutProgress(label, done, total, width)])
  }

  tables(rows: readonly StreamTableRow[], story: string): void {
    this.#draw((width) => [...layoutTables(rows, width), '', ...wrap(`${story}. Ctrl-C stops.`, width)])
  }

  end(): void {
    process.stdout.write('\n')
  }

  #draw(layout: (width: number) => readonly string[]): void {
    const up = this.#drawn > 1 ? `\u001b[${this.#drawn - 1}A` : ''
    // The last column makes some terminals break the line; some say that they have none.
    const width = (process.stdout.columns || 80) - 1
    const lines = layout(width).map((line) => line.slice(0, width))
    process.stdout.write(`${up}\r\u001b[J${lines.join('\n')}`)
    this.#drawn = lines.length
  }
}

class PlainView implements View {
  #quarter = -1
  #last = 0

  ready(line: string): void {
    process.stdout.write(`${line}\n`)
  }

  progress(label: string, done: number, total: number): void {
    const quarter = Math.floor((4 * done) / total)
    if (quarter === this.#quarter) return
    this.#quarter = quarter
    process.stderr.write(`${label}: ${done} of ${total}\n`)
  }

  tables(rows: readonly StreamTableRow[], story: string): void {
    if (Date.now() - this.#last < 5_000) return
    this.#last = Date.now()
    for (const row of rows) {
      const facts = Object.entries(row).map(([name, value]) =>
        typeof value === 'string' ? value : `${name} ${value}`,
      )
      process.stderr.write(`${facts.join(', ')}\n`)
    }
    process.stderr.write(`${story}\n`)
  }

  end(): void {}
}
