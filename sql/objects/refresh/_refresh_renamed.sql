-- After a refresh that found a name missing because DDL had overtaken it: once more, with the names of now; and again when more
-- DDL came meanwhile. Raises when it was not that, and when it never ends, which is no failure.
CREATE OR REPLACE FUNCTION pgstream._refresh_renamed(id bigint, initiated_by text) RETURNS text
LANGUAGE plpgsql
SET exit_on_error = off
AS $$
DECLARE
  version xid;
BEGIN
  FOR tries IN 1..5 LOOP
    version := (SELECT s.xmin FROM pgstream.pgs_stream_tables s WHERE s.pgs_id = id);
    BEGIN
      RETURN pgstream._refresh(id, initiated_by);
    EXCEPTION WHEN undefined_table OR undefined_column OR undefined_function OR invalid_schema_name OR undefined_object OR SQLSTATE 'PGS03' THEN
      IF NOT pgstream._was_renamed(id)
        OR version = (SELECT s.xmin FROM pgstream.pgs_stream_tables s WHERE s.pgs_id = id) THEN
        RAISE;
      END IF;
      -- A migration has more statements than we have patience: that is a race that was lost.
      IF tries = 5 THEN
        RAISE EXCEPTION 'could not serialize access: %', SQLERRM
          USING ERRCODE = 'serialization_failure', DETAIL = 'What the stream table reads is altered again and again.', HINT = 'Retry the transaction.';
      END IF;
    END;
  END LOOP;
END
$$;
