-- The sources whose change buffers are to be cleaned: those that have grown beyond 64 pages, or hold as many rows packed as
-- 64 pages would hold. Below that, reading past what is consumed costs nothing. Does not wait for whoever is making or
-- dropping one; the next call asks again. Where nothing was captured since none had grown, none has.
CREATE OR REPLACE FUNCTION pgstream._cleaning_due() RETURNS oid[]
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET exit_on_error = off
SET lock_timeout = '20ms'
AS $$
DECLARE
  each record;
  packed bigint;
  due oid[] := '{}';
  -- Before anything is measured.
  unmoved CONSTANT text := pgstream._unmoved();
BEGIN
  IF current_setting('pg_stream.nothing_to_clean', true) = unmoved THEN
    RETURN '{}';
  END IF;
  FOR each IN
    SELECT t.source_relid, t.buffer, bool_or(c.relname ~ '_packed$' AND pg_relation_size(c.oid) > 0) AS has_packed, sum(pg_relation_size(c.oid) + CASE c.reltoastrelid WHEN 0 THEN 0 ELSE pg_relation_size(c.reltoastrelid) END) AS bytes
    FROM pgstream.pgs_change_tracking t
    JOIN pg_inherits i ON i.inhparent = t.buffer JOIN pg_class c ON c.oid = i.inhrelid
    GROUP BY t.source_relid HAVING sum(pg_relation_size(c.oid)) > 0 ORDER BY t.source_relid
  LOOP
    packed := 0;
    IF each.bytes <= 64 * 8192 AND each.has_packed THEN
      EXECUTE format('SELECT coalesce(sum(n), 0)::bigint FROM %s WHERE part = ''p''', each.buffer) INTO packed;
    END IF;
    IF each.bytes > 64 * 8192 OR packed > 10000 THEN
      due := due || each.source_relid;
    END IF;
  END LOOP;
  IF due = '{}' THEN
    PERFORM set_config('pg_stream.nothing_to_clean', unmoved, false);
  END IF;
  RETURN due;
EXCEPTION WHEN lock_not_available OR undefined_table THEN
  RETURN '{}';
END
$$;
