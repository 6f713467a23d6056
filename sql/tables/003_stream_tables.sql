-- One row per stream table: what it is. What moves with every refresh is in pgstream.frontiers.
CREATE TABLE pgstream.pgs_stream_tables (
  pgs_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  -- NULL only inside create_stream_table, between the catalog row and the table.
  pgs_relid oid UNIQUE,
  pgs_schema name NOT NULL,
  pgs_name name NOT NULL,
  -- The text the user gave, and the search_path under which it was read: for people, and for export as long as what it
  -- names has the names that it had then. Nothing else is read from it (see definition).
  defining_query text NOT NULL,
  defining_search_path text NOT NULL,
  defining_query_holds boolean NOT NULL DEFAULT true,
  -- pg_rewrite.ev_action of the hidden view and its columns (OutputFacts): enough to compile again after a rename.
  tree text NOT NULL,
  columns jsonb NOT NULL,
  -- Of the session that defined it: pgstream._session_settings.
  settings jsonb NOT NULL DEFAULT '{}',
  -- pg_get_viewdef of it, without the semicolon; after a rename the query as printed from the tree (pgstream._follow_names).
  -- Everything in it is qualified: read again, here or in a database made from a dump, it means the same.
  definition text NOT NULL,
  -- What everything was called that the definition may name (pgstream._request_names).
  names jsonb NOT NULL DEFAULT '{}',
  -- Something was renamed and the query could not be printed: the definition may mean something else by now.
  names_lost text,
  -- The tables that the query reads, and the views it goes through, whose replacement changes the meaning.
  relations oid[] NOT NULL DEFAULT '{}',
  views oid[] NOT NULL DEFAULT '{}',
  -- Every function, operator, type and collation that the query or a view below it uses, as catalog/oid: DDL on one of
  -- them changes what the query means.
  uses text[] NOT NULL DEFAULT '{}',
  -- What they and the views were when the plan was made (pgstream._uses_state), for where nobody watches DDL.
  uses_state jsonb NOT NULL DEFAULT '{}',
  -- As given; NULL means calculated: the tightest bound among the dependents.
  schedule text,
  -- Seconds for a duration; NULL for cron and calculated.
  schedule_seconds double precision,
  -- Those of one name are refreshed together, at one snapshot, whether their ways meet or not.
  consistency_group text,
  refresh_mode text NOT NULL CHECK (refresh_mode IN ('AUTO', 'DIFFERENTIAL', 'FULL', 'IMMEDIATE')),
  cdc_mode text NOT NULL DEFAULT 'auto' CHECK (cdc_mode IN ('auto', 'trigger', 'wal')),
  status text NOT NULL DEFAULT 'INITIALIZING' CHECK (status IN ('INITIALIZING', 'ACTIVE', 'SUSPENDED', 'ERROR')),
  is_populated boolean NOT NULL DEFAULT false,
  -- Content must be computed anew, the plan too: capture missed something or the definition changed under us.
  needs_reinit boolean NOT NULL DEFAULT false,
  reinit_reason text,
  -- The plan prints names that have changed; the content is still good.
  needs_replan boolean NOT NULL DEFAULT false,
  -- A column of a source has another type: the definition is to be read again, and what the stream table shows may have other
  -- types as well. Then the other two hold, too.
  needs_redefine boolean NOT NULL DEFAULT false,
  -- A value was too long for a btree index: the plan is made for such (CompileRequest.hasLongValues).
  has_long_values boolean NOT NULL DEFAULT false,
  -- A source or column is gone: no refresh can succeed until the definition is altered.
  broken_reason text,
  -- Broken only because the changes of a source cannot be captured as it is now; that may pass (pgstream._resume_unobstructed).
  is_obstructed boolean NOT NULL DEFAULT false,
  consecutive_errors integer NOT NULL DEFAULT 0,
  -- The kind of error only: everybody reads this (pgstream._error_texts).
  last_error text,
  -- The compiler's plan (src/compiler/emit/plan.ts), as installed.
  plan jsonb,
  -- Read by every refresh: out of the large plan, which is not to be detoasted for it.
  strategy text GENERATED ALWAYS AS (plan ->> 'strategy') STORED,
  -- And this: up to so many new rows it uses plans that are made once per connection.
  cached_limit bigint GENERATED ALWAYS AS ((plan ->> 'cachedLimit')::bigint) STORED,
  -- So is this, by every DDL: what identifies a row, over which pg_stream's own index is.
  key jsonb GENERATED ALWAYS AS (plan -> 'key') STORED,
  -- And this, of all stream tables, by health_check.
  missing_indexes jsonb GENERATED ALWAYS AS (plan -> 'missingIndexes') STORED,
  -- Made by pgstream.compare_source: all columns of one source that cannot be captured, which is read in its place.
  is_copy boolean NOT NULL DEFAULT false,
  -- Suspended by pause_all, not by its owner or an error: resume_all resumes it.
  paused boolean NOT NULL DEFAULT false,
  created_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (pgs_schema, pgs_name)
);

COMMENT ON TABLE pgstream.pgs_stream_tables IS 'stream tables: definition, state and plan';
