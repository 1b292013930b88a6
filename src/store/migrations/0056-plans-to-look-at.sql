-- The versions of whose passed review, and of whose older mapping, their owner was told: each once.
ALTER TABLE plan ADD COLUMN review_told text;
ALTER TABLE plan ADD COLUMN mapping_told text;
CREATE INDEX plan_review ON plan ((version->>'reviewDate'))
  WHERE NOT withdrawn AND version IS NOT NULL AND review_told IS DISTINCT FROM version->>'carePlanId';
