-- Lets the other callers of the scheduler know that nothing is due of what had been counted by `seq`, and that for so many
-- seconds the clock alone makes nothing due (pgstream._await).
CREATE OR REPLACE FUNCTION pgstream._note_quiet(seq bigint, quiet_for double precision) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  PERFORM setval('pgstream._quiet_until', ((extract(epoch FROM clock_timestamp()) + quiet_for) * 1000000)::bigint);
  PERFORM setval('pgstream._quiet_seq', seq);
END
$$;
