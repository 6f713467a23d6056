import { BOOLEAN, type Scalar } from '../algebra/scalar.ts'
import { internalError } from '../catalog/error.ts'
import {
  booleanField,
  nodeListField,
  numberField,
  stringField,
  stringListField,
} from '../catalog/node-field.ts'
import type { TreeNode } from '../catalog/node-tree.ts'
import { quoteIdentifier } from '../catalog/quote.ts'
import { type Binding, expression, type Rule, Template } from './binding.ts'
import { collatedArguments } from './collation.ts'
import { outputVolatility } from './io-volatility.ts'

export const xmlRules: Readonly<Record<string, Rule>> = { XMLEXPR: xml }

const XML = { oid: 142, typmod: -1, collation: 0 }
/** XMLSERIALIZE yields text; another type asked for is a cast around it. */
const TEXT = { oid: 25, typmod: -1, collation: 100 }
const BYTEA = 17

function xml(node: TreeNode, binding: Binding): Scalar {
  const { request } = binding
  const plain = nodeListField(node, 'args')
  const values = [...plain, ...nodeListField(node, 'named_args')].map(binding.bind)
  const all = collatedArguments(request, values, 0)
  const args = all.slice(0, plain.length)
  const namedArgs = all.slice(plain.length)
  const [first, second] = args
  const option = numberField(node, 'xmloption') === 0 ? 'DOCUMENT' : 'CONTENT'
  const text = new Template()

  const finish = (construct: string, type = XML): Scalar => {
    // Values become XML by their output functions; bytea also by the setting xmlbinary.
    const stable = text.args.some(
      ({ type }) => type.oid === BYTEA || outputVolatility(request, type) !== 'immutable',
    )
    return expression({
      construct,
      parts: text.parts,
      args: text.args,
      type,
      volatility: stable ? 'stable' : 'immutable',
      closed: construct !== 'IS DOCUMENT',
    })
  }
  const named = (): void => {
    const names = stringListField(node, 'arg_names')
    for (const [i, value] of namedArgs.entries()) {
      if (i > 0) text.text(', ')
      text.hole(value).text(` AS ${quoteIdentifier(sqlName(names[i] ?? ''))}`)
    }
  }
  const required = (arg: Scalar | undefined): Scalar => {
    if (arg === undefined) throw internalError('XML expression lacks an argument')
    return arg
  }

  switch (numberField(node, 'op')) {
    case 0:
      text.text('XMLCONCAT(').list(args).text(')')
      return finish('XMLCONCAT')
    case 1: {
      text.text(`XMLELEMENT(NAME ${quoteIdentifier(sqlName(stringField(node, 'name')))}`)
      if (namedArgs.length > 0) {
        text.text(', XMLATTRIBUTES(')
        named()
        text.text(')')
      }
      for (const arg of args) text.text(', ').hole(arg)
      text.text(')')
      return finish('XMLELEMENT')
    }
    case 2:
      text.text('XMLFOREST(')
      named()
      text.text(')')
      return finish('XMLFOREST')
    case 3: {
      const preserve = second?.kind === 'constant' && second.sql === 'true'
      text
        .text(`XMLPARSE(${option} `)
        .hole(required(first))
        .text(preserve ? ' PRESERVE WHITESPACE)' : ')')
      return finish('XMLPARSE')
    }
    case 4:
      text.text(`XMLPI(NAME ${quoteIdentifier(sqlName(stringField(node, 'name')))}`)
      for (const arg of args) text.text(', ').hole(arg)
      text.text(')')
      return finish('XMLPI')
    case 5: {
      text.text('XMLROOT(').hole(required(first)).text(', VERSION ')
      if (second?.kind === 'constant' && second.isNull) text.text('NO VALUE')
      else text.hole(required(second))
      text.text(standalone(plain[2])).text(')')
      return finish('XMLROOT')
    }
    case 6: {
      const indent = booleanField(node, 'indent', false) ? ' INDENT' : ''
      text.text(`XMLSERIALIZE(${option} `).hole(required(first)).text(` AS text${indent})`)
      return finish('XMLSERIALIZE', TEXT)
    }
    case 7:
      text.hole(required(first)).text(' IS DOCUMENT')
      return finish('IS DOCUMENT', BOOLEAN)
    default:
      throw internalError('unknown XML expression')
  }
}

/** XmlStandaloneType, an integer constant: yes, no, no value, left out. */
function standalone(node: TreeNode | undefined): string {
  const value = node?.fields.constvalue
  const byte = typeof value === 'object' && value !== null && 'bytes' in value ? value.bytes[0] : undefined
  switch (byte) {
    case 0:
      return ', STANDALONE YES'
    case 1:
      return ', STANDALONE NO'
    case 2:
      return ', STANDALONE NO VALUE'
    case 3:
      return ''
    default:
      throw internalError('unknown STANDALONE of XMLROOT')
  }
}

/** The tree holds names as they stand in XML; the syntax wants them as they were written. */
function sqlName(name: string): string {
  return name.replace(/_x([0-9A-F]{4,6})_/g, (_, code: string) =>
    String.fromCodePoint(Number.parseInt(code, 16)),
  )
}
