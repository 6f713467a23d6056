/**
 * TPC-H data by SQL, the same at every run: each value is a hash of its row's key and of a number that names the column.
 * What queries depend on is as the specification (4.2.3) has it: sparse order keys, dates, names, prices, which supplier
 * has which part, customers without orders, comments that queries look for.
 */
import type pg from 'pg'
import { SCHEMA, TABLES } from './schema.ts'
import { pseudoText } from './text.ts'
import * as words from './words.ts'

/** Rows per table at a scale factor. */
export function sizes(scale: number) {
  return {
    supplier: Math.round(10_000 * scale),
    part: Math.round(200_000 * scale),
    customer: Math.round(150_000 * scale),
    orders: Math.round(1_500_000 * scale),
    clerks: Math.max(1, Math.round(1000 * scale)),
  }
}

/** Lines of text of which comments are pieces: a power of two. */
const LINES = 4096

/** The tables with their primary keys, and no other index. */
export async function generateTpch(client: pg.Client, scale: number): Promise<void> {
  const { supplier, part, customer, orders } = sizes(scale)
  await client.query(SCHEMA)
  await client.query(TOOLS)
  await client.query(
    'INSERT INTO gen.text SELECT n - 1, line FROM unnest($1::text[]) WITH ORDINALITY AS t(line, n)',
    [pseudoText(LINES)],
  )
  await client.query('ANALYZE gen.text')
  await client.query(`
    INSERT INTO region SELECT n - 1, name, ${comment('n', 1, 31, 115)}
    FROM unnest(${array(words.REGIONS)}) WITH ORDINALITY AS r(name, n) ${text('n', 1)};
    INSERT INTO nation SELECT n - 1, name, region, ${comment('n', 2, 31, 114)}
    FROM unnest(${array(words.NATIONS.map(([name]) => name))}, ARRAY[${words.NATIONS.map(([, region]) => region)}])
      WITH ORDINALITY AS r(name, region, n) ${text('n', 2)};
    INSERT INTO supplier
    SELECT k, 'Supplier#' || lpad(k::text, 9, '0'), ${address('k', 10)}, ${rnd('k', 11, 0, 24)},
      ${phone('k', 11)}, ${rnd('k', 13, -99_999, 999_999)} / 100.0,
      -- 5 of 10,000 have complaints, 5 recommendations; never none.
      CASE k % greatest(2, least(2000, ${supplier} / 2))
        WHEN 1 THEN overlay(${comment('k', 14, 60, 100)} placing 'Customer Complaints' FROM 20)
        WHEN 0 THEN overlay(${comment('k', 14, 60, 100)} placing 'Customer Recommends' FROM 20)
        ELSE ${comment('k', 14, 25, 100)} END
    FROM generate_series(1, ${supplier}) AS k ${text('k', 14)};
    INSERT INTO part
    SELECT k, concat_ws(' ', ${[20, 21, 22, 23, 24].map((salt) => one(words.COLORS, 'k', salt)).join(', ')}),
      'Manufacturer#' || m, 'Brand#' || m || ${rnd('k', 26, 1, 5)},
      concat_ws(' ', ${words.TYPE_SYLLABLES.map((syllable, i) => one(syllable, 'k', 27 + i)).join(', ')}),
      ${rnd('k', 30, 1, 50)},
      concat_ws(' ', ${words.CONTAINER_SYLLABLES.map((syllable, i) => one(syllable, 'k', 31 + i)).join(', ')}),
      ${retailPrice('k')}, ${comment('k', 33, 5, 22)}
    FROM generate_series(1, ${part}) AS k CROSS JOIN LATERAL (SELECT ${rnd('k', 25, 1, 5)} AS m) AS m ${text('k', 33)};
    INSERT INTO partsupp
    SELECT p, ${supplierOf('p', 'i', supplier)}, ${rnd('k', 40, 1, 9999)}, ${rnd('k', 41, 100, 100_000)} / 100.0,
      ${comment('k', 42, 49, 198)}
    FROM generate_series(1, ${part}) AS p CROSS JOIN generate_series(0, 3) AS i
      CROSS JOIN LATERAL (SELECT p * 4 + i AS k) AS k ${text('k', 42)};
    INSERT INTO customer
    SELECT k, 'Customer#' || lpad(k::text, 9, '0'), ${address('k', 50)}, ${rnd('k', 51, 0, 24)}, ${phone('k', 51)},
      ${rnd('k', 53, -99_999, 999_999)} / 100.0, ${one(words.SEGMENTS, 'k', 54)}, ${comment('k', 55, 29, 116)}
    FROM generate_series(1, ${customer}) AS k ${text('k', 55)};`)
  await client.query(insertOrders(scale, { from: 1, to: orders }))
  await client.query(`VACUUM ANALYZE ${TABLES.join(', ')}`)
}

/** The orders number `from` to `to` with their lines. New ones (RF1) get keys that the first load left out. */
export function insertOrders(
  scale: number,
  { from, to, isNew = false }: { from: number; to: number; isNew?: boolean },
): string {
  const { supplier, part, customer, clerks } = sizes(scale)
  // Of 32 keys the first 8 are used by the first load.
  const key = `(n - 1) / 8 * 32 + (n - 1) % 8 + ${isNew ? 9 : 1}`
  const line = 'o_orderkey * 8 + l'
  return `
WITH numbered AS MATERIALIZED (
  SELECT o_orderkey, date '1992-01-01' + ${rnd('o_orderkey', 60, 0, 2405)} AS o_orderdate
  FROM generate_series(${from}::bigint, ${to}) AS n CROSS JOIN LATERAL (SELECT ${key} AS o_orderkey) AS k
), line AS MATERIALIZED (
  SELECT o_orderkey, o_orderdate, l, k, l_partkey, ${supplierOf('l_partkey', rnd('k', 71, 0, 3), supplier)} AS l_suppkey,
    l_quantity, l_quantity * ${retailPrice('l_partkey')} AS l_extendedprice, l_discount, l_tax,
    l_shipdate, l_shipdate + ${rnd('k', 76, 1, 30)} AS l_receiptdate
  FROM numbered CROSS JOIN LATERAL generate_series(1, ${rnd('o_orderkey', 61, 1, 7)}) AS l
    CROSS JOIN LATERAL (SELECT ${line} AS k) AS k
    CROSS JOIN LATERAL (SELECT ${rnd('k', 70, 1, part)} AS l_partkey, ${rnd('k', 72, 1, 50)}::numeric AS l_quantity,
      ${rnd('k', 73, 0, 10)} / 100.0 AS l_discount, ${rnd('k', 74, 0, 8)} / 100.0 AS l_tax,
      o_orderdate + ${rnd('k', 75, 1, 121)} AS l_shipdate) AS v
), written AS (
  INSERT INTO lineitem
  SELECT o_orderkey, l_partkey, l_suppkey, l, l_quantity, l_extendedprice, l_discount, l_tax,
    CASE WHEN l_receiptdate > ${TODAY} THEN 'N' ELSE ${one(['R', 'A'], 'k', 77)} END,
    CASE WHEN l_shipdate > ${TODAY} THEN 'O' ELSE 'F' END,
    l_shipdate, o_orderdate + ${rnd('k', 78, 30, 90)}, l_receiptdate,
    ${one(words.INSTRUCTIONS, 'k', 79)}, ${one(words.SHIP_MODES, 'k', 80)}, ${comment('k', 81, 10, 43)}
  FROM line ${text('k', 81)}
)
INSERT INTO orders
SELECT o_orderkey, ${customerWithOrders('o_orderkey', 62, customer)},
  CASE WHEN is_open THEN 'O' WHEN is_filled THEN 'F' ELSE 'P' END, total, o_orderdate,
  ${one(words.PRIORITIES, 'o_orderkey', 63)}, 'Clerk#' || lpad(${rnd('o_orderkey', 64, 1, clerks)}::text, 9, '0'), 0,
  ${comment('o_orderkey', 65, 19, 78)}
FROM (
  SELECT o_orderkey, o_orderdate, round(sum(l_extendedprice * (1 + l_tax) * (1 - l_discount)), 2) AS total,
    bool_and(l_shipdate > ${TODAY}) AS is_open, bool_and(l_shipdate <= ${TODAY}) AS is_filled
  FROM line GROUP BY o_orderkey, o_orderdate
) AS o ${text('o_orderkey', 65)}`
}

const TODAY = `date '1995-06-17'`

const TOOLS = `
CREATE SCHEMA gen;
CREATE TABLE gen.text (id int PRIMARY KEY, line text NOT NULL);
CREATE FUNCTION gen.rnd(key bigint, salt bigint, low bigint, high bigint) RETURNS int
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN (low + (hashint8extended(key, salt) & 9223372036854775807) % (high - low + 1))::int;`

function rnd(key: string, salt: number, low: number, high: number): string {
  return `gen.rnd(${key}, ${salt}, ${low}, ${high})`
}

function one(list: readonly string[], key: string, salt: number): string {
  return `(${array(list)})[${rnd(key, salt, 1, list.length)}]`
}

function array(list: readonly string[]): string {
  return `'{${list.map((word) => `"${word}"`).join(',')}}'::text[]`
}

/** The line of text for `comment`. */
function text(key: string, salt: number): string {
  return `JOIN gen.text ON text.id = hashint8extended(${key}, ${salt}) & ${LINES - 1}`
}

function comment(key: string, salt: number, shortest: number, longest: number): string {
  const start = rnd(key, salt + 1000, 1, 256 - longest)
  return `substr(text.line, ${start}, ${rnd(key, salt + 2000, shortest, longest)})`
}

function address(key: string, salt: number): string {
  return `substr(md5(${key}::text || 'a') || md5(${key}::text || 'b'), 1, ${rnd(key, salt, 10, 40)})`
}

/** The country code is the nation's key + 10: query 22 looks at it. */
function phone(key: string, nationSalt: number): string {
  const digits = (salt: number, low: number, high: number) => rnd(key, nationSalt + salt, low, high)
  return `concat_ws('-', ${rnd(key, nationSalt, 0, 24)} + 10, ${digits(3000, 100, 999)}, ${digits(4000, 100, 999)}, ${digits(5000, 1000, 9999)})`
}

function retailPrice(part: string): string {
  return `((90000 + ${part} / 10 % 20001 + 100 * (${part} % 1000)) / 100.0)`
}

/** The i-th of the four suppliers of a part. */
function supplierOf(part: string, i: string, suppliers: number): string {
  return `((${part} + ${i} * (${Math.floor(suppliers / 4)} + (${part} - 1) / ${suppliers})) % ${suppliers} + 1)`
}

/** Customers whose key is divisible by 3 have no orders. */
function customerWithOrders(key: string, salt: number, customers: number): string {
  const r = rnd(key, salt, 0, Math.floor((customers * 2) / 3) - 1)
  return `${r} / 2 * 3 + ${r} % 2 + 1`
}
