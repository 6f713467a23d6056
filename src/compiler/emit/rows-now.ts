/**
 * The rows of a stage after the change without weights, for the step of a recursion: those that are stored, but for the ones
 * whose key is in the delta, and those that came. Each key has one row, so that none has to be counted.
 *
 * Which of them went is asked above the union: the planner carries the condition of a probe into an arm only where that has
 * no condition of its own (is_safe_append_member).
 */
import { ref } from '../algebra/build.ts'
import { columnOf } from '../algebra/node.ts'
import type { Read, StageOutput } from '../algebra/operators/read.ts'
import { internalError } from '../catalog/error.ts'
import { storedMatch } from './image.ts'
import { columnName } from './names.ts'
import { plainRows } from './redo.ts'
import type { Printer, SelfRows } from './select.ts'
import { at, indent, type Select } from './select-text.ts'

export function rowsNow(printer: Printer): SelfRows {
  const gone = new Map<number, string>()
  const open = new Set<number>()
  return (alias, read) => {
    const { of } = read
    if (read.version !== 'after' || of.op !== 'stage-output' || open.has(of.stage)) return null
    const [key] = of.keys
    // Columns of the key that nobody reads are not kept: then all rows are counted.
    if (!key) {
      open.add(of.stage)
      try {
        return plainRows(printer.select(read), read, printer)
      } finally {
        open.delete(of.stage)
      }
    }
    const stored = printer.select({ ...read, version: 'before' })
    const came = withoutWeight(printer.select({ ...read, version: 'delta' }), '> 0')
    let went = gone.get(of.stage)
    if (went === undefined) {
      went = printer.shared(`stage_${of.stage}_went`, goneRows(read, of, key, printer))
      gone.set(of.stage, went)
    }
    const outputs = of.columns.map((column) => ({ name: columnName(column), value: ref(column) }))
    const arms = [
      printer.render(stored, outputs, false, '', [`${nameOf(stored)}.ctid AS tid`]),
      printer.render(came, outputs, false, '\nOFFSET 0', ['NULL::tid AS tid']),
    ]
    const name = alias('now')
    return {
      from: [`(${indent(`${arms[0]}\nUNION ALL\n(${indent(arms[1] ?? '')})`)}) AS ${name}`],
      where: [`(${name}.tid IS NULL OR ${name}.tid NOT IN (SELECT w.tid FROM ${went} AS w))`],
      columns: new Map(of.columns.map((column) => [column.id, `${name}.${columnName(column)}`])),
      weight: null,
      isUnion: true,
    }
  }
}

/** `tid` of the stored rows that are not, or not so, any more. */
function goneRows(read: Read, of: StageOutput, key: readonly number[], printer: Printer): string {
  const stored = printer.select({ ...read, version: 'before' })
  const went = withoutWeight(printer.select({ ...read, version: 'delta' }), '< 0')
  const columns = key.map((id) => columnOf(of.columns, id))
  const match = storedMatch(
    printer.request,
    columns,
    columns.map(({ id }) => at(stored, id)),
    columns.map(({ id }) => at(went, id)),
  )
  const joined: Select = {
    ...went,
    from: [...went.from, ...stored.from],
    where: [...went.where, ...match],
  }
  return printer.render(joined, [], false, '', [`${nameOf(stored)}.ctid AS tid`])
}

function withoutWeight(delta: Select, sign: '< 0' | '> 0'): Select {
  return { ...delta, where: [...delta.where, `${delta.weight} ${sign}`], weight: null }
}

/** Under which name a stored table is read. */
export function nameOf({ from }: Select): string {
  const [item = '', ...others] = from
  const name = / AS ([a-z0-9_]+)$/.exec(item)?.[1]
  if (name === undefined || others.length > 0) throw internalError('a stage is not read as one table')
  return name
}
