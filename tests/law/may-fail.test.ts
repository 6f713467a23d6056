/** What counts as failing for no row, and what only looks like it. */
import { expect, test } from 'vitest'
import { mayFail } from '../../src/compiler/algebra/may-fail.ts'
import { BOOLEAN, type Scalar } from '../../src/compiler/algebra/scalar.ts'

const TEXT = { oid: 25, typmod: -1, collation: 100 }
const name: Scalar = { kind: 'column', id: 1, type: TEXT }
const constant = (sql: string): Scalar => ({ kind: 'constant', sql, isNull: false, type: TEXT })

function operator(sql: string, right: Scalar, inputCollation = 100): Scalar {
  return {
    kind: 'operator',
    oid: 1,
    sql,
    equality: false,
    args: [name, right],
    type: BOOLEAN,
    inputCollation,
    strict: true,
    volatility: 'immutable',
  }
}

function expression(construct: string, between: string): Scalar {
  return {
    kind: 'expression',
    construct,
    parts: ['', between, ')'],
    args: [name, constant(`'{a,b}'::text[]`)],
    type: BOOLEAN,
    closed: false,
    strict: false,
    volatility: 'immutable',
  }
}

test.each<[string, Scalar, boolean]>([
  ['LIKE with a known pattern', operator('~~', constant(`'%it''s%'::text`)), false],
  ['NOT ILIKE', operator('!~~*', constant(`'a_b'::text`)), false],
  ['a pattern that ends in a backslash', operator('~~', constant(`E'a\\\\'::text`)), true],
  ['a pattern of another row', operator('~~', { ...name, id: 2 }), true],
  ['a collation that may be nondeterministic', operator('~~', constant(`'a'::text`), 16_400), true],
  ['LIKE of somebody else', operator('OPERATOR(other.~~)', constant(`'a'::text`)), true],
  ['a regular expression', operator('~', constant(`'a'::text`)), true],
  ['IN a list', expression('= ANY', ' = ANY ('), false],
  ['an operator of somebody else with a list', expression('= ANY', ' OPERATOR(other.=) ANY ('), true],
  ['LIKE with a list', expression('~~ ANY', ' ~~ ANY ('), true],
  ['IS DISTINCT FROM', expression('IS DISTINCT FROM', ' IS DISTINCT FROM '), false],
])('%s', (_, scalar, fails) => {
  expect(mayFail(scalar)).toBe(fails)
})
