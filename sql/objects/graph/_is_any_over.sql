-- Has any transaction come to its end that was under way at a snapshot and had its number below another one? Numbers from the
-- snapshot's xmax on are in no list: xmax is the first number after the last that has ended, not the next to be given
-- (procarray.c, GetSnapshotData). A subtransaction's number may pass for one that is over.
CREATE OR REPLACE FUNCTION pgstream._is_any_over(doubt pg_snapshot, below bigint, now pg_snapshot) RETURNS boolean
LANGUAGE plpgsql STABLE
AS $$
DECLARE
  first CONSTANT bigint := pg_catalog.pg_snapshot_xmax(doubt)::text::bigint;
  next CONSTANT bigint := pg_catalog.pg_snapshot_xmax(now)::text::bigint;
  under_way bigint[];
BEGIN
  IF doubt IS NULL OR doubt::text OPERATOR(pg_catalog.=) now::text THEN
    RETURN false;
  END IF;
  under_way := ARRAY(SELECT x::text::bigint FROM pg_catalog.pg_snapshot_xip(now) AS x);
  RETURN EXISTS (
      SELECT FROM pg_catalog.pg_snapshot_xip(doubt) AS x
      WHERE x::text::bigint OPERATOR(pg_catalog.<) least(below, next) AND x::text::bigint OPERATOR(pg_catalog.<>) ALL (under_way))
    OR EXISTS (
      SELECT FROM pg_catalog.generate_series(first, least(below, next) OPERATOR(pg_catalog.-) 1) AS x
      WHERE x OPERATOR(pg_catalog.<>) ALL (under_way));
END
$$;
