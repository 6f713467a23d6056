-- Gives everything generated for a stream table to the owner of the stream table, out of everybody else's reach, and
-- lets the owner read the change buffers. Idempotent: run after each installation and after ALTER TABLE … OWNER TO.
CREATE OR REPLACE FUNCTION pgstream._own_generated_objects(id bigint) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET pg_stream.internal = 'on'
AS $$
DECLARE
  owner oid := (SELECT c.relowner FROM pgstream.pgs_stream_tables s JOIN pg_class c ON c.oid = s.pgs_relid WHERE s.pgs_id = id);
  generated record;
BEGIN
  PERFORM pgstream._install_gate(id, owner);
  FOR generated IN
    SELECT 'FUNCTION ' || p.oid::regprocedure AS name, p.proowner AS owner FROM pg_proc p
    WHERE p.pronamespace = 'pgstream_state'::regnamespace AND p.proname ~ format('^refresh_%s_', id)
    UNION ALL
    SELECT format('TABLE pgstream_state.%I', c.relname), c.relowner FROM pg_class c
    WHERE c.relnamespace = 'pgstream_state'::regnamespace AND c.relkind = 'r' AND c.relname ~ format('^state_%s_', id)
  LOOP
    IF generated.owner <> owner THEN
      EXECUTE format('ALTER %s OWNER TO %I', generated.name, pg_get_userbyid(owner));
    END IF;
    EXECUTE format('REVOKE ALL ON %s FROM PUBLIC', generated.name);
  END LOOP;
  PERFORM pgstream._grant_buffer(d.source_relid) FROM pgstream.pgs_dependencies d WHERE d.pgs_id = id;
END
$$;
