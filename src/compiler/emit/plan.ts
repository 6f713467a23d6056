import type { LineageEntry } from '../bind/lineage.ts'

/**
 * What the compiler returns: everything the runtime needs to create, fill, refresh, explain and drop one stream
 * table, as SQL text. The runtime runs it and adds nothing: it knows no operator.
 *
 * Names: `pgstream_changes.changes_<oid>` is the change buffer of a source (made by the runtime, see capture);
 * `pgstream_state.state_<id>_<n>` a state table, `pgstream_state.refresh_<id>_<variant>` a generated function.
 */
export interface Plan {
  readonly version: 1
  readonly strategy: 'DIFFERENTIAL' | 'FULL'
  /** Why the strategy is not DIFFERENTIAL; empty otherwise. */
  readonly reasons: readonly Reason[]
  /** What whoever creates the stream table should know of the query. */
  readonly notices: readonly Notice[]
  readonly columns: readonly PlanColumn[]
  /** Columns that identify a row: [] for at most one row, null for a bag without a key. */
  readonly key: readonly string[] | null
  /** The tables read, with what must be captured of each (attnums, ascending). */
  readonly sources: readonly PlanSource[]
  /** Of a query that is recomputed: the columns it reads of each relation. What happens to others is of no interest. */
  readonly reads: readonly PlanSource[]
  readonly install: Install
  readonly refresh: RefreshFunctions
  /** Up to this many new rows the cached functions are called, beyond it those for bulk. Null for strategy FULL. */
  readonly cachedLimit: number | null
  /** State tables, schema-qualified and quoted, in order of creation. */
  readonly stateTables: readonly string[]
  /** The query as the compiler understood it: qualified names, no dependence on settings. */
  readonly query: string
  /** Rows come and go as time passes: the frontier keeps the moment of the content, and a refresh is due without a change. */
  readonly dependsOnTime?: true
  /** Made for values that are too long for a btree index (CompileRequest.hasLongValues). */
  readonly hasLongValues?: true
  /** Indexes that would make a step of some delta a probe. */
  readonly missingIndexes: readonly MissingIndex[]
  /** Where each column of the result comes from. */
  readonly lineage: readonly LineageEntry[]
  readonly explain: readonly ExplainEntry[]
}

export interface Reason {
  readonly construct: string
  readonly message: string
  readonly detail: string
  readonly hint: string
}

export interface Notice {
  readonly message: string
  readonly hint: string
}

export interface PlanColumn {
  readonly name: string
  /** Type with modifier and, where it differs from the type's own, COLLATE clause: ready for CREATE TABLE. */
  readonly sql: string
}

export interface PlanSource {
  readonly relation: number
  readonly columns: readonly number[]
}

export interface MissingIndex {
  readonly relation: number
  /** Attnums, the leading ones of a btree or hash index. */
  readonly columns: readonly number[]
  /** Or these, over those columns. */
  readonly expressions?: readonly string[]
  /**
   * What is read whole without it: `join`, when another source changes; `group`, when a group must be computed anew; `time`,
   * whenever time has passed; `bound`, when a row that all rows are compared with changes; `order`, a group or the table, of which the first rows are wanted; `near`, a partition, of which
   * the rows near a change are wanted. Those two have exactly these columns first, the last one last.
   */
  readonly purpose: 'join' | 'group' | 'time' | 'bound' | 'order' | 'near'
  /** Of `order`: the last column DESC NULLS LAST, or its reverse. */
  readonly isTurned?: boolean
}

/**
 * The runtime runs `tables` and `functions`, then puts capture on the sources; then, at a snapshot taken after that, it
 * calls the function `refresh.fill`, which fills stream table and state tables in one statement; then `indexes`.
 */
export interface Install {
  readonly tables: readonly string[]
  readonly functions: readonly string[]
  readonly indexes: readonly string[]
}

/**
 * Generated functions, all of one signature:
 * `(f_xmax bigint, f_xids bigint[], f_own_xid bigint, f_own_seq bigint) RETURNS pgstream.refresh_result`
 * where refresh_result is (applied boolean, snapshot pg_snapshot, inserted bigint, updated bigint, deleted bigint).
 * A buffer row is new when `(xid >= f_xmax OR xid = ANY (f_xids)) AND (xid <> f_own_xid OR seq > f_own_seq)`.
 * `applied` is false, and nothing was done, when the statement found a change that it is not made for.
 */
export interface RefreshFunctions {
  /** One per source: correct when only that source changed. */
  readonly single: readonly { readonly relation: number; readonly function: string; readonly bulk: string }[]
  /** Correct whatever changed, TRUNCATE excepted; null for strategy FULL. */
  readonly general: { readonly function: string; readonly bulk: string } | null
  /**
   * `(…the frontier) RETURNS bigint[]`: how many new rows each source's buffer has, in the order of `sources`, counted no
   * further than `cachedLimit` + 1; then the number of new truncations. Null for strategy FULL.
   */
  readonly pending: string | null
  /** Recomputes, and applies the difference; rebuilds the state tables. */
  readonly full: string
  /** The first fill, into empty tables. */
  readonly fill: string
}

export interface ExplainEntry {
  readonly property: string
  readonly value: string
  /** For a statement: the generated function that runs it. */
  readonly function?: string
}
