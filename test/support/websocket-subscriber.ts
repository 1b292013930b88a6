import WebSocket from 'ws';
import { readNotification, type HookNotification } from './fake-hook.ts';

/** A subscriber's end of a websocket: what it was told, and how it behaves. */
export interface WebsocketSubscriber {
  readonly socket: WebSocket;
  bind(token: string): void;
  notifications(): readonly HookNotification[];
  events(): readonly HookNotification[];
  /** Everything that came in, as text. */
  texts(): readonly string[];
  /** The code by which it was closed; null while it is open. */
  closed(): number | null;
  /** Reads nothing more, and answers nothing. */
  stall(): void;
  leave(): void;
}

/** Opens a websocket to a broker; rejects where it is not let in. `answers`: whether pings are answered. */
export const openWebsocket = async (
  url: string,
  { answers = true, headers = {} }: { readonly answers?: boolean; readonly headers?: Readonly<Record<string, string>> } = {},
): Promise<WebsocketSubscriber> => {
  const socket = new WebSocket(url, { autoPong: answers, headers, perMessageDeflate: true });
  const texts: string[] = [];
  let code: number | null = null;
  socket.on('message', (data) => void texts.push(data.toString()));
  socket.on('close', (was) => {
    code = was;
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
  });
  socket.on('error', () => undefined); // told by its closing
  const notifications = () =>
    texts
      .filter((text) => (JSON.parse(text) as { resourceType: string }).resourceType === 'Bundle')
      .map((text) => readNotification(text, {}));
  return {
    socket,
    bind: (token) => socket.send(`bind-with-token: ${token}`),
    notifications,
    events: () => notifications().filter(({ type }) => type === 'event-notification'),
    texts: () => texts,
    closed: () => code,
    stall: () => socket.pause(),
    leave: () => socket.terminate(),
  };
};
