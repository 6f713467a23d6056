/**
 * What a host must provide, and nothing else: a way for SQL to call the compiler inside the caller's transaction.
 *
 * The runtime calls `pgstream._compile(request jsonb) RETURNS jsonb` with a CompileRequest and gets a Reply
 * (see reply.ts): errors are data, because only the runtime knows what to do with them.
 *
 * Whether event triggers fire is not the host's to say: the installation finds out by trying.
 */
export interface Host {
  /** The name `pgstream` reports: where definitions are compiled. */
  readonly name: 'embedded' | 'pglite' | 'in-database' | 'outside'
  /** SQL that (re)defines `pgstream._compile(jsonb)`; the schema `pgstream` exists. */
  readonly compileFunction: string
}

/** Ends every installation: what was made last gets the rights that it is meant to have, too. */
export const PROTECT = 'SELECT pgstream._protect();\n'
