/** Functions in FROM: what the item is called with, and its columns. */
import type { Column, ColumnIds } from '../algebra/node.ts'
import type { Expand } from '../algebra/operators/expand.ts'
import type { Expression, Scalar, TypeRef } from '../algebra/scalar.ts'
import { isComposite, RECORD } from '../catalog/composite.ts'
import { FULL_HINT, internalError, unsupported } from '../catalog/error.ts'
import {
  booleanField,
  intListField,
  nodeField,
  nodeListField,
  numberField,
  oidListField,
  stringListField,
} from '../catalog/node-field.ts'
import type { TreeNode } from '../catalog/node-tree.ts'
import { quoteIdentifier } from '../catalog/quote.ts'
import type { CompileRequest } from '../catalog/request.ts'
import { expression, Template } from './binding.ts'
import { bindExpression } from './expression.ts'
import { castTypeSql, collationSql } from './facts.ts'
import type { Scope } from './scope.ts'
import { knownModifier } from './type-modifier.ts'

/** An item of FROM that is made of each row of the items before it. */
export type RowsItem = Pick<Expand, 'item' | 'made' | 'ordinality' | 'isOne'>

export interface ItemColumns {
  /** By position in the list of aliases: a dropped column of a row type has none. */
  readonly made: readonly (Column | null)[]
  readonly byAttnum: ReadonlyMap<number, Column>
  readonly ordinality: Column | null
}

/** Attribute 0: the row as one value. */
const WHOLE_ROW = 0

const BIGINT_OID = 20

/** The columns that are read of an item; `types` says of which type. */
export function itemColumns(
  entry: TreeNode,
  types: ReadonlyMap<number, TypeRef>,
  ids: ColumnIds,
  isNumbered: boolean,
  request: CompileRequest,
): ItemColumns {
  const names = stringListField(nodeField(entry, 'eref'), 'colnames')
  const byAttnum = new Map<number, Column>()
  const made: (Column | null)[] = []
  let ordinality: Column | null = null
  for (const [i, name] of names.entries()) {
    const isOrdinality = isNumbered && i === names.length - 1
    const type = types.get(i + 1) ?? (isOrdinality ? { oid: BIGINT_OID, typmod: -1, collation: 0 } : null)
    const column = type && ids.make(name, type, !isOrdinality)
    if (column) byAttnum.set(i + 1, column)
    if (isOrdinality) ordinality = column
    if (name !== '') made.push(column)
  }
  // The row as one value, behind its columns.
  const row = types.get(WHOLE_ROW)
  if (row) {
    const fields = row.oid === RECORD ? rowFields(entry, isNumbered, request) : null
    const whole = ids.make('row', fields ? { ...row, fields } : row, false)
    byAttnum.set(WHOLE_ROW, whole)
    made.push(whole)
  }
  return { made, byAttnum, ordinality }
}

/** What the fields of a row of no named type are; null where the text of the query does not say (json_each). */
function rowFields(entry: TreeNode, isNumbered: boolean, request: CompileRequest): readonly TypeRef[] | null {
  const plain = (oid: number): TypeRef => ({ oid, typmod: -1, collation: 0 })
  const fields: TypeRef[] = []
  for (const call of nodeListField(entry, 'functions')) {
    const defined = oidListField(call, 'funccoltypes')
    const value = nodeField(call, 'funcexpr')
    const result = value.tag === 'FUNCEXPR' ? numberField(value, 'funcresulttype') : RECORD
    if (defined.length === 0 && isComposite(request, result)) return null
    fields.push(...(defined.length > 0 ? defined : [result]).map(plain))
  }
  return isNumbered ? [...fields, plain(BIGINT_OID)] : fields
}

export function functionItem(entry: TreeNode, columns: ItemColumns, scope: Scope): RowsItem {
  const calls = nodeListField(entry, 'functions')
  const isNumbered = booleanField(entry, 'funcordinality')
  const [first] = calls
  if (!first) throw internalError('ROWS FROM nothing')
  const common = { made: columns.made, ordinality: columns.ordinality?.id ?? null }
  const value = nodeField(first, 'funcexpr')
  const alone = calls.length === 1 && !isCall(value) && !isNumbered ? bindExpression(value, scope) : null
  // The columns of a row are those of the item.
  if (alone && !isComposite(scope.request, alone.type.oid))
    return {
      ...common,
      item: rowsExpression('an expression in FROM', ['(SELECT ', ')'], [alone]),
      isOne: true,
    }
  const definitions = calls.map((call) => definitionList(call, scope))
  // One function by itself reads better without ROWS FROM.
  const isPlain = calls.length === 1 && definitions[0] === ''
  const whole = columns.byAttnum.get(WHOLE_ROW)
  // The names are what JSON shows; none of them may be that of the row.
  const names = stringListField(nodeField(entry, 'eref'), 'colnames').filter((name) => name !== '')
  let row = 'whole'
  while (names.includes(row)) row += '_'
  const text = new Template()
  if (whole) text.text(`(SELECT ${row}.*, ${row} FROM `)
  text.text(isPlain ? '' : 'ROWS FROM (')
  for (const [i, call] of calls.entries()) {
    const node = nodeField(call, 'funcexpr')
    // Of what is no call only a few forms may stand here, COALESCE of one value among them.
    const [before, after] = isCall(node) ? ['', ''] : ['COALESCE(', ')']
    text.text(`${i > 0 ? ', ' : ''}${before}`)
    // A set is what is wanted here.
    text
      .hole(
        bindExpression(node, { ...scope, rows: (made) => made, defined: oidListField(call, 'funccoltypes') }),
      )
      .text(`${after}${definitions[i] ?? ''}`)
  }
  text.text(`${isPlain ? '' : ')'}${isNumbered ? ' WITH ORDINALITY' : ''}`)
  if (whole) text.text(` AS ${row}(${names.map(quoteIdentifier).join(', ')}))`)
  const isOne = calls.every((call) => !booleanField(nodeField(call, 'funcexpr'), 'funcretset', false))
  return { ...common, item: rowsExpression(ROWS_FROM, text.parts, text.args), isOne }
}

const ROWS_FROM = 'a function in FROM'

/** The text of a FROM item. */
export function rowsExpression(
  construct: string,
  parts: readonly string[],
  args: readonly Scalar[],
): Expression {
  return expression({ construct, parts, args, type: { oid: RECORD, typmod: -1, collation: 0 } })
}

/** Called as a function is, not written as a cast. */
function isCall(node: TreeNode): boolean {
  if (node.tag !== 'FUNCEXPR') return false
  const format = numberField(node, 'funcformat')
  return format === 0 || format === 3
}

/** `AS (name type, …)` */
function definitionList(call: TreeNode, { request }: Scope): string {
  const names = stringListField(call, 'funccolnames')
  const types = oidListField(call, 'funccoltypes')
  const typmods = intListField(call, 'funccoltypmods')
  const collations = oidListField(call, 'funccolcollations')
  if (types.length === 0) return ''
  const columns = types.map((oid, i) => {
    const typmod = typmods[i] ?? -1
    const sql = typmod === -1 ? castTypeSql(request, oid) : knownModifier(oid, typmod)
    if (sql === undefined) throw unsupported('a column definition list of this type', FULL_HINT)
    const collation = collations[i] ?? 0
    const collate = collation === 0 || collation === 100 ? '' : ` COLLATE ${collationSql(request, collation)}`
    return `${quoteIdentifier(names[i] ?? '')} ${sql}${collate}`
  })
  return ` AS (${columns.join(', ')})`
}
