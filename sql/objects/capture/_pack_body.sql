-- What a capture function does for a statement of many rows: it packs them, up to 1,000 to a row of the buffer, as arrays.
-- `stamp` are the expressions of transaction and sequence number (pgstream._generate_capture).
-- `otherwise` writes them row by row, where a column has a type without arrays, or a value is large: a piece is in memory
-- as a whole. Sizes are those that are stored, compressed values may be up to a hundred times as long.
--
-- An array costs a fifth of the rows that it stands for, all that they have in common (headers, item pointers, a record in
-- the log each) being there once. The pieces come by a cursor, in one pass and without the numbers that grouping would need.
-- Of an UPDATE that may leave captured columns as they are (see pgstream._generate_capture), two cursors give the pairs of
-- old and new rows in step. A side can run out first: a trigger can swallow a row on its way to another partition.
CREATE OR REPLACE FUNCTION pgstream._pack_body(source oid, event text, columns smallint[], stamp text, otherwise text) RETURNS text
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  pack record;
  many CONSTANT integer := 1000;
  -- Bytes of a value.
  large CONSTANT integer := 1000;
  target CONSTANT text := pgstream._buffer_name(source) || '_packed';
  reads text;
  targets text;
  -- Of what is fetched: the columns with their types, as a row, packed.
  old_columns text;
  new_columns text;
  old_row text;
  new_row text;
  old_arrays text;
  new_arrays text;
  is_large text;
  all_old text;
  all_new text;
  pairs text;
BEGIN
  SELECT * INTO pack FROM pgstream._packed_columns(source, columns);
  IF pack.names IS NULL THEN
    RETURN otherwise;
  END IF;
  SELECT string_agg(name, ', ' ORDER BY i), string_agg(read, ', ' ORDER BY i),
    string_agg(format('o%s %s', i, type), ', ' ORDER BY i), string_agg(format('n%s %s', i, type), ', ' ORDER BY i),
    string_agg(format('f.o%s', i), ', ' ORDER BY i), string_agg(format('f.n%s', i), ', ' ORDER BY i),
    string_agg(format('pg_catalog.array_agg(f.o%s)', i), ', ' ORDER BY i),
    string_agg(format('pg_catalog.array_agg(f.n%s)', i), ', ' ORDER BY i)
  INTO targets, reads, old_columns, new_columns, old_row, new_row, old_arrays, new_arrays
  FROM unnest(pack.names, pack.reads, pack.types) WITH ORDINALITY AS u(name, read, type, i);

  SELECT string_agg(format('EXISTS (SELECT FROM %s AS n WHERE %s)', images, tests), ' OR ')
  INTO is_large
  FROM unnest(CASE event WHEN 'insert' THEN '{pgs_new}' WHEN 'delete' THEN '{pgs_old}' ELSE '{pgs_new,pgs_old}' END::text[]) AS images,
    (SELECT string_agg(format('pg_catalog.pg_column_size(%s) OPERATOR(pg_catalog.>) %s', read, large), ' OR ')
     FROM unnest(pack.large) AS read) AS u(tests)
  WHERE tests IS NOT NULL;

  SELECT string_agg(sql, '') FILTER (WHERE weight = -1), string_agg(sql, '') FILTER (WHERE weight = 1)
  INTO all_old, all_new
  FROM (VALUES (-1, 'pgs_old', old_columns, old_arrays), (1, 'pgs_new', new_columns, new_arrays)) AS v(weight, images, fetched, arrays),
    LATERAL format(
$body$      OPEN pgs_first NO SCROLL FOR SELECT %1$s FROM %2$s AS n;
      LOOP
        INSERT INTO %3$s (xid, seq, weight, n, %4$s)
        SELECT %5$s, (%6$s)::pg_catalog.int2, pg_catalog.count(*), %7$s
        FROM pgstream._fetch(pgs_first, %8$s) AS f(%9$s)
        HAVING pg_catalog.count(*) OPERATOR(pg_catalog.>) 0;
        EXIT WHEN NOT FOUND;
      END LOOP;
      CLOSE pgs_first;
$body$, reads, images, target, targets, stamp, weight, arrays, many, fetched) AS sql;

  pairs := format(
$body$      OPEN pgs_first NO SCROLL FOR SELECT true, %1$s FROM pgs_old AS n;
      OPEN pgs_second NO SCROLL FOR SELECT true, %1$s FROM pgs_new AS n;
      LOOP
        WITH piece AS MATERIALIZED (
          SELECT pg_catalog.count(*) AS pairs,
            pg_catalog.count(*) FILTER (WHERE f.differs AND f.has_old) AS old_n, %2$s,
            pg_catalog.count(*) FILTER (WHERE f.differs AND f.has_new) AS new_n, %3$s
          FROM (
            SELECT f.*, ROW(%4$s)::pg_catalog.record OPERATOR(pg_catalog.*<>) ROW(%5$s)::pg_catalog.record
              OR (f.has_old AND f.has_new) IS NOT TRUE AS differs
            FROM ROWS FROM (
              pgstream._fetch(pgs_first, %6$s) AS (has_old pg_catalog.bool, %7$s),
              pgstream._fetch(pgs_second, %6$s) AS (has_new pg_catalog.bool, %8$s)) AS f
            OFFSET 0) AS f
        ), written AS (
          INSERT INTO %9$s (xid, seq, weight, n, %10$s)
          SELECT %11$s, image.*
          FROM piece AS f CROSS JOIN LATERAL (VALUES ((-1)::pg_catalog.int2, f.old_n, %4$s), (1::pg_catalog.int2, f.new_n, %5$s)) AS image(weight, n)
          WHERE image.n OPERATOR(pg_catalog.>) 0
        )
        SELECT f.pairs INTO pgs_pairs FROM piece AS f;
        EXIT WHEN pgs_pairs OPERATOR(pg_catalog.=) 0;
      END LOOP;
      CLOSE pgs_first;
      CLOSE pgs_second;
$body$, reads,
    (SELECT string_agg(format('pg_catalog.array_agg(f.o%1$s) FILTER (WHERE f.differs AND f.has_old) AS o%1$s', i), ', ') FROM generate_subscripts(pack.names, 1) AS i),
    (SELECT string_agg(format('pg_catalog.array_agg(f.n%1$s) FILTER (WHERE f.differs AND f.has_new) AS n%1$s', i), ', ') FROM generate_subscripts(pack.names, 1) AS i),
    old_row, new_row, many, old_columns, new_columns, target, targets, stamp);

  RETURN CASE WHEN is_large IS NULL THEN E'    BEGIN\n' ELSE format(E'    IF %s THEN\n%s    ELSE\n', is_large, otherwise) END
    || CASE event WHEN 'insert' THEN all_new WHEN 'delete' THEN all_old
      ELSE format(
        E'    IF (SELECT ROW(%1$s) FROM pgs_old AS n LIMIT 1) OPERATOR(pg_catalog.*<>) (SELECT ROW(%1$s) FROM pgs_new AS n LIMIT 1) THEN\n', reads)
        || all_old || all_new || E'    ELSE\n' || pairs || E'    END IF;\n' END
    || CASE WHEN is_large IS NULL THEN E'    END;\n' ELSE E'    END IF;\n' END;
END
$fn$;
