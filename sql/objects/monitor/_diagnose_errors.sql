-- See pgstream.diagnose_errors. A refresh that failed or was skipped has its SQLSTATE as reason (pgstream._record_failure).
CREATE OR REPLACE FUNCTION pgstream._diagnose_errors(id bigint)
RETURNS TABLE (event_time timestamptz, error_type text, error_message text, remediation text, sqlstate text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT NULL::timestamptz, 'definition', s.broken_reason,
    CASE WHEN s.is_obstructed THEN 'It goes on by itself when that has passed; in mode AUTO it is recomputed meanwhile.'
      WHEN s.needs_redefine THEN 'Drop the view that is named, or put the column''s type back, and call resume_stream_table; or give it another query by alter_stream_table(name, query => …), or drop it.'
      ELSE 'Put back what is missing and call resume_stream_table, give it another query by alter_stream_table(name, query => …), or drop it.' END,
    NULL
  FROM pgstream.pgs_stream_tables s WHERE s.pgs_id = id AND s.broken_reason IS NOT NULL
  UNION ALL
  SELECT NULL, 'group', held,
    'It is refreshed together with the one that is named, or not at all: see diagnose_errors of that one. After pg_stream.max_consecutive_errors failures that one is suspended, and this one goes on without it; its owner may suspend it sooner.',
    NULL
  FROM pgstream._held_by(id) AS held WHERE held IS NOT NULL
  UNION ALL
  (SELECT h.start_time, a.error_type, coalesce(e.message, h.error_message), a.remediation, h.reason
   FROM (SELECT r.* FROM pgstream.pgs_refresh_history r
     WHERE r.pgs_id = id AND r.status IN ('FAILED', 'SKIPPED')
       -- What came before a refresh that was successful is over, and what was waited for.
       AND r.refresh_id > coalesce((SELECT max(c.refresh_id) FROM pgstream.pgs_refresh_history c WHERE c.pgs_id = id AND c.status = 'COMPLETED'), 0)
       AND (EXISTS (SELECT FROM pgstream.pgs_stream_tables s WHERE s.pgs_id = id AND s.last_error IS NOT NULL)
         OR EXISTS (SELECT FROM pgstream.frontiers f WHERE f.pgs_id = id AND f.skips > 0)
         OR EXISTS (SELECT FROM pgstream._kept_by_prepared() k WHERE k.pgs_id = id))
     ORDER BY r.refresh_id DESC LIMIT 10) AS h
   CROSS JOIN LATERAL pgstream._error_advice(coalesce(h.reason, '')) AS a
   LEFT JOIN pgstream._visible_errors e ON e.refresh_id = h.refresh_id
   ORDER BY h.refresh_id DESC)
$$;
