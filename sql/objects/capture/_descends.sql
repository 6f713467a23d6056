-- Is `relation` a partition or an inheritance child of `ancestor`, at whatever depth? Asked by capture functions for statements
-- that name a partition or child itself.
CREATE OR REPLACE FUNCTION pgstream._descends(relation oid, ancestor oid) RETURNS boolean
LANGUAGE plpgsql STABLE
AS $$
BEGIN
  RETURN EXISTS (SELECT FROM pg_catalog.pg_inherits i
      WHERE i.inhrelid OPERATOR(pg_catalog.=) relation AND i.inhparent OPERATOR(pg_catalog.=) ancestor AND NOT i.inhdetachpending)
    OR EXISTS (SELECT FROM pg_catalog.pg_inherits i
      WHERE i.inhrelid OPERATOR(pg_catalog.=) relation AND NOT i.inhdetachpending AND pgstream._descends(i.inhparent, ancestor));
END
$$;
