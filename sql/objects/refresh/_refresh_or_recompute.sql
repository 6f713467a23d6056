-- A refresh that survives rows which cannot be computed and are gone again: the delta has to evaluate every version of a
-- row that was committed since, the query only what is there now. So when computing the delta fails for the data, the
-- content is computed anew, and history says why; when that fails too, the query itself does.
--
-- `alone`: it reads no other stream table and is in no group. Who had to wait may have waited for a definition that has put it
-- into one: then it is done again, together with the others. What was done is let go of in the very subtransaction that did it:
-- who waits for a row of one that has ended within another which is rolled back waits for the whole transaction, and holds
-- the place in the queue for the row meanwhile (lmgr.c, XactLockTableWait).
CREATE OR REPLACE FUNCTION pgstream._refresh_or_recompute(
  id bigint, initiated_by text DEFAULT 'MANUAL', is_checked boolean DEFAULT false, alone boolean DEFAULT false
) RETURNS text
LANGUAGE plpgsql
SET exit_on_error = off
AS $$
DECLARE
  way text;
  action text;
  caught pgstream.caught_error;
BEGIN
  LOOP
    BEGIN
      IF way IS NULL OR way = 'long values' THEN
        action := pgstream._refresh(id, initiated_by, is_checked);
      ELSIF way = 'names' THEN
        action := pgstream._refresh_renamed(id, initiated_by);
      ELSE
        action := pgstream._recompute(id, initiated_by, is_checked, caught.state, caught.message);
      END IF;
      -- Asked with its frontier in our hands: who brings it into a group takes that first.
      IF alone AND action <> 'NO_DATA' AND (EXISTS (SELECT FROM pgstream.graph_changes)
        OR (SELECT g.is_alone FROM pgstream.graph g WHERE g.pgs_id = id) IS NOT TRUE) THEN
        RAISE EXCEPTION USING ERRCODE = 'PGS02', MESSAGE = 'other stream tables are refreshed together by now';
      END IF;
      RETURN action;
    EXCEPTION WHEN query_canceled OR assert_failure OR OTHERS THEN
      IF alone AND SQLSTATE = 'PGS02' THEN
        RETURN pgstream._refresh_with_sources(id);
      END IF;
      way := CASE WHEN way IS NULL THEN pgstream._other_way(id, SQLSTATE) END;
      IF way IS NULL AND initiated_by = 'SCHEDULER' THEN
        -- Nobody sees it, and its context tells who raised it (pgstream._is_raised).
        RAISE;
      END IF;
      GET STACKED DIAGNOSTICS caught.state = RETURNED_SQLSTATE, caught.message = MESSAGE_TEXT, caught.detail = PG_EXCEPTION_DETAIL,
        caught.hint = PG_EXCEPTION_HINT, caught.schema_name = SCHEMA_NAME, caught.table_name = TABLE_NAME, caught.column_name = COLUMN_NAME,
        caught.constraint_name = CONSTRAINT_NAME, caught.type_name = PG_DATATYPE_NAME, caught.context = PG_EXCEPTION_CONTEXT;
      IF way IS NULL THEN
        -- What is not found then says nothing to anybody.
        IF caught.state NOT LIKE '57%' AND NOT EXISTS (SELECT FROM pgstream.pgs_stream_tables s WHERE s.pgs_id = id) THEN
          PERFORM pgstream._refuse_gone(id);
        END IF;
        PERFORM pgstream._raise_again(caught);
      END IF;
    END;
  END LOOP;
END
$$;
