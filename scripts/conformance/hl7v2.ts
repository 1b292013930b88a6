import type { Checklist } from './list.ts';

/** HL7 v2 over MLLP. */
export const hl7v2: Checklist = {
  page: 'hl7v2',
  title: 'HL7 v2 over MLLP',
  source: 'HL7 v2.5 chapters 2, 3 and 9; what receivers document',
  lines: [
    {
      id: '3b.1',
      asks: 'Original mode: AA is accepted, AE is not sent again unchanged, AR is tried again; a table of the recipient by MSA-1 and ERR-3 wins',
    },
    { id: '3b.2', asks: 'Enhanced mode: CA, CE and CR speak of storage only; AA, AE and AR come later, perhaps on another connection' },
    {
      id: '3b.3',
      asks: 'One in flight; MSA-2 answers MSH-10, and MSH-5/6 name us; after a timeout the socket is destroyed and the same MSH-10 sent again; a late answer is never credited to another',
    },
    {
      id: '3b.4',
      asks: 'Sequence number protocol (MSH-13, MSA-4)',
      notApplicable:
        'few peers speak it; each document carries the sequence of its plan (TXA-16), which a receiver may declare that it honours, and MSH-10 tells duplicates',
    },
    { id: '3b.5', asks: 'T02 and T10: TXA-12 for each version, TXA-13 for what it replaces, TXA-17, 18 and 19' },
    {
      id: '3b.6',
      asks: 'Recall by the profile of the recipient: T11, T10 with a notice, T08 that edits availability, or people; one without any cannot be activated',
    },
    { id: '3b.7.1', asks: 'T11 of a known document' },
    { id: '3b.7.2', asks: 'T11 of an unknown document' },
    { id: '3b.7.3', asks: 'T11 before its T02: a later T02 does not bring it back' },
    { id: '3b.7.4', asks: 'T11 twice' },
    { id: '3b.7.5', asks: "T11 gives its reason, and nothing of another patient's" },
    { id: '3b.8', asks: 'A31: the flag is said as a value, and taken back as a value, never by leaving it out' },
    {
      id: '3b.9',
      asks: 'Charset, escapes, line ends in text; no person in MSA-3 or in a log; mutual TLS; one connection; half-open connections are found',
    },
    { id: '3b.10.1', asks: 'Matrix: the ACK is lost' },
    { id: '3b.10.2', asks: 'Matrix: the ACK comes after the timeout, then the next message' },
    { id: '3b.10.3', asks: 'Matrix: AE' },
    { id: '3b.10.4', asks: 'Matrix: AR, then AA' },
    { id: '3b.10.5', asks: 'Matrix: CA, then no AA' },
    { id: '3b.10.6', asks: 'Matrix: the peer closes in the middle of a frame' },
    { id: '3b.10.7', asks: 'Matrix: two frames in one chunk' },
    { id: '3b.10.8', asks: 'Matrix: garbage between frames' },
    { id: '3b.10.9', asks: 'Matrix: CR LF' },
    { id: '3b.10.10', asks: 'Matrix: 5 MB of base64 in an OBX' },
  ],
};
