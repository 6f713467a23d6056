/** XMLTABLE and JSON_TABLE as they are written (ruleutils.c, get_tablefunc). */
import type { Expression, Volatility } from '../algebra/scalar.ts'
import { decodeConstant } from '../catalog/datum.ts'
import { internalError } from '../catalog/error.ts'
import {
  bitmapField,
  intListField,
  listField,
  nodeField,
  nodeListField,
  numberField,
  oidListField,
  optionalNode,
  stringField,
  stringListField,
} from '../catalog/node-field.ts'
import { isNode, type TreeNode } from '../catalog/node-tree.ts'
import { quoteIdentifier } from '../catalog/quote.ts'
import type { CompileRequest } from '../catalog/request.ts'
import { type Binding, expression, Template } from './binding.ts'
import { behaviour, passing, pathVolatility, wrapperAndQuotes } from './expression-json.ts'
import { ioVolatility } from './io-volatility.ts'
import { modifiedTypeSql } from './type-modifier.ts'

/** TableFuncType (primnodes.h); PostgreSQL 16 knows XMLTABLE alone. */
const XMLTABLE = 0

type Binder = Pick<Binding, 'bind' | 'request'>

/** A TABLEFUNC as an item of FROM. */
export function tableFunction(node: TreeNode, binder: Binder): Expression {
  const isXml = numberField(node, 'functype', XMLTABLE) === XMLTABLE
  const text = new Template()
  const stable = isXml ? xmlTable(node, text, binder) : jsonTable(node, text, binder)
  return expression({
    construct: isXml ? 'XMLTABLE' : 'JSON_TABLE',
    parts: text.parts,
    args: text.args,
    type: { oid: RECORD, typmod: -1, collation: 0 },
    volatility: stable,
  })
}

const RECORD = 2249
const XML_TYPE = 142

interface ColumnText {
  readonly name: string
  readonly type: number
  readonly sql: string
}

function columnsOf(node: TreeNode, request: CompileRequest): readonly ColumnText[] {
  const types = oidListField(node, 'coltypes')
  const typmods = intListField(node, 'coltypmods')
  return stringListField(node, 'colnames').map((name, i) => {
    const type = types[i] ?? 0
    return { name: quoteIdentifier(name), type, sql: modifiedTypeSql(request, type, typmods[i] ?? -1) }
  })
}

function xmlTable(node: TreeNode, text: Template, { bind, request }: Binder): Volatility {
  const within = (before: string, value: TreeNode, after: string) =>
    text.text(`${before}(`).hole(bind(value)).text(`)${after}`)
  text.text('XMLTABLE(')
  const uris = nodeListField(node, 'ns_uris')
  const names = listField(node, 'ns_names')
  for (const [i, uri] of uris.entries()) {
    const name = names[i]
    const [before, after] = typeof name === 'string' ? ['', ` AS ${quoteIdentifier(name)}`] : ['DEFAULT ', '']
    within(`${i === 0 ? 'XMLNAMESPACES(' : ', '}${before}`, uri, after)
  }
  if (uris.length > 0) text.text('), ')
  within('', nodeField(node, 'rowexpr'), ' PASSING ')
  within('', nodeField(node, 'docexpr'), ' COLUMNS ')
  const paths = listField(node, 'colexprs')
  const defaults = listField(node, 'coldefexprs')
  const present = new Set(bitmapField(node, 'notnulls'))
  const columns = columnsOf(node, request)
  const ordinality = numberField(node, 'ordinalitycol')
  for (const [i, { name, sql }] of columns.entries()) {
    const [path, other] = [paths[i], defaults[i]]
    text.text(`${i > 0 ? ', ' : ''}${name} ${i === ordinality ? 'FOR ORDINALITY' : sql}`)
    if (isNode(other)) within(' DEFAULT ', other, '')
    if (isNode(path)) within(' PATH ', path, '')
    if (present.has(i)) text.text(' NOT NULL')
  }
  text.text(')')
  // XML itself is read by the definition's xmloption.
  return worst(
    columns.map(({ type }) => (type === XML_TYPE ? 'immutable' : ioVolatility(request, type, 'input'))),
  )
}

function jsonTable(node: TreeNode, text: Template, binder: Binder): Volatility {
  const { bind, request } = binder
  const document = nodeField(node, 'docexpr')
  const columns = columnsOf(node, request)
  const values = listField(node, 'colvalexprs').map((value) => (isNode(value) ? value : null))
  const found: Volatility[] = []
  const path = (constant: TreeNode): string => {
    const { sql } = decodeConstant(constant, request)
    found.push(pathVolatility(sql))
    // Only a bare literal may stand here.
    return sql.replace(/::[^']*$/, '')
  }
  const named = (scan: TreeNode): string => {
    const own = nodeField(scan, 'path')
    return `${path(nodeField(own, 'value'))} AS ${quoteIdentifier(stringField(own, 'name'))}`
  }
  const column = (i: number): void => {
    const [{ name, sql, type } = { name: '', sql: '', type: 0 }, value] = [columns[i], values[i]]
    if (!value) {
      text.text(`${name} FOR ORDINALITY`)
      return
    }
    const op = numberField(value, 'op')
    const isText = op === JSON_QUERY && request.types[type]?.category === 'S'
    const format = op === JSON_EXISTS ? ' EXISTS' : isText ? ' FORMAT JSON' : ''
    text.text(`${name} ${sql}${format} PATH ${path(nodeField(value, 'path_spec'))}`)
    if (op === JSON_QUERY) text.text(wrapperAndQuotes(value))
    behaviour(value, 'on_empty', ' ON EMPTY', text, binder)
    behaviour(value, 'on_error', ' ON ERROR', text, binder)
    if (op !== JSON_EXISTS) found.push(ioVolatility(request, type, 'input'))
  }
  const scanned = (scan: TreeNode): void => {
    const [first, last] = [numberField(scan, 'colMin'), numberField(scan, 'colMax')]
    text.text(' COLUMNS (')
    for (let i = first; first >= 0 && i <= last; i++) {
      text.text(i > first ? ', ' : '')
      column(i)
    }
    const child = optionalNode(scan, 'child')
    if (child) nested(child, first >= 0)
    text.text(')')
  }
  const nested = (plan: TreeNode, follows: boolean): void => {
    if (plan.tag === 'JSONTABLESIBLINGJOIN') {
      nested(nodeField(plan, 'lplan'), follows)
      nested(nodeField(plan, 'rplan'), true)
      return
    }
    text.text(`${follows ? ', ' : ''}NESTED PATH ${named(plan)}`)
    scanned(plan)
  }
  const root = nodeField(node, 'plan')
  if (root.tag !== 'JSONTABLEPATHSCAN') throw internalError(`JSON_TABLE over ${root.tag}`)
  text
    .text('JSON_TABLE(')
    .hole(bind(nodeField(document, 'formatted_expr')))
    .text(`, ${named(root)}`)
  passing(document, text, binder)
  scanned(root)
  behaviour(document, 'on_error', ' ON ERROR', text, binder)
  text.text(')')
  return worst(found)
}

/** JsonExprOp (primnodes.h) */
const JSON_EXISTS = 0
const JSON_QUERY = 1

function worst(all: readonly Volatility[]): Volatility {
  return all.every((each) => each === 'immutable') ? 'immutable' : 'stable'
}
