import { type Scalar, scalarArguments, scalarColumns } from '../algebra/scalar.ts'
import type { CompileRequest } from '../catalog/request.ts'
import { expression } from './binding.ts'
import { collationSql } from './facts.ts'

const DEFAULT_COLLATION = 100

/** The construct under which a COLLATE clause goes. */
export const COLLATE = 'COLLATE'

/**
 * Arguments such that the server, reading them, derives the collation that its analysis of the query decided on, 0 for none.
 * That is so without help as long as columns keep their collations. It is not where a column of a subquery, whose
 * collation is implicit, is replaced by its expression with a COLLATE clause, here or by a rewrite: that is explicit and wins,
 * and two that differ are refused. So where collations differ, all that can become explicit says the same one.
 */
export function collatedArguments(
  request: CompileRequest,
  args: readonly Scalar[],
  inputCollation: number,
): readonly Scalar[] {
  const all = new Set(args.map((arg) => arg.type.collation).filter((collation) => collation !== 0))
  const derived = derive(args)
  const isMixed = args.some(isUndetermined)
  if (!isMixed && all.size < 2 && (inputCollation === 0 || derived === inputCollation)) return args
  // Where the server came to none, none is asked for: any one will do.
  const anyOne = [...all].find((each) => each !== DEFAULT_COLLATION) ?? DEFAULT_COLLATION
  const collation = inputCollation || (derived ?? anyOne)
  const isPlain = (arg: Scalar) =>
    derived === collation && (arg.type.collation === collation || scalarColumns(arg).size === 0)
  return args.map((arg) =>
    isUndetermined(arg) || (arg.type.collation !== 0 && !isPlain(arg))
      ? collate(request, arg, collation)
      : arg,
  )
}

/** A text without a collation, made of such as differ (`x || y`): as it is printed it has that of one of them, explicitly. */
function isUndetermined(arg: Scalar): boolean {
  return arg.type.collation === 0 && TEXTS.has(arg.type.oid) && scalarArguments(arg).some(hasClause)
}

function hasClause(scalar: Scalar): boolean {
  return isExplicit(scalar) || isUndetermined(scalar)
}

/** text, character varying, character and name. */
const TEXTS: ReadonlySet<number> = new Set([25, 1043, 1042, 19])

export function collate(request: CompileRequest, arg: Scalar, collation: number): Scalar {
  return expression({
    construct: COLLATE,
    parts: ['', ` COLLATE ${collationSql(request, collation)}`],
    args: [arg],
    type: { ...arg.type, collation },
    closed: false,
    strict: true,
  })
}

/** What `parse_collate.c` makes of the arguments of one node; undefined for a conflict. */
function derive(args: readonly Scalar[]): number | undefined {
  const explicit = new Set(args.filter(isExplicit).map((arg) => arg.type.collation))
  if (explicit.size > 0) return explicit.size === 1 ? [...explicit][0] : undefined
  const implicit = new Set(args.map((arg) => arg.type.collation).filter((collation) => collation !== 0))
  // Any other collation beats the default one.
  if (implicit.size > 1) implicit.delete(DEFAULT_COLLATION)
  return implicit.size === 1 ? [...implicit][0] : undefined
}

function isExplicit(scalar: Scalar): boolean {
  if (scalar.type.collation === 0) return false
  if (scalar.kind === 'expression' && scalar.construct === COLLATE) return true
  return scalarArguments(scalar).some(isExplicit)
}
