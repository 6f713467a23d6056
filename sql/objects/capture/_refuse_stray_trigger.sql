-- Refuses a trigger that would have the changes of one table noted as those of another: every write would have the readers of
-- that one computed anew.
CREATE OR REPLACE FUNCTION pgstream._refuse_stray_trigger(created oid) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  stray record;
BEGIN
  FOR stray IN SELECT * FROM pgstream._stray_triggers() AS s WHERE s.trigger = created LOOP
    RAISE EXCEPTION 'trigger "%" captures the changes of table %, not of %', stray.name,
      pgstream._qualified_name(stray.source), pgstream._qualified_name(stray.relation)
      USING ERRCODE = 'wrong_object_type', DETAIL = 'It came with a copy of that table, out of a dump for example.',
        HINT = 'Leave it out: the table is complete without it, and gets triggers of its own when a stream table reads it.';
  END LOOP;
END
$$;
