import { readdirSync, readFileSync, renameSync, rmSync, watch, writeFileSync } from 'node:fs'
import path from 'node:path'
import { replyText } from '../reply.ts'

/**
 * The program the embedded server runs: one request on standard input, one reply to the file named as argument, or to
 * standard output. Synchronous reads and writes: that is all it does.
 *
 * `--serve folder`: the same, resident, because starting Node.js costs ten times what compiling does. A request is a file
 * `*.request` that appears in the folder; the reply takes its name without that ending. The file `resident` says that we
 * are there, and who we are. Ends when standard input does.
 */
const [first, folder] = process.argv.slice(2)
if (first === '--serve' && folder !== undefined) serve(folder)
else answer(first)

function answer(file: string | undefined): void {
  const reply = `${replyText(readFileSync(0, 'utf8'))}\n`
  if (file === undefined) process.stdout.write(reply)
  else writeFileSync(file, reply, { mode: 0o600 })
}

function serve(folder: string): void {
  process.chdir(folder)
  const resident = path.resolve('resident')
  const end = () => {
    rmSync(resident, { force: true })
    process.exit(0)
  }
  process.stdin.on('end', end).on('error', end).resume()
  watch('.', () => {
    for (const name of readdirSync('.')) if (name.endsWith('.request')) take(name)
  }).on('error', end)
  writeFileSync(resident, `${process.pid}\n`, { mode: 0o600 })
}

/** Whoever renames a request has it: we, or the caller, who has waited long enough. */
function take(request: string): void {
  const name = request.slice(0, -'.request'.length)
  const taken = `${name}.taken`
  try {
    renameSync(request, taken)
  } catch {
    return
  }
  try {
    writeFileSync(`${name}.new`, `${replyText(readFileSync(taken, 'utf8'))}\n`, { mode: 0o600 })
    renameSync(`${name}.new`, name)
  } catch {
    // The caller gave up and tidied.
  }
  rmSync(taken, { force: true })
}
