-- requires: catalog/_is_seen_otherwise
-- A compile request in which every relation that is compared names its copy: the copy's facts, and for each column the number
-- that it has there, as long as the types are the same.
CREATE OR REPLACE FUNCTION pgstream._with_copies(request jsonb, owner name) RETURNS jsonb
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  copy record;
BEGIN
  FOR copy IN
    SELECT r.oid AS source, s.pgs_relid AS relid, s.plan -> 'lineage' AS lineage
    FROM jsonb_object_keys(request -> 'relations') AS k
    CROSS JOIN LATERAL (SELECT k::oid) AS r(oid)
    JOIN pgstream.pgs_stream_tables s ON s.pgs_id = pgstream._copy_of(r.oid, owner)
    WHERE s.broken_reason IS NULL AND s.pgs_id <> (request #>> '{target,id}')::bigint
      AND NOT pgstream._is_seen_otherwise(r.oid, owner, request)
  LOOP
    request := jsonb_set(request, '{relations}', (request -> 'relations') || pgstream._relation_facts(ARRAY[copy.relid]));
    request := jsonb_set(request, ARRAY['relations', copy.source::text, 'copy'], jsonb_build_object(
      'relation', copy.relid::bigint,
      'columns', (
        SELECT coalesce(jsonb_object_agg(a.attnum, b.attnum), '{}')
        FROM jsonb_array_elements(copy.lineage) AS l
        JOIN pg_attribute a ON a.attrelid = copy.source AND a.attnum = (l ->> 'attnum')::smallint AND NOT a.attisdropped
        JOIN LATERAL (
          -- Dropped columns keep their numbers.
          SELECT c.attnum, c.atttypid, c.atttypmod, c.attcollation, row_number() OVER (ORDER BY c.attnum) AS place
          FROM pg_attribute c WHERE c.attrelid = copy.relid AND c.attnum > 0 AND NOT c.attisdropped
        ) AS b ON b.place = (l ->> 'column')::integer
          AND (b.atttypid, b.atttypmod, b.attcollation) = (a.atttypid, a.atttypmod, a.attcollation)
        WHERE l ->> 'kind' = 'copied')));
  END LOOP;
  RETURN request;
END
$$;
