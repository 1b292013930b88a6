-- Consents that speak of somebody who is not registered yet: read again when they are.
CREATE INDEX consent_fact_unresolved ON consent_fact (consent_id) WHERE facts @? '$.provisions[*].actors[*] ? (@.is == "unresolved")';
