-- Gives everything generated for a stream table to the owner of the stream table, out of everybody else's reach, and
-- lets the owner read the change buffers. Idempotent: run after each installation and after ALTER TABLE … OWNER TO.
CREATE OR REPLACE FUNCTION pgstream._own_generated_objects(id bigint) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET pg_stream.internal = 'on'
AS $$
DECLARE
  owner oid := (SELECT c.relowner FROM pgstream.pgs_stream_tables s JOIN pg_class c ON c.oid = s.pgs_relid WHERE s.pgs_id = id);
  functions CONSTANT name := 'refresh_' || id || '_';
  tables CONSTANT name := 'state_' || id || '_';
  generated record;
  source oid;
BEGIN
  PERFORM pgstream._install_gate(id, owner);
  -- Only what differs is written: two who write the same catalog row meet in "tuple concurrently updated".
  FOR generated IN
    SELECT 'FUNCTION ' || p.oid::regprocedure AS name, p.proowner AS owner
    FROM pg_proc p
    WHERE p.pronamespace = 'pgstream_state'::regnamespace AND p.proname >= functions AND p.proname < pgstream._name_after(functions)
    UNION ALL
    SELECT format('TABLE pgstream_state.%I', c.relname), c.relowner
    FROM pg_class c
    WHERE c.relnamespace = 'pgstream_state'::regnamespace AND c.relkind = 'r' AND c.relname >= tables AND c.relname < pgstream._name_after(tables)
  LOOP
    IF generated.owner <> owner THEN
      EXECUTE format('ALTER %s OWNER TO %I', generated.name, pg_get_userbyid(owner));
    END IF;
  END LOOP;
  PERFORM pgstream._set_rights('pgstream_state', format('^(refresh_%1$s_|state_%1$s_|gate_%1$s$)', id),
    ARRAY['refresh_' || id || '_', 'state_' || id || '_', 'gate_' || id]::name[]);
  -- In the order of their oids, like everybody else.
  FOR source IN SELECT d.source_relid FROM pgstream.pgs_dependencies d WHERE d.pgs_id = id ORDER BY 1 LOOP
    PERFORM pgstream._grant_buffer(source);
  END LOOP;
END
$$;
