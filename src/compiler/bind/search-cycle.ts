/**
 * SEARCH and CYCLE: columns that the clauses add to a recursion, as rewriteSearchCycle.c adds them. Where that makes an
 * array of rows, which no table can store, there is an array for each column, and the array of rows is made of those where it is
 * read. Columns that only order the result, and do not tell rows apart, are left out: a table has no order.
 */
import { ref } from '../algebra/build.ts'
import type { Column, ColumnIds, Node } from '../algebra/node.ts'
import { operatorOf } from '../algebra/operators/index.ts'
import type { Projection } from '../algebra/operators/project.ts'
import { BIGINT, BOOLEAN, type Scalar, type TypeRef } from '../algebra/scalar.ts'
import { comparedType } from '../catalog/compared-type.ts'
import { isComposite, RECORD } from '../catalog/composite.ts'
import { FULL_HINT, internalError, unsupported } from '../catalog/error.ts'
import { booleanField, nodeField, numberField, optionalNode, stringListField } from '../catalog/node-field.ts'
import type { TreeNode } from '../catalog/node-tree.ts'
import { quoteIdentifier } from '../catalog/quote.ts'
import type { CompileRequest } from '../catalog/request.ts'
import { Template } from './binding.ts'
import { bindExpression } from './expression.ts'
import { castTypeSql, typeFacts } from './facts.ts'
import { notHere } from './query.ts'

/** A column that a clause adds to both terms. */
interface Added {
  readonly name: string
  readonly type: TypeRef
  /** Over the base term's columns. */
  readonly first: (columns: readonly Scalar[]) => Scalar
  /** Over the step term's own columns, and what the row that it steps from has. */
  readonly next: (columns: readonly Scalar[], from: (name: string) => Scalar) => Scalar
}

type ClauseColumn = 'order' | 'mark' | 'path'

/** What the columns are that a reference counts behind the query's own. */
export function clauseColumns(cte: TreeNode): readonly ClauseColumn[] {
  return [
    ...(optionalNode(cte, 'search_clause') ? (['order'] as const) : []),
    ...(optionalNode(cte, 'cycle_clause') ? (['mark', 'path'] as const) : []),
  ]
}

/** One of them, over the columns of the recursion. */
export function clauseValue(
  clause: ClauseColumn,
  cte: TreeNode,
  columns: readonly Column[],
  request: CompileRequest,
): Scalar {
  const own = stringListField(cte, 'ctecolnames')
  const named = (name: string) => {
    const column = columns.slice(own.length).find((each) => each.name === name)
    if (!column) throw internalError(`a recursion has no column ${name}`)
    return ref(column)
  }
  if (clause === 'mark') return named(MARK)
  const search = optionalNode(cte, 'search_clause')
  const isOrder = clause === 'order'
  const list =
    isOrder && search
      ? stringListField(search, 'search_col_list')
      : stringListField(nodeField(cte, 'cycle_clause'), 'cycle_col_list')
  const places = list.map((name) => own.indexOf(name))
  const ofWay = places.map((at) => columnAt(columns, at))
  if (isOrder && search && booleanField(search, 'search_breadth_first')) {
    const values = [named(DEPTH.name), ...ofWay.map(ref)]
    const text = new Template().text('(')
    namedRows(text, ['*DEPTH*', ...list], (i) => text.hole(values[i] ?? named('')))
    const type = { oid: RECORD, typmod: -1, collation: 0, fields: values.map((each) => each.type) }
    return text.text(') AS pg_row)').made(type)
  }
  const paths = places.map((at) => named(pathName(isOrder ? 'search' : 'cycle', at)))
  const [first = named('')] = paths
  const isByPlace = ofWay.some(({ type }) => isComposite(request, type.oid))
  const text = new Template().text('ARRAY(')
  namedRows(text, list, (i) => stepOn(text, paths[i] ?? first, i, isByPlace))
  // A function's rows come in their order.
  text.text(' FROM ')
  stepsOf(text, paths, isByPlace)
  const fields = ofWay.map(({ type }) => type)
  return text.text(') AS pg_row)').made({ oid: RECORDS, typmod: -1, collation: 0, fields })
}

/** The steps of a path, in their order. By their places where unnest would take composite values apart. */
function stepsOf(text: Template, paths: readonly Scalar[], isByPlace: boolean): void {
  const [first] = paths
  if (isByPlace && first) text.text('generate_subscripts(').hole(first).text(', 1) AS pg_path(i)')
  else
    text
      .text('unnest(')
      .list(paths)
      .text(`) AS pg_path(${paths.map((_, i) => `c${i + 1}`).join(', ')})`)
}

/** One of them, of the column at `at`. */
function stepOn(text: Template, path: Scalar, at: number, isByPlace: boolean): void {
  if (isByPlace) text.text('(').hole(path).text(')[pg_path.i]')
  else text.text(`pg_path.c${at + 1}`)
}

/** Rows with names, which JSON shows. */
function namedRows(text: Template, names: readonly string[], value: (at: number) => void): void {
  text.text('SELECT coalesce(pg_row.*) FROM (SELECT ')
  for (const [i, name] of names.entries()) {
    text.text(i > 0 ? ', ' : '')
    value(i)
    text.text(` AS ${quoteIdentifier(name)}`)
  }
}

const RECORDS = 2287

/** The clauses of one WITH query. `isOrderKept`: what SEARCH adds is read, or tells rows apart. */
export class SearchCycle {
  readonly #request: CompileRequest
  readonly #added: readonly Added[]
  /** Steps are made from rows that meet it. */
  readonly #goesOn: ((from: (name: string) => Scalar) => Scalar) | null

  constructor(
    cte: TreeNode,
    types: readonly TypeRef[],
    names: readonly string[],
    isOrderKept: boolean,
    request: CompileRequest,
  ) {
    this.#request = request
    const search = optionalNode(cte, 'search_clause')
    const cycle = optionalNode(cte, 'cycle_clause')
    const at = (list: readonly string[]) => list.map((name) => names.indexOf(name))
    const added: Added[] = []
    this.#goesOn = null
    if (cycle) {
      const type = {
        oid: numberField(cycle, 'cycle_mark_type'),
        typmod: numberField(cycle, 'cycle_mark_typmod'),
        collation: numberField(cycle, 'cycle_mark_collation'),
      }
      const value = this.#constant(nodeField(cycle, 'cycle_mark_value'))
      const otherwise = this.#constant(nodeField(cycle, 'cycle_mark_default'))
      const columns = at(stringListField(cycle, 'cycle_col_list'))
      const paths = this.#paths('cycle', columns, types)
      added.push({
        name: MARK,
        type,
        first: () => otherwise,
        next: (made, from) =>
          new Template()
            .text('CASE WHEN ')
            .hole(
              isOnPath(
                columns.map((i) => made[i]),
                paths.map(({ name }) => from(name)),
                this.#request,
              ),
            )
            .text(' THEN ')
            .hole(value)
            .text(' ELSE ')
            .hole(otherwise)
            .text(' END')
            .made(type),
      })
      added.push(...paths)
      this.#goesOn = (from) =>
        new Template().hole(from(MARK)).text(' IS DISTINCT FROM ').hole(value).made(BOOLEAN)
    }
    if (search && isOrderKept) {
      const columns = at(stringListField(search, 'search_col_list'))
      if (booleanField(search, 'search_breadth_first')) added.push(DEPTH)
      else added.push(...this.#paths('search', columns, types))
    }
    this.#added = added
  }

  get columns(): readonly { readonly name: string; readonly type: TypeRef }[] {
    return this.#added
  }

  base(node: Node, ids: ColumnIds): Node {
    const columns = columnsOf(node)
    if (this.#added.length === 0) return node
    const values = columns.map(ref)
    return {
      op: 'project',
      input: node,
      outputs: [
        ...passed(columns, ids),
        ...this.#added.map(({ name, type, first }) => ({
          column: ids.make(name, type, false),
          value: first(values),
        })),
      ],
    }
  }

  /** `self`: the columns added to the rows that the step reads. */
  step(node: Node, self: readonly Column[], ids: ColumnIds): Node {
    if (this.#added.length === 0) return node
    const below = node.op === 'project' ? columnsOf(node.input) : []
    if (node.op !== 'project' || !self.every(({ id }) => below.some((column) => column.id === id)))
      throw internalError('the recursive term of SEARCH or CYCLE does not read the recursion itself')
    const from = (name: string): Scalar => {
      const at = this.#added.findIndex((each) => each.name === name)
      const column = self[at]
      if (!column) throw internalError(`a recursion has no column ${name}`)
      return ref(column)
    }
    const values = node.outputs.map(({ value }) => value)
    const input: Node = this.#goesOn
      ? { op: 'filter', input: node.input, predicate: [this.#goesOn(from)] }
      : node.input
    return {
      op: 'project',
      input,
      outputs: [
        ...node.outputs,
        ...this.#added.map(({ name, type, next }) => ({
          column: ids.make(name, type, false),
          value: next(values, from),
        })),
      ],
    }
  }

  /** The values of each column on the way to a row. */
  #paths(
    clause: 'search' | 'cycle',
    columns: readonly number[],
    types: readonly TypeRef[],
  ): readonly Added[] {
    return columns.map((at) => {
      const element = types[at]
      if (!element) throw internalError(`${clause} over column ${at + 1}`)
      const facts = typeFacts(this.#request, element.oid)
      // An array of arrays is one array.
      if (facts.array === 0 || facts.element !== 0)
        throw unsupported(`${clause.toUpperCase()} over type ${facts.sql}`, FULL_HINT)
      const type = { oid: facts.array, typmod: -1, collation: element.collation }
      const append = (list: Scalar, value: Scalar | undefined) =>
        new Template().text('array_append(').hole(list).text(', ').hole(columnIn(value)).text(')').made(type)
      const name = pathName(clause, at)
      const none: Scalar = {
        kind: 'constant',
        sql: `NULL::${castTypeSql(this.#request, facts.array)}`,
        isNull: true,
        type,
      }
      return {
        name,
        type,
        first: (values) => append(none, values[at]),
        next: (values, from) => append(from(name), values[at]),
      }
    })
  }

  #constant(node: TreeNode): Scalar {
    return bindExpression(node, {
      request: this.#request,
      resolve: () => {
        throw internalError('the mark of a cycle is not a constant')
      },
      external: (other) => {
        throw notHere(other)
      },
    })
  }
}

function pathName(clause: 'search' | 'cycle', at: number): string {
  return `${clause}_${at + 1}`
}

function columnAt(columns: readonly Column[], at: number): Column {
  const column = columns[at]
  if (!column) throw internalError(`a recursion has no column ${at + 1}`)
  return column
}

const MARK = 'mark'

/** The steps to a row. */
const DEPTH: Added = {
  name: 'depth',
  type: BIGINT,
  first: () => ({ kind: 'constant', sql: "'0'::bigint", isNull: false, type: BIGINT }),
  next: (_, from) => new Template().hole(from('depth')).text(' + 1').made(BIGINT),
}

/** Rows are compared as record_eq compares them: NULLs are alike (rowtypes.c). */
function isOnPath(
  values: readonly (Scalar | undefined)[],
  paths: readonly Scalar[],
  request: CompileRequest,
): Scalar {
  const [first] = paths
  if (!first) throw internalError('a path of no columns')
  const isByPlace = values.some((value) => isComposite(request, columnIn(value).type.oid))
  const text = new Template().text('EXISTS (SELECT FROM ')
  stepsOf(text, paths, isByPlace)
  text.text(' WHERE ')
  for (const [i, value] of values.entries()) {
    if (i > 0) text.text(' AND ')
    const base = comparedType(request, columnIn(value).type.oid)
    stepOn(text, paths[i] ?? first, i, isByPlace)
    text.text(`${base ? `::${base.sql}` : ''} IS NOT DISTINCT FROM ${base ? '(' : ''}`)
    text.hole(columnIn(value)).text(base ? `)::${base.sql}` : '')
  }
  return text.text(')').made(BOOLEAN)
}

function columnIn(value: Scalar | undefined): Scalar {
  if (!value) throw internalError('a column of SEARCH or CYCLE is missing')
  return value
}

function passed(columns: readonly Column[], ids: ColumnIds): readonly Projection[] {
  return columns.map((column) => ({
    column: ids.make(column.name, column.type, column.nullable),
    value: ref(column),
  }))
}

function columnsOf(node: Node): readonly Column[] {
  return operatorOf(node).columns(node)
}
