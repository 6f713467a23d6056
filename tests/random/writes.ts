/** Random statements that change a table. */
import { condition } from './expression.ts'
import type { WriteGenes } from './genes.ts'
import { literal, pick, value } from './scope.ts'
import { fieldOf, insertion, type Table, type TableColumn, tuple, writable } from './tables.ts'

type Kind = (table: Table, genes: WriteGenes) => string

const kinds: readonly Kind[] = [
  insert,
  update,
  remove,
  insert,
  update,
  upsert,
  updateKey,
  swapKeys,
  merge,
  move,
  duplicate,
  touch,
  updateAll,
  remove,
  (table, genes) => (gene(genes, 0) % 3 === 0 ? `TRUNCATE ${table.name} CASCADE` : remove(table, genes)),
]

export function writeStatement(genes: WriteGenes, tables: readonly Table[]): string {
  return pick(kinds, genes.kind)(pick(tables, genes.table), genes)
}

/** Insert, update or delete what has this key. */
export function writeAtKey(table: Table, key: number, kind: number): string {
  const where = `k = ${literal(keyOf(table).type, key)}`
  const row = [key % 8 === 7 ? key - 1 : key, kind, kind >> 1, kind >> 2, kind >> 3, 0]
  switch (kind % 4) {
    case 0:
      return insertion(table, [row])
    case 1:
      return `DELETE FROM ${table.name} WHERE ${where}`
    default:
      return `UPDATE ${table.name} SET ${assignments(table, row)} WHERE ${where}`
  }
}

function insert(table: Table, { rows }: WriteGenes): string {
  return insertion(table, rows)
}

function update(table: Table, genes: WriteGenes): string {
  return `UPDATE ${table.name} SET ${assignments(table, genes.rows[0] ?? [])} WHERE ${where(table, genes)}`
}

function remove(table: Table, genes: WriteGenes): string {
  return `DELETE FROM ${table.name} WHERE ${where(table, genes)}`
}

function upsert(table: Table, genes: WriteGenes): string {
  if (table.arbiter === null) return insert(table, genes)
  const values = valueColumns(table)
  if (values.length === 0 || gene(genes, 4) % 4 === 0) return `${insert(table, genes)} ON CONFLICT DO NOTHING`
  const sets = values.map(({ name }) => `${name} = EXCLUDED.${name}`)
  return `${insert(table, genes)} ON CONFLICT (${table.arbiter}) DO UPDATE SET ${sets.join(', ')}`
}

function updateKey(table: Table, genes: WriteGenes): string {
  return `UPDATE ${table.name} SET k = ${fieldOf(keyOf(table), gene(genes, 0))} WHERE ${where(table, genes)}`
}

function swapKeys(table: Table, genes: WriteGenes): string {
  const { type } = keyOf(table)
  const [a, b] = [literal(type, gene(genes, 0)), literal(type, gene(genes, 1))]
  return `UPDATE ${table.name} SET k = CASE WHEN k = ${a} THEN ${b} ELSE ${a} END WHERE k IN (${a}, ${b})`
}

function merge(table: Table, genes: WriteGenes): string {
  const columns = writable(table).map(({ name }) => name)
  const values = valueColumns(table)
  const matched =
    values.length === 0
      ? 'WHEN MATCHED THEN DELETE'
      : `WHEN MATCHED AND ${condition(genes.where ?? NOTHING, scopeOf(table, 'm'))} THEN DELETE
WHEN MATCHED THEN UPDATE SET ${values.map(({ name }) => `${name} = x.${name}`).join(', ')}`
  return `MERGE INTO ${table.name} AS m USING (VALUES ${genes.rows.map((row) => tuple(table, row)).join(', ')}) AS x(${columns.join(', ')}) ON m.k = x.k
${matched}
WHEN NOT MATCHED THEN INSERT (${columns.join(', ')}) VALUES (${columns.map((name) => `x.${name}`).join(', ')})`
}

/** One statement that deletes and inserts: both transition tables, one snapshot. */
function move(table: Table, genes: WriteGenes): string {
  const columns = writable(table).map(({ name }) => name)
  const [first = 'k', ...others] = columns
  const list = [gene(genes, 0) % 2 === 0 ? first : fieldOf(keyOf(table), gene(genes, 1)), ...others]
  return `WITH moved AS (DELETE FROM ${table.name} WHERE ${where(table, genes)} RETURNING ${columns.join(', ')})
INSERT INTO ${table.name} (${columns.join(', ')}) SELECT ${list.join(', ')} FROM moved`
}

function duplicate(table: Table, genes: WriteGenes): string {
  const columns = writable(table)
    .map(({ name }) => name)
    .join(', ')
  return `INSERT INTO ${table.name} (${columns}) SELECT ${columns} FROM ${table.name} WHERE ${where(table, genes)}`
}

/** Changes nothing. */
function touch(table: Table, genes: WriteGenes): string {
  return `UPDATE ${table.name} SET k = k WHERE ${where(table, genes)}`
}

function updateAll(table: Table, genes: WriteGenes): string {
  return `UPDATE ${table.name} SET ${assignments(table, genes.rows[0] ?? [])}`
}

const NOTHING = { on: { column: 0, functions: [], literal: 0 }, comparison: 0, other: 0, shape: 7 }

function where(table: Table, genes: WriteGenes): string {
  if (genes.where) return condition(genes.where, scopeOf(table, table.name))
  return `k = ${literal(keyOf(table).type, gene(genes, 5))}`
}

function assignments(table: Table, row: readonly number[]): string {
  const columns = valueColumns(table)
  if (columns.length === 0) return `k = ${fieldOf(keyOf(table), row[0] ?? 0)}`
  // A bit per column that is set; none set means all.
  const chosen = columns.filter((_, i) => ((row[5] ?? 0) >> i) % 2 === 1)
  return (chosen.length > 0 ? chosen : columns)
    .map((column, i) => `${column.name} = ${fieldOf(column, row[i + 1] ?? 0)}`)
    .join(', ')
}

function scopeOf(table: Table, alias: string) {
  return table.columns.map((column) => value(`${alias}.${column.name}`, column.type))
}

function keyOf(table: Table): TableColumn {
  const [key] = table.columns
  if (!key) throw new Error('a table has a key column')
  return key
}

function valueColumns(table: Table): readonly TableColumn[] {
  return writable(table).slice(1)
}

function gene(genes: WriteGenes, position: number): number {
  return genes.rows[0]?.[position] ?? 0
}
