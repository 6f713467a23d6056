import { decodeConstant } from '../../src/compiler/catalog/datum.ts'
import { listField, nodeField, stringField } from '../../src/compiler/catalog/node-field.ts'
import {
  isNode,
  parseViewQuery,
  type TreeNode,
  type TreeValue,
} from '../../src/compiler/catalog/node-tree.ts'
import type { CompileRequest, TypeFacts } from '../../src/compiler/catalog/request.ts'

/** What node-postgres and PGlite have in common. */
export interface Queryable {
  query(sql: string, parameters?: unknown[]): Promise<{ rows: unknown[] }>
}

export interface DecodedLiteral {
  readonly literal: string
  readonly sql: string
  readonly isNull: boolean
}

/** Literals as columns of a view; from its tree, the constants decoded. The view `decoded_view` stays. */
export async function decodeLiterals(db: Queryable, literals: readonly string[]): Promise<DecodedLiteral[]> {
  const columns = literals.map((literal, i) => `${literal} AS c${i}`)
  await db.query('DROP VIEW IF EXISTS pg_temp.decoded_view')
  await db.query(`CREATE TEMP VIEW decoded_view AS SELECT ${columns.join(', ')}`)
  const [rule] = await rows<{ tree: string }>(
    db,
    `SELECT ev_action::text AS tree FROM pg_rewrite WHERE ev_class = 'pg_temp.decoded_view'::regclass`,
  )
  const query = parseViewQuery(rule?.tree ?? '')
  const constants = listField(query, 'targetList').map((entry) => {
    if (!isNode(entry)) throw new Error('target entry expected')
    const constant = findConstant(nodeField(entry, 'expr'))
    if (!constant) throw new Error(`no constant in ${stringField(entry, 'resname')}`)
    return constant
  })
  const request = await requestFor(db, constants)
  return constants.map((constant, i) => ({
    literal: literals[i] ?? '',
    ...decodeConstant(constant, request),
  }))
}

/** The literals whose decoded form is not the same datum of the same type, bit for bit, in this session. */
export async function differing(db: Queryable, decoded: readonly DecodedLiteral[]): Promise<string[]> {
  const columns = decoded.map(
    ({ sql }, i) => `ROW(c${i})::record OPERATOR(pg_catalog.*=) ROW(${sql})::record AS c${i}`,
  )
  const [row] = await rows<Record<string, boolean>>(db, `SELECT ${columns.join(', ')} FROM decoded_view`)
  return decoded.filter((_, i) => row?.[`c${i}`] !== true).map(({ literal, sql }) => `${literal} -> ${sql}`)
}

/** The same under settings that change how nearly every type is read or printed. */
export const HOSTILE_SETTINGS = `
  SET DateStyle = 'SQL, DMY'; SET IntervalStyle = 'sql_standard'; SET TimeZone = 'Asia/Kathmandu';
  SET extra_float_digits = -15; SET bytea_output = 'escape'; SET xmloption = 'document';
  SET standard_conforming_strings = off; SET backslash_quote = off; SET escape_string_warning = off`
export const RESET_SETTINGS = 'RESET ALL'

function findConstant(value: TreeValue | undefined): TreeNode | undefined {
  if (isNode(value)) {
    if (value.tag === 'CONST') return value
    for (const field of Object.values(value.fields)) {
      const found = findConstant(field)
      if (found) return found
    }
  } else if (Array.isArray(value)) {
    for (const item of value as readonly TreeValue[]) {
      const found = findConstant(item)
      if (found) return found
    }
  }
  return undefined
}

async function requestFor(
  db: Queryable,
  constants: readonly TreeNode[],
): Promise<Pick<CompileRequest, 'types' | 'server'>> {
  const oids = [...new Set(constants.map((constant) => Number(stringField(constant, 'consttype'))))]
  const [facts] = await rows<{ version: number; types: string | Record<string, TypeFacts> }>(db, TYPE_FACTS, [
    oids,
  ])
  if (!facts) throw new Error('no facts')
  const types = typeof facts.types === 'string' ? JSON.parse(facts.types) : facts.types
  return { server: { versionNum: facts.version }, types: types as Record<string, TypeFacts> }
}

async function rows<T>(db: Queryable, sql: string, parameters?: unknown[]): Promise<T[]> {
  return (await db.query(sql, parameters)).rows as T[]
}

/** What decoding needs of the types, with everything they are made of. */
const TYPE_FACTS = `
WITH RECURSIVE needed(oid) AS (
  SELECT unnest($1::oid[])
  UNION
  SELECT part.oid
  FROM needed n JOIN pg_type t ON t.oid = n.oid,
  LATERAL (
    SELECT t.typelem WHERE t.typelem <> 0
    UNION ALL SELECT t.typbasetype WHERE t.typbasetype <> 0
    UNION ALL SELECT rngsubtype FROM pg_range WHERE rngtypid = t.oid
    UNION ALL SELECT rngtypid FROM pg_range WHERE rngmultitypid = t.oid
    UNION ALL SELECT atttypid FROM pg_attribute WHERE attrelid = t.typrelid AND t.typtype = 'c' AND attnum > 0
      AND NOT attisdropped
  ) AS part(oid)
)
SELECT current_setting('server_version_num')::integer AS version, json_object_agg(t.oid, json_build_object(
  'oid', t.oid::bigint, 'schema', n.nspname, 'name', t.typname,
  'sql', CASE WHEN n.nspname = 'pg_catalog' THEN format_type(t.oid, NULL)
    WHEN e.oid IS NOT NULL THEN format('%I.%I[]', n.nspname, e.typname) ELSE format('%I.%I', n.nspname, t.typname) END,
  'kind', t.typtype, 'category', t.typcategory, 'length', t.typlen, 'byValue', t.typbyval, 'align', t.typalign,
  'element', COALESCE(e.oid, 0)::bigint, 'array', t.typarray::bigint, 'base', t.typbasetype::bigint, 'baseTypmod', t.typtypmod,
  'subtype', COALESCE((SELECT rngsubtype FROM pg_range WHERE rngtypid = t.oid),
    (SELECT rngtypid FROM pg_range WHERE rngmultitypid = t.oid), 0)::bigint,
  'labels', COALESCE((SELECT json_object_agg(l.oid, l.enumlabel) FROM pg_enum l WHERE l.enumtypid = t.oid), '{}'),
  'attributes', COALESCE((SELECT json_agg(CASE WHEN NOT attisdropped THEN json_build_object('name', attname,
      'type', atttypid::bigint, 'typmod', atttypmod, 'collation', attcollation::bigint) END ORDER BY attnum)
    FROM pg_attribute WHERE attrelid = t.typrelid AND attnum > 0 AND t.typrelid <> 0), '[]'))) AS types
FROM needed JOIN pg_type t USING (oid) JOIN pg_namespace n ON n.oid = t.typnamespace
LEFT JOIN pg_type e ON e.oid = t.typelem AND t.typsubscript = 'array_subscript_handler'::regproc`
