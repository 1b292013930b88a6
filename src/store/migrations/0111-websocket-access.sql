-- By which access token a token for a websocket was asked for: once that is given back, what was bound by it is over. Null in rows from before: they end within
-- ten minutes.
ALTER TABLE websocket_token ADD COLUMN access_jti text;
ALTER TABLE websocket_binding ADD COLUMN access_jti text;

-- Which socket of its process a binding is on: those of one client are counted over all processes.
ALTER TABLE websocket_binding ADD COLUMN socket_id uuid;
CREATE INDEX websocket_binding_client ON websocket_binding (client_id) WHERE process_id IS NOT NULL;
