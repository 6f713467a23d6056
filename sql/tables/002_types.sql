-- What every generated refresh function returns. `applied` is false, and nothing was done, when the function found a
-- change that it is not made for.
CREATE TYPE pgstream.refresh_result AS (
  applied boolean,
  snapshot pg_snapshot,
  inserted bigint,
  updated bigint,
  deleted bigint
);

-- One value per capturing statement, for all sources: it orders the statements of one transaction, nothing more
-- (across transactions a sequence is not in commit order, and nothing here relies on it).
CREATE SEQUENCE pgstream.change_seq AS bigint CACHE 1;
-- A sequence that was never used shows its first value as its last: a frontier that notes it would skip the first statement.
SELECT setval('pgstream.change_seq', 1);

-- What a look at the schedule finds due (pgstream._due_of): for whoever refreshes it next.
CREATE TYPE pgstream.due_group AS (
  group_id bigint,
  members bigint[],
  versions xid[],
  below timestamptz,
  was_left boolean
);

-- An error that was caught, with everything that RAISE can say again (pgstream._raise_again).
CREATE TYPE pgstream.caught_error AS (
  state text,
  message text,
  detail text,
  hint text,
  schema_name text,
  table_name text,
  column_name text,
  constraint_name text,
  type_name text,
  context text
);
