import { RECIPIENT_KINDS, type RecipientKind } from '../model/kind.ts';

/** What is wrong with an approved version, and of which kind's words. */
export interface ApprovalFinding {
  readonly what: 'unsealed' | 'seal' | 'key' | 'provenance' | 'bytes' | 'projection' | 'words' | 'record' | 'erased';
  readonly kind?: RecipientKind;
  readonly why: string;
}

type Hashes = Readonly<Partial<Record<RecipientKind, string>>>;

/** All that is known of an approved version. Hashes are SHA-256 in hex. */
export interface ApprovalEvidence {
  /** What the broker works by. */
  readonly row: { readonly bytes: string; readonly projections: Hashes };
  /** Null once the key of its person was destroyed. */
  readonly words: {
    /** Worked out anew from the signed bytes. */
    readonly bytes: string;
    readonly projections: Hashes;
    /** Of the words that leave, as they are stored for each kind. */
    readonly stored: Hashes;
    /** Resources that are no longer as they were signed, status and notes aside: `CarePlan`, `Composition`. */
    readonly changed: readonly string[];
  } | null;
  /** Null where the approval was never sealed. */
  readonly seal: {
    /** `good`; by a key that nobody vouches for; or of other contents. */
    readonly signature: 'good' | 'unknown-key' | 'wrong';
    /** Whether the sealed Provenance says what the row says: version, bytes, each projection, and who approved. */
    readonly differs: readonly string[];
  } | null;
}

/** Whether every part of an approved version is as it was approved: the findings, none where it is. Pure. */
export const checkApproval = ({ row, words, seal }: ApprovalEvidence): readonly ApprovalFinding[] => [
  ...checkSeal(seal, words === null),
  ...(words === null
    ? [{ what: 'erased' as const, why: 'the words were lawfully erased: hashes remain, and nobody can tell of what' }]
    : checkWords(row, words)),
];

function checkSeal(seal: ApprovalEvidence['seal'], isErased: boolean): readonly ApprovalFinding[] {
  if (seal === null)
    return isErased
      ? []
      : [{ what: 'unsealed', why: 'there is no seal: it was approved before seals were made, or the seal was taken away' }];
  if (seal.signature === 'unknown-key') return [{ what: 'key', why: 'the seal is by a key that nobody vouches for' }];
  if (seal.signature === 'wrong') return [{ what: 'seal', why: 'the Provenance is not what was sealed' }];
  return seal.differs.map((name) => ({ what: 'provenance', why: `what the broker works by is not what was sealed: ${name}` }));
}

function checkWords(row: ApprovalEvidence['row'], words: NonNullable<ApprovalEvidence['words']>): readonly ApprovalFinding[] {
  return [
    ...(words.bytes === row.bytes ? [] : [{ what: 'bytes' as const, why: 'the bytes do not have the hash that was signed' }]),
    ...RECIPIENT_KINDS.flatMap((kind): readonly ApprovalFinding[] => [
      ...(words.projections[kind] === row.projections[kind]
        ? []
        : [{ what: 'projection' as const, kind, why: 'the signed bytes no longer give the words that were approved for this kind' }]),
      ...(words.stored[kind] === row.projections[kind]
        ? []
        : [{ what: 'words' as const, kind, why: 'the words that leave to this kind are not those that were approved' }]),
    ]),
    ...words.changed.map((type) => ({ what: 'record' as const, why: `the ${type} is no longer as it was signed` })),
  ];
}
