/**
 * Why a definition is refused. Three kinds, never mixed: `user` (the query is wrong or asks for what can never be
 * maintained), `unsupported` (ours to build: AUTO falls back to FULL with this reason), `internal` (our bug).
 */
export type ErrorKind = 'user' | 'unsupported' | 'internal'

/** Closed list of SQLSTATEs (PostgreSQL `errcodes.txt`). */
export const SQLSTATE = {
  featureNotSupported: '0A000',
  syntaxError: '42601',
  invalidColumnDefinition: '42611',
  duplicateColumn: '42701',
  wrongObjectType: '42809',
  undefinedObject: '42704',
  undefinedTable: '42P01',
  invalidTableDefinition: '42P16',
  invalidObjectDefinition: '42P17',
  insufficientPrivilege: '42501',
  statementTooComplex: '54001',
  internalError: 'XX000',
} as const

export type SqlState = (typeof SQLSTATE)[keyof typeof SQLSTATE]

/** A refusal in PostgreSQL's form: lower-case primary message, detail, hint as a sentence. */
export class CompileError extends Error {
  readonly kind: ErrorKind
  readonly sqlstate: SqlState
  readonly detail: string
  readonly hint: string
  /** What in the query it is about, e.g. `LEFT JOIN`: the key under which explain and history name it. */
  readonly construct: string

  constructor(
    kind: ErrorKind,
    sqlstate: SqlState,
    construct: string,
    message: string,
    { detail = '', hint = '' }: { detail?: string; hint?: string } = {},
  ) {
    super(message)
    this.name = 'CompileError'
    this.kind = kind
    this.sqlstate = sqlstate
    this.construct = construct
    this.detail = detail
    this.hint = hint
  }
}

/** The hint for what only a recomputation can answer. */
export const FULL_HINT = 'Use refresh mode FULL or AUTO, which recomputes the query at each refresh.'

/** Something we do not maintain incrementally (yet): named, with the way round it. */
export function unsupported(construct: string, hint: string, detail = ''): CompileError {
  return new CompileError(
    'unsupported',
    SQLSTATE.featureNotSupported,
    construct,
    `${construct} cannot be maintained incrementally`,
    { detail, hint },
  )
}

/** What nests deeper than the stack of the compiler reaches: a host may try again with a larger one. */
export const DEEP_NESTING = 'an expression nested this deeply'

/** JavaScript's error for a stack that is used up. */
export function isStackOverflow(error: unknown): boolean {
  return error instanceof RangeError && /call stack/i.test(error.message)
}

/** A query that is nested too deeply for its text to be written anew, which every mode needs. */
export function tooDeep(): CompileError {
  return new CompileError(
    'user',
    SQLSTATE.statementTooComplex,
    DEEP_NESTING,
    'the query is nested too deeply',
    {
      hint: 'Write it with fewer levels of nesting: a long chain of operators, for one, as an aggregate over VALUES.',
    },
  )
}

/** A broken invariant: never the user's fault. */
export function internalError(message: string): CompileError {
  return new CompileError('internal', SQLSTATE.internalError, 'internal', message, {
    hint: 'This is a bug in pg_stream; please report the definition that shows it.',
  })
}
