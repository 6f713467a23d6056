/** Aggregates beside the five most common ones, of which PostgreSQL leaves nothing open but images. */
import { pick, type Value, value } from './scope.ts'

type Of = (argument: Value) => Value

const WHOLE = ['int2', 'int4', 'int8']
const OF_MEASURE = ['var_pop', 'var_samp', 'variance', 'stddev_pop', 'stddev_samp', 'stddev']

/** One that fits the argument; null where none does. */
export function furtherCall(gene: number, argument: Value): Value | null {
  const calls = argument.rounds ? [] : callsOn(argument)
  return calls.length === 0 ? null : pick(calls, gene)(argument)
}

function callsOn({ type }: Value): readonly Of[] {
  const isFloat = type.name.startsWith('float')
  const isNumber = type.sum !== undefined && !['money', 'interval'].includes(type.name)
  const { comparable, ordered, manyImages } = type
  return [
    ...(comparable ? [countDistinct] : []),
    ...(isNumber && !isFloat ? [sumDistinct, avgDistinct] : []),
    ...(isNumber ? OF_MEASURE.map((name) => measure(name, isFloat)) : []),
    ...(type.name === 'bool' ? ['bool_and', 'bool_or', 'every'].map((name) => plain(name, 'bool')) : []),
    ...(WHOLE.includes(type.name) || type.name === 'bits'
      ? ['bit_xor', 'bit_and', 'bit_or'].map((name) => plain(name, type.name))
      : []),
    ...(type.name === 'int4' ? ofInt4 : []),
    ...(type.name === 'numeric' ? [arrayOfNumeric] : []),
    ...(type.name === 'text' ? ofText : []),
    ...(type.name === 'int_range' ? [plain('range_intersect_agg', 'int_range')] : []),
    ...(ordered && comparable && !isFloat && !manyImages && ['int4', 'date', 'int8'].includes(type.name)
      ? [
          (of: Value) => value(`percentile_disc(0.4) WITHIN GROUP (ORDER BY ${of.sql})`, type.name),
          (of: Value) => value(`mode() WITHIN GROUP (ORDER BY ${of.sql} DESC)`, type.name),
        ]
      : []),
    ...(type.name === 'float8' ? [percentile] : []),
  ]
}

const opens = ({ open, type }: Value) => ({ open: open || type.manyImages })

const countDistinct: Of = ({ sql }) => value(`count(DISTINCT ${sql})`, 'int8')
const sumDistinct: Of = (of) => value(`sum(DISTINCT ${of.sql})`, of.type.sum ?? 'numeric', opens(of))
const avgDistinct: Of = (of) => value(`avg(DISTINCT ${of.sql})`, 'numeric', opens(of))
const arrayOfNumeric: Of = (of) =>
  value(`array_agg(${of.sql} ORDER BY ${of.sql})`, 'numeric_array', opens(of))
const percentile: Of = (of) =>
  value(`percentile_cont(0.5) WITHIN GROUP (ORDER BY ${of.sql})`, 'float8', { rounds: true })

function measure(name: string, isFloat: boolean): Of {
  return (of) =>
    value(`${name}(${of.sql})`, isFloat ? 'float8' : 'numeric', { rounds: isFloat, open: of.open })
}

function plain(name: string, returns: string): Of {
  return ({ sql }) => value(`${name}(${sql})`, returns)
}

const ofInt4: readonly Of[] = [
  ({ sql }) => value(`array_agg(${sql} ORDER BY ${sql} DESC)`, 'int_array'),
  ({ sql }) => value(`array_agg(DISTINCT ${sql})`, 'int_array'),
  ({ sql }) => value(`percentile_disc(ARRAY[0.25, 0.75]) WITHIN GROUP (ORDER BY ${sql})`, 'int_array'),
  ({ sql }) => value(`rank(2) WITHIN GROUP (ORDER BY ${sql})`, 'int8'),
  ({ sql }) => value(`jsonb_agg(${sql} ORDER BY ${sql})`, 'jsonb'),
  ({ sql }) => value(`regr_count(${sql}, 1)`, 'int8'),
]

const ofText: readonly Of[] = [
  ({ sql }) => value(`string_agg(${sql}, '|' ORDER BY ${sql} COLLATE "C")`, 'text'),
  ({ sql }) => value(`string_agg(DISTINCT ${sql}, '|')`, 'text'),
  ({ sql }) => value(`jsonb_object_agg(coalesce(${sql}, 'none'), 1)`, 'jsonb'),
  ({ sql }) => value(`json_agg(${sql} ORDER BY ${sql} COLLATE "C")`, 'json'),
]
