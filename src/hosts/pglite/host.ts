import type { Host } from '../host.ts'
import { DEVICE } from './compile-device.ts'

/** JSON holds none of the three control characters, so CSV hands the request over as it is, with no escapes to undo. */
export const pgliteHost: Host = {
  name: 'pglite',
  compileFunction: `CREATE OR REPLACE FUNCTION pgstream._compile(request jsonb) RETURNS jsonb
LANGUAGE plpgsql STRICT SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $compile$
BEGIN
  -- Without the device this would be a file, and the request its own reply.
  IF (pg_stat_file('${DEVICE}', true)).size IS NULL THEN
    RAISE EXCEPTION 'nothing here can compile a stream table'
      USING ERRCODE = '55000', DETAIL = 'This database was opened without the extension pgStream.',
        HINT = 'Open it by PGlite.create({ dataDir, extensions: { pgStream } }).';
  END IF;
  EXECUTE format(
    'COPY (SELECT %L) TO ''${DEVICE}'' (FORMAT csv, DELIMITER E''\\x02'', QUOTE E''\\x01'', ENCODING ''UTF8'')',
    request::text);
  RETURN pg_read_file('${DEVICE}')::jsonb;
END
$compile$;
REVOKE ALL ON FUNCTION pgstream._compile(jsonb) FROM PUBLIC;
`,
}
