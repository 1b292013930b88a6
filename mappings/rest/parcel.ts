/** The two types of resource by which a plan lies on a FHIR server. */
export type RestType = 'Bundle' | 'DocumentReference';

/** One resource that is put where its document is known by its identifier, in the shape in which it was frozen. */
export interface RestWrite {
  readonly type: RestType;
  /** Value of the document's identifier (`System.document`): what the server finds it by. It names nobody. */
  readonly document: string;
  /** `epoch.count` of the attempt. */
  readonly sequence: string;
  /** What it does there: `content` is the document itself, the rest speaks of it or takes it away. */
  readonly does: 'content' | 'point' | 'take-away';
  /** The exact text of the resource. */
  readonly body: string;
}

/** The frozen bytes of several writes, in the order in which they are sent: one in a line. JSON leaves no line feed inside. */
export const toRestParcel = (writes: readonly RestWrite[]): string => writes.map((write) => JSON.stringify(write)).join('\n');

/** The writes of a parcel that the broker froze. */
export const fromRestParcel = (bytes: string): readonly RestWrite[] =>
  bytes === '' ? [] : bytes.split('\n').map((line): RestWrite => JSON.parse(line));
