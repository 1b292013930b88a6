-- Which national or regional agreement a Contract inherits from (Contract.instantiatesCanonical); null where it stands by itself.
ALTER TABLE agreement ADD COLUMN framework text;
CREATE INDEX agreement_framework ON agreement (framework) WHERE framework IS NOT NULL;
