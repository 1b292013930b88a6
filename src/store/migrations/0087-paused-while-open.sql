-- As in 0072-pace.sql, but for how long is waited where a pause holds back what a breaker would let through.
CREATE OR REPLACE FUNCTION claim_paced(
  recipient text, places integer, most integer, lease interval, unused_sends integer, unused_recalls integer,
  probe_every interval, recall_every interval
) RETURNS jsonb LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  own pace;
  moment timestamptz;
  in_use uuid[];
  room integer;
  may text := 'send';
  taken uuid[] := '{}';
  looked uuid[] := '{}';
  wait double precision;
  claims jsonb;
BEGIN
  -- A claim that is lost in a crash of PostgreSQL is a key that is due again.
  PERFORM set_config('synchronous_commit', 'off', true);
  SELECT * INTO own FROM pace WHERE recipient_id = recipient FOR UPDATE;
  IF NOT FOUND THEN
    INSERT INTO pace (recipient_id) VALUES (recipient) ON CONFLICT DO NOTHING;
    SELECT * INTO own FROM pace WHERE recipient_id = recipient FOR UPDATE;
  END IF;
  moment := clock_timestamp();
  in_use := ARRAY(SELECT id FROM ledger_key WHERE id = ANY(own.claimed) AND lease_until > moment);
  IF own.rate IS NOT NULL THEN
    -- It holds a quarter of a second's worth, and one at least: what was not sent does not come in a heap.
    own.tokens := least(greatest(1, own.rate / 4),
                        own.tokens + unused_sends + unused_recalls + own.rate * greatest(0, extract(epoch FROM moment - own.tokens_at)));
  END IF;
  own.tokens_at := moment;

  IF own.paused_at IS NOT NULL AND own.holds_recalls THEN
    wait := 3600000;
  ELSIF own.breaker = 'open' THEN
    -- What was let through and needed nothing tells nothing of the recipient: another is.
    IF unused_sends > 0 THEN
      own.probe_at := moment;
    END IF;
    IF unused_sends + unused_recalls > 0 THEN
      own.recall_at := moment;
    END IF;
    IF own.paused_at IS NOT NULL OR own.probe_at > moment THEN
      may := 'recall';
    END IF;
    IF most > 0 AND cardinality(in_use) = 0 AND (may = 'send' OR coalesce(own.recall_at, moment) <= moment) THEN
      taken := lock_due(recipient, 0::smallint, 1);
      IF may = 'send' THEN
        IF taken = '{}' THEN
          taken := lock_due(recipient, 1::smallint, 1);
        END IF;
        IF taken = '{}' THEN
          taken := lock_held(recipient, 1);
        END IF;
        IF taken = '{}' THEN
          taken := lock_due(recipient, 2::smallint, 1);
        END IF;
      END IF;
      IF taken <> '{}' THEN
        own.recall_at := moment + recall_every;
        IF may = 'send' THEN
          own.probe_at := moment + probe_every * (0.75 + random() / 2);
        END IF;
      END IF;
    END IF;
    -- Claims are not held back, for a look alone tells whether a recall is owed by now.
    looked := lock_due(recipient, 1::smallint, most - cardinality(taken));
    looked := looked || lock_due(recipient, 2::smallint, most - cardinality(taken) - cardinality(looked));
    looked := ARRAY(SELECT each FROM unnest(looked) each WHERE each <> ALL(taken));
    -- Null where nothing is waited for, as in a pause without a recall: greatest() would make 100 ms of it, ten times a second for as long as it lasts.
    wait := 1000 * extract(epoch FROM least(
      CASE WHEN own.paused_at IS NULL THEN own.probe_at END,
      CASE WHEN EXISTS (SELECT FROM ledger_key WHERE recipient_id = recipient AND rank = 0 AND look_at <= statement_timestamp())
           THEN coalesce(own.recall_at, moment) END) - moment);
    wait := CASE WHEN wait IS NOT NULL THEN greatest(100, wait) END;
  ELSE
    room := coalesce(places, own.in_flight, 16);
    IF own.breaker = 'half-open' THEN
      room := least(room, greatest(1, floor(own.ramp))::integer);
    END IF;
    room := room - cardinality(in_use);
    IF room <= 0 THEN
      -- Whoever has the places asks again when it has given one back; this one only in case that it was killed.
      wait := 500;
    ELSIF own.rate IS NOT NULL AND own.tokens < 1 THEN
      wait := greatest(1, 1000 * (1 - own.tokens) / own.rate);
      room := 0;
    ELSIF own.rate IS NOT NULL THEN
      room := least(room, floor(own.tokens)::integer);
    END IF;
    room := greatest(0, least(room, most));
    IF own.paused_at IS NOT NULL THEN
      may := 'recall';
    END IF;
    IF room > 0 THEN
      taken := lock_due(recipient, 0::smallint, room);
      taken := taken || lock_due(recipient, 1::smallint, room - cardinality(taken));
      IF own.paused_at IS NULL AND cardinality(taken) < room THEN
        taken := taken || ARRAY(SELECT each FROM unnest(lock_held(recipient, room)) each WHERE each <> ALL(taken) LIMIT room - cardinality(taken));
      END IF;
      taken := taken || ARRAY(SELECT each FROM unnest(lock_due(recipient, 2::smallint, room)) each
                               WHERE each <> ALL(taken) LIMIT room - cardinality(taken));
      IF own.rate IS NOT NULL THEN
        own.tokens := own.tokens - cardinality(taken);
      END IF;
    END IF;
  END IF;

  WITH claimed AS (
    UPDATE ledger_key k SET lease_until = clock_timestamp() + lease, fence = k.fence + 1, held = false
     WHERE k.id = ANY(taken || looked) RETURNING k.id, k.fence, k.open_delivery)
  SELECT coalesce(jsonb_agg(jsonb_build_object('id', c.id, 'fence', c.fence, 'open', c.open_delivery,
                                               'may', CASE WHEN c.id = ANY(looked) THEN 'look' ELSE may END)
                            ORDER BY array_position(taken || looked, c.id)), '[]')
    INTO claims FROM claimed c;
  UPDATE pace SET tokens = own.tokens, tokens_at = own.tokens_at, claimed = in_use || taken, probe_at = own.probe_at, recall_at = own.recall_at
   WHERE recipient_id = recipient;
  RETURN jsonb_build_object('claims', claims, 'wait', CASE WHEN jsonb_array_length(claims) = 0 THEN wait END);
END $$;
