/**
 * `_compile` answered by this process instead of a new one per definition (120 ms): a random case defines up to three
 * stream tables and should not take longer for it than for all the rest. Two FIFOs carry request and reply.
 */
import { execFileSync } from 'node:child_process'
import { chmodSync, closeSync, constants, mkdtempSync, openSync, rmSync, writeFile } from 'node:fs'
import { Socket } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { quoteLiteral } from '../../src/compiler/catalog/quote.ts'
import { replyText } from '../../src/hosts/reply.ts'

export interface ResidentCompiler {
  /** Changes what is answered from now on. */
  rewrite: (reply: string) => string
  /** DDL of `pgstream._compile`. */
  readonly compileFunction: string
  close(): void
}

/** One database may use it, one session at a time. */
export function residentCompiler(): ResidentCompiler {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'pg_stream-compiler-'))
  chmodSync(folder, 0o777)
  const [requests, replies, reply] = ['requests', 'replies', 'reply'].map((name) => path.join(folder, name))
  if (!requests || !replies || !reply) throw new Error('no paths')
  for (const fifo of [requests, replies]) {
    execFileSync('mkfifo', [fifo])
    chmodSync(fifo, 0o666)
  }
  // Open for both: a FIFO ends when its last writer closes it.
  const socket = new Socket({
    fd: openSync(requests, constants.O_RDWR | constants.O_NONBLOCK),
    readable: true,
    writable: false,
  })
  let pending = ''
  socket.setEncoding('utf8').on('data', (text: string) => {
    pending += text
    for (let end = pending.indexOf('\n'); end >= 0; end = pending.indexOf('\n')) {
      const request = pending.slice(0, end)
      pending = pending.slice(end + 1)
      writeFile(replies, compiler.rewrite(replyText(request)), () => {})
    }
  })
  const program = `cat > '${requests}'; cat '${replies}' > '${reply}'`
  const compiler: ResidentCompiler = {
    rewrite: (reply) => reply,
    compileFunction: `CREATE OR REPLACE FUNCTION pgstream._compile(request jsonb) RETURNS jsonb
LANGUAGE plpgsql STRICT SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $compile$
BEGIN
  EXECUTE format(
    'COPY (SELECT %L) TO PROGRAM %L (FORMAT csv, DELIMITER E''\\x02'', QUOTE E''\\x01'', ENCODING ''UTF8'')',
    request::text, ${quoteLiteral(program)});
  RETURN pg_read_file(${quoteLiteral(reply)})::jsonb;
END
$compile$;
`,
    close() {
      // Wakes a read that is under way: the FIFO then has no reader left.
      const fd = openSync(requests, constants.O_RDWR | constants.O_NONBLOCK)
      socket.destroy()
      closeSync(fd)
      rmSync(folder, { recursive: true, force: true })
    },
  }
  return compiler
}
