import type { Host } from '../host.ts'
import { compileFunction } from './compile-function.ts'

/** In the data folder, and in that folder: how to start a compiler. */
export const FOLDER = 'pg_stream'
export const PROGRAM = 'compile'

/** Relative to the data folder, where backends run: a dump restored by another such server finds its own. */
export const embedded: Host = {
  name: 'embedded',
  compileFunction: compileFunction({ node: '/bin/sh', bundle: `${FOLDER}/${PROGRAM}`, folder: FOLDER }),
}
