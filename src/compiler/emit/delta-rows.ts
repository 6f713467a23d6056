/**
 * The new rows of the change buffers, as statements read them.
 *
 * Where many statements change the same few rows, a buffer has each version of a row twice, as it came and as it went, and each
 * would meet all that the row meets. So where there are many changes a sample is looked at, and when little is left of it once it
 * is added up, all of them are added up before they meet anything. What large statements leave behind is not looked at: they
 * change a row once.
 */
import type { Scan, ScanColumn } from '../algebra/operators/scan.ts'
import { scalarColumns } from '../algebra/scalar.ts'
import type { CompileRequest } from '../catalog/request.ts'
import type { DeltaFilter } from './delta-filter.ts'
import { atMost, forPassing, whenRepeated } from './fitted.ts'
import { groupByImage, rowHash } from './image.ts'
import { bufferColumn, bufferName, deltaName, packedColumn } from './names.ts'
import { isPacked } from './packed.ts'
import { conditions, indent, inlineCte, type Select } from './select-text.ts'

/** A source, and what of it is captured for a query: the columns in the order of their numbers. */
export interface ChangedSource {
  readonly relation: number
  readonly columns: readonly ScanColumn[]
  /** What every reader of its changes asks of them. */
  readonly filter?: DeltaFilter | undefined
}

/** New to this stream table: past the frontier. Exactly NOT pg_visible_in_snapshot, own transaction apart. */
export function isNew(alias: string): string {
  return `(${alias}.xid >= $1 OR ${alias}.xid = ANY ($2)) AND (${alias}.xid <> $3 OR ${alias}.seq > $4)`
}

export function hasNew(relation: number): string {
  return `EXISTS (SELECT FROM ${bufferName(relation)} AS b WHERE ${isNew('b')})`
}

export function countNew(relation: number): string {
  return `(SELECT coalesce(sum(coalesce(b.n, 1)), 0)::bigint FROM ${bufferName(relation)} AS b WHERE ${isNew('b')})`
}

/** Do the new rows of a source add up to something in the columns that are read? A sum of weights tells of most. */
export function differs(request: CompileRequest, source: ChangedSource): string {
  if (source.filter) {
    const rows = passing(request, source, source.filter, newRows(request, source, {}))
    return `EXISTS (${indent(addedUp(request, source, rows))})`
  }
  const sum = `(SELECT sum(b.weight * coalesce(b.n, 1)) FROM ${bufferName(source.relation)} AS b WHERE ${isNew('b')})`
  return `${sum} <> 0 OR EXISTS (${indent(addedUp(request, source, newRows(request, source, {})))})`
}

/** So many changes are added up to see, at least and at most, of four times as many: all versions of a row or none, by their hash. */
const [LEAST, MOST] = [250, 1_000]

/** Is it the same rows again and again? Null where they cannot be told by hashes. */
export function repeatedRows(request: CompileRequest, { relation, columns }: ChangedSource): string | null {
  const names = new Map(columns.map(({ id, attnum }) => [id, bufferColumn(attnum)]))
  const hash = rowHash(request, columns, ({ id }) => `b.${names.get(id)}`)
  if (hash === null) return null
  return `(WITH sample AS MATERIALIZED (
      SELECT b.weight, b.hash
      FROM (
        SELECT b.weight, ${hash} AS hash
        FROM ${bufferName(relation)} AS b
        WHERE b.part = 's' AND ${isNew('b')}
        OFFSET 0
      ) AS b
      WHERE b.hash & 3 = 0
      LIMIT ${MOST}
    )
    SELECT count(*) >= ${LEAST} AND count(*) > 2 * (
      SELECT count(*) FROM (SELECT FROM sample AS s GROUP BY s.hash HAVING sum(s.weight) <> 0) AS n)
    FROM sample)`
}

/** So many rows are looked at to see how many pass: of those that are packed, the first ones of so many packs. */
const [LOOKED_AT, OF_EACH_PACK, PACKS] = [400, 8, 100]

/** How many in 200 of the changes of a source pass, not counting one. Null where nothing is asked of them. */
export function passingShare(request: CompileRequest, source: ChangedSource): string | null {
  const { relation, filter } = source
  if (!filter) return null
  const attnums = [...new Set(filter.predicate.flatMap((each) => [...scalarColumns(each)]))].flatMap(
    (id) => filter.scan.columns.find((column) => column.id === id)?.attnum ?? [],
  )
  const read = (part: string, items: readonly string[], limit: number) =>
    `(SELECT ${items.join(', ')} FROM ${bufferName(relation)} AS b WHERE b.part ${part} 'p' AND ${isNew('b')} LIMIT ${limit})`
  const rows = read(
    '<>',
    attnums.map((attnum) => `b.${bufferColumn(attnum)}`),
    LOOKED_AT,
  )
  const packed = attnums.map(
    (attnum) => `unnest(b.${packedColumn(attnum)}[1:${OF_EACH_PACK}]) AS ${bufferColumn(attnum)}`,
  )
  const sample = isEachPacked(request, source)
    ? `${rows}\n    UNION ALL\n    ${read('=', packed, PACKS * OF_EACH_PACK)}`
    : rows
  const passed = `count(*) FILTER (WHERE ${indent(meets(request, filter))})`
  return `(SELECT ${passed} * 199 / greatest(count(*), 1) FROM (${sample}) AS d)`
}

export interface DeltaOptions {
  readonly isBulk?: boolean
  readonly isFitted?: boolean
  /** Said in both ways, of which the function that plans the statement takes one (fitted.ts). */
  readonly mayRepeat?: boolean
  /** Marked for how many of the changes pass their filter. */
  readonly isSampled?: boolean
  /** Rows that only changed in what is not read add up to nothing. */
  readonly isAddedUp?: boolean
}

/** The CTE of a source's new rows: of each the weight, and the columns by their numbers. */
export function deltaRows(request: CompileRequest, source: ChangedSource, options: DeltaOptions): string {
  const { relation } = source
  const rows = newRows(request, source, options, '\n  AND (SELECT ok FROM guard)')
  const sum = options.mayRepeat || options.isAddedUp ? addedUp(request, source, rows) : rows
  const ways = options.mayRepeat ? whenRepeated(relation, sum, rows) : sum
  const limited = options.isFitted ? `${ways}\nLIMIT ${atMost(relation)}` : ways
  const { filter } = source
  return inlineCte(
    deltaName(relation),
    filter ? passing(request, source, filter, limited, options.isSampled) : limited,
  )
}

/** The columns of a source's changes, of which a row is named `alias`. */
export function deltaColumns(request: CompileRequest, scan: Scan, alias: string): Map<number, string> {
  return new Map(scan.columns.map((column) => [column.id, deltaColumn(request, column, alias)]))
}

export function deltaColumn(request: CompileRequest, column: ScanColumn, alias: string): string {
  const stored = `${alias}.${bufferColumn(column.attnum)}`
  const type = request.types[column.type.oid]
  // A buffer holds a domain's base type (a column added later must be able to be NULL); overloads may tell them apart.
  return type?.kind === 'd' ? `(${stored}::${type.sql})` : stored
}

/** Does the row `d` of the changes meet the filter? */
function meets(request: CompileRequest, { scan, predicate }: DeltaFilter): string {
  const row: Select = { from: [], where: [], columns: deltaColumns(request, scan, 'd'), weight: null }
  return conditions(predicate, row, [row]).join('\n  AND ')
}

/**
 * PostgreSQL expects what it knows nothing of to have one of 200 values, and to equal one of several as often as these are
 * (DEFAULT_NUM_DISTINCT and scalararraysel in selfuncs.c).
 */
function passing(
  request: CompileRequest,
  { relation, columns }: ChangedSource,
  filter: DeltaFilter,
  rows: string,
  isSampled = false,
): string {
  const items = ['weight', ...columns.map(({ attnum }) => bufferColumn(attnum))]
  const passes = meets(request, filter)
  const among = `CASE WHEN ${indent(passes)} THEN 1 ELSE 0 END = ANY ('{1${forPassing(relation, ',1')}}'::int[])`
  return `SELECT ${items.map((item) => `d.${item}`).join(', ')}
FROM (
  ${indent(rows)}
) AS d
WHERE ${isSampled ? among : passes}`
}

function addedUp(request: CompileRequest, source: ChangedSource, rows: string): string {
  const groups = source.columns.map((column) => {
    const name = bufferColumn(column.attnum)
    return { name, ...groupByImage(request, column, `d.${name}`) }
  })
  const by = groups.flatMap((group) => group.groupBy)
  const items = [
    'sum(d.weight)::bigint AS weight',
    ...groups.map(({ name, output }) => `${output} AS ${name}`),
  ]
  return `SELECT ${items.join(', ')}
FROM (
  ${indent(rows)}
) AS d${by.length === 0 ? '' : `\nGROUP BY ${by.join(', ')}`}
HAVING sum(d.weight) <> 0`
}

/**
 * The new rows of a change buffer, those that are packed unpacked. The arrays of a packed row are all of length n, so that
 * unnest in the SELECT list keeps them in step, in one pass. The planner takes an array for 10 rows and generate_series
 * for 1,000: many rows are what packed ones mean where there are many changes. Where there are few it would join whole
 * tables before it comes to so large a delta (measured, 6 tables of TPC-H: 2,080 rows read → fewer than 400).
 * Where the statement says by a LIMIT how many there are, each is taken for so many that this cuts: the statistics of what is
 * filled and emptied again and again told of a sixth of the packs, and 3,300 rows were compared with 15,000 each (TPC-H q9, 1 %
 * changed: 3.5 s → 0.4 s).
 */
function newRows(
  request: CompileRequest,
  source: ChangedSource,
  { isBulk = false, isFitted = false }: DeltaOptions,
  guarded = '',
): string {
  const { relation, columns } = source
  const attnums = columns.map(({ attnum }) => attnum)
  const found = (part: string, items: readonly string[]) =>
    `SELECT ${items.join(', ')}\nFROM ${bufferName(relation)} AS b\nWHERE b.part ${part} 'p' AND ${isNew('b')}${guarded}`
  const read = (part: string, items: readonly string[]) =>
    isFitted
      ? `SELECT ${['b.weight', ...items].join(', ')}\nFROM (\n  ${indent(found(part, ['b.*', 'generate_series(b.seq, b.seq) AS once']))}\n) AS b`
      : found(part, ['b.weight', ...items])
  const names = attnums.map(bufferColumn)
  const rows = isFitted
    ? `SELECT ${['q.weight', ...names.map((name) => `q.${name}`)].join(', ')}\nFROM (\n  ${indent(
        read('<>', [...names.map((name) => `b.${name}`), 'generate_series(1, coalesce(b.n, 1)) AS i']),
      )}\n) AS q`
    : read(
        '<>',
        names.map((name) => `b.${name}`),
      )
  if (!isEachPacked(request, source)) return rows
  const packed = read('=', [
    ...attnums.map((attnum) => `unnest(b.${packedColumn(attnum)}) AS ${bufferColumn(attnum)}`),
    ...(isBulk || isFitted || attnums.length === 0 ? ['generate_series(1, b.n) AS i'] : []),
  ])
  const unpacked = ['weight', ...attnums.map(bufferColumn)].map((name) => `p.${name}`)
  return `${rows}\nUNION ALL\nSELECT ${unpacked.join(', ')}\nFROM (\n  ${indent(packed)}\n) AS p`
}

function isEachPacked(request: CompileRequest, { relation, columns }: ChangedSource): boolean {
  return columns.every(({ attnum }) => isPacked(request, relation, attnum))
}
