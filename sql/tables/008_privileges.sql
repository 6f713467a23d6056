-- Read-only for users, as PostgreSQL's own catalogs are.
GRANT SELECT ON pgstream.pgs_stream_tables, pgstream.frontiers, pgstream.pgs_dependencies,
  pgstream.pgs_change_tracking, pgstream.pgs_refresh_history, pgstream.truncations,
  pgstream.pgs_subscriptions TO PUBLIC;
