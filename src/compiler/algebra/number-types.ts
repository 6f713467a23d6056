import type { TypeRef } from './scalar.ts'

/** Oids of types that are added up (pg_type.dat). */
export const INT2 = 21
export const INT4 = 23
export const INT8 = 20
export const NUMERIC = 1700
export const FLOAT4 = 700
export const FLOAT8 = 701
export const MONEY = 790
export const INTERVAL = 1186
export const DATE = 1082
export const TIME = 1083
export const TIMETZ = 1266
export const TEXT = 25
export const TIMESTAMP = 1114
export const TIMESTAMPTZ = 1184
export const FLOAT8_TYPE: TypeRef = { oid: FLOAT8, typmod: -1, collation: 0 }
export const INT4_TYPE: TypeRef = { oid: INT4, typmod: -1, collation: 0 }
export const NUMERIC_TYPE: TypeRef = { oid: NUMERIC, typmod: -1, collation: 0 }
