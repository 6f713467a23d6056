import { CompileError, DEEP_NESTING, type ErrorKind } from '../compiler/catalog/error.ts'
import type { CompileRequest } from '../compiler/catalog/request.ts'
import { compile } from '../compiler/compile.ts'
import type { Plan } from '../compiler/emit/plan.ts'

/** The answer of every host to a compile request: a plan, or a refusal for the runtime to raise or to record. */
export type Reply = { readonly plan: Plan } | { readonly error: Refusal }

export interface Refusal {
  readonly sqlstate: string
  readonly message: string
  readonly detail: string
  readonly hint: string
  readonly kind: ErrorKind
  readonly construct: string
}

/** Compile, with every failure turned into data. */
export function reply(request: CompileRequest): Reply {
  try {
    return { plan: compile(request) }
  } catch (error) {
    return { error: refusal(error) }
  }
}

/** Would a larger stack have given another answer? */
export function wantsMoreStack(answer: Reply): boolean {
  return 'plan' in answer
    ? answer.plan.reasons.some(({ construct }) => construct === DEEP_NESTING)
    : answer.error.construct === DEEP_NESTING
}

/**
 * The same from text to text, one line of JSON each way. The reply is plain ASCII, so that it passes through
 * whatever encoding the database and the host's pipes have.
 */
export function replyText(request: string): string {
  return asText(replyTo(request))
}

export function replyTo(request: string): Reply {
  try {
    return reply(JSON.parse(request) as CompileRequest)
  } catch (error) {
    return { error: refusal(error) }
  }
}

export function asText(answer: Reply): string {
  return JSON.stringify(answer).replace(
    /[\u007f-\uffff]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

function refusal(error: unknown): Refusal {
  if (error instanceof CompileError) {
    const { sqlstate, message, detail, hint, kind, construct } = error
    return { sqlstate, message, detail, hint, kind, construct }
  }
  return {
    sqlstate: 'XX000',
    message: `the compiler failed: ${error instanceof Error ? error.message : String(error)}`,
    detail: error instanceof Error ? (error.stack ?? '') : '',
    hint: 'This is a bug in pg_stream; please report the definition that shows it.',
    kind: 'internal',
    construct: 'internal',
  }
}
