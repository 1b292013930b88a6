-- A message of ours that nobody takes out of its mailbox is told of (decision 0070). Null in rows from before: they are told of as before.
ALTER TABLE mailbox_message
  -- By when its recipient promised to have taken it out.
  ADD COLUMN look_by timestamptz,
  -- Since when it is known to lie there no more: taken out, answered, or given back by MESH.
  ADD COLUMN left_at timestamptz,
  -- The Task that tells of it while it is open.
  ADD COLUMN told_task text;
CREATE INDEX mailbox_message_late ON mailbox_message (look_by) WHERE left_at IS NULL AND told_task IS NULL;
CREATE INDEX mailbox_message_told ON mailbox_message (told_task) WHERE told_task IS NOT NULL;

-- What is kept for a person has an end (MESH_LETTER_DAYS).
CREATE INDEX mailbox_letter_kept ON mailbox_letter (came_at) WHERE sealed IS NOT NULL;
