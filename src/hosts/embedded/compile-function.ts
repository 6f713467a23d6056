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
 * `pgstream._compile` on a server that runs on our own machine. Where the program is resident (compile-host.ts) the request is
 * written to a file for it, and its reply read, without starting a process. When it does not begin soon, the request is taken
 * back; then, and where there is none, COPY … TO PROGRAM starts one of our own, which leaves the reply in such a
 * file. Files are named anew for each call, so calls never meet. The commands hold nothing but paths known at installation
 * and that name. CSV with delimiters that JSON cannot hold hands the request over as it is, with no escapes to undo.
 */
export function compileFunction({ node, bundle, folder }: CompileProgram): string {
  const file = `${quoteShell(folder)}/`
  const own = `${quoteShell(node)} ${quoteShell(bundle)}`
  const program = (script: string) => quoteLiteral(`exec /bin/sh -c ${quoteShell(script)} sh ${file}`)
  const body = `
DECLARE
  call_name CONSTANT text := pg_backend_pid() || '.' || gen_random_uuid();
  -- COPY asks for an absolute path.
  folder CONSTANT text := ${folder.startsWith('/') ? '' : `current_setting('data_directory') || '/' || `}${quoteLiteral(`${folder}/`)};
  copied CONSTANT text := format('(FORMAT csv, DELIMITER %L, QUOTE %L, ENCODING ''UTF8'')', chr(2), chr(1));
  clean CONSTANT text := format('COPY (SELECT WHERE false) TO PROGRAM %L', ${quoteLiteral(`cd ${file} && rm -f `)}
    || concat_ws(' ', call_name, call_name || '.request', call_name || '.taken', call_name || '.own', call_name || '.new'));
  is_resident boolean := (pg_stat_file(folder || 'resident', true)).size IS NOT NULL;
  is_answered boolean := false;
  pause double precision := 0.001;
  deadline timestamptz;
  answer text;
  failure text;
BEGIN
  BEGIN
    IF is_resident THEN
      EXECUTE format('COPY (SELECT %L) TO %L %s', request::text, folder || call_name || '.request', copied);
      deadline := clock_timestamp() + ${quoteLiteral(`${PATIENCE_MS} ms`)};
      LOOP
        PERFORM pg_sleep(pause);
        is_answered := (pg_stat_file(folder || call_name, true)).size IS NOT NULL;
        EXIT WHEN is_answered;
        CONTINUE WHEN clock_timestamp() < deadline;
        EXECUTE format('COPY (SELECT WHERE false) TO PROGRAM %L', ${program(takeBack(own))} || call_name);
        EXIT WHEN (pg_stat_file(folder || call_name, true)).size IS NOT NULL;
        pause := 0.01;
        deadline := clock_timestamp() + interval '1 second';
      END LOOP;
    ELSE
      EXECUTE format('COPY (SELECT %L) TO PROGRAM %L %s', request::text, ${program(`exec ${own} "$1"`)} || call_name, copied);
    END IF;
    answer := pg_read_file(folder || call_name);
    IF is_answered THEN
      -- It removes what is left, this file too.
      EXECUTE format('COPY (SELECT WHERE false) TO %L', folder || call_name || '.done');
    END IF;
  EXCEPTION WHEN OTHERS OR query_canceled THEN
    GET STACKED DIAGNOSTICS failure = MESSAGE_TEXT;
    EXECUTE clean;
    IF SQLSTATE = '57014' THEN RAISE; END IF;
    RAISE EXCEPTION 'the compiler of pg_stream could not be run'
      USING ERRCODE = 'XX000', DETAIL = failure, HINT = 'The log of the server says more.';
  END;
  IF NOT is_answered THEN
    EXECUTE clean;
  END IF;
  RETURN answer::jsonb;
END`
  return `CREATE OR REPLACE FUNCTION pgstream._compile(request jsonb) RETURNS jsonb
LANGUAGE plpgsql STRICT SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET exit_on_error = off
AS ${quoteLiteral(body)};
REVOKE ALL ON FUNCTION pgstream._compile(jsonb) FROM PUBLIC;
`
}

/** How long a request waits for the resident program. */
const PATIENCE_MS = 200

/**
 * A request that waits for the resident program is taken back and compiled by a program of our own; so is one that the
 * resident had taken when it died, unless there is another by now, which begins with those. While it is at one nothing is done:
 * what is large takes its time, and whoever waits here could not be canceled. Fails when nobody has it any more, and there is
 * no reply.
 */
function takeBack(own: string): string {
  return `
if mv "$1.request" "$1.own" 2>/dev/null || { ! kill -0 "$(cat "\${1%/*}/resident")" && mv "$1.taken" "$1.own"; } 2>/dev/null; then
  exec ${own} "$1" <"$1.own"
fi
[ -e "$1.taken" ] || [ -e "$1" ]`
}

/** A word for `sh`, whatever it holds. */
export function quoteShell(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`
}
