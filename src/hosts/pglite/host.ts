import type { Host } from '../host.ts'
import { DEVICE } from './compile-device.ts'

/** JSON holds none of the three control characters, so CSV hands the request over as it is, with no escapes to undo. */
export const pgliteHost: Host = {
  name: 'pglite',
  compileFunction: `CREATE OR REPLACE FUNCTION pgstream._compile(request jsonb) RETURNS jsonb
LANGUAGE plpgsql STRICT SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $compile$
BEGIN
  EXECUTE format(
    'COPY (SELECT %L) TO ''${DEVICE}'' (FORMAT csv, DELIMITER E''\\x02'', QUOTE E''\\x01'', ENCODING ''UTF8'')',
    request::text);
  RETURN pg_read_file('${DEVICE}')::jsonb;
END
$compile$;
REVOKE ALL ON FUNCTION pgstream._compile(jsonb) FROM PUBLIC;
`,
}
