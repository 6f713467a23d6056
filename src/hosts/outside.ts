import type { Host } from './host.ts'

/**
 * A server on which nothing can compile: clients compile, and a definition made there in plain SQL says what to do.
 */
export const outside: Host = {
  name: 'outside',
  compileFunction: `CREATE OR REPLACE FUNCTION pgstream._compile(request jsonb) RETURNS jsonb
LANGUAGE plpgsql STRICT SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RAISE EXCEPTION 'no compiler of pg_stream is installed in this database'
    USING ERRCODE = '55000', HINT = 'Define stream tables in a server that pg-stream up runs, or in PGlite.';
END
$$;
REVOKE ALL ON FUNCTION pgstream._compile(jsonb) FROM PUBLIC;
`,
}
