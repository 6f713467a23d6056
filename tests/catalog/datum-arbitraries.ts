import fc, { type Arbitrary } from 'fast-check'

/** Random input text for each type, valid by construction. Keyed by the type as written in a cast. */
export interface TypeArbitrary {
  readonly type: string
  readonly text: Arbitrary<string>
}

const text = fc.string({ unit: 'binary', maxLength: 20 }).map((s) => s.replaceAll('\0', '0'))
const longText = fc.oneof(
  text,
  fc.integer({ min: 100, max: 400 }).map((n) => 'ü'.repeat(n)),
)

const int = (bits: number) =>
  fc.bigInt({ min: -(1n << BigInt(bits - 1)), max: (1n << BigInt(bits - 1)) - 1n }).map(String)
const unsigned = (bits: number) => fc.bigInt({ min: 0n, max: (1n << BigInt(bits)) - 1n }).map(String)
const small = fc.integer({ min: -5, max: 5 })

const digits = (maxLength: number) =>
  fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength }).map((all) => all.join(''))
const numeric = fc.oneof(
  fc.tuple(fc.boolean(), digits(45), fc.option(digits(45))).map(([negative, whole, fraction]) => {
    return `${negative ? '-' : ''}${whole}${fraction === null ? '' : `.${fraction}`}`
  }),
  fc.tuple(small, digits(3), fc.integer({ min: -400, max: 400 })).map(([n, d, e]) => `${n}.${d}e${e}`),
  fc.constantFrom('NaN', 'Infinity', '-Infinity', '0.000'),
)

const two = (n: number) => String(n).padStart(2, '0')
const bc = (year: number) =>
  year > 0
    ? { year: two(year).padStart(4, '0'), era: '' }
    : { year: two(1 - year).padStart(4, '0'), era: ' BC' }
const clock = fc
  .tuple(fc.integer({ min: 0, max: 86_399 }), fc.option(fc.integer({ min: 0, max: 999_999 })))
  .map(([s, us]) => {
    const time = `${two(Math.floor(s / 3600))}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`
    return us === null ? time : `${time}.${String(us).padStart(6, '0')}`
  })
const day = (min: number, max: number) =>
  fc
    .tuple(
      fc.oneof(fc.integer({ min: 1890, max: 2110 }), fc.integer({ min, max })),
      fc.integer({ min: 1, max: 12 }),
      fc.integer({ min: 1, max: 28 }),
    )
    .map(([y, m, d]) => {
      const { year, era } = bc(y)
      return { date: `${year}-${two(m)}-${two(d)}`, era }
    })
const infinite = fc.constantFrom('infinity', '-infinity')
const date = fc.oneof(
  { weight: 20, arbitrary: day(-4700, 5_874_000).map(({ date, era }) => date + era) },
  { weight: 1, arbitrary: infinite },
)
const timestamp = fc.oneof(
  { weight: 20, arbitrary: fc.tuple(day(-4700, 294_000), clock).map(([d, t]) => `${d.date} ${t}${d.era}`) },
  { weight: 1, arbitrary: infinite },
)
const zone = fc
  .tuple(fc.constantFrom('+', '-'), fc.integer({ min: 0, max: 15 * 3600 + 3599 }))
  .map(([sign, s]) => `${sign}${two(Math.floor(s / 3600))}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`)
const timestamptz = fc
  .tuple(day(-4700, 294_000), clock, zone)
  .map(([d, t, z]) => `${d.date} ${t}${z}${d.era}`)
const interval = fc
  .tuple(
    fc.oneof(small.map(String), int(32)),
    fc.oneof(small.map(String), int(32)),
    fc.oneof(small.map(String), int(40), int(62)),
  )
  .map(([months, days, us]) => `${months} mons ${days} days ${us} microseconds`)

const float8 = fc.double().map((d) => (Object.is(d, -0) ? '-0' : String(d)))
const float4 = fc.oneof(
  fc.float().map((d) => (Object.is(d, -0) ? '-0' : String(d))),
  fc.integer({ min: 1, max: 99_999_999 }).map((n) => `${n}e-5`),
)
const plainFloat = fc.oneof(small.map(String), fc.double({ noNaN: true, min: -1e9, max: 1e9 }).map(String))
const point = fc.tuple(float8, float8).map(([x, y]) => `(${x},${y})`)
const points = fc
  .array(
    fc.tuple(plainFloat, plainFloat).map(([x, y]) => `(${x},${y})`),
    { minLength: 1, maxLength: 6 },
  )
  .map((p) => p.join(','))

const bits = (minLength: number) =>
  fc.array(fc.boolean(), { minLength, maxLength: 40 }).map((all) => all.map((b) => (b ? '1' : '0')).join(''))
const hex = (length: number) =>
  fc
    .array(fc.integer({ min: 0, max: 255 }), { minLength: length, maxLength: length })
    .map((all) => all.map((b) => b.toString(16).padStart(2, '0')).join(''))
const inet = fc.oneof(
  fc.tuple(fc.ipV4(), fc.integer({ min: 0, max: 32 })).map(([a, b]) => `${a}/${b}`),
  fc.tuple(fc.ipV6(), fc.integer({ min: 0, max: 128 })).map(([a, b]) => `${a}/${b}`),
)

const json = fc.oneof(
  fc.json({ stringUnit: 'grapheme', maxDepth: 4 }),
  fc
    .array(fc.json({ stringUnit: 'grapheme-ascii', maxDepth: 1 }), { maxLength: 80 })
    .map((all) => `[${all.join(',')}]`),
  fc
    .dictionary(
      fc.string({ maxLength: 4 }).map((s) => s.replaceAll('\0', '0')),
      fc.oneof(fc.integer(), fc.string({ unit: 'grapheme' })),
      { maxKeys: 60 },
    )
    .map((d) => JSON.stringify(d)),
  numeric.filter((n) => !/[a-zA-Z]/.test(n)).map((n) => `{"n": [${n.replace(/^(-?)0+(?=\d)/, '$1')}]}`),
)

const lexeme = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 8 })
  .map((s) => `'${s.replace(/['\\]/g, '$&$&')}'`)
const tsvector = fc
  .array(
    fc
      .tuple(
        lexeme,
        fc.array(fc.tuple(fc.integer({ min: 1, max: 17_000 }), fc.constantFrom('', 'A', 'B', 'C')), {
          maxLength: 4,
        }),
      )
      .map(([word, at]) => {
        return at.length === 0 ? word : `${word}:${at.map(([p, w]) => p + w).join(',')}`
      }),
    { maxLength: 12 },
  )
  .map((words) => words.join(' '))
const tsquery = fc.letrec<{ query: string; leaf: string }>((tie) => ({
  leaf: fc.tuple(lexeme, fc.constantFrom('', ':*', ':A', ':*BD')).map(([word, flags]) => word + flags),
  query: fc.oneof(
    { maxDepth: 4 },
    tie('leaf'),
    tie('query').map((q) => `!(${q})`),
    fc
      .tuple(tie('query'), fc.constantFrom('&', '|', '<->', '<7>'), tie('query'))
      .map(([a, op, b]) => `(${a}) ${op} (${b})`),
    fc.array(tie('leaf'), { minLength: 2, maxLength: 5 }).map((all) => all.join(' & ')),
  ),
})).query

const jsonpath = fc.letrec<{ path: string; value: string; predicate: string }>((tie) => ({
  path: fc
    .tuple(
      fc.constantFrom('$', '$"v"', '$', '$'),
      fc.array(
        fc.oneof(
          fc.string({ unit: 'grapheme-ascii', maxLength: 5 }).map((key) => `.${JSON.stringify(key)}`),
          fc.constantFrom(
            '.*',
            '[*]',
            '.**',
            '.**{1 to 3}',
            '[last]',
            '[0, 2 to last]',
            '.size()',
            '.double()',
            '.datetime("YYYY")',
          ),
          tie('predicate').map((p) => `?(${p})`),
          tie('value').map((v) => `[${v}]`),
        ),
        { maxLength: 4 },
      ),
    )
    .map(([root, steps]) => root + steps.join('')),
  value: fc.oneof(
    { maxDepth: 4 },
    tie('path'),
    fc.integer({ min: -3, max: 3 }).map(String),
    fc.constantFrom('1.50', '-(2).abs()', '"text"', 'null', 'true'),
    fc
      .tuple(tie('value'), fc.constantFrom('+', '-', '*', '/', '%'), tie('value'))
      .map(([a, op, b]) => `(${a}) ${op} (${b})`),
    tie('value').map((v) => `-(${v})`),
    fc.oneof(tie('value'), tie('predicate')).map((v) => `(${v}).type()`),
  ),
  predicate: fc.oneof(
    { maxDepth: 4 },
    fc
      .tuple(tie('value'), fc.constantFrom('==', '!=', '<', '>', '<=', '>='), tie('value'))
      .map(([a, op, b]) => `(${a}) ${op} (${b})`),
    fc
      .tuple(tie('predicate'), fc.constantFrom('&&', '||'), tie('predicate'))
      .map(([a, op, b]) => `(${a}) ${op} (${b})`),
    tie('predicate').map((p) => `!(${p})`),
    tie('predicate').map((p) => `(${p}) is unknown`),
    tie('value').map((v) => `exists (${v})`),
    tie('path').map((p) => `${p} starts with "a\\"b"`),
    tie('path').map((p) => `${p} like_regex "^a.b" flag "is"`),
  ),
}))
const anyJsonpath = fc.tuple(fc.constantFrom('', 'strict '), jsonpath.value).map(([mode, v]) => mode + v)

function quoted(value: string | null, nothing: string): string {
  return value === null ? nothing : `"${value.replace(/["\\]/g, '\\$&')}"`
}

/** Up to three dimensions, lower bounds of any sign, NULLs. */
export function arrayOf(element: Arbitrary<string>, delimiter = ','): Arbitrary<string> {
  const shape = fc.array(fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: -2, max: 2 })), {
    maxLength: 3,
  })
  return shape.chain((dimensions) => {
    if (dimensions.length === 0) return fc.constant('{}')
    const count = dimensions.reduce((n, [size]) => n * size, 1)
    return fc
      .array(fc.option(element, { freq: 4 }), { minLength: count, maxLength: count })
      .map((elements) => {
        let level = elements.map((e) => quoted(e, 'NULL'))
        for (const [size] of [...dimensions].reverse()) {
          const next: string[] = []
          for (let i = 0; i < level.length; i += size)
            next.push(`{${level.slice(i, i + size).join(delimiter)}}`)
          level = next
        }
        return `${dimensions.map(([size, lower]) => `[${lower}:${lower + size - 1}]`).join('')}=${level[0]}`
      })
  })
}

export function rowOf(...fields: Arbitrary<string>[]): Arbitrary<string> {
  return fc
    .tuple(...fields.map((field) => fc.option(field, { freq: 4 })))
    .map((values) => `(${values.map((v) => quoted(v, '')).join(',')})`)
}

/** Bounds come in order from `sorted`. */
export function rangeOf(sorted: Arbitrary<readonly [string, string]>): Arbitrary<string> {
  return fc
    .tuple(sorted, fc.constantFrom('[', '('), fc.constantFrom(']', ')'), fc.integer({ min: 0, max: 9 }))
    .map(([[lower, upper], open, close, kind]) => {
      if (kind === 0) return 'empty'
      return `${open}${kind === 1 ? '' : quoted(lower, '')},${kind === 2 ? '' : quoted(upper, '')}${close}`
    })
}

const orderedIntegers = fc
  .tuple(fc.integer({ min: -1000, max: 1000 }), fc.integer({ min: 0, max: 1000 }))
  .map(([a, n]) => [String(a), String(a + n)] as const)
const orderedNumerics = fc
  .tuple(fc.integer({ min: -1000, max: 1000 }), fc.integer({ min: 1, max: 1000 }), digits(12))
  .map(([a, n, fraction]) => [`${a}`, `${a + n}.${fraction}`] as const)
  .filter(([lower, upper]) => Number(lower) < Number(upper))
const orderedDays = fc
  .tuple(fc.integer({ min: 1, max: 14 }), fc.integer({ min: 15, max: 28 }))
  .map(([a, b]) => [`2024-01-${two(a)}`, `2024-01-${b}`] as const)
const orderedTexts = fc.tuple(text, text).map(([a, b]) => [`a${a}`, `b${b}`] as const)
const multiOf = (range: Arbitrary<string>) =>
  fc.array(range, { maxLength: 9 }).map((all) => `{${all.join(',')}}`)

const pair = rowOf(
  fc.constantFrom('t', 'f'),
  int(64),
  longText,
  numeric,
  fc.constantFrom('a', '', '\\'),
  float8,
)
const mood = fc.constantFrom('sad', "it's \\ ok", 'null', '')
const nested = rowOf(
  fc.constantFrom('t', 'f'),
  pair,
  arrayOf(pair),
  date,
  mood,
  fc.integer({ min: 1, max: 9 }).map(String),
)

const scalars: Readonly<Record<string, Arbitrary<string>>> = {
  boolean: fc.constantFrom('t', 'f'),
  '"char"': fc.string({ unit: 'grapheme-ascii', maxLength: 1 }),
  name: fc.string({ unit: 'grapheme-ascii', maxLength: 63 }),
  bytea: fc
    .integer({ min: 0, max: 40 })
    .chain(hex)
    .map((h) => `\\x${h}`),
  smallint: int(16),
  integer: int(32),
  bigint: int(64),
  oid: unsigned(32),
  xid8: unsigned(64),
  tid: fc.tuple(unsigned(32), unsigned(16)).map(([b, o]) => `(${b},${o})`),
  text: longText,
  'character varying': text,
  'pg_catalog.bpchar': text,
  json,
  jsonb: json,
  jsonpath: anyJsonpath,
  real: float4,
  'double precision': float8,
  numeric,
  date,
  time: clock,
  timetz: fc.tuple(clock, zone).map(([t, z]) => t + z),
  timestamp,
  timestamptz,
  interval,
  'pg_catalog."bit"': bits(1),
  'bit varying': bits(0),
  uuid: fc.uuid(),
  inet,
  macaddr: hex(6),
  macaddr8: hex(8),
  point,
  lseg: fc.tuple(point, point).map(([a, b]) => `[${a},${b}]`),
  box: fc.tuple(point, point).map(([a, b]) => `${a},${b}`),
  path: fc.tuple(points, fc.boolean()).map(([p, open]) => (open ? `[${p}]` : `(${p})`)),
  polygon: points.map((p) => `(${p})`),
  circle: fc.tuple(point, fc.integer({ min: 0, max: 99 })).map(([p, r]) => `<${p},${r}>`),
  tsvector,
  tsquery,
  pg_lsn: fc.tuple(unsigned(32), unsigned(32)).map((all) => all.map((n) => Number(n).toString(16)).join('/')),
}

const containers: Readonly<Record<string, Arbitrary<string>>> = {
  int4range: rangeOf(orderedIntegers),
  int8range: rangeOf(orderedIntegers),
  numrange: rangeOf(orderedNumerics),
  daterange: rangeOf(orderedDays),
  tsrange: rangeOf(orderedDays),
  int4multirange: multiOf(rangeOf(orderedIntegers)),
  int8multirange: multiOf(rangeOf(orderedIntegers)),
  nummultirange: multiOf(rangeOf(orderedNumerics)),
  'int8range[]': arrayOf(rangeOf(orderedIntegers)),
  'nummultirange[]': arrayOf(multiOf(rangeOf(orderedNumerics))),
  '"Odd schema".words': rangeOf(orderedTexts),
  '"Odd schema".pair': pair,
  '"Odd schema".pair[]': arrayOf(pair),
  '"Odd schema".nested': nested,
  '"Odd schema"."mood ""x"""[]': arrayOf(mood),
}

const arrays = Object.entries(scalars).map(([type, element]) => ({
  type: `${type}[]`,
  text: arrayOf(element, type === 'box' ? ';' : ','),
}))

export const TYPE_ARBITRARIES: readonly TypeArbitrary[] = [
  ...[scalars, containers].flatMap((group) => Object.entries(group).map(([type, text]) => ({ type, text }))),
  ...arrays,
]
