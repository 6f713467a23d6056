import { isIdentity } from '../algebra/identity.ts'
import { NUMERIC } from '../algebra/number-types.ts'
import type { Scalar } from '../algebra/scalar.ts'
import { comparedType } from '../catalog/compared-type.ts'
import type { CompileRequest } from '../catalog/request.ts'
import { sendFunction } from '../catalog/send-function.ts'
import { expression } from './binding.ts'
import { typeFacts } from './facts.ts'

const TEXT = { oid: 25, typmod: -1, collation: 100 }

/** What tells equal values apart that look different (1.0 and 1.00); null where there are none. */
export function imageOf(value: Scalar, request: CompileRequest): Scalar | null {
  const { oid } = typeFacts(request, value.type.oid)
  const send = sendFunction(request, oid)
  const base = comparedType(request, value.type.oid)
  if (isIdentity(request, value)) return null
  const parts =
    oid === NUMERIC
      ? ['scale(', ')::text']
      : send === ''
        ? ['(', ')::text']
        : base
          ? [`encode(${send}((`, `)::${base.sql}), 'hex')`]
          : [`encode(${send}(`, "), 'hex')"]
  return expression({ construct: 'rule', parts, args: [value], type: TEXT })
}
