-- By which version of the word lists an approved version was judged. Those that stand were judged by the second, the first that was ever released.
ALTER TABLE approved_version ADD COLUMN rules_version integer NOT NULL DEFAULT 2;
ALTER TABLE approved_version ALTER COLUMN rules_version DROP DEFAULT;
-- The newest version of the lists by which a plan in force was looked at again.
ALTER TABLE plan ADD COLUMN rules_told integer;
