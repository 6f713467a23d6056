import { existsSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { StartError } from './start-error.ts'

/** A file of dist/, from a bundle in dist/ as well as from the sources. */
export function distFile(name: string): string {
  const here = path.dirname(fileURLToPath(import.meta.url))
  for (const folder of [here, path.resolve(here, '../../../dist')]) {
    const file = path.join(folder, name)
    if (existsSync(file)) return file
  }
  throw new StartError(`dist/${name} is missing; run npm run build`)
}
