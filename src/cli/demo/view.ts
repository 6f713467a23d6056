import { formatTable } from '../table.ts'

export type StreamTableRow = {
  readonly 'stream table': string
  readonly rows: number
  readonly 'staleness s': number | null
  readonly 'last refresh ms': number | null
  readonly 'rows changed': number | null
}

/** What the demo shows while it runs. */
export interface View {
  ready(line: string): void
  progress(label: string, done: number, total: number): void
  tables(rows: readonly StreamTableRow[], note: string): void
  end(): void
}

const BAR = 40

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
    const filled = Math.round((BAR * done) / total)
    const bar = '█'.repeat(filled) + '░'.repeat(BAR - filled)
    this.#draw(`${label} ${bar} ${done.toLocaleString('en')} of ${total.toLocaleString('en')}`)
  }

  tables(rows: readonly StreamTableRow[], note: string): void {
    this.#draw(`${formatTable(rows)}\n\n${note}`)
  }

  end(): void {
    process.stdout.write('\n')
  }

  #draw(text: string): void {
    const up = this.#drawn > 1 ? `\u001b[${this.#drawn - 1}A` : ''
    const width = process.stdout.columns ?? 80
    const lines = text.split('\n').map((line) => line.slice(0, width - 1))
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

  tables(rows: readonly StreamTableRow[], note: string): void {
    if (Date.now() - this.#last < 5_000) return
    this.#last = Date.now()
    for (const row of rows) {
      const facts = Object.entries(row).map(([name, value]) =>
        typeof value === 'string' ? value : `${name} ${value}`,
      )
      process.stderr.write(`${facts.join(', ')}\n`)
    }
    process.stderr.write(`${note}\n`)
  }

  end(): void {}
}
