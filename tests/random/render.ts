/** From genes to the script that is run. */
import type { CaseGenes, OperationGenes, StepGenes, WriteGenes } from './genes.ts'
import { query } from './query.ts'
import { type Relation, rowType } from './scope.ts'
import type { Script, Step, StreamTable } from './script.ts'
import { relationOf, type Table, table } from './tables.ts'
import { typeSetup } from './types.ts'
import { writeAtKey, writeStatement } from './writes.ts'

const STREAM_NAMES = ['st1', '"St 2"', 'st3']

export function render(genes: CaseGenes, { sessions }: { readonly sessions: 1 | 2 }): Script {
  const setup = [...typeSetup]
  const tables: Table[] = []
  genes.tables.forEach((each, i) => {
    const made = table(each, i, tables)
    tables.push(made.table)
    setup.push(...made.ddl)
  })
  const relations: Relation[] = tables.map(relationOf)
  genes.views.forEach((each, i) => {
    const view = query(each, relations)
    const name = i === 0 ? 'vw' : '"View 2"'
    setup.push(`CREATE VIEW ${name} AS ${view.sql}`)
    relations.push({ name, columns: view.columns, row: rowType(name, view.columns) })
  })
  const streams = genes.streams.map((each, i): StreamTable => {
    const { sql, columns } = query(each, relations)
    const name = STREAM_NAMES[i] ?? `st${i}`
    // The rows of a stream table are what they are: nothing about them is open, but rounding stays rounding.
    const settled = columns.map((column) => ({ ...column, open: false }))
    relations.push({ name, columns: settled, row: rowType(name, settled), isStored: true })
    const image = columns.every((column) => !column.open && !column.rounds)
    return image ? { name, query: sql, image } : { name, query: sql }
  })

  const read = tablesRead(streams, setup, tables)
  const targets = (read.length > 0 ? read : tables).flatMap((each) => [
    each,
    ...each.parts.map((name) => ({ ...each, name })),
  ])
  let isOpenElsewhere = false
  const write = (each: WriteGenes, on?: 1): Step => {
    // Seldom a table that no stream table reads.
    const sql = writeStatement(each, each.table % 16 === 15 ? tables : targets)
    // A TRUNCATE in an open transaction would block everybody else until the end of the case.
    const truncates = sql.startsWith('TRUNCATE') && (on === 1 || isOpenElsewhere)
    return {
      do: 'write',
      sql: truncates ? sql.replace(/TRUNCATE (.*) CASCADE/, 'DELETE FROM $1') : sql,
      ...(on ? { on } : {}),
    }
  }
  const isTimed = [...setup, ...streams.map((each) => each.query)].some((sql) => sql.includes('now()'))
  const all = streams.map((_, stream): Step => ({ do: 'refresh', stream }))
  const operation = (each: OperationGenes, i: number): Step[] => {
    switch (each.kind) {
      case 'write':
        return [write(each.write)]
      case 'refresh':
        return [{ do: 'refresh', stream: each.stream % streams.length }]
      case 'savepoint': {
        const name = `sp${i}`
        const undo: Step[] = each.undo ? [{ do: 'rollback to', name }] : []
        return [{ do: 'savepoint', name }, ...each.writes.map((w) => write(w)), ...undo]
      }
    }
  }
  const step = (each: StepGenes): Step[] => {
    switch (each.kind) {
      case 'write':
        return [write(each.write)]
      case 'refresh':
        return [
          {
            do: 'refresh',
            stream: each.stream % streams.length,
            ...(each.repeatable ? { repeatable: true as const } : {}),
          },
        ]
      case 'refresh all':
        return all
      case 'transaction':
        return [
          { do: 'begin', ...(each.repeatable ? { isolation: 'repeatable read' as const } : {}) },
          ...each.operations.flatMap(operation),
          { do: each.undo ? 'rollback' : 'commit' },
        ]
      case 'same keys':
        return tables.flatMap((target, i): Step[] => {
          const kind = each.kinds[i % each.kinds.length] ?? 0
          return kind % 8 === 7 ? [] : [{ do: 'write', sql: writeAtKey(target, each.key, kind) }]
        })
      case 'elsewhere': {
        if (sessions === 1) return each.writes.map((w) => write(w))
        const begin: Step[] = isOpenElsewhere ? [] : [{ do: 'begin', on: 1 }]
        isOpenElsewhere = true
        return [...begin, ...each.writes.map((w) => write(w, 1))]
      }
      case 'end elsewhere': {
        if (!isOpenElsewhere) return []
        isOpenElsewhere = false
        return [{ do: each.undo ? 'rollback' : 'commit', on: 1 }]
      }
      case 'wait':
        return isTimed ? [{ do: 'write', sql: `SELECT pg_sleep(${each.tenths / 10})` }] : []
      case 'clean':
        return [{ do: 'clean' }]
    }
  }
  const steps = genes.steps.flatMap(step)
  if (isOpenElsewhere) steps.push({ do: 'commit', on: 1 })
  return { setup, streams, steps: [...steps, ...all] }
}

/** Those whose name stands in a query, or in a view whose name does. */
function tablesRead(
  streams: readonly StreamTable[],
  setup: readonly string[],
  tables: readonly Table[],
): readonly Table[] {
  const views = setup.filter((sql) => sql.startsWith('CREATE VIEW'))
  const text = [...streams.map((stream) => stream.query), ...views].join('\n')
  return tables.filter(({ name }) => text.includes(`${name} AS `))
}
