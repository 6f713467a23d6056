/** Random tables: DDL and first rows. */
import type { RowGenes, TableGenes } from './genes.ts'
import { constant, pick, type Relation } from './scope.ts'
import { type ColumnType, columnTypes, typeNamed } from './types.ts'

export interface Table {
  readonly name: string
  readonly columns: readonly TableColumn[]
  /** What ON CONFLICT may name; null when there is nothing. */
  readonly arbiter: string | null
}

export interface TableColumn {
  readonly name: string
  readonly type: ColumnType
  readonly notNull: boolean
  readonly generated: boolean
}

const TABLE_NAMES = [
  ['t1', 't2', 't3', 't4', 't5'],
  ['"T 1"', '"select"', 'net', '"Tëst.5"', 'guard'],
]
const COLUMN_NAMES = ['v', 'w', '"Qty"', 'weight', '"order"', 'xid', '"naïve col"', 'c1', 'n']
const IDENTITIES = [
  'primary key',
  'none',
  'deferrable',
  'none',
  'unique',
  'unique nulls',
  'composite',
] as const

export function table(
  genes: TableGenes,
  position: number,
): { readonly table: Table; readonly ddl: readonly string[] } {
  const name = TABLE_NAMES[genes.name % 4 === 1 ? 1 : 0]?.[position] ?? `t${position}`
  const comparable = columnTypes.filter((type) => type.comparable)
  const identity = pick(IDENTITIES, genes.identity)
  const keyType = genes.key === 0 ? typeNamed('int4') : pick(comparable, genes.key)
  const isPrimary = identity === 'primary key' || identity === 'deferrable' || identity === 'composite'
  const key = { name: 'k', type: keyType, notNull: isPrimary, generated: false }
  const offset = genes.name
  const rest = genes.columns.map((column, i): TableColumn => {
    const generated = column.kind % 12 === 11
    return {
      name: pick(COLUMN_NAMES, offset + i),
      type: generated ? typeNamed('bool') : columnType(column.type),
      notNull: column.kind % 12 === 9 || column.kind % 12 === 10,
      generated,
    }
  })
  const columns = [key, ...rest]
  const second = rest.find((column) => column.type.comparable && !column.generated)
  const keyNames = identity === 'composite' && second ? `k, ${second.name}` : 'k'
  const definitions = columns.map(
    (column) =>
      `${column.name} ${column.type.sql}${column.generated ? ' GENERATED ALWAYS AS (k IS NULL) STORED' : ''}${column.notNull ? ' NOT NULL' : ''}`,
  )
  const constraint = {
    'primary key': [`PRIMARY KEY (${keyNames})`],
    composite: [`PRIMARY KEY (${keyNames})`],
    deferrable: ['PRIMARY KEY (k) DEFERRABLE'],
    unique: ['UNIQUE (k)'],
    'unique nulls': ['UNIQUE NULLS NOT DISTINCT (k)'],
    none: [],
    partitioned: [],
  }[identity]
  // A hole in the column numbers.
  const isPartitioned = identity === 'partitioned'
  const hasHole = genes.columns.some((column) => column.kind % 12 === 8)
  const ddl = [
    `CREATE TABLE ${name} (${[...(hasHole ? ['hole int4'] : []), ...definitions, ...constraint].join(', ')})${isPartitioned ? ' PARTITION BY LIST (k)' : ''}`,
    ...(isPartitioned ? partitions(name, keyType) : []),
    ...(hasHole ? [`ALTER TABLE ${name} DROP COLUMN hole`] : []),
  ]
  const hasArbiter = !['none', 'deferrable', 'partitioned'].includes(identity)
  const made: Table = {
    name,
    columns,
    arbiter: identity === 'none' || identity === 'deferrable' ? null : keyNames,
  }
  // One statement per row: one row that breaks a constraint must not take the others with it.
  return { table: made, ddl: [...ddl, ...genes.rows.map((row) => insertion(made, [row]))] }
}

/** Rows change their partition when their key changes. */
function partitions(name: string, keyType: ColumnType): string[] {
  const part = (suffix: string) => (name.endsWith('"') ? name.replace(/"$/, `${suffix}"`) : `${name}${suffix}`)
  return [
    `CREATE TABLE ${part('_one')} PARTITION OF ${name} FOR VALUES IN (${keyType.values[0]})`,
    `CREATE TABLE ${part('_rest')} PARTITION OF ${name} DEFAULT`,
  ]
}

/** Half are of the first types, so that there is something to join and to add up. */
function columnType(gene: number): ColumnType {
  return gene < 24 ? pick(columnTypes.slice(0, 3), gene) : pick(columnTypes, gene)
}

export function relationOf({ name, columns }: Table): Relation {
  return {
    name,
    columns: columns.map((column) => ({ name: column.name, type: column.type, open: false, rounds: false })),
  }
}

export function writable({ columns }: Table): readonly TableColumn[] {
  return columns.filter((column) => !column.generated)
}

export function fieldOf(column: TableColumn, gene: number): string {
  return column.notNull
    ? constant(column.type, gene % column.type.values.length)
    : constant(column.type, gene)
}

export function tuple(table: Table, row: RowGenes): string {
  return `(${writable(table)
    .map((column, i) => fieldOf(column, row[i] ?? 0))
    .join(', ')})`
}

export function insertion(table: Table, rows: readonly RowGenes[]): string {
  const names = writable(table).map((column) => column.name)
  return `INSERT INTO ${table.name} (${names.join(', ')}) VALUES ${rows.map((row) => tuple(table, row)).join(', ')}`
}
