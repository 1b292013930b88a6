-- By which access token a token for a websocket was asked for: once that is given back, what was bound by it is over. Null in rows from before: they end within
-- ten minutes.
ALTER TABLE websocket_token ADD COLUMN access_jti text;
ALTER TABLE websocket_binding ADD COLUMN access_jti text;
