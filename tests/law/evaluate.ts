/**
 * What scalars mean. Rules write theirs as SQL with holes; the meaning of each such text is listed here, so that a rule
 * that writes something new fails until somebody says what it means.
 */
import { WEIGHT } from '../../src/compiler/algebra/build.ts'
import type { Scalar } from '../../src/compiler/algebra/scalar.ts'
import { type Bag, type Row, valueIn } from './bag.ts'
import { compare, equal, extreme, type Value } from './value.ts'

export interface Scope {
  readonly row: Row
  readonly weight: number
  /** The rows that an aggregate in the scalar is over. */
  readonly group: Bag
}

export class DivisionByZero extends Error {}

export function rowScope(row: Row, weight = 1): Scope {
  return { row, weight, group: [] }
}

export function groupScope(group: Bag): Scope {
  return { row: new Map(), weight: 0, group }
}

export function evaluate(scalar: Scalar, scope: Scope): Value {
  switch (scalar.kind) {
    case 'column':
      return scalar.id === WEIGHT.id ? scope.weight : valueIn(scope.row, scalar.id)
    case 'constant':
      return scalar.isNull ? null : constantValue(scalar.sql)
    case 'logic':
      return logic(
        scalar.op,
        scalar.args.map((arg) => evaluate(arg, scope)),
      )
    case 'operator': {
      const [left = null, right = null] = scalar.args.map((arg) => evaluate(arg, scope))
      if (left === null || right === null) return null
      if (scalar.sql === '=') return equal(left, right)
      if (scalar.sql === '<') return compare(left, right) < 0
      if (scalar.sql === '<=') return compare(left, right) <= 0
      if (scalar.sql === '>') return compare(left, right) > 0
      if (scalar.sql === '>=') return compare(left, right) >= 0
      if (scalar.sql === '+') return Number(left) + Number(right)
      if (scalar.sql === '*') return Number(left) * Number(right)
      if (scalar.sql === '/') {
        if (right === 0) throw new DivisionByZero()
        // Of whole numbers, as everything here is; never -0.
        return Math.trunc(Number(left) / Number(right)) + 0
      }
      throw new Error(`operator ${scalar.sql} has no meaning here`)
    }
    case 'expression': {
      const text = scalar.parts.join('▢')
      const aggregate = AGGREGATES[text]
      if (aggregate) return aggregate(scope.group, (i, at) => evaluate(argument(scalar.args, i), at))
      const filtered = FILTERED.exec(text)
      if (filtered) {
        const where = argument(scalar.args, scalar.args.length - 1)
        const group = scope.group.filter(({ row, weight }) => evaluate(where, rowScope(row, weight)) === true)
        return filterMeaning(filtered[1] ?? '', scalar.args, { ...scope, group })
      }
      const inverse = INVERSE_SUM.exec(text)
      if (inverse) return plus(evaluate(argument(scalar.args, 0), scope), Number(inverse[1]))
      const template = TEMPLATES[text]
      if (!template) throw new Error(`'${text}' has no meaning here`)
      return template(scalar.args.map((arg) => evaluate(arg, scope)))
    }
  }
}

/** Three-valued logic. */
function logic(op: 'and' | 'or' | 'not', args: readonly Value[]): Value {
  if (op === 'not') return args[0] === null ? null : args[0] === false
  const decisive = op === 'or'
  if (args.includes(decisive)) return decisive
  return args.includes(null) ? null : !decisive
}

function constantValue(sql: string): Value {
  if (sql === 'true' || sql === 'false') return sql === 'true'
  const integer = /^'(-?\d+)'::integer$/.exec(sql)
  if (integer) return Number(integer[1])
  throw new Error(`constant ${sql} has no meaning here`)
}

function argument(args: readonly Scalar[], i: number): Scalar {
  const found = args[i]
  if (!found) throw new Error(`a template has no argument ${i}`)
  return found
}

/**
 * What a value of some scale adds to the count of scales. Numbers here have no digits after the point, so as many as they
 * are large are made up; numbers of more than 53 bits are text.
 */
const SCALE_ONE = "coalesce((▢)[▢ + 1], ('1e' || (16 * least(▢, 1001))::text)::numeric)"
const POWERS =
  "'{1,1e16,1e32,1e48,1e64,1e80,1e96,1e112,1e128,1e144,1e160,1e176,1e192,1e208,1e224,1e240,1e256,1e272,1e288,1e304,1e320}'::numeric[]"

const exact = (value: bigint): Value => (Number.isSafeInteger(Number(value)) ? Number(value) : String(value))
const isNumberOfRule = (value: Value) => value === null || typeof value === 'number'
const sumOf = (values: readonly Value[]): Value =>
  values.reduce<Value>((sum, value) => {
    if (value === null) return sum
    return typeof value === 'string' || typeof sum === 'string'
      ? exact(BigInt(String(sum ?? 0)) + BigInt(String(value)))
      : Number(sum ?? 0) + Number(value)
  }, null)
const finite = (value: Value): Value => (value === null ? null : Number.isFinite(value))
const firstOf = (values: readonly Value[]): Value => values.find((value) => value !== null) ?? null
const plus = (a: Value, b: Value): Value => (a === null || b === null ? null : Number(a) + Number(b))

/** No number here is near the end of its type. */
const INVERSE_SUM = /^CASE WHEN ▢ [<>]= '-?\d+'::\w+ THEN ▢ \+ '(-?\d+)'::\w+ END$/

/** Texts over values. The moment of the stored content is 1, the present one 2. */
const TEMPLATES: Readonly<Record<string, (args: readonly Value[]) => Value>> = {
  'now()': () => 2,
  '((SELECT moment.at FROM moment)::timestamp with time zone)': () => 1,
  '(▢ IS NOT NULL)': ([x]) => x !== null,
  '(▢ IS DISTINCT FROM NULL)': ([x]) => x !== null,
  '(▢ = ▢)': ([a = null, b = null]) => (a === null || b === null ? null : equal(a, b)),
  '(▢ > 0)': ([x = null]) => (x === null ? null : Number(x) > 0),
  '(▢ < 0)': ([x = null]) => (x === null ? null : Number(x) < 0),
  '(▢)::numeric': ([x = null]) => x,
  '(▢)::double precision': ([x = null]) => x,
  '(▢)::bigint': ([x = null]) => x,
  '(▢)::integer': ([x = null]) => (x === null ? null : Number(x)),
  'isfinite(▢)': ([x = null]) => finite(x),
  '(coalesce(▢, 0) + coalesce(▢, 0))': ([a = null, b = null]) => sumOf([a, b]) ?? 0,
  'coalesce(▢ + ▢, ▢, ▢)': ([a = null, b = null, c = null, d = null]) => firstOf([plus(a, b), c, d]),
  'CASE WHEN ▢ = 0 THEN NULL ELSE ▢ END': ([n = null, x = null]) => (n === 0 ? null : x),
  "(▢ IN ('NaN'::numeric, 'Infinity'::numeric, '-Infinity'::numeric)) IS TRUE": ([x = null]) =>
    x !== null && !Number.isFinite(x),
  '(coalesce(▢, false) OR NOT coalesce(isfinite(▢), true))': ([any = null, x = null]) =>
    any === true || !(finite(x) ?? true),
  [POWERS]: () => null,
  [SCALE_ONE]: ([, x = null]) => (x === null ? null : exact(10n ** (16n * BigInt(Number(x))))),
  'scale(▢)': ([x = null]) => (x === null || !Number.isFinite(x) ? null : Math.abs(Number(x))),
  'coalesce(▢, 0)': ([x = null]) => x ?? 0,
  '(▢ OR ▢ >= 1e16016)': ([a = null, x = null]) => logic('or', [a, BigInt(String(x)) >= 10n ** 16016n]),
  // What is shown of a number without digits after the point is that number, whatever the scale.
  'CASE WHEN ▢ < 1e336 THEN width_bucket(▢, ▢) - 1 WHEN ▢ IS NULL THEN scale(▢) ELSE (length((▢)::text) - 1) / 16 END':
    () => null,
  'coalesce(▢, ▢)': ([x = null, y = null]) => x ?? y,
  'round(▢, ▢)': ([x = null]) => x,
  'least(▢, ▢ - ▢)': ([a = null, b = null, c = null]) => Math.min(Number(a), Number(b) - Number(c)),
  'greatest(▢ + ▢ - ▢, 0)': ([a = null, b = null, c = null]) =>
    Math.max(Number(a) + Number(b) - Number(c), 0),
  'least(▢, ▢)': (args) => extreme(args, -1),
  'least(▢, ▢, ▢)': (args) => extreme(args, -1),
  'greatest(▢, ▢)': (args) => extreme(args, 1),
  'greatest(▢, ▢, ▢)': (args) => extreme(args, 1),
  '((▢) = (▢)) IS TRUE': ([a = null, b = null]) => a !== null && b !== null && equal(a, b),
  '(▢ / nullif(▢, 0))': ([a = null, b = null]) =>
    a === null || b === null || b === 0 ? null : Number(a) / Number(b),
}

type Argument = (i: number, scope: Scope) => Value

/** Σ f(row): an aggregate's arguments see one row each. */
function over(group: Bag, value: (scope: Scope) => Value): readonly Value[] {
  return group.map(({ row, weight }) => value(rowScope(row, weight)))
}

const product = (arg: Argument) => (scope: Scope) => {
  const [x, weight] = [arg(0, scope), arg(1, scope)]
  if (!isNumberOfRule(x)) throw new Error('a sum of something that is no number')
  return x === null || weight === null ? null : Number(x) * Number(weight)
}

const weightedSum = (group: Bag, arg: Argument) => sumOf(over(group, product(arg)))

/** Texts with an aggregate in them. Over a state every row stands with weight 1. */
const AGGREGATES: Readonly<Record<string, (group: Bag, arg: Argument) => Value>> = {
  'count(*)': (group) => group.length,
  'sum(▢)': (group, arg) => sumOf(over(group, (scope) => arg(0, scope))),
  '(sum(▢))::bigint': (group, arg) => sumOf(over(group, (scope) => arg(0, scope))),
  'avg(▢)': (group, arg) => {
    const values = over(group, (scope) => arg(0, scope)).filter((value) => value !== null)
    return values.length === 0 ? null : Number(sumOf(values)) / values.length
  },
  'min(▢)': (group, arg) =>
    extreme(
      over(group, (scope) => arg(0, scope)),
      -1,
    ),
  'max(▢)': (group, arg) =>
    extreme(
      over(group, (scope) => arg(0, scope)),
      1,
    ),
  'sum((▢)::bigint * ▢)': weightedSum,
  'sum((▢) * ▢)': weightedSum,
  'sum(CASE ▢ WHEN 1 THEN ▢ WHEN -1 THEN -(▢) ELSE (▢) * ▢ END)': (group, arg) =>
    sumOf(
      over(group, (scope) => {
        const [weight, x] = [arg(0, scope), arg(1, scope)]
        if (x === null || weight === null) return null
        return typeof x === 'number' ? x * Number(weight) : exact(BigInt(String(x)) * BigInt(Number(weight)))
      }),
    ),
  'bool_or(NOT isfinite(▢))': (group, arg) => {
    const values = over(group, (scope) => finite(arg(0, scope))).filter((value) => value !== null)
    return values.length === 0 ? null : values.includes(false)
  },
}

/** `aggregate FILTER (WHERE …)`, cast or not. */
const FILTERED = /^\(?(.*) FILTER \(WHERE ▢\)(?:\)::bigint)?$/

/** The aggregate itself, over the rows that the filter left; it may be an argument (▢) or part of the text. */
function filterMeaning(text: string, args: readonly Scalar[], scope: Scope): Value {
  if (text === '▢') return evaluate(argument(args, 0), scope)
  const aggregate = AGGREGATES[text]
  if (!aggregate) throw new Error(`'${text}' has no meaning here`)
  return aggregate(scope.group, (i, at) => evaluate(argument(args, i), at))
}
