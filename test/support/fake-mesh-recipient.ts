import { apply, readMessage } from './fake-fhir-recipient.ts';
import type { FakeOptions, FakeRecipient } from './fake-recipient.ts';
import { FakeStore } from './fake-store.ts';
import type { MeshSimulator } from './mesh-simulator.ts';
import { type ResponseOptions, responseTo } from './message-response.ts';

/** A recipient without an address: it looks into its mailbox when it is told to, keeps what is sent, and answers into the mailbox it came from. */
export interface MeshRecipient extends Pick<FakeRecipient, 'holds' | 'received'> {
  /** Takes everything out of the mailbox into its store. `answers` null: it says nothing to anybody. */
  look(answers?: ResponseOptions | null): readonly string[];
}

/** Opens its store behind a mailbox of the simulator. */
export const fakeMeshRecipient = (mesh: MeshSimulator, mailbox: string, options: FakeOptions = {}): MeshRecipient => {
  const store = new FakeStore(options);
  return {
    holds: store.holds,
    received: store.received,
    look: (answers = {}) =>
      mesh.take(mailbox).map(({ message, text }) => {
        const read = readMessage(text, message.headers);
        store.note({ ...read.message, query: '' });
        const isTaken = apply(store, read) === 'stored';
        const answer = isTaken ? answers : { ...answers, code: 'fatal-error' as const };
        if (answers !== null) mesh.put(mailbox, message.from, `${message.workflow}_ACK`, JSON.stringify(responseTo(text, answer ?? {})));
        return message.id;
      }),
  };
};
