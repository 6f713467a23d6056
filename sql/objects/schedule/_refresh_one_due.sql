-- Claims and refreshes one due group, and commits. A group of several moves at one snapshot: in a REPEATABLE READ
-- transaction, claimed before that begins (its snapshot would be taken before any lock is granted); where a member has to be
-- filled anew, in a READ COMMITTED one.
CREATE OR REPLACE PROCEDURE pgstream._refresh_one_due(group_id bigint, members bigint[], versions xid[], below timestamptz, INOUT done text)
LANGUAGE plpgsql
AS $$
DECLARE
  claim record;
  outcome record;
  started pg_catalog.timestamptz;
  tries integer := 0;
  -- The member that was, and its row then.
  overtaken bigint;
  overtaken_version xid;
  version xid;
BEGIN
  done := NULL;
  IF pg_catalog.cardinality(members) OPERATOR(pg_catalog.=) 1 THEN
    BEGIN
      done := pgstream._refresh_due(members[1], versions[1], below);
    EXCEPTION WHEN OTHERS OR assert_failure THEN
      -- What cannot even be recorded must not keep the others from being refreshed.
      RAISE WARNING 'the refresh of stream table % failed and could not be recorded: %', members[1], SQLERRM;
    END;
    CALL pgstream._commit();
    RETURN;
  END IF;
  SELECT * INTO claim FROM pgstream._claim_group(group_id, members, versions);
  IF NOT claim.claimed THEN
    CALL pgstream._commit();
    RETURN;
  END IF;
  LOOP
    -- Right after COMMIT: evaluating anything would take a snapshot.
    IF claim.repeatable THEN
      COMMIT;
      SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ WRITE;
      SET LOCAL exit_on_error = off;
    ELSE
      CALL pgstream._commit();
    END IF;
    started := pg_catalog.clock_timestamp();
    tries := tries OPERATOR(pg_catalog.+) 1;
    BEGIN
      SELECT * INTO outcome FROM pgstream._refresh_group_due(members, claim.totals, claim.in_flight, claim.number, below);
    EXCEPTION WHEN query_canceled OR assert_failure OR OTHERS THEN
      -- Outside of the refresh itself. The claim must be given back whatever happens.
      SELECT NULL::pg_catalog.text[] AS actions, members[1] AS failing, SQLERRM AS message, SQLSTATE AS state, false AS is_raised INTO outcome;
    END;
    -- What nobody told of makes another plan, and that its content be filled in: not under REPEATABLE READ.
    IF outcome.state OPERATOR(pg_catalog.=) '25000' AND claim.repeatable THEN
      claim.repeatable := false;
      CONTINUE;
    END IF;
    EXIT WHEN outcome.state IS NULL;
    -- A person refreshed a member meanwhile, or DDL overtook the refresh: once more, at a new snapshot. A migration has more
    -- statements than we have patience: it is no failure then either, but a race that was lost.
    IF outcome.state OPERATOR(pg_catalog.<>) '40001' THEN
      EXIT WHEN NOT pgstream._is_of_names(outcome.state);
      CALL pgstream._commit();
      EXIT WHEN NOT pgstream._was_renamed(outcome.failing);
      -- Told of nothing since the try before, that one had the names of now.
      version := (SELECT s.xmin FROM pgstream.pgs_stream_tables AS s WHERE s.pgs_id OPERATOR(pg_catalog.=) outcome.failing);
      EXIT WHEN overtaken OPERATOR(pg_catalog.=) outcome.failing AND overtaken_version OPERATOR(pg_catalog.=) version;
      overtaken := outcome.failing;
      overtaken_version := version;
      outcome.state := '40001';
    END IF;
    EXIT WHEN tries OPERATOR(pg_catalog.>=) 5;
  END LOOP;
  CALL pgstream._commit();
  IF outcome.state OPERATOR(pg_catalog.=) 'PGS02' THEN
    done := 'REGROUPED';
  ELSIF outcome.state IS NOT NULL THEN
    BEGIN
      done := pgstream._record_group_failure(outcome.failing, started, outcome.message, outcome.state, outcome.is_raised);
    EXCEPTION WHEN query_canceled OR assert_failure OR OTHERS THEN
      done := CASE WHEN SQLSTATE OPERATOR(pg_catalog.=) '57014' THEN 'CANCELED' ELSE 'FAILED' END;
      RAISE WARNING 'the refresh of the group of stream table % failed and could not be recorded: %', outcome.failing, SQLERRM;
    END;
    CALL pgstream._commit();
  ELSE
    done := 'COMPLETED';
  END IF;
  PERFORM pgstream._release_group(group_id);
  CALL pgstream._commit();
END
$$;
