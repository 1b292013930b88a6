import type { CarePlan, Composition } from '@medplum/fhirtypes';
import type { Kind } from '../../model/kind.ts';
import type { Refusal } from '../../model/refusal.ts';

/** Someone whose hand is on the plan, and the kinds of service that their organisation has. */
export interface Hand {
  readonly as: 'author' | 'approver' | 'care-team';
  /** FHIRPath of the reference that names them. */
  readonly at: string;
  /** The literal reference to the person (`Practitioner/x`; of a PractitionerRole, its practitioner); null for a logical one. */
  readonly reference: string | null;
  /** Null where the organisation cannot be told: that is refused, never passed over. */
  readonly kinds: readonly Kind[] | null;
}

/** All that the guardrails judge: a draft at the moment of its approval. */
export interface Draft {
  readonly carePlan: CarePlan;
  readonly composition: Composition;
  /** What the words say by their entries, each with its place: it leaves as they do. */
  readonly refusals?: readonly { readonly at: string; readonly refusal: Refusal }[];
  readonly hands: readonly Hand[];
  /** Whether the person agreed; if not, why, and the literal reference of the second clinician. */
  readonly agreement: { readonly agreed: boolean; readonly reason: string | null; readonly secondClinician: string | null };
}

/** One find of a rule: where, and whether it stops the approval or only warns (the person's own words are never blocked). */
export interface Find {
  readonly at: string;
  readonly stops: boolean;
}

/** One guardrail: domain.md section 2. */
export interface Rule {
  readonly id: `G${number}`;
  /** What the user who meets it reads. */
  readonly sentence: string;
  readonly check: (draft: Draft) => readonly Find[];
}
