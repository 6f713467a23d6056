import { type ColumnId, INTEGER, type Scalar } from '../algebra/scalar.ts'
import { internalError } from '../catalog/error.ts'

/**
 * The SQL of a scalar. `column` says how a column is called where the text will stand; its answer must need no
 * parentheses. Operands get parentheses unless they are closed, so no precedence but that of AND, OR and NOT counts.
 */
export function printScalar(scalar: Scalar, column: (id: ColumnId) => string): string {
  const print = (arg: Scalar): string => bareInteger(arg) ?? printScalar(arg, column)
  const operand = (arg: Scalar): string => (isClosed(arg) ? print(arg) : `(${print(arg)})`)

  switch (scalar.kind) {
    case 'column':
      return column(scalar.id)
    case 'constant':
      return scalar.sql
    case 'logic': {
      // Everything binds tighter than NOT, AND, OR: only logic inside logic needs parentheses.
      const args = scalar.args.map((arg) => (arg.kind === 'logic' ? `(${print(arg)})` : print(arg)))
      if (args.length === 0) return scalar.op === 'and' ? 'true' : 'false'
      return scalar.op === 'not' ? `NOT ${args[0]}` : args.join(scalar.op === 'and' ? ' AND ' : ' OR ')
    }
    case 'operator': {
      const [left, right] = scalar.args
      if (left === undefined) throw internalError(`operator ${scalar.sql} without operands`)
      if (right !== undefined) return `${operand(left)} ${scalar.sql} ${operand(right)}`
      // The parser folds a minus into a bare number.
      return `${scalar.sql} ${left.kind === 'constant' ? left.sql : operand(left)}`
    }
    case 'expression': {
      let text = scalar.parts[0] ?? ''
      for (const [i, arg] of scalar.args.entries()) {
        const before = scalar.parts[i] ?? ''
        const after = scalar.parts[i + 1] ?? ''
        text += isDelimited(before, after) ? print(arg) : operand(arg)
        text += after
      }
      return text
    }
  }
}

/**
 * An integer reads back as one without quotes and type, which makes for shorter text. Not where it stands alone: there
 * ORDER BY and GROUP BY would take it for the number of a column.
 */
function bareInteger(scalar: Scalar): string | undefined {
  if (scalar.kind !== 'constant' || scalar.type.oid !== INTEGER.oid) return undefined
  return /^'(\d+)'::integer$/.exec(scalar.sql)?.[1]
}

function isClosed(scalar: Scalar): boolean {
  return (
    scalar.kind === 'column' || scalar.kind === 'constant' || (scalar.kind === 'expression' && scalar.closed)
  )
}

/** A hole between brackets, commas or the keywords of CASE takes any expression as it is. */
function isDelimited(before: string, after: string): boolean {
  return OPENING.test(before) && CLOSING.test(after)
}

const OPENING = /(?:[([]|, |\b(?:CASE|WHEN|THEN|ELSE) )$/
const CLOSING = /^(?:[)\],]| (?:WHEN|THEN|ELSE|END)\b)/
