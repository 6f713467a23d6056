/** Shrunk cases that once failed, replayed before anything new is tried: regressions/<what was wrong>.json. */
import { readdirSync, readFileSync } from 'node:fs'
import type { Script } from './script.ts'

const folder = new URL('regressions/', import.meta.url)

export const regressions: readonly { readonly name: string; readonly script: Script }[] = readdirSync(folder)
  .filter((file) => file.endsWith('.json'))
  .sort()
  .map((file) => ({
    name: file.replace('.json', '').replaceAll('-', ' '),
    script: JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as Script,
  }))
