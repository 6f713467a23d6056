-- Removes what a restored database has of the one it comes from: whatever bears its oids in names and bodies. (What names
-- the owners stays until pgstream._restore_definition.) False when there is more, for another transaction.
CREATE OR REPLACE FUNCTION pgstream._remove_remains() RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET pg_stream.internal = 'on'
SET client_min_messages = warning
AS $$
DECLARE
  remains record;
  removed integer := 0;
BEGIN
  FOR remains IN
    SELECT 1 AS step, format('DROP TRIGGER %I ON %s', t.tgname, pgstream._qualified_name(t.tgrelid)) AS ddl
    FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid
    WHERE p.pronamespace = 'pgstream_changes'::regnamespace AND t.tgparentid = 0 AND NOT t.tgisinternal
    UNION ALL
    SELECT 2, format('DROP FUNCTION %s', p.oid::regprocedure) FROM pg_proc p
    WHERE p.pronamespace IN ('pgstream_changes'::regnamespace, 'pgstream_state'::regnamespace)
      AND p.proname !~ '^refresh_[0-9]+_as_owner$'
    UNION ALL
    -- Partitions go with their table.
    SELECT 2, format('DROP TABLE %s', pgstream._qualified_name(c.oid)) FROM pg_class c
    WHERE c.relnamespace IN ('pgstream_changes'::regnamespace, 'pgstream_state'::regnamespace) AND c.relkind IN ('r', 'p')
      AND NOT c.relispartition
    ORDER BY 1, 2
  LOOP
    IF removed % 50 = 49 AND NOT pgstream._locks_are_left() THEN
      RETURN false;
    END IF;
    EXECUTE remains.ddl;
    removed := removed + 1;
  END LOOP;
  RETURN true;
END
$$;
