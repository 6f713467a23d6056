/** Window functions, DISTINCT ON and LIMIT of which PostgreSQL leaves nothing open: peers count alike, ties are kept. */
import { expression } from './expression.ts'
import type { ExpressionGenes } from './genes.ts'
import { pick, type Value, value } from './scope.ts'

export interface WindowGenes {
  readonly call: number
  readonly argument: ExpressionGenes
  readonly keys: readonly ExpressionGenes[]
  readonly order: ExpressionGenes
  readonly frame: number
}

const FRAMES = [
  '',
  '',
  'RANGE BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING',
  'RANGE BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING EXCLUDE GROUP',
  'GROUPS BETWEEN 1 PRECEDING AND 1 FOLLOWING',
  'GROUPS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING',
  'GROUPS BETWEEN CURRENT ROW AND 2 FOLLOWING EXCLUDE CURRENT ROW',
  'RANGE BETWEEN CURRENT ROW AND CURRENT ROW',
  'GROUPS 2 PRECEDING',
  // `@` is a distance between values of the type that is ordered by.
  'RANGE BETWEEN @ PRECEDING AND CURRENT ROW',
  'RANGE BETWEEN @ PRECEDING AND @ FOLLOWING EXCLUDE GROUP',
  'RANGE BETWEEN CURRENT ROW AND @ FOLLOWING EXCLUDE TIES',
  'RANGE BETWEEN @ FOLLOWING AND UNBOUNDED FOLLOWING',
  'RANGE BETWEEN @ PRECEDING AND @ PRECEDING EXCLUDE CURRENT ROW',
  'RANGE BETWEEN UNBOUNDED PRECEDING AND @ FOLLOWING EXCLUDE CURRENT ROW',
]

const spans = [`interval '1 day'`, `interval '0'`, `interval '1 month 3 hours'`, `interval '100 years'`]

/** Of types that PostgreSQL has distances for. */
const DISTANCES: Readonly<Record<string, readonly string[]>> = {
  int2: ['1::int2', '0::int2', '2::int8', '32767::int4'],
  int4: ['1', '0', '2', '2147483647::int8'],
  int8: ['1::int8', '0::int8', '5::int8'],
  numeric: ['1', '0.5', '0', `'Infinity'::numeric`, '3.50'],
  decimal: ['1', '0.5', '0', `'Infinity'::numeric`],
  float8: ['1::float8', '0::float8', `'Infinity'::float8`, '0.4::float8'],
  float4: ['1::float8', '0::float8', `'Infinity'::float8`],
  date: spans,
  timestamp: spans,
  timestamptz: spans,
  interval: spans,
  time: [`interval '1 hour'`, `interval '0'`, `interval '12:30'`],
}

/** A frame for what is ordered by; none where its type has no distances. */
function frameOver(order: Value, gene: number): string {
  const frame = pick(FRAMES, gene)
  if (!frame.includes('@')) return frame
  const distances = DISTANCES[order.type.name]
  if (!distances) return ''
  let at = gene >> 2
  return frame.replaceAll('@', () => pick(distances, at++))
}

export function windowCall(genes: WindowGenes, scope: readonly Value[]): Value {
  const keys = genes.keys.map((each) => expression(each, scope)).filter(isSortable)
  const by = keys.length > 0 ? `PARTITION BY ${keys.map(({ sql }) => sql).join(', ')}` : ''
  const order = expression(genes.order, scope)
  const isOrdered = isSortable(order) && genes.frame % 4 !== 0
  const frame = isOrdered ? frameOver(order, genes.frame) : ''
  if (genes.frame >= 40 && inFullOrder(scope)) return rowByRow(genes, by, scope)
  const direction = genes.frame % 3 === 0 ? ' DESC NULLS LAST' : ''
  const over = ` OVER (${[by, isOrdered ? `ORDER BY ${order.sql}${direction}` : '', frame].filter((part) => part !== '').join(' ')})`
  const argument = expression(genes.argument, scope)
  const { type } = argument
  switch (genes.call % 8) {
    case 0:
      return value(`count(*)${over}`, 'int8')
    case 1:
      return value(`rank()${over}`, 'int8')
    case 2:
      return value(`dense_rank()${over}`, 'int8')
    case 3:
      return value(`count(${argument.sql})${over}`, 'int8')
    case 4:
    case 5:
      // What a float was added to depends on the order.
      if (type.sum && !argument.rounds && !type.sum.startsWith('float'))
        return value(`sum(${argument.sql})${over}`, type.sum, { open: argument.open && type.manyImages })
      break
    default:
      break
  }
  if (!type.ordered || type.manyImages || argument.rounds)
    return value(`count(${argument.sql})${over}`, 'int8')
  const returns = type.name === 'decimal' ? 'numeric' : type.name === 'varchar' ? 'text' : type.name
  return value(`${genes.call % 2 === 0 ? 'min' : 'max'}(${argument.sql})${over}`, returns)
}

const ROW_FRAMES = [
  '',
  ' ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING',
  ' ROWS BETWEEN 2 PRECEDING AND CURRENT ROW EXCLUDE TIES',
  ' ROWS BETWEEN 2 FOLLOWING AND 3 FOLLOWING',
  ' ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING',
]

/** In an order that leaves nothing open, what depends on each row's place. */
function rowByRow(genes: WindowGenes, by: string, scope: readonly Value[]): Value {
  const first = expression(genes.order, scope)
  const order = [...(isExact(first) ? [`${first.sql} DESC`] : []), ...scope.map(({ sql }) => sql)].join(', ')
  const over = ` OVER (${by}${by === '' ? '' : ' '}ORDER BY ${order}${ROW_FRAMES[genes.frame % ROW_FRAMES.length]})`
  const argument = expression(genes.argument, scope)
  const shows = (sql: string) => ({ ...argument, sql: `${sql}${over}` })
  switch (genes.call % 8) {
    case 0:
      return value(`row_number()${over}`, 'int8')
    case 1:
      return value(`ntile(3)${over}`, 'int4')
    case 2:
      return shows(`lag(${argument.sql})`)
    case 3:
      return shows(`lead(${argument.sql}, 2)`)
    case 4:
      return shows(`first_value(${argument.sql})`)
    case 5:
      return shows(`nth_value(${argument.sql}, 2)`)
    case 6:
      return value(`cume_dist()${over}`, 'float8')
    default:
      return value(`count(${argument.sql})${over}`, 'int8')
  }
}

/** Rows that are equal in it are the same. */
export function inFullOrder(values: readonly Value[]): boolean {
  return values.length > 0 && values.every(isExact)
}

function isExact({ type, rounds, open, sql }: Value): boolean {
  // A constant in ORDER BY would be the number of a column.
  return type.comparable && !type.manyImages && !rounds && !open && !/^\W*\d/.test(sql)
}

/** ` ORDER BY … LIMIT … OFFSET …` where the order leaves nothing open, else with ties. */
export function limit(gene: number, outputs: readonly Value[]): string {
  if (gene % 3 !== 2 || !inFullOrder(outputs)) return limitWithTies(gene, outputs)
  const order = outputs.map((_, i) => `${i + 1}${(gene >> i) % 2 === 0 ? '' : ' DESC'}`).join(', ')
  return `\nORDER BY ${order} LIMIT ${(gene % 5) + 1} OFFSET ${gene % 4 === 0 ? 2 : 0}`
}

/** ` ORDER BY … FETCH FIRST … WITH TIES`, by a column of the result. */
function limitWithTies(gene: number, outputs: readonly Value[]): string {
  const at = gene % Math.max(1, outputs.length)
  const output = outputs[at]
  if (!output || !isSortable(output)) return ''
  const direction = gene % 2 === 0 ? '' : ' DESC NULLS LAST'
  return `\nORDER BY ${at + 1}${direction} FETCH FIRST ${(gene % 5) + 1} ROWS WITH TIES`
}

function isSortable({ type, rounds }: Value): boolean {
  return type.comparable && type.ordered && !rounds
}
