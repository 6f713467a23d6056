/** Random queries and what they read: shapes that shrink well, turned into trees as the binder would make them. */
import fc from 'fast-check'
import { groupRule } from '../../src/compiler/algebra/aggregate-functions.ts'
import { ref, sql } from '../../src/compiler/algebra/build.ts'
import { type Column, ColumnIds, type Node } from '../../src/compiler/algebra/node.ts'
import type { AggregateCall } from '../../src/compiler/algebra/operators/aggregate.ts'
import { operatorOf } from '../../src/compiler/algebra/operators/index.ts'
import type { Project, Projection } from '../../src/compiler/algebra/operators/project.ts'
import type { Scan } from '../../src/compiler/algebra/operators/scan.ts'
import { BIGINT, BOOLEAN, INTEGER, type Scalar, scalarNullable } from '../../src/compiler/algebra/scalar.ts'

/** Choices are numbers, taken modulo what there is to choose from. */
export type Shape =
  | { readonly op: 'scan'; readonly table: number }
  | { readonly op: 'values'; readonly rows: readonly (readonly (number | null)[])[] }
  | { readonly op: 'filter'; readonly input: Shape; readonly conditions: readonly Condition[] }
  | { readonly op: 'repeat'; readonly input: Shape; readonly times: Formula }
  | {
      readonly op: 'temporal-filter'
      readonly input: Shape
      readonly value: Formula
      readonly operator: '=' | '<'
    }
  | {
      readonly op: 'temporal-values'
      readonly input: Shape
      readonly conditions: readonly { readonly value: Formula; readonly operator: '=' | '<' }[]
    }
  | {
      readonly op: 'expand'
      readonly input: Shape
      readonly argument: Formula
      readonly isNumbered: boolean
      /** Of LEFT JOIN. */
      readonly conditions: readonly Condition[] | null
    }
  | { readonly op: 'project'; readonly input: Shape; readonly outputs: readonly Formula[] }
  | { readonly op: 'join'; readonly inputs: readonly Shape[]; readonly conditions: readonly Condition[] }
  | {
      readonly op: 'outer-join'
      readonly left: Shape
      readonly right: Shape
      readonly conditions: readonly Condition[]
    }
  | {
      readonly op: 'bounded'
      readonly input: Shape
      readonly over: Shape
      readonly call: Call
      readonly value: Formula
      readonly operator: '<' | '<=' | '>'
      readonly isMirrored: boolean
    }
  | {
      readonly op: 'semi-join'
      readonly left: Shape
      readonly right: Shape
      readonly conditions: readonly Condition[]
      readonly isAnti: boolean
    }
  | {
      readonly op: 'mark-join'
      readonly left: Shape
      readonly right: Shape
      readonly conditions: readonly Condition[]
    }
  | { readonly op: 'union-all'; readonly inputs: readonly Shape[] }
  | {
      readonly op: 'aggregate'
      readonly input: Shape
      readonly keys: readonly Formula[]
      readonly calls: readonly Call[]
    }
  | {
      readonly op: 'partition'
      readonly kind: 'window' | 'distinct-on' | 'limit'
      readonly input: Shape
      readonly keys: readonly number[]
      readonly first: number
      readonly count: number
    }

export type Formula =
  | { readonly column: number }
  | { readonly constant: number | null }
  | { readonly operator: '+' | '*' | '/'; readonly left: Formula; readonly right: Formula }

export type Condition =
  | { readonly operator: '=' | '<'; readonly left: Formula; readonly right: Formula }
  | { readonly logic: 'and' | 'or' | 'not'; readonly args: readonly [Condition, Condition] }

export interface Call {
  readonly name: 'count' | 'sum' | 'avg' | 'min' | 'max'
  readonly argument: Formula | null
  readonly filter: Condition | null
}

const NOW: Scalar = { ...sql(INTEGER)`now()`, construct: 'function now()', volatility: 'stable' }

const small = fc.integer({ min: 0, max: 2 })
const choice = fc.nat({ max: 11 })

const { formula } = fc.letrec<{ formula: Formula }>((tie) => ({
  formula: fc.oneof(
    { maxDepth: 2, depthSize: 'small' },
    { weight: 5, arbitrary: fc.record({ column: choice }) },
    { weight: 1, arbitrary: fc.record({ constant: fc.option(small) }) },
    fc.record({
      operator: fc.constantFrom('+' as const, '*' as const),
      left: tie('formula'),
      right: tie('formula'),
    }),
  ),
}))

const { condition } = fc.letrec<{ condition: Condition }>((tie) => ({
  condition: fc.oneof(
    { maxDepth: 2, depthSize: 'small' },
    {
      weight: 4,
      arbitrary: fc.record({
        operator: fc.constantFrom('=' as const, '=' as const, '<' as const),
        left: formula,
        right: formula,
      }),
    },
    fc.record({
      logic: fc.constantFrom('and' as const, 'or' as const, 'not' as const),
      args: fc.tuple(tie('condition'), tie('condition')),
    }),
  ),
}))

/** Column = column, which is what keys of joins are inferred from. */
const columnsEqual: fc.Arbitrary<Condition> = fc.record({
  operator: fc.constant('=' as const),
  left: fc.record({ column: choice }),
  right: fc.record({ column: choice }),
})

/** The same of the first columns of the left side with those at the end of the right one. */
const sidesEqual: fc.Arbitrary<Condition> = fc.record({
  operator: fc.constant('=' as const),
  left: fc.record({ column: fc.nat({ max: 1 }) }),
  right: fc.record({ column: fc.integer({ min: -2, max: -1 }) }),
})

const call: fc.Arbitrary<Call> = fc.oneof(
  fc.record({
    name: fc.constant('count' as const),
    argument: fc.constant(null),
    filter: fc.option(condition),
  }),
  fc.record({
    name: fc.constantFrom('count' as const, 'sum' as const, 'avg' as const, 'min' as const, 'max' as const),
    argument: formula,
    filter: fc.option(condition, { freq: 3 }),
  }),
)

export interface QueryOptions {
  readonly depth: number
  readonly aggregates: boolean
}

const someConditions: fc.Arbitrary<readonly Condition[] | null> = fc.option(
  fc.array(condition, { maxLength: 1 }),
)

/** Any tree of operators, `depth` levels deep. */
export function arbitraryShape({ depth, aggregates }: QueryOptions): fc.Arbitrary<Shape> {
  const leaf: fc.Arbitrary<Shape> = fc.oneof(
    { weight: 6, arbitrary: fc.record({ op: fc.constant('scan' as const), table: choice }) },
    fc.record({
      op: fc.constant('values' as const),
      rows: fc.array(fc.tuple(fc.option(small), fc.option(small)), { minLength: 1, maxLength: 2 }),
    }),
  )
  if (depth === 0) return leaf
  const input = arbitraryShape({ depth: depth - 1, aggregates })
  const arms: fc.Arbitrary<Shape>[] = [
    leaf,
    fc.record({
      op: fc.constant('filter' as const),
      input,
      conditions: fc.array(condition, { minLength: 1, maxLength: 2 }),
    }),
    fc.record({ op: fc.constant('repeat' as const), input, times: formula }),
    fc.record({
      op: fc.constant('temporal-filter' as const),
      input,
      value: fc.record({ column: choice }),
      operator: fc.constantFrom('=' as const, '<' as const),
    }),
    fc.record({
      op: fc.constant('temporal-values' as const),
      input,
      conditions: fc.array(
        fc.record({
          value: fc.record({ column: choice }),
          operator: fc.constantFrom('=' as const, '<' as const),
        }),
        { minLength: 1, maxLength: 2 },
      ),
    }),
    fc.record({
      op: fc.constant('expand' as const),
      input,
      argument: formula,
      isNumbered: fc.boolean(),
      conditions: someConditions,
    }),
    fc.record({
      op: fc.constant('project' as const),
      input,
      outputs: fc.array(formula, { minLength: 1, maxLength: 4 }),
    }),
    fc.record({
      op: fc.constant('join' as const),
      inputs: fc.array(input, { minLength: depth > 2 ? 1 : 0, maxLength: depth > 1 ? 2 : 3 }),
      conditions: fc.array(fc.oneof(columnsEqual, condition), { maxLength: 2 }),
    }),
    fc.record({
      op: fc.constant('outer-join' as const),
      left: input,
      right: input,
      conditions: fc.array(fc.oneof(sidesEqual, condition), { maxLength: 2 }),
    }),
    fc.record({
      op: fc.constant('semi-join' as const),
      left: input,
      right: input,
      conditions: fc.array(fc.oneof(sidesEqual, condition), { maxLength: 2 }),
      isAnti: fc.boolean(),
    }),
    fc.record({
      op: fc.constant('mark-join' as const),
      left: input,
      right: input,
      conditions: fc.array(fc.oneof(sidesEqual, condition), { maxLength: 2 }),
    }),
    fc.record({
      op: fc.constant('union-all' as const),
      inputs: fc.array(input, { minLength: 1, maxLength: 2 }),
    }),
  ]
  if (aggregates)
    arms.push(
      fc.record({
        op: fc.constant('aggregate' as const),
        input,
        keys: fc.array(formula, { maxLength: 2 }),
        calls: fc.array(call, { maxLength: 3 }),
      }),
      fc.record({
        op: fc.constant('bounded' as const),
        input,
        over: arbitraryShape({ depth: Math.min(depth - 1, 1), aggregates: false }),
        call,
        value: formula,
        operator: fc.constantFrom('<' as const, '<=' as const, '>' as const),
        isMirrored: fc.boolean(),
      }),
      fc.record({
        op: fc.constant('partition' as const),
        // A window keeps every row: over joins, below joins, there would be too many.
        kind:
          depth > 1
            ? fc.constantFrom('distinct-on' as const, 'limit' as const)
            : fc.constantFrom('window' as const, 'distinct-on' as const, 'limit' as const),
        input,
        keys: fc.array(choice, { maxLength: 2 }),
        first: choice,
        count: small,
      }),
    )
  return fc.oneof(...arms)
}

/** Three columns each: k NOT NULL, a, b. */
export const TABLE_COLUMNS = 3

export interface Tables {
  readonly count: number
  /** Whether k is a key; of every second table it is k and a together, with NULLs alike. */
  readonly keyed: boolean
}

export class QueryBuilder {
  readonly #ids = new ColumnIds()
  readonly #tables: Tables

  constructor(tables: Tables) {
    this.#tables = tables
  }

  /** The tree of a shape; a projection of all its columns on top, as of every query. */
  query(shape: Shape): Project {
    const input = this.node(shape)
    const outputs = operatorOf(input)
      .columns(input)
      .map((column) => this.#projection({ kind: 'column', id: column.id, type: column.type }, input))
    return { op: 'project', input, outputs }
  }

  node(shape: Shape): Node {
    switch (shape.op) {
      case 'scan':
        return this.scan(shape.table % this.#tables.count)
      case 'values': {
        const columns = [0, 1].map((i) =>
          this.#ids.make(
            `v${i}`,
            INTEGER,
            shape.rows.some((row) => (row[i] ?? null) === null),
          ),
        )
        const rows = shape.rows.map((row) => columns.map((_, i) => constant(row[i] ?? null)))
        return { op: 'values', columns, rows }
      }
      case 'filter': {
        const input = this.node(shape.input)
        return {
          op: 'filter',
          input,
          predicate: shape.conditions.map((each) => predicate(each, columnsOf(input))),
        }
      }
      case 'repeat': {
        const input = this.node(shape.input)
        const times = scalar(shape.times, columnsOf(input))
        // As rules write it: never NULL, never negative.
        return { op: 'repeat', input, times: sql(BIGINT)`coalesce(${times}, 0)` }
      }
      case 'temporal-filter': {
        const input = this.node(shape.input)
        const value = scalar(shape.value, columnsOf(input))
        const condition = binary(shape.operator, value, NOW)
        return { op: 'temporal-filter', input, condition, ranges: [{ value, bound: NOW }], at: 'now' }
      }
      case 'temporal-values': {
        const input = this.node(shape.input)
        const columns = columnsOf(input)
        const timed = shape.conditions.map((each) => {
          const value = scalar(each.value, columns)
          return {
            column: this.#ids.make('timed', BOOLEAN, true),
            condition: binary(each.operator, value, NOW),
            ranges: [{ value, bound: NOW }],
          }
        })
        const values: Node = { op: 'temporal-values', input, outputs: timed, at: 'now' }
        const shown = [
          ...columns.map((column): Scalar => ref(column)),
          ...timed.map(({ column }) => sql(INTEGER)`(${ref(column)})::integer`),
        ]
        return { op: 'project', input: values, outputs: shown.map((each) => this.#projection(each, values)) }
      }
      case 'expand': {
        const input = this.node(shape.input)
        const made = [this.#ids.make('x', INTEGER, true)]
        const number = shape.isNumbered ? this.#ids.make('i', BIGINT, false) : null
        if (number) made.push(number)
        const item = sql(INTEGER)`series(${scalar(shape.argument, columnsOf(input))})`
        const columns = [...columnsOf(input), ...made]
        const outer = shape.conditions?.map((each) => predicate(each, columns)) ?? null
        return { op: 'expand', input, item, made, ordinality: number?.id ?? null, isOne: false, outer }
      }
      case 'project': {
        const input = this.node(shape.input)
        const outputs = shape.outputs.map((each) => this.#projection(scalar(each, columnsOf(input)), input))
        return { op: 'project', input, outputs }
      }
      case 'join': {
        const inputs = shape.inputs.map((each) => this.node(each))
        const columns = inputs.flatMap((input) => [...columnsOf(input)])
        return { op: 'join', inputs, predicate: shape.conditions.map((each) => predicate(each, columns)) }
      }
      case 'outer-join': {
        const [left, right] = [this.node(shape.left), this.node(shape.right)]
        const columns = [...columnsOf(left), ...columnsOf(right)]
        const nulls = columnsOf(right).map((column) => ({
          column: { ...column, nullable: true },
          value: { ...constant(null), type: column.type },
        }))
        const conditions = shape.conditions.map((each) => predicate(each, columns))
        return { op: 'outer-join', left, right, predicate: conditions, nulls }
      }
      case 'semi-join': {
        const [left, right] = [this.node(shape.left), this.node(shape.right)]
        const columns = [...columnsOf(left), ...columnsOf(right)]
        const conditions = shape.conditions.map((each) => predicate(each, columns))
        return { op: 'semi-join', left, right, predicate: conditions, isAnti: shape.isAnti }
      }
      case 'mark-join': {
        const [left, right] = [this.node(shape.left), this.node(shape.right)]
        const columns = [...columnsOf(left), ...columnsOf(right)]
        const conditions = shape.conditions.map((each) => predicate(each, columns))
        const column = this.#ids.make('mark', BOOLEAN, false)
        const marked: Node = { op: 'mark-join', left, right, predicate: conditions, column }
        const shown = [
          ...columnsOf(left).map((each): Scalar => ref(each)),
          sql(INTEGER)`(${ref(column)})::integer`,
        ]
        return { op: 'project', input: marked, outputs: shown.map((each) => this.#projection(each, marked)) }
      }
      case 'bounded': {
        const input = this.node(shape.input)
        const one = this.#aggregate(this.node(shape.over), [], [shape.call])
        const sides = [scalar(shape.value, columnsOf(input)), scalar({ column: 0 }, columnsOf(one))] as const
        const [left, right] = shape.isMirrored ? [sides[1], sides[0]] : sides
        const joined: Node = {
          op: 'join',
          inputs: [input, one],
          predicate: [binary(shape.operator, left, right)],
        }
        const outputs = columnsOf(input).map((column) => ({ column, value: ref(column) }))
        return { op: 'project', input: joined, outputs }
      }
      case 'union-all':
        return this.#union(shape.inputs.map((each) => this.node(each)))
      case 'aggregate':
        return this.#aggregate(this.node(shape.input), shape.keys, shape.calls)
      case 'partition':
        return this.#partition(this.node(shape.input), shape)
    }
  }

  scan(table: number): Scan {
    const columns = ['k', 'a', 'b'].map((name, i) => ({
      ...this.#ids.make(name, INTEGER, i > 0),
      attnum: i + 1,
    }))
    const [k, a] = columns
    return {
      op: 'scan',
      relation: 100 + table,
      name: `t${table}`,
      sql: `public.t${table}`,
      columns,
      keys: this.#tables.keyed && k && a ? [table % 2 === 0 ? [k.id] : [k.id, a.id]] : [],
      indexes: [],
      sorted: [],
      rows: 0,
    }
  }

  #projection(value: Scalar, input: Node): Projection {
    return { column: this.#ids.make('p', value.type, isNullable(value, input)), value }
  }

  /** As many columns as the narrowest input has. */
  #union(inputs: readonly Node[]): Node {
    const width = Math.min(...inputs.map((input) => columnsOf(input).length))
    const branches = inputs.map((input) => ({ input, columns: columnsOf(input).slice(0, width) }))
    const columns = Array.from({ length: width }, (_, i) =>
      this.#ids.make(
        'u',
        INTEGER,
        branches.some((branch) => branch.columns[i]?.nullable ?? true),
      ),
    )
    return {
      op: 'union-all',
      columns,
      branches: branches.map((branch) => ({
        input: branch.input,
        columns: branch.columns.map(({ id }) => id),
      })),
    }
  }

  /** Ordered by all columns, so that no ties are left. */
  #partition(input: Node, { kind, keys, first, count }: Shape & { readonly op: 'partition' }): Node {
    const columns = columnsOf(input)
    const at = first % Math.max(1, columns.length)
    const order = [...columns.slice(at), ...columns.slice(0, at)].map((column) => ({
      value: ref(column),
      using: null,
      nullsFirst: false,
    }))
    const ids = [...new Set(keys.flatMap((key) => columns[key % Math.max(1, columns.length)]?.id ?? []))]
    if (kind === 'limit')
      return {
        op: 'limit',
        input,
        partition: { keys: [] },
        order,
        offset: first % 2 === 1 ? constant(1) : null,
        count: constant(count),
        withTies: false,
      }
    if (kind === 'distinct-on') return { op: 'distinct-on', input, partition: { keys: ids }, order }
    const call = (name: string) => ({
      column: this.#ids.make(name, BIGINT, false),
      call: { ...sql(BIGINT)`x`, construct: name, parts: [`${name}()`] },
      order,
      frame: { ...sql(BOOLEAN)`x`, parts: ['ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING'] },
      hasPeers: false,
      reach: null,
    })
    return {
      op: 'window',
      input,
      partition: { keys: ids },
      calls: [call('row_number'), ...(count > 0 ? [call('count')] : [])],
    }
  }

  #aggregate(input: Node, groups: readonly Formula[], wanted: readonly Call[]): Node {
    const columns = columnsOf(input)
    const keys = groups.map((each) => this.#projection(scalar(each, columns), input))
    const calls = wanted.map(({ name, argument, filter }): AggregateCall => {
      const args = argument ? [scalar(argument, columns)] : []
      const column = this.#ids.make(name, name === 'count' ? BIGINT : INTEGER, name !== 'count')
      return { column, name, args, written: null, filter: filter && predicate(filter, columns) }
    })
    const rule = groupRule(keys, calls, this.#ids, {
      nullable: (each) => isNullable(each, input),
      isRow: () => false,
      scale: () => null,
      equality: () => '=',
    })
    return { op: 'aggregate', input, keys, calls, rule }
  }
}

function columnsOf(node: Node): readonly Column[] {
  return operatorOf(node).columns(node)
}

function isNullable(value: Scalar, input: Node): boolean {
  return scalarNullable(value, (id) => columnsOf(input).find((column) => column.id === id)?.nullable ?? true)
}

function constant(value: number | null): Scalar {
  return value === null
    ? { kind: 'constant', sql: 'NULL::integer', isNull: true, type: INTEGER }
    : { kind: 'constant', sql: `'${value}'::integer`, isNull: false, type: INTEGER }
}

function binary(sql: '+' | '*' | '/' | '=' | '<' | '<=' | '>', left: Scalar, right: Scalar): Scalar {
  const isComparison = sql !== '+' && sql !== '*' && sql !== '/'
  return {
    kind: 'operator',
    oid: 0,
    sql,
    equality: sql === '=',
    args: [left, right],
    type: isComparison ? BOOLEAN : INTEGER,
    inputCollation: 0,
    strict: true,
    volatility: 'immutable',
  }
}

export function scalar(formula: Formula, columns: readonly Column[]): Scalar {
  if ('constant' in formula) return constant(formula.constant)
  if ('operator' in formula)
    return binary(formula.operator, scalar(formula.left, columns), scalar(formula.right, columns))
  const column = columns.at(formula.column % Math.max(1, columns.length))
  return column ? { kind: 'column', id: column.id, type: column.type } : constant(1)
}

export function predicate(condition: Condition, columns: readonly Column[]): Scalar {
  if ('operator' in condition)
    return binary(condition.operator, scalar(condition.left, columns), scalar(condition.right, columns))
  const args = condition.args.slice(0, condition.logic === 'not' ? 1 : 2)
  return {
    kind: 'logic',
    op: condition.logic,
    args: args.map((each) => predicate(each, columns)),
    type: BOOLEAN,
  }
}

export const arbitraryCondition = condition
export const arbitraryFormula = formula
export const arbitraryCall = call
