-- Puts a new plan, which the catalog row holds already, in the place of the one that `old`, the row as it was, describes; and
-- brings the content to it. Readers see the old content until that is committed, and are not held up while the new one is
-- computed: with the same columns and key the difference is applied; otherwise it is computed beside the stream table,
-- and only then are columns and rows exchanged, for which readers wait. So it is, too, when a composite type has other
-- attributes than the stored rows were indexed by, or a value is too long for the indexes that there are.
CREATE OR REPLACE FUNCTION pgstream._exchange_plan(
  id bigint, request jsonb, old pgstream.pgs_stream_tables, initiated_by text, why text
) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET exit_on_error = off
SET pg_stream.internal = 'on'
SET client_min_messages = warning
AS $$
DECLARE
  owner name := (SELECT pg_get_userbyid(c.relowner) FROM pg_class c WHERE c.oid = old.pgs_relid);
  plan jsonb;
  version xid;
  changes record;
  old_indexes oid[];
  old_sources oid[] := ARRAY(SELECT source_relid FROM pgstream.pgs_dependencies WHERE pgs_id = id ORDER BY 1);
  in_place boolean;
  reshaped boolean;
  result pgstream.refresh_result;
  as_of timestamptz;
  below timestamptz;
  captured bigint;
BEGIN
  SELECT s.plan, s.xmin INTO plan, version FROM pgstream.pgs_stream_tables s WHERE s.pgs_id = id;
  changes := pgstream._column_changes(old.pgs_relid, request -> 'columns', plan);
  IF NOT changes.keeps AND EXISTS (SELECT FROM pgstream.pgs_dependencies d WHERE d.source_relid = old.pgs_relid) THEN
    RAISE EXCEPTION 'cannot change the columns of stream table "%"', old.pgs_name
      USING ERRCODE = 'dependent_objects_still_exist',
        DETAIL = format('Stream table %s reads it, and columns can only be added behind the others, dropped, or get another type.', (
          SELECT string_agg(format('%I.%I', s.pgs_schema, s.pgs_name), ', ' ORDER BY s.pgs_id)
          FROM pgstream.pgs_dependencies d JOIN pgstream.pgs_stream_tables s USING (pgs_id) WHERE d.source_relid = old.pgs_relid)),
        HINT = 'Keep the order of its columns, or drop the stream tables that read it.';
  END IF;
  old_indexes := pgstream._plan_indexes(old.pgs_relid, old.plan);
  -- The index stays when the new plan wants the same.
  reshaped := pgstream._shapes_differ(old.plan, plan) OR plan ? 'hasLongValues' <> old.plan ? 'hasLongValues';
  IF NOT reshaped AND old.key IS NOT DISTINCT FROM plan -> 'key' AND (pgstream._null_keys(old.plan))[1] IS NOT DISTINCT FROM (pgstream._null_keys(plan))[1] THEN
    in_place := changes.ddl IS NULL AND old_indexes <> '{}';
    old_indexes := '{}';
  ELSE
    in_place := false;
  END IF;
  PERFORM pgstream._uninstall_plan(id);
  PERFORM pgstream._install_plan(id, owner);
  PERFORM pgstream._release_sources(ARRAY(
    SELECT s FROM unnest(old_sources) AS s WHERE NOT EXISTS (
      SELECT FROM pgstream.pgs_dependencies d WHERE d.pgs_id = id AND d.source_relid = s AND d.is_captured)));
  IF NOT old.is_populated OR current_setting('transaction_isolation') IN ('repeatable read', 'serializable') THEN
    -- A snapshot older than capture tells nothing: a later refresh fills.
    IF changes.ddl IS NOT NULL THEN
      PERFORM pgstream._ensure_own_identities(id);
      PERFORM pgstream._call_as_owner(id, 'empty');
    END IF;
    IF NOT in_place THEN
      PERFORM pgstream._change_columns(id, old_indexes);
    END IF;
    UPDATE pgstream.pgs_stream_tables s SET is_populated = false,
      status = CASE WHEN s.status = 'SUSPENDED' THEN s.status ELSE 'INITIALIZING' END
    WHERE s.pgs_id = id;
    RETURN;
  END IF;
  IF NOT in_place AND NOT reshaped AND changes.ddl IS NULL AND coalesce(old.key, 'null') = 'null' THEN
    -- From rows without a key to rows with one, which may hold for those that are there.
    BEGIN
      PERFORM pgstream._install_indexes(id, 'target');
      in_place := true;
    EXCEPTION WHEN unique_violation THEN
      NULL;
    END;
  END IF;

  below := pgstream._time_below(ARRAY[id]);
  as_of := clock_timestamp();
  captured := pg_sequence_last_value('pgstream.change_seq');
  IF in_place THEN
    PERFORM pgstream._install_indexes(id, 'state');
    result := pgstream._call_fill(id, 'full');
    IF initiated_by = 'INITIAL' AND (old_indexes <> '{}' OR changes.ddl IS NOT NULL) THEN
      PERFORM pgstream._hold_off_readers(old.pgs_relid);
    END IF;
    PERFORM pgstream._change_columns(id, old_indexes);
  ELSE
    result := pgstream._fill_beside(id, request, owner);
    IF initiated_by = 'INITIAL' THEN
      PERFORM pgstream._hold_off_readers(old.pgs_relid);
    END IF;
    PERFORM pgstream._ensure_own_identities(id);
    PERFORM pgstream._call_as_owner(id, 'empty');
    PERFORM pgstream._change_columns(id, old_indexes);
    PERFORM pgstream._call_as_owner(id, 'adopt');
    EXECUTE format('DROP TABLE pgstream_state.state_%s_next', id);
  END IF;
  PERFORM pgstream._settle(id, result, captured, as_of, below, initiated_by, why, version);
END
$$;
