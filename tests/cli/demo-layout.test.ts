import { expect, test } from 'vitest'
import { layoutProgress, layoutTables, type StreamTableRow, wrap } from '../../src/cli/demo/layout.ts'

const ROWS: readonly StreamTableRow[] = ['late_flights', 'flight_board', 'state_traffic'].map((name, i) => ({
  'stream table': `demo.${name}`,
  rows: 10_001 + i,
  'staleness s': 0.25 + i,
  'last refresh ms': 12.345,
  'rows changed': 20,
}))

test('rows and staleness are shown whole at any width', () => {
  for (let width = 18; width <= 120; width++) {
    const lines = layoutTables(ROWS, width)
    const text = lines.join('\n')
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(width)
    for (const fact of ['flight_board', '10001', '10002', '10003', '0.', '1.', '2.'])
      expect(text).toContain(fact)
  }
})

test('a wide terminal has everything, a narrow one the names of what is shown', () => {
  expect(layoutTables(ROWS, 100)[0]).toBe(
    'stream table         rows  staleness s  last refresh ms  rows changed',
  )
  expect(layoutTables(ROWS, 40)[0]).toBe('stream table         rows  staleness s')
  expect(layoutTables(ROWS, 20)).toEqual([
    ...['late_flights', '  10001 rows', '  0.3 s stale'],
    ...['flight_board', '  10002 rows', '  1.3 s stale'],
    ...['state_traffic', '  10003 rows', '  2.3 s stale'],
  ])
})

test('text and progress fit', () => {
  expect(wrap('one two three', 7)).toEqual(['one two', 'three'])
  expect(layoutProgress('flights', 500, 1_000, 30)).toBe('flights █████░░░░ 500 of 1,000')
  expect(layoutProgress('flights', 500, 1_000, 20)).toBe('flights 50 %')
})
