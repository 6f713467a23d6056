-- explain_dag for Graphviz.
CREATE OR REPLACE FUNCTION pgstream._dag_as_dot() RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  WITH nodes AS MATERIALIZED (SELECT * FROM pgstream._dag_nodes)
  SELECT concat_ws(E'\n', 'digraph stream_tables {', '  rankdir=LR;', '  node [style=filled, fontname="sans-serif"];',
    (SELECT string_agg(format('  n%s [label="%s"%s];', n.number,
        -- In a quoted string a backslash begins an escape; one before a character that is none is kept by some versions.
        replace(replace(regexp_replace(n.label, E'[\\x01-\\x1f]', ' ', 'g'), E'\\', E'\\\\'), '"', E'\\"') || coalesce(E'\\n' || n.note, ''),
        CASE n.state
          WHEN 'source' THEN ', shape=cylinder, fillcolor="#eceff1", color="#607d8b"'
          WHEN 'fresh' THEN ', shape=box, fillcolor="#e0f2e9", color="#2e7d32"'
          WHEN 'stale' THEN ', shape=box, fillcolor="#fff3d6", color="#b26a00"'
          WHEN 'failing' THEN ', shape=box, fillcolor="#fde0dd", color="#c62828"'
          WHEN 'suspended' THEN ', shape=box, fillcolor="#e8e3f3", color="#5e35b1"'
          ELSE ', shape=box, fillcolor="#e1f0fa", color="#0277bd"' END),
      E'\n' ORDER BY n.number)
     FROM nodes n),
    (SELECT string_agg(format('  n%s -> n%s;', source.number, reader.number), E'\n' ORDER BY source.number, reader.number)
     FROM pgstream.pgs_dependencies d
     JOIN pgstream.pgs_stream_tables s USING (pgs_id)
     JOIN nodes source ON source.relid = d.source_relid
     JOIN nodes reader ON reader.relid = s.pgs_relid),
    '}') || E'\n'
$$;
