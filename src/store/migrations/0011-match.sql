-- A match by name begins at the birth date; what is exact about it is decided outside (src/decide/certain-match.ts).
CREATE INDEX patient_fact_birth_date ON patient_fact ((disclosed->>'birthDate'));
