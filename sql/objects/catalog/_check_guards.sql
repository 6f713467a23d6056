-- Refuses DDL that would open a way to write a stream table past its guard: the trigger taken away or switched off, or a
-- parent or child through which rows come and go.
CREATE OR REPLACE FUNCTION pgstream._check_guards() RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  open_table name;
BEGIN
  SELECT s.pgs_name INTO open_table FROM pgstream.pgs_stream_tables s JOIN pg_class c ON c.oid = s.pgs_relid
  WHERE NOT EXISTS (SELECT FROM pg_trigger t
      WHERE t.tgrelid = s.pgs_relid AND t.tgfoid = 'pgstream._refuse_write'::regproc AND t.tgenabled = 'A')
    OR EXISTS (SELECT FROM pg_inherits i WHERE i.inhparent = s.pgs_relid)
    OR EXISTS (SELECT FROM pg_inherits i WHERE i.inhrelid = s.pgs_relid)
  LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'stream table "%" would become writable', open_table
      USING ERRCODE = 'wrong_object_type', DETAIL = 'Its rows follow from its query; a trigger guards them.',
        HINT = 'Leave that trigger in place, and the stream table without parents and children; read it through a view.';
  END IF;
END
$$;
