/**
 * The two functions that slices come from: which of them the changed rows touch, and what their rows are now. As for
 * whole partitions (redo.ts) the plans in them are not bound to the refresh statement's.
 */
import { ref, TRUE } from '../algebra/build.ts'
import type { Column, Node } from '../algebra/node.ts'
import { operatorOf } from '../algebra/operators/index.ts'
import type { Extent } from '../algebra/reach.ts'
import { BOOLEAN } from '../algebra/scalar.ts'
import { internalError } from '../catalog/error.ts'
import type { CompileRequest } from '../catalog/request.ts'
import { stateOf } from '../delta/differentiate.ts'
import type { PartitionStage } from '../delta/stage.ts'
import { askedKeys } from './asked-keys.ts'
import { type GeneratedFunction, probeFunction } from './function.ts'
import { lackings, noValue, probingMatches } from './image.ts'
import { refreshLeaves } from './leaves.ts'
import { collateClause, columnName, columnType, functionName } from './names.ts'
import { partitionQuery } from './partition-text.ts'
import type { PlanColumn } from './plan.ts'
import { storedNames } from './redo.ts'
import { Printer } from './select.ts'
import { at, indent, type Select, top } from './select-text.ts'
import { type Slicing, slicingOf } from './slices.ts'

/** The columns of a slice: its partition's key, and its ends. */
export interface SliceColumns {
  readonly keys: readonly Column[]
  readonly low: Column
  readonly high: Column
  /** Are the rows whose value is NULL part of it? */
  readonly nulls: Column
  readonly all: readonly Column[]
}

export function sliceColumns({ node }: PartitionStage, { keys, order }: Slicing): SliceColumns {
  const next =
    1 +
    Math.max(
      ...operatorOf(node)
        .columns(node)
        .map(({ id }) => id),
    )
  const low: Column = { ...order, id: next, name: 'low' }
  const high: Column = { ...order, id: next + 1, name: 'high' }
  const nulls: Column = { id: next + 2, name: 'nulls', type: BOOLEAN, nullable: false }
  return { keys, low, high, nulls, all: [...keys, low, high, nulls] }
}

/** `SELECT … FROM slices(…)`: the slices that the rows of `touched` are in, under the columns' derived names. */
export function touchedSlices(
  request: CompileRequest,
  stage: PartitionStage,
  slicing: Slicing,
  touched: string,
): string {
  const { all } = sliceColumns(stage, slicing)
  const named = storedNames(all.map((column) => ({ column })))
  const args = askedKeys(request, [...slicing.keys, slicing.order]).from(`${touched} AS t`)
  const items = all.map(
    (column) =>
      `f.${named.get(column.id)}${collateClause(request, column.type.collation)} AS ${columnName(column)}`,
  )
  return `SELECT ${items.join(', ')}\nFROM ${slicesName(request, stage)}(${args.join(', ')}) AS f`
}

/** The call that returns the rows of the slices of a FROM clause whose item is `t`. */
export function slicedRows(
  request: CompileRequest,
  stage: PartitionStage,
  slicing: Slicing,
  clause: string,
): string {
  const args = askedKeys(request, sliceColumns(stage, slicing).all).from(clause)
  return `${rowsName(request, stage)}(${args.join(', ')})`
}

export function sliceFunctions(request: CompileRequest, stage: PartitionStage): readonly GeneratedFunction[] {
  const slicing = slicingOf(request, stage.node)
  return slicing ? [slicesFunction(request, stage, slicing), rowsFunction(request, stage, slicing)] : []
}

function slicesName(request: CompileRequest, stage: PartitionStage): string {
  return functionName(request, `slices_${stage.number}`)
}

function rowsName(request: CompileRequest, stage: PartitionStage): string {
  return functionName(request, `sliced_${stage.number}`)
}

/** Looks into the rows of one partition, of the key that the FROM item `g` has. */
interface Looks {
  readonly printer: Printer
  readonly rows: Select
  readonly order: Column
  /** SQL of the value that slices are told by. */
  readonly value: string
  /** The conditions of a partition without NULLs in its key, and of those with them. */
  readonly matches: readonly (readonly string[])[]
  /** Which partitions each is about, but for the last. */
  readonly areAbout: readonly string[]
}

function looksAt(
  request: CompileRequest,
  stage: PartitionStage,
  { keys, order }: Slicing,
  key: (column: Column, i: number) => string,
): Looks {
  const printer = new Printer(request, refreshLeaves(new Map()))
  const unchanged = { relation: () => false, stage: () => false }
  const rows = printer.select(stateOf(stage.node.input, 'after', unchanged))
  const matches = probingMatches(
    request,
    keys,
    keys.map(({ id }) => at(rows, id)),
    keys.map(key),
    true,
  )
  return {
    printer,
    rows,
    order,
    value: at(rows, order.id),
    matches,
    areAbout: lackings(keys)
      .slice(0, matches.length - 1)
      .map((lacked) =>
        keys
          .flatMap((column, i) =>
            column.nullable
              ? [`${lacked.includes(i) ? '' : 'NOT '}(${noValue(request, column, key(column, i))})`]
              : [],
          )
          .join(' AND '),
      ),
  }
}

/** `SELECT value FROM rows of the partition WHERE … tail`, or what `made` makes of it. */
function look(
  { printer, rows, order, matches, areAbout }: Looks,
  where: readonly string[],
  tail: string,
  made = (query: string) => query,
): string {
  const query = (of: readonly string[]) => {
    const found = { ...rows, where: [...rows.where, ...of, ...where] }
    const text = printer.render(found, [{ name: 'found', value: ref(order) }], false, `\n${tail}`)
    return `(${indent(made(text))})`
  }
  const found = matches.map(query)
  const last = found.at(-1) ?? ''
  const others = areAbout.map((about, i) => `WHEN ${about} THEN ${found[i]}`)
  return others.length > 0 ? `CASE ${others.join(' ')} ELSE ${last} END` : last
}

function distinct(query: string): string {
  return query.replace(/^SELECT/, 'SELECT DISTINCT')
}

interface Walk {
  /** Items of a subquery `f`: the first values out of reach, NULL where the partition ends before. */
  readonly items: readonly string[]
  /** The value where the walk ends, over `f`. */
  readonly end: string
  /** Does it go on to the rows whose value is NULL, over `f`? */
  readonly isOut: string
}

/**
 * From the value `from` on, up or down, as far as `extents` reach. `isMargin`: to what the row at `from` depends on; else to the
 * rows that depend on it. It ends with a value further away: more rows than needed are right too.
 */
function walk(
  looks: Looks,
  from: string,
  isUp: boolean,
  extents: readonly Extent[],
  isMargin: boolean,
): Walk {
  const { value, order, rows } = looks
  const [side, beyond, by, outer] = isUp
    ? ['up', '>', `ORDER BY ${value}`, 'greatest']
    : ['down', '<', `ORDER BY ${value} DESC`, 'least']
  const back = isUp ? `ORDER BY ${value} DESC` : `ORDER BY ${value}`
  const isThere = order.nullable ? [`${value} IS NOT NULL`] : []
  const last = look(looks, isThere, `${back} LIMIT 1`)
  if (extents.length === 0)
    return { items: [], end: order.nullable ? `coalesce(${from}, ${last})` : from, isOut: 'false' }
  const names = extents.map((_, i) => `${side}_${i + 1}`)
  const items = extents.map((extent, i) => {
    const ahead = `${value} ${beyond} ${from}`
    if (extent.unit !== 'RANGE')
      return `${look(looks, [ahead], `${by} OFFSET ${extent.count} LIMIT 1`, extent.unit === 'GROUPS' ? distinct : undefined)} AS ${names[i]}`
    const [within, of] = isMargin ? [value, from] : [from, value]
    // As a frame of the row whose value is `of` has it: n PRECEDING below, n FOLLOWING above.
    const flags = isUp === isMargin ? 'false, true' : 'true, false'
    const inRange = `in_range(${within}, ${of}, ${top(extent.offset, rows)}, ${flags})`
    return `${look(looks, [ahead, `NOT ${inRange}`], `${by} LIMIT 1`)} AS ${names[i]}`
  })
  const found = names.map((name) => `f.${name}`)
  const far =
    found.length === 1
      ? found.join('')
      : `CASE WHEN ${found.map((each) => `${each} IS NOT NULL`).join(' AND ')} THEN ${outer}(${found.join(', ')}) END`
  const counted = extents.flatMap(({ unit }, i) => (unit === 'RANGE' ? [] : [`${found[i]} IS NULL`]))
  return {
    items,
    end: `coalesce(${far}, ${outer}(${last}, ${from}))`,
    isOut: counted.length === 0 ? 'false' : `(${counted.join(' OR ')})`,
  }
}

function walked({ items }: Walk, { items: others }: Walk): readonly string[] {
  const all = [...items, ...others]
  return all.length === 0 ? [] : [`LATERAL (SELECT ${indent(all.join(',\n  '))} OFFSET 0) AS f`]
}

/**
 * Of more changed values than these so many neighbours as make no more are taken together, with all that is between them, if
 * that is not much more than themselves: what comes at an end of a partition is looked for once, and not row by row.
 */
const MANY = 1000
const MUCH_MORE = 10

/** For changed values of partitions: the slices that they reach, those that meet as one. */
function slicesFunction(request: CompileRequest, stage: PartitionStage, slicing: Slicing): GeneratedFunction {
  const { keys, order, below, above, nullsAbove } = slicing
  const asked = askedKeys(request, [...keys, order])
  const looks = looksAt(request, stage, slicing, (_, i) => `g.k${i + 1}`)
  const up = walk(looks, 'g.last', true, below, false)
  const down = walk(looks, 'g.first', false, above, false)
  const isOut = (nullsAbove ? up : down).isOut
  const by = keys.map((_, i) => `k${i + 1}`)
  const partition = by.length > 0 ? `PARTITION BY ${by.join(', ')} ` : ''
  const { all } = sliceColumns(stage, slicing)
  const named = storedNames(all.map((column) => ({ column })))
  // Where NULL is among the values the whole partition is one slice.
  const isApart = order.nullable
    ? `low > lag(high) OVER w AND NOT bool_or(first IS NULL) OVER (${partition.trim()})`
    : 'low > lag(high) OVER w'
  // The ends go up with the values.
  const ends = order.nullable
    ? [
        'least((array_agg(low ORDER BY first))[1], (array_agg(low ORDER BY first DESC))[1])',
        'greatest((array_agg(high ORDER BY first DESC))[1], (array_agg(high ORDER BY first DESC NULLS LAST))[1])',
        'bool_or(nulls)',
      ]
    : ['(array_agg(low ORDER BY first))[1]', '(array_agg(high ORDER BY first DESC))[1]', 'false']
  const isNull = order.nullable ? `(g.first IS NULL OR ${isOut})` : 'false'
  const bucket = [...by, ...(order.nullable ? ['k IS NULL'] : []), 'bucket'].join(', ')
  const areDense = look(
    looks,
    [`${looks.value} >= g.ks[1]`, `${looks.value} <= g.ks[cardinality(g.ks)]`],
    `LIMIT ${MUCH_MORE} * cardinality(g.ks) + 1`,
    (rows) => `SELECT count(*) <= ${MUCH_MORE} * cardinality(g.ks) FROM (${indent(rows)}) AS n`,
  )
  const query = `WITH asked AS (
  SELECT ${[
    ...keys.map((column, i) => `${asked.key(column, i)} AS k${i + 1}`),
    `${asked.key(order, keys.length)} AS k`,
  ].join(', ')}
  FROM ${asked.rows.join(', ')}
), placed AS (
  SELECT *, (row_number() OVER (${partition}ORDER BY k) - 1) / (1 + cardinality($1) / ${MANY}) AS bucket
  FROM asked
), near AS (
  SELECT ${[...by, 'array_agg(k ORDER BY k) AS ks'].join(', ')}
  FROM placed
  GROUP BY ${bucket}
), changed AS (
  SELECT ${[...by.map((name) => `g.${name}`), 'c.first', 'c.last'].join(', ')}
  FROM near AS g,
    LATERAL (SELECT CASE WHEN cardinality(g.ks) = 1 THEN true ELSE ${indent(indent(areDense))} END AS dense OFFSET 0) AS d,
    LATERAL (
      SELECT g.ks[1], g.ks[cardinality(g.ks)] WHERE d.dense
      UNION ALL
      SELECT u.k, u.k FROM unnest(g.ks) AS u(k) WHERE NOT d.dense
    ) AS c(first, last)
), reached AS (
  SELECT ${[
    ...by.map((name) => `g.${name}`),
    'g.first',
    `${indent(indent(down.end))} AS low`,
    `${indent(indent(up.end))} AS high`,
    `${isNull} AS nulls`,
  ].join(',\n    ')}
  FROM ${['changed AS g', ...walked(up, down).map(indent)].join(',\n    ')}
), parted AS (
  SELECT *, row_number() OVER w = 1 OR ${isApart} AS starts
  FROM reached
  WINDOW w AS (${partition}ORDER BY first)
), numbered AS (
  SELECT *, count(*) FILTER (WHERE starts) OVER (${partition}ORDER BY first) AS slice
  FROM parted
)
SELECT ${[...by, ...ends].join(', ')}
FROM numbered
GROUP BY ${[...by, 'slice'].join(', ')}`
  return probeFunction(slicesName(request, stage), asked.args, stored(request, all, named), query, true)
}

/** The rows of slices as the window has them now. */
function rowsFunction(request: CompileRequest, stage: PartitionStage, slicing: Slicing): GeneratedFunction {
  const { node } = stage
  if (node.op !== 'window') throw internalError(`stage ${stage.number} has no slices`)
  const { keys, order, below, above, nullsAbove } = slicing
  const slice = sliceColumns(stage, slicing)
  const asked = askedKeys(request, slice.all)
  const [low, high, nulls] = [slice.low, slice.high, slice.nulls].map((column, i) =>
    asked.key(column, keys.length + i),
  )
  const looks = looksAt(request, stage, slicing, asked.key)
  const { printer, rows, value, matches } = looks
  const down = walk(looks, low ?? '', false, below, true)
  const up = walk(looks, high ?? '', true, above, true)
  const isOut = (nullsAbove ? up : down).isOut
  const columns = operatorOf(node.input).columns(node.input)
  const outputs = columns.map((column) => ({ name: columnName(column), value: ref(column) }))
  const within = [
    [`${value} >= m.low`, `${value} <= m.high`],
    ...(order.nullable ? [[`${value} IS NULL`, 'm.nulls']] : []),
  ]
  const arms = matches.flatMap((match) =>
    within.map((conditions) =>
      // One look with all conditions; without OFFSET the planner may meet the partition outside of it.
      printer.render(
        { ...rows, where: [...rows.where, ...match, ...conditions] },
        outputs,
        false,
        '\nOFFSET 0',
      ),
    ),
  )
  const margin = [`${down.end} AS low`, `${up.end} AS high`, `(${nulls} OR ${isOut}) AS nulls`]
  const of = `r.${columnName(order)}`
  const isInner = `${of} >= ${low} AND ${of} <= ${high}`
  const inner: Column = { id: slice.nulls.id + 1, name: 'inner', type: BOOLEAN, nullable: false }
  const input: Select = {
    from: [
      ...asked.rows,
      ...walked(down, up),
      `LATERAL (SELECT ${indent(margin.join(',\n  '))} OFFSET 0) AS m`,
      `LATERAL (${indent(unionOf(arms))}) AS r`,
    ],
    where: [],
    columns: new Map([
      ...columns.map((column): [number, string] => [column.id, `r.${columnName(column)}`]),
      [slice.low.id, low ?? ''],
      [
        inner.id,
        order.nullable ? `CASE WHEN ${of} IS NULL THEN ${nulls} ELSE ${isInner} END` : `(${isInner})`,
      ],
    ]),
    weight: null,
  }
  // Of an input that has the slice beside its columns; where it begins tells it from others of its partition.
  const sliced: Node = {
    op: 'project',
    input: node.input,
    outputs: [
      ...columns.map((column) => ({ column, value: ref(column) })),
      { column: slice.low, value: ref(order) },
      { column: inner, value: TRUE },
    ],
  }
  const partition = { keys: [...node.partition.keys, slice.low.id] }
  const made = operatorOf(node).columns(node)
  const query = `SELECT ${[...made.map((column) => `q.${columnName(column)}`), 'true'].join(', ')}
FROM (
  ${indent(partitionQuery({ ...node, input: sliced, partition }, input, printer))}
) AS q
WHERE q.${columnName(inner)}`
  const named = storedNames(made.map((column) => ({ column })))
  return probeFunction(
    rowsName(request, stage),
    asked.args,
    // A function of one column of a row type would return that row's columns instead.
    [...stored(request, made, named), { name: 'redone', sql: 'boolean' }],
    query,
    false,
  )
}

function unionOf(arms: readonly string[]): string {
  return arms.length === 1 ? arms.join('') : arms.map((arm) => `(${indent(arm)})`).join('\nUNION ALL\n')
}

function stored(
  request: CompileRequest,
  columns: readonly Column[],
  named: ReadonlyMap<number, string>,
): readonly PlanColumn[] {
  return columns.map((column) => ({
    name: named.get(column.id) ?? '',
    sql: columnType(request, { ...column.type, collation: 0 }),
  }))
}
