import { readFileSync, writeFileSync } from 'node:fs'
import { replyText } from '../reply.ts'

/**
 * The program the embedded server runs: one request on standard input, one reply to the file named as argument, or to
 * standard output. Synchronous reads and writes: that is all it does.
 */
const answer = `${replyText(readFileSync(0, 'utf8'))}\n`
const file = process.argv[2]
if (file === undefined) process.stdout.write(answer)
else writeFileSync(file, answer, { mode: 0o600 })
