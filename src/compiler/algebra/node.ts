/**
 * The algebra: one tree type for queries and for the Z-set terms that maintain them. A query is a tree whose leaves are
 * `scan` and `values`; a term has `read` leaves instead, which say *which state* of a stored relation is meant.
 * Columns have ids that are unique in the compilation, so rewriting never renumbers anything.
 */
import { internalError } from '../catalog/error.ts'
import type { GroupRule } from './group-rule.ts'
import type { Aggregate } from './operators/aggregate.ts'
import type { BoundCrossing } from './operators/bound-crossing.ts'
import type { BoundFilter } from './operators/bound-filter.ts'
import type { Consolidate } from './operators/consolidate.ts'
import type { DistinctOn } from './operators/distinct-on.ts'
import type { Expand } from './operators/expand.ts'
import type { Filter } from './operators/filter.ts'
import type { Join } from './operators/join.ts'
import type { KeyMatch } from './operators/key-match.ts'
import type { Limit } from './operators/limit.ts'
import type { MarkJoin } from './operators/mark-join.ts'
import type { Negate } from './operators/negate.ts'
import type { OuterJoin } from './operators/outer-join.ts'
import type { Project } from './operators/project.ts'
import type { Read } from './operators/read.ts'
import type { Recursion } from './operators/recursion.ts'
import type { Repeat } from './operators/repeat.ts'
import type { RowMatch } from './operators/row-match.ts'
import type { Scan } from './operators/scan.ts'
import type { SemiJoin } from './operators/semi-join.ts'
import type { TemporalCrossing } from './operators/temporal-crossing.ts'
import type { TemporalFilter } from './operators/temporal-filter.ts'
import type { TemporalTurning } from './operators/temporal-turning.ts'
import type { TemporalValues } from './operators/temporal-values.ts'
import type { UnionAll } from './operators/union-all.ts'
import type { Values } from './operators/values.ts'
import type { Window } from './operators/window.ts'
import type { PartitionRule } from './partition-rule.ts'
import type { RecursionRule } from './recursion-rule.ts'
import type { ColumnId, TypeRef } from './scalar.ts'

export interface Column {
  readonly id: ColumnId
  /** For people: the name in generated SQL is derived from it and from the id. */
  readonly name: string
  readonly type: TypeRef
  readonly nullable: boolean
}

export type Node =
  | Aggregate
  | BoundCrossing
  | BoundFilter
  | Consolidate
  | DistinctOn
  | Expand
  | Filter
  | Join
  | KeyMatch
  | Limit
  | MarkJoin
  | Negate
  | OuterJoin
  | Project
  | Read
  | Recursion
  | Repeat
  | RowMatch
  | Scan
  | SemiJoin
  | TemporalCrossing
  | TemporalFilter
  | TemporalTurning
  | TemporalValues
  | UnionAll
  | Values
  | Window

/** A stateful operator: what it keeps per group, and how a delta changes that, is its `rule`. */
export type GroupNode = Extract<Node, { readonly rule: GroupRule }>

export function isGroupNode(node: Node): node is GroupNode {
  return 'rule' in node
}

/** A stateful operator whose output for one key is a bag of rows. */
export type PartitionNode = Extract<Node, { readonly partition: PartitionRule }>

export function isPartitionNode(node: Node): node is PartitionNode {
  return 'partition' in node
}

/** A stateful operator whose rows follow from each other. */
export type RecursionNode = Extract<Node, { readonly recursion: RecursionRule }>

export function isRecursionNode(node: Node): node is RecursionNode {
  return 'recursion' in node
}

/** A set of columns whose values, compared with IS NOT DISTINCT FROM, occur at most once. [] means: at most one row. */
export type Key = readonly ColumnId[]

/** Hands out the ids of one compilation, in order: the same request gives the same ids. */
export class ColumnIds {
  #next = 1

  make(name: string, type: TypeRef, nullable: boolean): Column {
    return { id: this.#next++, name, type, nullable }
  }
}

export function columnOf(columns: readonly Column[], id: ColumnId): Column {
  const column = columns.find((candidate) => candidate.id === id)
  if (column === undefined) throw internalError(`column ${id} is not in scope`)
  return column
}

/** Fields of the algebra that hold ids of columns, or lists of them; in any other field a number is what it is. */
export const ID_FIELDS: ReadonlySet<string> = new Set([
  'id',
  'keys',
  'indexes',
  'sorted',
  'columns',
  'column',
  'ordinality',
  'settled',
  'self',
])
