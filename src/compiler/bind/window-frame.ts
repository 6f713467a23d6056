/** Window frames as the server's analysis has them, in bits (parsenodes.h). */
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
