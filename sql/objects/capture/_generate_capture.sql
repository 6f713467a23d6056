-- Writes the capture functions of a source, by the present names of its columns. They are SECURITY DEFINER without a SET
-- clause (it would cost every statement), so everything in them is schema-qualified, operators included.
--
-- Transaction id and sequence number are uncorrelated subqueries: computed once and only when there is a row, so a
-- statement that touches nothing takes no transaction id. Measured against plpgsql variables: 1-row INSERT 1.29x of bare
-- against 1.38x, the same in bulk.
--
-- A statement of many rows writes them packed, up to 1,000 to a row, as arrays; or, when a type has no arrays or a value is
-- large (which would take a thousand times its memory), to the part of the buffer that has no btree
-- (pgstream._ensure_capture). docs/BENCHMARKS.md has the ways that were measured.
--
-- UPDATE: the two transition tables are filled in step, so the n-th old row belongs to the n-th new row. When the first
-- pair differs the statement changes captured columns, and all images are written; otherwise only the pairs that differ.
-- Equal images cancel, so neither a wrong pairing nor the sample can make the weights wrong. A side can run out first: a
-- trigger can swallow a row on its way to another partition. Measured on 100,000 rows, not packed: 1.35x of bare, against
-- 1.70x for pairing always. FULL JOIN because it can never become a nested loop, whatever row count the cached plan was
-- made for. Images are compared by their bytes (*<>): 1.0 and 1.00 differ, json works.
--
-- FROM ONLY reads a parent without its children, and of the rows in the transition tables of a statement on the parent nothing
-- says whose they are (they are kept as minimal tuples, without tableoid or ctid). Where that is asked for, the column of
-- attribute -6, tableoid, is captured: the parent's oid for a row of its own, 0 for any other. An INSERT into the parent has only
-- rows of its own, a statement on a child none. UPDATE and DELETE of the parent say 0 of all rows; a row trigger, which fires on
-- the parent for its own rows alone, takes these back and notes them as the parent's. The sum is right with and without that
-- column, and bulk capture of the children stays what it was.
CREATE OR REPLACE FUNCTION pgstream._generate_capture(source oid) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  tracked pgstream.pgs_change_tracking;
  expressions text[];
  -- Those that read a column of the row.
  stored text[];
  -- Names of buffer columns, each led by a comma.
  targets text;
  images text;
  named text;
  reads text;
  old_columns text;
  new_columns text;
  needs_path boolean;
  stamp CONSTANT text := '(SELECT pg_catalog.pg_current_xact_id()::pg_catalog.text::pg_catalog.int8), '
    -- In this order: whoever sees that the counter has moved finds the transaction in progress or over, and, in progress, with a lock on
    -- what is written by the same statement (pgstream._under_way).
    || format('(SELECT CASE WHEN pg_catalog.nextval(%L::pg_catalog.regclass) IS NOT NULL THEN '
      'pg_catalog.nextval(''pgstream.change_seq''::pg_catalog.regclass) END)', pgstream._counter_name(source));
  -- Where a statement of few rows writes, and one of many.
  small CONSTANT text := pgstream._buffer_name(source) || '_small';
  bulk CONSTANT text := pgstream._buffer_name(source) || '_bulk';
  many CONSTANT integer := 1000;
  body text;
  event text;
  has_partitions boolean;
  tells_own boolean;
  -- Like `images`, of a row that is not the parent's own.
  others text;
  unchanged text;
BEGIN
  SELECT * INTO STRICT tracked FROM pgstream.pgs_change_tracking WHERE source_relid = source;
  -- DROP TYPE … CASCADE takes the columns of that type, from the buffer too.
  tracked.columns := pgstream._buffered_columns(source, tracked.columns);
  expressions := pgstream._capture_expressions(source, tracked.columns);
  stored := ARRAY(SELECT expressions[i] FROM unnest(tracked.columns) WITH ORDINALITY AS u(attnum, i) WHERE attnum > 0 ORDER BY i);
  -- Generation expressions are printed for this function's settings, so they must run under them (pgstream._capture_expressions).
  needs_path := EXISTS (SELECT FROM pg_attribute a
    WHERE a.attrelid = source AND a.attnum = ANY (tracked.columns)
      AND (a.attgenerated = 'v' OR a.attgenerated = 's' AND pgstream._numbers_differ(source)));
  SELECT coalesce(string_agg(', ' || quote_ident('c' || attnum), '' ORDER BY i), ''),
    coalesce(string_agg(', ' || expressions[i], '' ORDER BY i), ''),
    coalesce(string_agg(', ' || CASE attnum WHEN -6 THEN '0::pg_catalog.oid' ELSE expressions[i] END, '' ORDER BY i), ''),
    coalesce(string_agg(expressions[i], ', ' ORDER BY i), ''),
    coalesce(string_agg(expressions[i] || ' AS ' || quote_ident('c' || attnum), ', ' ORDER BY i), ''),
    coalesce(string_agg('o.' || quote_ident('c' || attnum), ', ' ORDER BY i), ''),
    coalesce(string_agg('n.' || quote_ident('c' || attnum), ', ' ORDER BY i), '')
  INTO targets, images, others, reads, named, old_columns, new_columns
  FROM unnest(tracked.columns) WITH ORDINALITY AS u(attnum, i);

  has_partitions := tracked.trigger_level = 'STATEMENT' AND EXISTS (SELECT FROM pg_partitioned_table p WHERE p.partrelid = ANY (tracked.carriers));
  tells_own := tracked.trigger_level = 'STATEMENT' AND -6 = ANY (tracked.columns);
  -- Before the triggers that use them.
  IF has_partitions THEN
    EXECUTE format(
      E'CREATE OR REPLACE FUNCTION pgstream_changes.capture_%1$s_moved() RETURNS trigger\nLANGUAGE plpgsql\nAS %2$L',
      source, format(E'BEGIN\n  PERFORM pg_catalog.set_config(%L, ''on'', true);\n  RETURN NEW;\nEND\n', 'pg_stream.moved_' || source));
  END IF;

  -- In a row trigger: an UPDATE that changes no captured column writes nothing.
  unchanged := CASE WHEN tracked.columns = '{}' THEN 'RETURN NULL;' ELSE format(
    'IF (SELECT ROW(%1$s) FROM (SELECT OLD.*) AS n) OPERATOR(pg_catalog.*=) (SELECT ROW(%1$s) FROM (SELECT NEW.*) AS n) THEN RETURN NULL; END IF;',
    reads) END;
  FOREACH event IN ARRAY CASE tracked.trigger_level WHEN 'ROW' THEN ARRAY['row', 'truncate']
    ELSE ARRAY['insert', 'update', 'delete', 'truncate'] || CASE WHEN tells_own THEN '{own}'::text[] ELSE '{}' END END
  LOOP
    body := CASE event
      WHEN 'insert' THEN format(
        E'  INSERT INTO %1$s (xid, seq, weight%2$s)\n  SELECT %3$s, 1::pg_catalog.int2%4$s\n  FROM pgs_new AS n;\n',
        small, targets, stamp, images)
      WHEN 'delete' THEN format(
        E'  INSERT INTO %1$s (xid, seq, weight%2$s)\n  SELECT %3$s, (-1)::pg_catalog.int2%4$s\n  FROM pgs_old AS n;\n',
        small, targets, stamp, images)
      WHEN 'truncate' THEN format(
        E'  INSERT INTO pgstream.truncations (source_relid, xid, seq) SELECT %1$s, %2$s;\n', source, stamp)
      -- No column is read: an UPDATE changes nothing.
      WHEN 'update' THEN CASE WHEN tracked.columns = '{}' THEN '' ELSE format(
$body$  IF (SELECT ROW(%5$s) FROM pgs_old AS n LIMIT 1) OPERATOR(pg_catalog.*<>) (SELECT ROW(%5$s) FROM pgs_new AS n LIMIT 1) THEN
    INSERT INTO %1$s (xid, seq, weight%2$s)
    SELECT %3$s, image.*
    FROM (SELECT (-1)::pg_catalog.int2%4$s FROM pgs_old AS n UNION ALL SELECT 1::pg_catalog.int2%4$s FROM pgs_new AS n) AS image;
  ELSE
    INSERT INTO %1$s (xid, seq, weight%2$s)
    SELECT %3$s, image.*
    FROM (SELECT %6$s, pg_catalog.row_number() OVER () AS pair FROM pgs_old AS n) AS o
    FULL JOIN (SELECT %6$s, pg_catalog.row_number() OVER () AS pair FROM pgs_new AS n) AS n
      ON o.pair OPERATOR(pg_catalog.=) n.pair
    CROSS JOIN LATERAL (VALUES ((-1)::pg_catalog.int2, %7$s), (1::pg_catalog.int2, %8$s)) AS image(weight)
    WHERE (ROW(%7$s)::pg_catalog.record OPERATOR(pg_catalog.*<>) ROW(%8$s)::pg_catalog.record OR (o.pair OPERATOR(pg_catalog.=) n.pair) IS NULL)
      AND CASE WHEN image.weight OPERATOR(pg_catalog.<) 0 THEN o.pair ELSE n.pair END IS NOT NULL;
  END IF;
$body$, small, targets, stamp, images, reads, named, old_columns, new_columns) END
      WHEN 'own' THEN format(
$body$  IF TG_OP OPERATOR(pg_catalog.=) 'UPDATE' THEN
    %6$s
  END IF;
  INSERT INTO %1$s (xid, seq, weight%2$s)
  SELECT %3$s, image.*
  FROM (SELECT (-1)::pg_catalog.int2%4$s FROM (SELECT OLD.*) AS n UNION ALL SELECT 1::pg_catalog.int2%7$s FROM (SELECT OLD.*) AS n) AS image;
  IF TG_OP OPERATOR(pg_catalog.=) 'UPDATE' THEN
    INSERT INTO %1$s (xid, seq, weight%2$s)
    SELECT %3$s, image.*
    FROM (SELECT 1::pg_catalog.int2%4$s FROM (SELECT NEW.*) AS n UNION ALL SELECT (-1)::pg_catalog.int2%7$s FROM (SELECT NEW.*) AS n) AS image;
  END IF;
$body$, small, targets, stamp, images, reads, unchanged, others)
      WHEN 'row' THEN format(
$body$  IF TG_OP OPERATOR(pg_catalog.=) 'UPDATE' THEN
    %6$s
  END IF;
  IF TG_OP OPERATOR(pg_catalog.<>) 'INSERT' THEN
    INSERT INTO %1$s (xid, seq, weight%2$s) SELECT %3$s, (-1)::pg_catalog.int2%4$s FROM (SELECT OLD.*) AS n;
  END IF;
  IF TG_OP OPERATOR(pg_catalog.<>) 'DELETE' THEN
    INSERT INTO %1$s (xid, seq, weight%2$s) SELECT %3$s, 1::pg_catalog.int2%4$s FROM (SELECT NEW.*) AS n;
  END IF;
$body$, small, targets, stamp, images, reads,
        unchanged)
    END;
    IF event IN ('insert', 'update', 'delete') AND body <> '' THEN
      body := format(E'  IF EXISTS (SELECT FROM %s AS n OFFSET %s) THEN\n%s  ELSE\n%s  END IF;\n',
        CASE event WHEN 'delete' THEN 'pgs_old' ELSE 'pgs_new' END, many,
        pgstream._pack_body(source, event, tracked.columns, stamp, replace(body, small, bulk)), body);
    END IF;
    IF event = 'update' AND has_partitions THEN
      body := body || format(
        E'  IF pg_catalog.current_setting(%L, true) OPERATOR(pg_catalog.=) ''on'' AND pgstream._hides_moves() THEN\n'
        '    INSERT INTO pgstream.truncations (source_relid, xid, seq, reason) SELECT %s, %s, %L;\n  END IF;\n',
        'pg_stream.moved_' || source, source, stamp, 'a MERGE moved rows from one partition to another');
    END IF;
    -- See pgstream._hides_moves: of a MERGE the triggers for UPDATE fire before those for INSERT.
    IF event = 'update' AND has_partitions AND body <> '' THEN
      body := body || format(
        E'  IF EXISTS (SELECT FROM pgs_new) THEN\n    PERFORM pg_catalog.set_config(%L, '
        'pg_catalog.extract(''epoch''::pg_catalog.text, pg_catalog.statement_timestamp())::pg_catalog.text, true);\n  END IF;\n',
        'pg_stream.updated_' || source);
    ELSIF event = 'insert' AND has_partitions AND tracked.columns <> '{}' THEN
      body := body || format(
        E'  IF pg_catalog.current_setting(%L, true) OPERATOR(pg_catalog.=) '
        'pg_catalog.extract(''epoch''::pg_catalog.text, pg_catalog.statement_timestamp())::pg_catalog.text\n'
        '    AND EXISTS (SELECT FROM pgs_new) AND pgstream._hides_moves() THEN\n'
        '    INSERT INTO pgstream.truncations (source_relid, xid, seq, reason) SELECT %s, %s, %L;\n  END IF;\n',
        'pg_stream.updated_' || source, source, stamp, 'a MERGE inserted and updated rows of a partitioned table');
    END IF;
    -- See pgstream._advance. What writes a stream table is a refresh, a statement of its own that fires its triggers at once.
    IF event <> 'truncate' AND NOT EXISTS (SELECT FROM pgstream.pgs_stream_tables s WHERE s.pgs_relid = source) THEN
      body := body || format(
        E'  IF pg_catalog.current_setting(%L, true) OPERATOR(pg_catalog.=) '
        'pg_catalog.extract(''epoch''::pg_catalog.text, pg_catalog.statement_timestamp())::pg_catalog.text THEN\n'
        '    INSERT INTO pgstream.truncations (source_relid, xid, seq, reason) SELECT %s, %s, %L;\n  END IF;\n',
        'pg_stream.consumed_' || source, source, stamp, 'a source table was written later in the statement that had refreshed');
    END IF;
    IF event <> 'truncate' THEN
      body := pgstream._guard_capture_body(source, tracked.columns, tracked.carriers, stored, stamp, body);
    END IF;
    EXECUTE format(
      E'CREATE OR REPLACE FUNCTION pgstream_changes.capture_%s_%s() RETURNS trigger\nLANGUAGE plpgsql SECURITY DEFINER%s\nAS %L',
      source, event, CASE WHEN needs_path THEN ' SET search_path = pg_catalog, pg_temp SET standard_conforming_strings = on SET IntervalStyle = postgres SET exit_on_error = off' ELSE '' END,
      E'#variable_conflict use_column\n'
      || CASE WHEN event IN ('insert', 'update', 'delete') THEN E'DECLARE\n  pgs_first pg_catalog.refcursor;\n  pgs_second pg_catalog.refcursor;\n  pgs_pairs pg_catalog.int8;\n' ELSE '' END
      || E'BEGIN\n' || body || E'  RETURN NULL;\nEND\n');
  END LOOP;
  PERFORM pgstream._set_rights('pgstream_changes', format('^(changes|counter|capture)_%s(_|$)', source),
    ARRAY['changes_' || source, 'counter_' || source, 'capture_' || source]::name[]);
END
$fn$;
