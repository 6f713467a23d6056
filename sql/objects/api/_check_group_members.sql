-- Who declares a consistency group has all that it consists of refreshed together: also the stream tables that its members read
-- tables through, as often as the group and held up with it. Those must be of roles that the declaring one's owner has the rights
-- of. Asked once the definition is there; `id`: the stream table that joins, or has another query.
CREATE OR REPLACE FUNCTION pgstream._check_group_members(id bigint) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  target record;
  stranger record;
  strangers bigint[];
BEGIN
  SELECT s.consistency_group, c.relowner AS owner INTO target
  FROM pgstream.pgs_stream_tables s JOIN pg_class c ON c.oid = s.pgs_relid
  WHERE s.pgs_id = id AND s.consistency_group IS NOT NULL;
  IF NOT FOUND THEN
    RETURN;
  END IF;
  -- Nearly always there are none, and the graph need not be computed for that.
  strangers := ARRAY(
    SELECT s.pgs_id FROM pgstream.pgs_stream_tables s JOIN pg_class c ON c.oid = s.pgs_relid
    WHERE NOT pg_has_role(target.owner, c.relowner, 'USAGE'));
  IF strangers = '{}' THEN
    RETURN;
  END IF;
  SELECT format('%I.%I', s.pgs_schema, s.pgs_name) AS label, pg_get_userbyid(c.relowner) AS owner INTO stranger
  FROM unnest(pgstream._group_of(id, pgstream._news_of_graph())) AS m(pgs_id)
  JOIN pgstream.pgs_stream_tables s USING (pgs_id) JOIN pg_class c ON c.oid = s.pgs_relid
  WHERE m.pgs_id = ANY (strangers) ORDER BY m.pgs_id LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'permission denied for stream table %', stranger.label
      USING ERRCODE = 'insufficient_privilege',
        DETAIL = format('Consistency group "%s" reads tables through it, and would have it refreshed with its own: as often, and held up with them.', target.consistency_group),
        HINT = format('Read the tables themselves, leave the group out, or GRANT %I TO %I.', stranger.owner, pg_get_userbyid(target.owner));
  END IF;
END
$$;
