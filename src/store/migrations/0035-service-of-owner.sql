-- The kind of service that wrote a resource, beside its organisation: what one service of an organisation wrote is not another's. Null where that is
-- not known (of before, where nothing tells it) and for what the broker itself wrote: then the organisation alone decides.
ALTER TABLE resource ADD COLUMN service text;
ALTER TABLE resource_version ADD COLUMN service text;
CREATE TEMPORARY TABLE known_service ON COMMIT DROP AS
  SELECT 'Encounter' AS type, encounter_id AS id, kind FROM contact
  UNION ALL SELECT CASE d.facts->>'channel' WHEN 'subscription' THEN 'Subscription' ELSE 'Endpoint' END, d.id, r.kind
    FROM destination d JOIN recipient r ON r.id = d.recipient_id;
UPDATE resource t SET service = k.kind FROM known_service k WHERE t.type = k.type AND t.id = k.id;
UPDATE resource_version t SET service = k.kind FROM known_service k WHERE t.type = k.type AND t.id = k.id;

-- Two services of one organisation may number their contacts, and their messages, alike: `sender` of a message is both.
UPDATE message m SET sender = m.sender || ' ' || c.kind FROM contact c WHERE c.encounter_id = m.encounter_id;
ALTER TABLE contact DROP CONSTRAINT contact_sender_identifier_key;
ALTER TABLE contact ADD UNIQUE (sender, kind, identifier);
