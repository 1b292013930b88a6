-- Subscriptions over websockets. Keys at one are claimed by the process that has its socket, and by nobody while it is on none: they wait there as due.
ALTER TABLE destination ADD COLUMN waits_for_socket boolean NOT NULL
  GENERATED ALWAYS AS (coalesce(facts->>'address' LIKE 'websocket:%' AND (facts->>'open')::boolean, false)) STORED;
-- Switched off by its owner, deleted, or past its end: nobody is bound to it any more.
ALTER TABLE destination ADD COLUMN is_off boolean NOT NULL DEFAULT false;
CREATE INDEX destination_waits ON destination (recipient_id) WHERE waits_for_socket;
CREATE INDEX agreement_fact_recipient ON agreement_fact (recipient_ods);

-- Processes that have sockets. One that was killed is no longer alive a few seconds later, and its bindings are nobody's.
CREATE TABLE websocket_process (
  id uuid PRIMARY KEY,
  alive_until timestamptz NOT NULL
);

-- On which process's socket a Subscription is bound: one at a time, the newest. `process_id` is null once that socket has gone.
CREATE TABLE websocket_binding (
  destination_id text PRIMARY KEY REFERENCES destination,
  binding_id uuid NOT NULL,
  process_id uuid,
  -- Its handshake was answered: nothing else is told there before.
  is_shaken boolean NOT NULL DEFAULT false,
  client_id text NOT NULL,
  -- Of the client's public keys when its token was made: with others it has to come in again.
  client_keys text NOT NULL,
  ends_at timestamptz NOT NULL,
  left_at timestamptz
);
CREATE INDEX websocket_binding_process ON websocket_binding (process_id) WHERE process_id IS NOT NULL;

-- Tokens by which a socket is bound: by their hash alone, each used once.
CREATE TABLE websocket_token (
  hash text PRIMARY KEY,
  destination_ids text[] NOT NULL,
  client_id text NOT NULL,
  client_keys text NOT NULL,
  ends_at timestamptz NOT NULL
);
CREATE INDEX websocket_token_ends ON websocket_token (ends_at);

-- Destinations of a recipient at which a process can do nothing: they wait for a socket, and it has none of theirs.
CREATE FUNCTION out_of_reach(recipient text, process uuid) RETURNS text[] LANGUAGE sql STABLE AS $$
  SELECT ARRAY(SELECT d.id FROM destination d WHERE d.recipient_id = recipient AND d.waits_for_socket
                  AND NOT EXISTS (SELECT FROM websocket_binding b WHERE b.destination_id = d.id AND b.process_id = process AND b.is_shaken))
$$;

CREATE FUNCTION lock_due(recipient text, of_rank smallint, most integer, beyond text[]) RETURNS uuid[] LANGUAGE sql AS $$
  SELECT coalesce(array_agg(due.id), '{}') FROM (
    SELECT id FROM ledger_key
     WHERE recipient_id = recipient AND rank = of_rank AND look_at <= statement_timestamp()
       AND (lease_until IS NULL OR lease_until <= statement_timestamp()) AND destination_id <> ALL (beyond)
     ORDER BY look_at LIMIT most FOR UPDATE SKIP LOCKED) due
$$;
CREATE FUNCTION lock_held(recipient text, most integer, beyond text[]) RETURNS uuid[] LANGUAGE sql AS $$
  SELECT coalesce(array_agg(waiting.id), '{}') FROM (
    SELECT id FROM ledger_key
     WHERE recipient_id = recipient AND held AND (lease_until IS NULL OR lease_until <= statement_timestamp()) AND destination_id <> ALL (beyond)
     ORDER BY rank, look_at LIMIT most FOR UPDATE SKIP LOCKED) waiting
$$;

-- As in 0087-paused-while-open.sql, but for keys that wait for a socket which is not this process's.
DROP FUNCTION claim_paced(text, integer, integer, interval, integer, integer, interval, interval);
CREATE FUNCTION claim_paced(
  recipient text, places integer, most integer, lease interval, unused_sends integer, unused_recalls integer,
  probe_every interval, recall_every interval, process uuid
) RETURNS jsonb LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  own pace;
  beyond text[] := out_of_reach(recipient, process);
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
      taken := lock_due(recipient, 0::smallint, 1, beyond);
      IF may = 'send' THEN
        IF taken = '{}' THEN
          taken := lock_due(recipient, 1::smallint, 1, beyond);
        END IF;
        IF taken = '{}' THEN
          taken := lock_held(recipient, 1, beyond);
        END IF;
        IF taken = '{}' THEN
          taken := lock_due(recipient, 2::smallint, 1, beyond);
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
    looked := lock_due(recipient, 1::smallint, most - cardinality(taken), beyond);
    looked := looked || lock_due(recipient, 2::smallint, most - cardinality(taken) - cardinality(looked), beyond);
    looked := ARRAY(SELECT each FROM unnest(looked) each WHERE each <> ALL(taken));
    -- Null where nothing is waited for, as in a pause beyond a recall: greatest() would make 100 ms of it, ten times a second for as long as it lasts.
    wait := 1000 * extract(epoch FROM least(
      CASE WHEN own.paused_at IS NULL THEN own.probe_at END,
      CASE WHEN EXISTS (SELECT FROM ledger_key WHERE recipient_id = recipient AND rank = 0 AND look_at <= statement_timestamp() AND destination_id <> ALL (beyond))
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
      taken := lock_due(recipient, 0::smallint, room, beyond);
      taken := taken || lock_due(recipient, 1::smallint, room - cardinality(taken), beyond);
      IF own.paused_at IS NULL AND cardinality(taken) < room THEN
        taken := taken || ARRAY(SELECT each FROM unnest(lock_held(recipient, room, beyond)) each WHERE each <> ALL(taken) LIMIT room - cardinality(taken));
      END IF;
      taken := taken || ARRAY(SELECT each FROM unnest(lock_due(recipient, 2::smallint, room, beyond)) each
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
DROP FUNCTION lock_due(text, smallint, integer);
DROP FUNCTION lock_held(text, integer);
