-- Attempts on file that this database had forgotten and was told of once: the next start does not take them for another restore.
CREATE TABLE replayed_attempt (id uuid PRIMARY KEY);
