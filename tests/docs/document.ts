/**
 * Documents are played: every block of SQL is run in its order against a real server, every program in Node.js, and what
 * it prints is put in place of the block of text that follows it; a block of a signature is replaced by the installed one.
 * A document is right when that changes nothing.
 */
import { execFile } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import pg from 'pg'
import { formatError, formatResult } from './psql-format.ts'
import { signature } from './signature.ts'

export const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..')

export function readDocument(file: string): string {
  return readFileSync(path.join(ROOT, file), 'utf8')
}

interface Block {
  /** The word after the fence. */
  readonly language: string
  readonly body: string
}

/** A document as it would be if every fenced block were what `change` makes of it; the block before goes with it. */
export async function withBlocks(
  text: string,
  change: (block: Block, before: Block | undefined) => Promise<string> | string,
): Promise<string> {
  let result = ''
  let end = 0
  let before: Block | undefined
  for (const match of text.matchAll(/^```(\S*)\n([\s\S]*?)^```$/gm)) {
    const [whole, language = '', body = ''] = match
    const between = text.slice(end, match.index)
    const block = { language, body }
    result += `${between}\`\`\`${language}\n${await change(block, between.trim() === '' ? before : undefined)}\`\`\``
    before = block
    end = match.index + whole.length
  }
  return result + text.slice(end)
}

export interface Stage {
  readonly client: pg.Client
  /** Plays the worker: refreshes what is due after each block. */
  readonly worker: pg.Client
}

/** The document with the real output in it. */
export async function play(text: string, { client, worker }: Stage): Promise<string> {
  let printed = ''
  return withBlocks(text, async ({ language, body }, before) => {
    if (language === 'sql') {
      printed = await run(client, body)
      await worker.query('CALL pgstream.run_scheduler()')
    } else if (language === 'js') {
      printed = await runProgram(body)
    } else if (language === 'signature') {
      return `${await signature(client, /^\w+/.exec(body)?.[0] ?? '')}\n`
    } else if (language === 'text' && (before?.language === 'sql' || before?.language === 'js')) {
      return printed === '' ? '' : `${printed}\n`
    }
    return body
  })
}

/** Runs a program from inside the package, where it is known by its own name. */
async function runProgram(program: string): Promise<string> {
  const folder = path.join(ROOT, '.tmp')
  mkdirSync(folder, { recursive: true })
  const file = path.join(folder, `document-${process.pid}.mjs`)
  writeFileSync(file, program)
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [file], { cwd: ROOT })
    return stdout.trimEnd()
  } finally {
    rmSync(file)
  }
}

/** Runs the statements of a block, each for itself as psql does; what they print, without command tags. */
async function run(client: pg.Client, block: string): Promise<string> {
  const printed: string[] = []
  for (const statement of statements(block)) {
    try {
      const result = await client.query<(string | null)[]>({ text: statement, rowMode: 'array', types: TEXT })
      if (result.fields.length > 0 && !isSilent(result)) printed.push(formatResult(result))
    } catch (error) {
      if (!(error instanceof pg.DatabaseError)) throw error
      printed.push(formatError(error))
    }
  }
  return printed.join('\n\n')
}

/** A statement ends at a semicolon at the end of a line. */
function statements(block: string): string[] {
  return block
    .replace(/^--.*\n/gm, '')
    .split(/;[ \t]*$/m)
    .map((statement) => statement.trim())
    .filter((statement) => statement !== '')
}

/** A function that returns void prints an empty row, which says nothing. */
function isSilent({ fields }: pg.QueryArrayResult): boolean {
  return fields.every(({ dataTypeID }) => dataTypeID === VOID)
}

const VOID = 2278

/** Values as the server prints them. */
const TEXT: pg.CustomTypesConfig = { getTypeParser: () => (value: unknown) => value }
