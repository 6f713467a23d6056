/**
 * The scale that all finite values of a numeric scalar have, where types and operators tell it (numeric.c): then its sums
 * have that scale too, and nothing is kept to find it.
 */
import type { Node } from './node.ts'
import { INT2, INT4, INT8, NUMERIC } from './number-types.ts'
import type { AggregateCall } from './operators/aggregate.ts'
import { operatorOf } from './operators/index.ts'
import type { ColumnId, Expression, Operator, Scalar, TypeRef } from './scalar.ts'

const INTEGERS: ReadonlySet<number> = new Set([INT2, INT4, INT8])
/** The largest scale that a modifier gives. Beyond it a product may round (NUMERIC_DSCALE_MAX), and so may round(). */
const LIMIT = 1000

/** `never`: no value is finite (NULL, NaN), so it agrees with any scale. */
type Scale = number | 'never' | null

/** The type that a domain is over, all the way down; any other type as it is. */
export type BaseType = (type: TypeRef) => TypeRef

/** Null: not the same for all values, or not known to be. `scalar` is over the columns of `node`. */
export function staticScale(scalar: Scalar, node: Node, base: BaseType): number | null {
  const scale = scaleOf(scalar, node, base)
  return scale === 'never' ? 0 : scale
}

function scaleOf(scalar: Scalar, node: Node, base: BaseType): Scale {
  switch (scalar.kind) {
    case 'column':
      return columnScale(scalar.id, node, base)
    case 'constant':
      return constantScale(scalar.sql, scalar.isNull)
    case 'logic':
      return null
    case 'operator':
      return operatorScale(scalar, (arg) => scaleOf(arg, node, base))
    case 'expression':
      return expressionScale(scalar, (arg) => scaleOf(arg, node, base))
  }
}

/** A modifier is believed of a table's column only: what a function returns may not keep to the one of its type. */
function columnScale(id: ColumnId, node: Node, base: BaseType): Scale {
  switch (node.op) {
    case 'scan': {
      const column = node.columns.find((each) => each.id === id)
      return column ? modifierScale(base(column.type)) : null
    }
    case 'values': {
      const at = node.columns.findIndex((column) => column.id === id)
      return common(node.rows.map((row) => (row[at] ? scaleOf(row[at], node, base) : null)))
    }
    case 'project': {
      const output = node.outputs.find(({ column }) => column.id === id)
      return output ? scaleOf(output.value, node.input, base) : null
    }
    case 'aggregate': {
      const key = node.keys.find(({ column }) => column.id === id)
      if (key) return scaleOf(key.value, node.input, base)
      const call = node.calls.find(({ column }) => column.id === id)
      return call ? callScale(call, (arg) => scaleOf(arg, node.input, base)) : null
    }
    case 'union-all': {
      const at = node.columns.findIndex((column) => column.id === id)
      return common(
        node.branches.map(({ input, columns }) => {
          const own = columns[at]
          return own === undefined ? null : columnScale(own, input, base)
        }),
      )
    }
    case 'window':
    case 'distinct-on':
    case 'limit':
    case 'join':
    case 'filter':
    case 'outer-join':
    case 'semi-join':
    case 'mark-join':
    case 'bound-filter':
    case 'bound-crossing':
    case 'expand':
    case 'temporal-filter':
    case 'temporal-crossing':
    case 'temporal-values':
    case 'temporal-turning':
    case 'negate':
    case 'repeat':
    case 'consolidate': {
      const input = operatorOf(node)
        .inputs(node)
        .find((each) => columnsOf(each).includes(id))
      return input ? columnScale(id, input, base) : null
    }
    case 'read':
    case 'key-match':
    case 'row-match':
    case 'recursion':
      return null
  }
}

function columnsOf(node: Node): readonly ColumnId[] {
  return operatorOf(node)
    .columns(node)
    .map((column) => column.id)
}

function callScale({ name, args, written }: AggregateCall, scale: (arg: Scalar) => Scale): Scale {
  const [argument] = args
  if (!argument || written) return null
  if (name === 'sum' && argument.type.oid === INT8) return 0
  return name === 'sum' || name === 'min' || name === 'max' ? scale(argument) : null
}

/** A constant prints as its digits (datum/number.ts). */
function constantScale(text: string, isNull: boolean): Scale {
  if (isNull || /^'(?:NaN|-?Infinity)'::numeric$/.test(text)) return 'never'
  const digits = /^'-?\d+(?:\.(\d+))?'::numeric$/.exec(text)
  return digits ? (digits[1]?.length ?? 0) : null
}

function operatorScale({ sql, args, type }: Operator, scale: (arg: Scalar) => Scale): Scale {
  if (type.oid !== NUMERIC || args.some((arg) => arg.type.oid !== NUMERIC)) return null
  const scales = args.map(scale)
  if (scales.includes(null)) return null
  if (scales.includes('never')) return 'never'
  const known = scales.map(Number)
  if (args.length === 1) return sql === '+' || sql === '-' || sql === '@' ? (known[0] ?? null) : null
  if (sql === '+' || sql === '-') return Math.max(...known)
  const sum = known.reduce((a, b) => a + b, 0)
  return sql === '*' && sum <= LIMIT ? sum : null
}

function expressionScale(scalar: Expression, scale: (arg: Scalar) => Scale): Scale {
  const { construct, parts, args, type } = scalar
  const [argument, second] = args
  if (type.oid !== NUMERIC || !argument) return null
  if (construct.startsWith('relabel as ')) return scale(argument)
  // `x::numeric`, `x::numeric(8,2)`
  if (args.length === 1 && /^\(?\)?::numeric/.test(parts.join(''))) {
    if (type.typmod !== -1) return modifierScale(type)
    return INTEGERS.has(argument.type.oid) ? 0 : null
  }
  if (construct.startsWith('function ')) {
    if (parts[0] === '"extract"(') return extractedScale(argument)
    if (argument.type.oid !== NUMERIC) return null
    // Without a schema it is pg_catalog's.
    const name = /^(\w+)\($/.exec(parts[0] ?? '')?.[1]
    if (name === 'abs') return scale(argument)
    if (name === 'ceil' || name === 'ceiling' || name === 'floor') return 0
    if (name !== 'round' && name !== 'trunc') return null
    return second ? roundedScale(second) : 0
  }
  switch (construct) {
    case 'COALESCE':
    case 'GREATEST':
    case 'LEAST':
      return common(args.map(scale))
    case 'NULLIF':
      return parts[0] === 'NULLIF(' ? scale(argument) : null
    case 'CASE':
      return common(args.filter((_, i) => / (?:THEN|ELSE) $/.test(parts[i] ?? '')).map(scale))
    default:
      return null
  }
}

/** Fields that are whole numbers of every type that has them (int64_to_numeric). */
const WHOLE_FIELDS =
  /^'(?:millennium|century|decade|year|isoyear|quarter|month|week|day|dow|isodow|doy|hour|minute)'::text$/

function extractedScale(field: Scalar): Scale {
  return field.kind === 'constant' && WHOLE_FIELDS.test(field.sql) ? 0 : null
}

function roundedScale(digits: Scalar): Scale {
  const found = digits.kind === 'constant' ? /^'?(-?\d+)'?::integer$/.exec(digits.sql) : null
  const scale = Math.max(0, Number(found?.[1] ?? Number.NaN))
  return scale <= LIMIT ? scale : null
}

function modifierScale({ oid, typmod }: TypeRef): Scale {
  if (oid !== NUMERIC || typmod === -1) return null
  return Math.max(0, (((typmod - 4) & 0x7ff) ^ 1024) - 1024)
}

/** The one scale that all of them have. */
function common(scales: readonly Scale[]): Scale {
  const known = scales.filter((scale) => scale !== 'never')
  const [first = 'never', ...rest] = known
  return rest.every((scale) => scale === first) ? first : null
}
