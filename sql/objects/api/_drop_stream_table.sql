-- Behind the gate: drop_stream_table.
CREATE OR REPLACE FUNCTION pgstream._drop_stream_table(id bigint, cascade boolean) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET pg_stream.internal = 'on'
SET client_min_messages = warning
AS $$
DECLARE
  target pgstream.pgs_stream_tables;
  dependent record;
  is_locked boolean := false;
BEGIN
  -- First what a refresh locks first: it then either is done or has not begun, and holds no table that we want.
  PERFORM FROM pgstream.frontiers WHERE pgs_id = id FOR UPDATE;
  SELECT * INTO target FROM pgstream.pgs_stream_tables WHERE pgs_id = id;
  -- With another that it read too.
  IF NOT FOUND THEN
    RETURN;
  END IF;
  LOOP
    FOR dependent IN
      SELECT s.pgs_id, format('%I.%I', s.pgs_schema, s.pgs_name) AS label
      FROM pgstream.pgs_dependencies d JOIN pgstream.pgs_stream_tables s USING (pgs_id) WHERE d.source_relid = target.pgs_relid
    LOOP
      CONTINUE WHEN pgstream._forget_gone(dependent.pgs_id);
      IF cascade IS NOT TRUE THEN
        RAISE EXCEPTION 'cannot drop stream table "%" because stream table % reads it', target.pgs_name, dependent.label
          USING ERRCODE = 'dependent_objects_still_exist', HINT = 'Drop that one first, or use cascade => true.';
      END IF;
      PERFORM pgstream._drop_stream_table(dependent.pgs_id, true);
    END LOOP;
    EXIT WHEN is_locked;
    -- Whoever has defined a reader of it holds its lock until that can be seen.
    EXECUTE format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE', pgstream._qualified_name(target.pgs_relid));
    is_locked := true;
  END LOOP;
  EXECUTE format('DROP TABLE %s %s', pgstream._qualified_name(target.pgs_relid), CASE WHEN cascade THEN 'CASCADE' ELSE '' END);
  PERFORM pgstream._forget_stream_table(id);
END
$$;
