/** Window frames as the server's analysis has them, in bits (parsenodes.h). */
import { type Extent, integerOf, type Reach } from '../algebra/reach.ts'
import type { Scalar } from '../algebra/scalar.ts'
import { numberField, optionalNode } from '../catalog/node-field.ts'
import type { TreeNode } from '../catalog/node-tree.ts'

/** FRAMEOPTION_… (parsenodes.h) */
const FRAME = {
  rows: 0x4,
  groups: 0x8,
  startUnboundedPreceding: 0x20,
  startCurrentRow: 0x200,
  endCurrentRow: 0x400,
  startOffsetPreceding: 0x800,
  endOffsetPreceding: 0x1000,
  startOffsetFollowing: 0x2000,
  endOffsetFollowing: 0x4000,
  excludeCurrentRow: 0x8000,
  excludeGroup: 0x10000,
  excludeTies: 0x20000,
}

export interface WindowFrame {
  readonly unit: 'ROWS' | 'RANGE' | 'GROUPS'
  readonly start: FrameBound
  readonly end: FrameBound
  readonly exclusion: '' | ' EXCLUDE CURRENT ROW' | ' EXCLUDE GROUP' | ' EXCLUDE TIES'
}

/** What is said before and after an offset, which may be none. */
export interface FrameBound {
  readonly offset: TreeNode | null
  readonly text: string
}

export function windowFrame(window: TreeNode): WindowFrame {
  const options = numberField(window, 'frameOptions')
  const has = (bit: number) => (options & bit) !== 0
  const offsets = (name: string, preceding: boolean): FrameBound => ({
    offset: optionalNode(window, name),
    text: preceding ? ' PRECEDING' : ' FOLLOWING',
  })
  const fixed = (text: string): FrameBound => ({ offset: null, text })
  const start = has(FRAME.startUnboundedPreceding)
    ? fixed('UNBOUNDED PRECEDING')
    : has(FRAME.startCurrentRow)
      ? fixed('CURRENT ROW')
      : offsets('startOffset', has(FRAME.startOffsetPreceding))
  const end = has(FRAME.endCurrentRow)
    ? fixed('CURRENT ROW')
    : has(FRAME.endOffsetPreceding) || has(FRAME.endOffsetFollowing)
      ? offsets('endOffset', has(FRAME.endOffsetPreceding))
      : fixed('UNBOUNDED FOLLOWING')
  const exclusion = has(FRAME.excludeCurrentRow)
    ? ' EXCLUDE CURRENT ROW'
    : has(FRAME.excludeGroup)
      ? ' EXCLUDE GROUP'
      : has(FRAME.excludeTies)
        ? ' EXCLUDE TIES'
        : ''
  return { unit: has(FRAME.rows) ? 'ROWS' : has(FRAME.groups) ? 'GROUPS' : 'RANGE', start, end, exclusion }
}

/** How far a frame goes; null where nothing bounds it. */
export function frameReach(
  { unit, start, end }: WindowFrame,
  bind: (node: TreeNode) => Scalar,
): Reach | null {
  const before = extents(unit, start, ' PRECEDING', bind)
  const after = extents(unit, end, ' FOLLOWING', bind)
  return before && after ? { before, after } : null
}

/** A bound on the other side of the row, or at it, reaches no further on this one. */
function extents(
  unit: WindowFrame['unit'],
  { offset, text }: FrameBound,
  outward: string,
  bind: (node: TreeNode) => Scalar,
): readonly Extent[] | null {
  if (!offset) return text === 'CURRENT ROW' ? [] : null
  if (text !== outward) return []
  const bound = bind(offset)
  if (unit === 'RANGE') return [{ unit, offset: bound }]
  const count = integerOf(bound)
  return count === null || count < 0 ? null : [{ unit, count }]
}
