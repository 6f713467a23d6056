/**
 * UNION, INTERSECT and EXCEPT, with and without ALL. UNION ALL is addition; the others group the rows of both sides by
 * all columns and count them: UNION shows each group once; INTERSECT those with rows of both sides, EXCEPT those with rows
 * of the left side alone. With ALL a row stands as often as the counts say (SQL:2016 7.17; setops in nodeSetOp.c).
 */
import { ref, sql } from '../algebra/build.ts'
import type { Column, ColumnIds, Node } from '../algebra/node.ts'
import type { AggregateCall } from '../algebra/operators/aggregate.ts'
import { operatorOf } from '../algebra/operators/index.ts'
import type { Project, Projection } from '../algebra/operators/project.ts'
import { BIGINT, BOOLEAN, type Constant, INTEGER, type Scalar, type TypeRef } from '../algebra/scalar.ts'
import { FULL_HINT, internalError } from '../catalog/error.ts'
import { booleanField, nodeField, nodeListField, numberField } from '../catalog/node-field.ts'
import type { TreeNode } from '../catalog/node-tree.ts'
import type { CompileRequest } from '../catalog/request.ts'
import { expression } from './binding.ts'
import { groupedRows, shown } from './distinct.ts'
import { bindExpression } from './expression.ts'
import { castTypeSql } from './facts.ts'
import { assertGroupKey } from './group-key.ts'
import { columnTypes, type Environment, entryAt, notHere, projectTargets } from './query.ts'
import type { RangeEntry } from './range-table.ts'
import type { Scope } from './scope.ts'

/** SetOperation (parsenodes.h). */
const SET_OPERATIONS = { 1: 'UNION', 2: 'INTERSECT', 3: 'EXCEPT' } as const
type Kind = (typeof SET_OPERATIONS)[keyof typeof SET_OPERATIONS]

/** A query whose rows are those of a tree of set operations. */
export function bindSetOperation(
  query: TreeNode,
  operation: TreeNode,
  range: readonly RangeEntry[],
  { request, ids }: Environment,
): Project {
  const combined = new Operations(range, request, ids).rows(operation)
  const columns = operatorOf(combined).columns(combined)
  const targets = nodeListField(query, 'targetList').filter((target) => !booleanField(target, 'resjunk'))
  const scope: Scope = {
    request,
    resolve: (node) => {
      const column = columns[numberField(node, 'varattno') - 1]
      if (!column) throw internalError('a set operation has no such column')
      return ref(column)
    },
    external: (node) => {
      throw notHere(node)
    },
  }
  return projectTargets(targets, combined, ids, (expr) => bindExpression(expr, scope))
}

/** The rows of a branch of set operations, or of a tree of them. */
export function bindOperation(
  operation: TreeNode,
  range: readonly RangeEntry[],
  { request, ids }: Environment,
): Node {
  return new Operations(range, request, ids).rows(operation)
}

class Operations {
  readonly #range: readonly RangeEntry[]
  readonly #request: CompileRequest
  readonly #ids: ColumnIds

  constructor(range: readonly RangeEntry[], request: CompileRequest, ids: ColumnIds) {
    this.#range = range
    this.#request = request
    this.#ids = ids
  }

  rows(node: TreeNode): Node {
    if (node.tag === 'RANGETBLREF') return entryAt(this.#range, numberField(node, 'rtindex')).node()
    const kind = kindOf(node)
    const all = booleanField(node, 'all')
    const types = typesOf(node)
    if (kind === 'UNION') {
      const branches = this.#branches(node, all, types).map((each) => this.#cast(each, types))
      const union = this.#union(branches, types)
      return all ? union : this.#distinct(union)
    }
    const sides = ['larg', 'rarg'].map((side) => this.#cast(this.rows(nodeField(node, side)), types))
    return this.#compared(kind, all, sides, types)
  }

  /** What a chain of unions adds up: a union inside a UNION loses its duplicates there anyway. */
  #branches(node: TreeNode, all: boolean, types: readonly TypeRef[]): readonly Node[] {
    return ['larg', 'rarg'].flatMap((side) => {
      const below = nodeField(node, side)
      const isPart =
        below.tag !== 'RANGETBLREF' &&
        kindOf(below) === 'UNION' &&
        (booleanField(below, 'all') || !all) &&
        typesOf(below).every((type, i) => sameType(type, types[i]))
      return isPart ? this.#branches(below, all, types) : [this.rows(below)]
    })
  }

  #union(inputs: readonly Node[], types: readonly TypeRef[]): Node {
    const branches = inputs.map((input) => ({ input, columns: columnsOf(input) }))
    const columns = types.map((type, i) =>
      this.#ids.make(
        branches[0]?.columns[i]?.name ?? 'column',
        type,
        branches.some((each) => each.columns[i]?.nullable ?? true),
      ),
    )
    return {
      op: 'union-all',
      columns,
      branches: branches.map(({ input, columns: own }) => ({ input, columns: own.map(({ id }) => id) })),
    }
  }

  #keys(columns: readonly Column[], clause: string): readonly Projection[] {
    return columns.map((column) => {
      assertGroupKey(this.#request, column.type, clause, FULL_HINT)
      return { column: this.#ids.make(column.name, column.type, column.nullable), value: ref(column) }
    })
  }

  #distinct(union: Node): Node {
    const keys = this.#keys(columnsOf(union), 'UNION')
    return shown(groupedRows(union, keys, [], this.#ids), keys, this.#ids)
  }

  /** INTERSECT and EXCEPT: rows of both sides with a mark for the left one, counted by group. */
  #compared(kind: Kind, all: boolean, sides: readonly Node[], types: readonly TypeRef[]): Node {
    const marked = sides.map((side, i): Node => {
      const outputs = columnsOf(side).map((column) => ({
        column: this.#ids.make(column.name, column.type, column.nullable),
        value: ref(column),
      }))
      const mark = { column: this.#ids.make('is_left', BOOLEAN, false), value: i === 0 ? LEFT : RIGHT }
      return { op: 'project', input: side, outputs: [...outputs, mark] }
    })
    const union = this.#union(marked, [...types, BOOLEAN])
    const columns = columnsOf(union)
    const mark = columns[types.length]
    if (!mark) throw internalError('a set operation without its mark')
    const keys = this.#keys(columns.slice(0, types.length), all ? `${kind} ALL` : kind)
    const count = (name: string, filter: Scalar | null): AggregateCall => ({
      column: this.#ids.make(name, BIGINT, false),
      name: 'count',
      args: [],
      written: null,
      filter,
    })
    const calls = [count('n', null), count('n_left', ref(mark))]
    const [both, left] = calls.map((call) => ref(call.column))
    if (!both || !left) throw internalError('a set operation without counts')
    const counted = groupedRows(union, keys, calls, this.#ids)
    if (all) {
      const times =
        kind === 'INTERSECT'
          ? sql(BIGINT)`least(${left}, ${both} - ${left})`
          : sql(BIGINT)`greatest(${left} + ${left} - ${both}, 0)`
      return shown({ op: 'repeat', input: counted, times }, keys, this.#ids)
    }
    const other = kind === 'INTERSECT' ? comparison('<', left, both) : comparison('=', left, both)
    const predicate = [comparison('<', ZERO, left), other]
    return shown({ op: 'filter', input: counted, predicate }, keys, this.#ids)
  }

  /** A side whose column types are not yet the common ones: the planner would cast them (prepunion.c). */
  #cast(node: Node, types: readonly TypeRef[]): Node {
    const columns = columnsOf(node)
    if (columns.every((column, i) => column.type.oid === types[i]?.oid)) return node
    const outputs = columns.map((column, i) => {
      const type = types[i] ?? column.type
      const made = this.#ids.make(column.name, type, column.nullable)
      if (type.oid === column.type.oid) return { column: made, value: ref(column) }
      const name = castTypeSql(this.#request, type.oid)
      const parts = ['(', `)::${name}`]
      return {
        column: made,
        value: expression({ construct: `cast to ${name}`, parts, args: [ref(column)], type }),
      }
    })
    return { op: 'project', input: node, outputs }
  }
}

const LEFT: Constant = { kind: 'constant', sql: 'true', isNull: false, type: BOOLEAN }
const RIGHT: Constant = { ...LEFT, sql: 'false' }
const ZERO: Constant = { kind: 'constant', sql: "'0'::integer", isNull: false, type: INTEGER }

function comparison(operator: '<' | '=', left: Scalar, right: Scalar): Scalar {
  return {
    kind: 'operator',
    oid: 0,
    sql: operator,
    // Of two counts of one row: it joins nothing.
    equality: false,
    args: [left, right],
    type: BOOLEAN,
    inputCollation: 0,
    strict: true,
    volatility: 'immutable',
  }
}

function kindOf(node: TreeNode): Kind {
  const kind = (SET_OPERATIONS as Readonly<Record<number, Kind>>)[numberField(node, 'op')]
  if (!kind) throw internalError(`set operation ${numberField(node, 'op')}`)
  return kind
}

function typesOf(node: TreeNode): readonly TypeRef[] {
  return columnTypes(node, 'colTypes', 'colTypmods', 'colCollations')
}

function sameType(a: TypeRef, b: TypeRef | undefined): boolean {
  return a.oid === b?.oid && a.collation === b.collation
}

function columnsOf(node: Node): readonly Column[] {
  return operatorOf(node).columns(node)
}
