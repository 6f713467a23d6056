import type { DatumBytes } from './bytes.ts'
import type { TextDecoders } from './decoder.ts'

/** ISO with the year first reads the same under every DateStyle, an explicit offset under every TimeZone. */
export const TIME_TYPES: TextDecoders = {
  1082: (bytes) => dateText(bytes.i32(0)),
  1083: (bytes) => clockText(bytes.i64(0)),
  1114: (bytes) => timestampText(bytes.i64(0), ''),
  1184: (bytes) => timestampText(bytes.i64(0), '+00'),
  1186: (bytes, { versionNum }) => intervalText(bytes, versionNum),
  1266: (bytes) => clockText(bytes.i64(0)) + offsetText(bytes.i32(8)),
}

const INT32_MAX = 2147483647
const INT32_MIN = -2147483648
const INT64_MAX = 9223372036854775807n
const INT64_MIN = -9223372036854775808n
const SECOND = 1_000_000n
const DAY = 86_400n * SECOND

function dateText(days: number): string {
  if (days === INT32_MAX) return 'infinity'
  if (days === INT32_MIN) return '-infinity'
  const { date, era } = calendar(days)
  return date + era
}

function timestampText(microseconds: bigint, zone: string): string {
  if (microseconds === INT64_MAX) return 'infinity'
  if (microseconds === INT64_MIN) return '-infinity'
  let days = microseconds / DAY
  if (microseconds < days * DAY) days -= 1n
  const { date, era } = calendar(Number(days))
  return `${date} ${clockText(microseconds - days * DAY)}${zone}${era}`
}

/**
 * Days since 2000-01-01 in the proleptic Gregorian calendar, counted in years that begin in March and eras of 400
 * (Hinnant, chrono-compatible low-level date algorithms).
 */
function calendar(days: number): { date: string; era: string } {
  const shifted = days + 730_425 // since 0000-03-01
  const era = Math.floor(shifted / 146_097)
  const dayOfEra = shifted - era * 146_097
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  )
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const monthIndex = Math.floor((5 * dayOfYear + 2) / 153)
  const day = dayOfYear - Math.floor((153 * monthIndex + 2) / 5) + 1
  const month = monthIndex < 10 ? monthIndex + 3 : monthIndex - 9
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
  const shown = String(year > 0 ? year : 1 - year).padStart(4, '0')
  return { date: `${shown}-${two(month)}-${two(day)}`, era: year > 0 ? '' : ' BC' }
}

/** Not negative; hours may exceed 24 in an interval. */
function clockText(microseconds: bigint): string {
  const seconds = microseconds / SECOND
  const fraction = String(microseconds % SECOND)
    .padStart(6, '0')
    .replace(/0+$/, '')
  const clock = `${two(seconds / 3600n)}:${two((seconds / 60n) % 60n)}:${two(seconds % 60n)}`
  return fraction === '' ? clock : `${clock}.${fraction}`
}

/** Stored as seconds west of Greenwich. */
function offsetText(west: number): string {
  const seconds = Math.abs(west)
  const clock = `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}`
  return `${west > 0 ? '-' : '+'}${clock}${seconds % 60 === 0 ? '' : `:${two(seconds % 60)}`}`
}

/**
 * Units are named, and once one part is negative every part has a sign: the style sql_standard would otherwise
 * extend a leading minus to the parts that follow.
 */
function intervalText(bytes: DatumBytes, versionNum: number): string {
  const time = bytes.i64(0)
  const days = bytes.i32(8)
  const months = bytes.i32(12)
  if (versionNum >= 170000) {
    if (time === INT64_MAX && days === INT32_MAX && months === INT32_MAX) return 'infinity'
    if (time === INT64_MIN && days === INT32_MIN && months === INT32_MIN) return '-infinity'
  }
  const signed = time < 0n || days < 0 || months < 0
  const sign = (negative: boolean) => (signed ? (negative ? '-' : '+') : '')
  const parts: string[] = []
  if (months !== 0) parts.push(`${sign(months < 0)}${Math.abs(months)} mons`)
  if (days !== 0) parts.push(`${sign(days < 0)}${Math.abs(days)} days`)
  if (time !== 0n || parts.length === 0) parts.push(sign(time < 0n) + clockText(time < 0n ? -time : time))
  return parts.join(' ')
}

function two(value: number | bigint): string {
  return String(value).padStart(2, '0')
}
