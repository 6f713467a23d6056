/** Random tables: DDL and first rows. */
import type { RowGenes, TableGenes } from './genes.ts'
import { constant, pick, type Relation, rowType } from './scope.ts'
import { type ColumnType, columnTypes, typeNamed } from './types.ts'

export interface Table {
  readonly name: string
  readonly columns: readonly TableColumn[]
  /** What ON CONFLICT may name; null when there is nothing. */
  readonly arbiter: string | null
  /** A foreign key may refer to its k. */
  readonly isReferable: boolean
  /** Partitions, or a child, which can be written to directly. */
  readonly parts: readonly string[]
}

export interface TableColumn {
  readonly name: string
  readonly type: ColumnType
  readonly notNull: boolean
  readonly generated: boolean
  /** Follows the key of that table. */
  readonly references?: string
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
  'inherited',
  'unique',
  'unique nulls',
  'composite',
  'partitioned',
] as const

export function table(
  genes: TableGenes,
  position: number,
  others: readonly Table[],
): { readonly table: Table; readonly ddl: readonly string[] } {
  const name = TABLE_NAMES[genes.name % 4 === 1 ? 1 : 0]?.[position] ?? `t${position}`
  const comparable = columnTypes.filter((type) => type.comparable)
  const identity = pick(IDENTITIES, genes.identity)
  const keyType = genes.key === 0 ? typeNamed('int4') : pick(comparable, genes.key)
  const isPrimary = ['primary key', 'deferrable', 'composite', 'inherited'].includes(identity)
  const key = { name: 'k', type: keyType, notNull: isPrimary, generated: false }
  const offset = genes.name
  const parent = others.find((other) => other.isReferable)
  const rest = genes.columns.map((column, i): TableColumn => {
    const references = column.kind % 12 === 7 ? parent : undefined
    const generated = column.kind % 12 === 11
    return {
      name: pick(COLUMN_NAMES, offset + i),
      type: generated ? typeNamed('bool') : (references?.columns[0]?.type ?? columnType(column.type)),
      notNull: column.kind % 12 === 9 || column.kind % 12 === 10,
      generated,
      ...(references ? { references: references.name } : {}),
    }
  })
  const columns = [key, ...rest]
  const second = rest.find((column) => column.type.comparable && !column.generated)
  const keyNames = identity === 'composite' && second ? `k, ${second.name}` : 'k'
  const definitions = columns.map(
    (column) =>
      `${column.name} ${column.type.sql}${column.generated ? ' GENERATED ALWAYS AS (k IS NULL) STORED' : ''}${column.notNull ? ' NOT NULL' : ''}${reference(column)}`,
  )
  const constraint = {
    'primary key': [`PRIMARY KEY (${keyNames})`],
    composite: [`PRIMARY KEY (${keyNames})`],
    inherited: ['PRIMARY KEY (k)'],
    deferrable: ['PRIMARY KEY (k) DEFERRABLE'],
    unique: ['UNIQUE (k)'],
    'unique nulls': ['UNIQUE NULLS NOT DISTINCT (k)'],
    none: [],
    partitioned: [],
  }[identity]
  // A hole in the column numbers.
  const isPartitioned = identity === 'partitioned' && ['int4', 'text', 'numeric'].includes(keyType.name)
  const isInherited = identity === 'inherited'
  const suffixes = isPartitioned ? ['_one', '_rest'] : isInherited ? ['_child'] : []
  const parts = suffixes.map((suffix) => suffixed(name, suffix))
  const hasHole = genes.columns.some((column) => column.kind % 12 === 8)
  const ddl = [
    `CREATE TABLE ${name} (${[...(hasHole ? ['hole int4'] : []), ...definitions, ...constraint].join(', ')})${isPartitioned ? ' PARTITION BY LIST (k)' : ''}`,
    ...(hasHole ? [`ALTER TABLE ${name} DROP COLUMN hole`] : []),
    // After the hole: a partition then numbers its columns differently.
    ...parts.map((part, i) =>
      isInherited
        ? `CREATE TABLE ${part} () INHERITS (${name})`
        : `CREATE TABLE ${part} PARTITION OF ${name} ${i === 0 ? `FOR VALUES IN (${keyType.values[0]})` : 'DEFAULT'}`,
    ),
  ]
  const hasArbiter = !['none', 'deferrable', 'partitioned', 'inherited'].includes(identity)
  const made: Table = {
    name,
    columns,
    arbiter: hasArbiter ? keyNames : null,
    isReferable: identity === 'primary key',
    parts,
  }
  // Windows of some rows find them by such an index: see windows.ts.
  const sorted = columns.filter(({ type }) => type.comparable && type.ordered)
  const pairs = sorted.flatMap((a) => sorted.filter((b) => b !== a).map((b) => `${a.name}, ${b.name}`))
  const indexes = genes.name % 2 === 0 ? [...sorted.map((each) => each.name), ...pairs] : []
  // One statement per row: one row that breaks a constraint must not take the others with it.
  return {
    table: made,
    ddl: [
      ...ddl,
      ...indexes.map((names) => `CREATE INDEX ON ${name} (${names})`),
      ...genes.rows.map((row) => insertion(made, [row])),
    ],
  }
}

function reference({ references, notNull }: TableColumn): string {
  if (!references) return ''
  return ` REFERENCES ${references}(k) ON DELETE ${notNull ? 'CASCADE' : 'SET NULL'} ON UPDATE CASCADE`
}

function suffixed(name: string, suffix: string): string {
  return name.endsWith('"') ? name.replace(/"$/, `${suffix}"`) : `${name}${suffix}`
}

/** Half are of the first types, so that there is something to join and to add up. */
function columnType(gene: number): ColumnType {
  if (gene >= 60) return typeNamed('timestamptz')
  return gene < 24 ? pick(columnTypes.slice(0, 3), gene) : pick(columnTypes, gene)
}

export function relationOf({ name, columns, parts }: Table): Relation {
  const shown = columns.map((column) => ({
    name: column.name,
    type: column.type,
    open: false,
    rounds: false,
  }))
  return {
    name,
    columns: shown,
    row: rowType(name, shown),
    isStored: true,
    ...(parts.length > 0 ? { hasParts: true } : {}),
  }
}

export function writable({ columns }: Table): readonly TableColumn[] {
  return columns.filter((column) => !column.generated)
}

export function fieldOf(column: TableColumn, gene: number): string {
  // A moment that comes, or has just gone.
  if (column.type.name === 'timestamptz' && gene % 4 === 1)
    return `clock_timestamp() + interval '${pick(['0.3', '-0.2', '0.1', '1'], gene >> 2)} seconds'`
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
