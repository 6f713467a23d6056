-- A relation, its partitions and its inheritance children, at every depth.
CREATE OR REPLACE FUNCTION pgstream._descendants(relation oid) RETURNS oid[]
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RETURN (
    WITH RECURSIVE member(oid) AS (
      SELECT relation
      UNION
      SELECT i.inhrelid FROM member JOIN pg_inherits i ON i.inhparent = member.oid WHERE NOT i.inhdetachpending
    )
    SELECT array_agg(oid ORDER BY oid) FROM member);
END
$$;
