import { existsSync, readdirSync, readFileSync, renameSync, rmSync, watch, writeFileSync } from 'node:fs'
import path from 'node:path'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { asText, replyText, replyTo, wantsMoreStack } from '../reply.ts'

/**
 * The program the embedded server runs: one request on standard input, one reply to the file named as argument, or to
 * standard output. Synchronous reads and writes: that is all it does, but for what needs more stack.
 *
 * `--serve folder`: the same, resident, because starting Node.js costs ten times what compiling does. A request is a file
 * `*.request` that appears in the folder, whole when it ends in a newline; the reply takes its name without that ending, and
 * `*.done` says that it was read. The file `resident` says that we are there, and who we are. Ends when standard input does.
 */
const STACK_MB = 256

const [first, folder] = process.argv.slice(2)
if (!isMainThread) parentPort?.postMessage(replyText(String(workerData)))
else if (first === '--serve' && folder !== undefined) serve(folder)
else answer(first)

function answer(file: string | undefined): void {
  replied(readFileSync(0, 'utf8'), (reply) => {
    if (file === undefined) process.stdout.write(`${reply}\n`)
    else writeFileSync(file, `${reply}\n`, { mode: 0o600 })
  })
}

/** What hardly ever nests deeper than the stack goes on in a thread that has a larger one: to start it takes 20 ms. */
function replied(request: string, write: (reply: string) => void): void {
  const first = replyTo(request)
  let last = asText(first)
  if (!wantsMoreStack(first)) {
    write(last)
    return
  }
  const [, program = ''] = process.argv
  new Worker(program, { workerData: request, resourceLimits: { stackSizeMb: STACK_MB } })
    .on('message', (reply: string) => {
      last = reply
    })
    // With what there is, then.
    .on('error', () => {})
    .on('exit', () => write(last))
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
    for (const name of readdirSync('.')) {
      if (name.endsWith('.done')) tidy(name)
      else if (name.endsWith('.request')) take(name)
    }
  }).on('error', end)
  writeFileSync(resident, `${process.pid}\n`, { mode: 0o600 })
  // What one before us had taken when it died: its callers see that we live, and wait.
  for (const name of readdirSync('.')) if (name.endsWith('.taken')) replyToTaken(name)
}

/** Whoever renames a request has it: we (`.taken`), or the caller, who has waited long enough (`.own`). */
function take(request: string): void {
  const taken = request.replace(/request$/, 'taken')
  try {
    if (!readFileSync(request, 'utf8').endsWith('\n')) return
    renameSync(request, taken)
  } catch {
    return
  }
  replyToTaken(taken)
}

function replyToTaken(taken: string): void {
  const name = taken.slice(0, -'.taken'.length)
  let text: string
  try {
    text = readFileSync(taken, 'utf8')
  } catch {
    return
  }
  replied(text, (reply) => {
    // Not when the caller gave up and tidied.
    if (!existsSync(taken)) return
    try {
      writeFileSync(`${name}.new`, `${reply}\n`, { mode: 0o600 })
      renameSync(`${name}.new`, name)
    } catch {
      // The caller waits in vain, and says so.
    }
    rmSync(taken, { force: true })
  })
}

function tidy(done: string): void {
  rmSync(done.slice(0, -'.done'.length), { force: true })
  rmSync(done, { force: true })
}
