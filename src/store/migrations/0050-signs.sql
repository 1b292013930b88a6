-- What the approver was shown and signed: the mapping's version, the hash of the signed bytes, and each kind's projection; null for what was
-- approved before it was stored.
ALTER TABLE approved_version ADD COLUMN signs text;
