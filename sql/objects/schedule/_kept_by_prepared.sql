-- Which stream tables a prepared transaction has refreshed, and what to say of it: until it is committed or rolled back nobody
-- else can refresh these, nor the others of their groups. It has no process, so that all there is to see are its locks: who
-- refreshes a stream table writes it, as nobody else does.
CREATE OR REPLACE FUNCTION pgstream._kept_by_prepared() RETURNS TABLE (pgs_id bigint, words text)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  -- Nearly always there is none.
  IF NOT EXISTS (SELECT FROM pg_prepared_xact()) THEN
    RETURN;
  END IF;
  RETURN QUERY
    WITH held AS MATERIALIZED (
      SELECT s.pgs_id, format('%I.%I', s.pgs_schema, s.pgs_name) AS label, min(p.gid) AS gid
      FROM pg_locks l
      JOIN pg_locks x ON x.pid IS NULL AND x.virtualtransaction = l.virtualtransaction AND x.locktype = 'transactionid' AND x.mode = 'ExclusiveLock'
      JOIN pg_prepared_xacts p ON p.transaction = x.transactionid
      JOIN pgstream.pgs_stream_tables s ON s.pgs_relid = l.relation
      WHERE l.locktype = 'relation' AND l.granted AND l.pid IS NULL AND l.mode = 'RowExclusiveLock'
        AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
      GROUP BY s.pgs_id
    )
    SELECT o.pgs_id, format('waiting for prepared transaction %L, which has refreshed %s', h.gid, h.label)
    FROM (
      SELECT DISTINCT ON (m.pgs_id) m.pgs_id, w.pgs_id AS held
      FROM held w LEFT JOIN pgstream.graph g ON g.pgs_id = w.pgs_id
      CROSS JOIN LATERAL (SELECT w.pgs_id UNION SELECT a.pgs_id FROM pgstream.graph a WHERE a.group_id = g.group_id) AS m
      ORDER BY m.pgs_id, w.pgs_id <> m.pgs_id, w.pgs_id) AS o
    JOIN held h ON h.pgs_id = o.held;
END
$$;
