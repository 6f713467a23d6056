import { quoteLiteral } from '../../compiler/catalog/quote.ts'

export interface CompileProgram {
  /** The Node.js binary, or what stands for it, as the server's user may run it; like the others absolute, or relative to the data folder. */
  readonly node: string
  /** The bundle `compile-host`. */
  readonly bundle: string
  /** A folder that belongs to the server's user and to nobody else. */
  readonly folder: string
}

/**
 * `pgstream._compile` on a server that runs on our own machine: COPY … TO PROGRAM starts Node, which leaves the reply
 * in a file named after the backend, so calls never meet. The commands hold nothing but paths known at installation
 * and the backend's process number. CSV with delimiters that JSON cannot hold hands the request over as it is, with
 * no escapes to undo.
 *
 * Where the program is resident (compile-host.ts) the request is left for it; when it does not answer soon, the request is
 * taken back, if it can be, and a program of our own started.
 */
export function compileFunction({ node, bundle, folder }: CompileProgram): string {
  const file = `${quoteShell(folder)}/`
  const own = `${quoteShell(node)} ${quoteShell(bundle)}`
  const program = `exec /bin/sh -c ${quoteShell(ask(own))} sh ${file}`
  const body = `
DECLARE
  reply_name text := pg_backend_pid() || '.reply';
  clean text := format('COPY (SELECT WHERE false) TO PROGRAM %L', ${quoteLiteral(`cd ${file} && rm -f `)} || concat_ws(' ', reply_name, reply_name || '.request', reply_name || '.taken', reply_name || '.new'));
  answer text;
  failure text;
BEGIN
  BEGIN
    EXECUTE format(
      'COPY (SELECT %L) TO PROGRAM %L (FORMAT csv, DELIMITER E''\\x02'', QUOTE E''\\x01'', ENCODING ''UTF8'')',
      request::text, ${quoteLiteral(program)} || reply_name);
    answer := pg_read_file(${quoteLiteral(`${folder}/`)} || reply_name);
  EXCEPTION WHEN OTHERS OR query_canceled THEN
    GET STACKED DIAGNOSTICS failure = MESSAGE_TEXT;
    EXECUTE clean;
    IF SQLSTATE = '57014' THEN RAISE; END IF;
    RAISE EXCEPTION 'the compiler of pg_stream could not be run'
      USING ERRCODE = 'XX000', DETAIL = failure, HINT = 'The log of the server says more.';
  END;
  EXECUTE clean;
  RETURN answer::jsonb;
END`
  return `CREATE OR REPLACE FUNCTION pgstream._compile(request jsonb) RETURNS jsonb
LANGUAGE plpgsql STRICT SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS ${quoteLiteral(body)};
REVOKE ALL ON FUNCTION pgstream._compile(jsonb) FROM PUBLIC;
`
}

/** Standard input to the resident program or to one of our own; the reply to the file $1. */
function ask(own: string): string {
  return `
if [ -e "\${1%/*}/resident" ]; then
  cat >"$1.new" && mv "$1.new" "$1.request" || exit
  n=0
  while [ "$n" -lt 200 ] && [ ! -e "$1" ]; do sleep 0.001; n=$((n + 1)); done
  [ -e "$1" ] && exit 0
  if mv "$1.request" "$1.taken" 2>/dev/null; then exec ${own} "$1" <"$1.taken"; fi
  while [ "$n" -lt 1200 ] && [ ! -e "$1" ]; do sleep 0.01; n=$((n + 1)); done
  [ -e "$1" ]
else
  exec ${own} "$1"
fi`
}

/** A word for `sh`, whatever it holds. */
export function quoteShell(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`
}
