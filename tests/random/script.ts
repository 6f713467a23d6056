/**
 * A random case as it is run and committed: nothing but SQL. The genes it came from (genes.ts) may change their meaning
 * when a generator changes; a script never does.
 */
export interface Script {
  /** What it showed when it was found. */
  readonly note?: string
  /** DDL and first rows, run in a new schema that is first in the search_path. */
  readonly setup: readonly string[]
  /** In the order of creation: a later one may read an earlier one. */
  readonly streams: readonly StreamTable[]
  readonly steps: readonly Step[]
}

export interface StreamTable {
  /** As in SQL, quoted where needed. */
  readonly name: string
  readonly query: string
  /** Compare images: no column's image is left open by the query. */
  readonly image?: boolean
}

/** `on: 1` is a second session, whose transaction may stay open over refreshes. */
export type Step =
  | { readonly do: 'begin'; readonly isolation?: 'repeatable read'; readonly on?: 1 }
  | { readonly do: 'commit'; readonly on?: 1 }
  | { readonly do: 'rollback'; readonly on?: 1 }
  | { readonly do: 'savepoint'; readonly name: string; readonly on?: 1 }
  | { readonly do: 'rollback to'; readonly name: string; readonly on?: 1 }
  | { readonly do: 'write'; readonly sql: string; readonly on?: 1 }
  /** Refresh and compare: in the open transaction of the first session, else in one of its own. */
  | { readonly do: 'refresh'; readonly stream: number; readonly repeatable?: true }
  /** Remove consumed rows from all change buffers. */
  | { readonly do: 'clean' }
