import type { DatumBytes } from './bytes.ts'
import type { TextDecoders } from './decoder.ts'
import { float8Text } from './number.ts'

export const GEOMETRY_TYPES: TextDecoders = {
  600: (bytes) => pointText(bytes, 0),
  601: (bytes) => `[${pointsText(bytes, 0, 2)}]`,
  602: (bytes) => {
    const points = pointsText(bytes, 16, bytes.i32(4))
    return bytes.i32(8) === 0 ? `[${points}]` : `(${points})`
  },
  603: (bytes) => pointsText(bytes, 0, 2),
  // A bounding box stands before the points; the input function computes it again.
  604: (bytes) => `(${pointsText(bytes, 40, bytes.i32(4))})`,
  628: (bytes) => `{${[0, 8, 16].map((at) => float8Text(bytes.f64(at))).join(',')}}`,
  718: (bytes) => `<${pointText(bytes, 0)},${float8Text(bytes.f64(16))}>`,
}

function pointText(bytes: DatumBytes, at: number): string {
  return `(${float8Text(bytes.f64(at))},${float8Text(bytes.f64(at + 8))})`
}

function pointsText(bytes: DatumBytes, at: number, count: number): string {
  const points: string[] = []
  for (let i = 0; i < count; i++) points.push(pointText(bytes, at + 16 * i))
  return points.join(',')
}
