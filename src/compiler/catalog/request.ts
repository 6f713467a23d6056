/**
 * What the compiler is given: the analysed query and every catalog fact it may need, as one JSON document that
 * `pgstream._compile_request` builds in one query. The compiler asks for nothing else: same request, same plan.
 *
 * Object identifiers are numbers. A name that is ready to be pasted into SQL is called `sql`.
 */
export interface CompileRequest {
  readonly version: 1
  readonly server: { readonly versionNum: number }
  /** The stream table to be maintained. `id` is stable for its life and names the generated objects. */
  readonly target: { readonly id: number; readonly schema: string; readonly name: string }
  readonly mode: RefreshMode
  /** Of the session that defined it, by name: those on which the value of an expression can depend. */
  readonly settings: Readonly<Record<string, string>>
  /** `pg_rewrite.ev_action` of the hidden view: the server's own analysis of the query (a `pg_node_tree` as text). */
  readonly tree: string
  /** The query as the server prints it with everything qualified (`pg_get_viewdef`), without the semicolon: for FULL. */
  readonly definition: string
  /** Something that `definition` names has another name by now: it must be printed anew from the tree. */
  readonly definitionIsStale?: boolean
  /** A value was too long for a btree index: what is stored is found by hashes where it may be long. */
  readonly hasLongValues?: boolean
  /** Texts of constants of types of extensions, by the bytes as `tree` or the tree of a view has them. */
  readonly literals?: readonly { readonly type: number; readonly value: string; readonly text: string }[]
  /** The columns of that view, in order: what the stream table will have. */
  readonly columns: readonly OutputFacts[]
  /** Everything the tree and the bodies of the views below it mention, keyed by oid. */
  readonly relations: Readonly<Record<string, RelationFacts>>
  readonly types: Readonly<Record<string, TypeFacts>>
  readonly functions: Readonly<Record<string, FunctionFacts>>
  readonly operators: Readonly<Record<string, OperatorFacts>>
  readonly collations: Readonly<Record<string, CollationFacts>>
}

export type RefreshMode = 'AUTO' | 'DIFFERENTIAL' | 'FULL' | 'IMMEDIATE'

export interface OutputFacts {
  readonly name: string
  readonly type: number
  readonly typmod: number
  /** 0 when the type has no collation. */
  readonly collation: number
  /** `format_type(type, typmod)`, schema-qualified unless in pg_catalog. */
  readonly sql: string
}

export interface RelationFacts {
  readonly oid: number
  readonly schema: string
  readonly name: string
  /** pg_class.relkind */
  readonly kind: 'r' | 'p' | 'v' | 'm' | 'f' | 'S' | 'c' | 't' | 'i' | 'I'
  /** pg_class.relpersistence */
  readonly persistence: 'p' | 'u' | 't'
  /** Policies hold for who owns the stream table, or for a view through which it is read (pgstream._hides_rows). */
  readonly rowSecurity: boolean
  /** Policies may come to hold for the owner: row-level security is on. */
  readonly isSecured?: boolean
  /** True when partitions or inheritance children exist (pg_class.relhassubclass, checked against pg_inherits). */
  readonly hasChildren: boolean
  /** pg_class.reltuples; -1 when never analysed. */
  readonly rows: number
  /** Live columns in attnum order; dropped ones are left out. */
  readonly columns: readonly ColumnFacts[]
  /** Unique, immediate, valid, non-partial indexes on plain columns: candidates for keys. */
  readonly keys: readonly KeyFacts[]
  readonly foreignKeys: readonly ForeignKeyFacts[]
  /** Valid indexes, for judging whether a join step is a probe. */
  readonly indexes: readonly IndexFacts[]
  /** Why the runtime cannot capture what the plan reads of it, found when there was a plan; absent when it can. */
  readonly obstacle?: { readonly construct: string; readonly detail: string; readonly hint: string }
  /** The stream table that is read in its place, being compared with it at each refresh: its oid, and its columns by ours. */
  readonly copy?: { readonly relation: number; readonly columns: Readonly<Record<string, number>> }
  /** Views only: `ev_action` of the `_RETURN` rule. */
  readonly tree: string | null
}

export interface ColumnFacts {
  readonly attnum: number
  readonly name: string
  readonly type: number
  readonly typmod: number
  readonly collation: number
  readonly notNull: boolean
  readonly sql: string
  /** pg_attribute.attgenerated: '' plain, 's' stored, 'v' virtual (PostgreSQL 18). */
  readonly generated: '' | 's' | 'v'
}

export interface KeyFacts {
  readonly name: string
  readonly columns: readonly number[]
  readonly primary: boolean
  readonly nullsNotDistinct: boolean
}

export interface ForeignKeyFacts {
  readonly columns: readonly number[]
  readonly referenced: number
  readonly referencedColumns: readonly number[]
}

export interface IndexFacts {
  readonly name: string
  /** Access method: btree, hash, gist … */
  readonly method: string
  /** Key columns in order; 0 stands for an expression. */
  readonly columns: readonly number[]
  readonly unique: boolean
  readonly partial: boolean
  /** It has rows in the order that ORDER BY has by itself, NULLs last, or in the reverse of it. */
  readonly sorted: boolean
  /** pg_index.indoption, where a column is in another order. */
  readonly options?: readonly number[]
  /** Of a whole GIN index: the columns of arrays that it has by their elements. */
  readonly arrays?: readonly number[]
  /** pg_index.indexprs, where the first column is an expression: its tree is the first of the list. */
  readonly expressions?: string
}

export interface TypeFacts {
  readonly oid: number
  readonly schema: string
  readonly name: string
  /** `format_type(oid, NULL)`, schema-qualified unless in pg_catalog. */
  readonly sql: string
  /** pg_type.typtype: b base, c composite, d domain, e enum, p pseudo, r range, m multirange */
  readonly kind: 'b' | 'c' | 'd' | 'e' | 'p' | 'r' | 'm'
  /** pg_type.typcategory */
  readonly category: string
  readonly length: number
  readonly byValue: boolean
  /** pg_type.typalign: c, s, i, d */
  readonly align: 'c' | 's' | 'i' | 'd'
  /** Element type of a true array (typelem with typsubscript array_subscript_handler), else 0. */
  readonly element: number
  /** The type of its arrays, 0 when it has none. */
  readonly array: number
  /** Base type of a domain, else 0; with its typmod. */
  readonly base: number
  readonly baseTypmod: number
  /** Subtype of a range; of a multirange, its range type; else 0. */
  readonly subtype: number
  /** Labels of an enum by their pg_enum oid; empty otherwise. */
  readonly labels: Readonly<Record<string, string>>
  /** Attributes of a composite type, dropped ones as null, in attnum order; empty otherwise. */
  readonly attributes: readonly ({
    readonly name: string
    readonly type: number
    readonly typmod: number
    readonly collation: number
  } | null)[]
  /** Default equality operator from the btree or else hash operator class (domains: of the base type); 0 when the type has none. */
  readonly equality: number
  /** Has a default btree operator class / a default hash operator class with an extended hash function. */
  readonly sortable: boolean
  readonly hashable: boolean
  /** Output function, for naming a type in an error; binary send function as SQL name, '' when there is none. */
  readonly output: string
  readonly send: string
  /** pg_proc.provolatile of the input and output functions; base types that are not the server's own only. */
  readonly inputVolatility?: 'i' | 's' | 'v'
  readonly outputVolatility?: 'i' | 's' | 'v'
  /** Types from which a cast of one's own leads to it, by a function or by the same bytes; absent when there are none. */
  readonly castsFrom?: readonly number[]
}

export interface FunctionFacts {
  readonly oid: number
  readonly schema: string
  readonly name: string
  /** Quoted and schema-qualified name. */
  readonly sql: string
  /** pg_proc.prokind: f function, p procedure, a aggregate, w window */
  readonly kind: 'f' | 'p' | 'a' | 'w'
  readonly volatility: 'i' | 's' | 'v'
  readonly strict: boolean
  readonly returnsSet: boolean
  readonly result: number
  readonly arguments: readonly number[]
  /** pg_proc.provariadic, 0 when not variadic. */
  readonly variadic: number
  /** pg_proc.proargdefaults: what the last arguments are when they are left out. Functions that are not the server's own only. */
  readonly defaults?: string
  /** Absent when there are none. */
  readonly rivals?: RivalFacts
}

/** Others of that name which a call may find in its place, by the types of their arguments (pgstream._rivals). */
export type RivalFacts = readonly (readonly {
  readonly type: number
  /** pg_type.typcategory */
  readonly category: string
}[])[]

export interface OperatorFacts {
  readonly oid: number
  readonly schema: string
  readonly name: string
  /** pg_operator.oprleft: 0 for a prefix operator. */
  readonly left: number
  readonly right: number
  readonly result: number
  /** The function behind it (pg_operator.oprcode); its facts are in `functions`. */
  readonly code: number
  readonly commutator: number
  readonly negator: number
  /** Absent when there are none. */
  readonly rivals?: RivalFacts
  /** Is the equality member (strategy 3) of some btree family, or (strategy 1) of some hash family. */
  readonly equality: boolean
}

export interface CollationFacts {
  readonly oid: number
  readonly schema: string
  readonly name: string
  readonly sql: string
  readonly deterministic: boolean
}
