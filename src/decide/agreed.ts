import type { Agreement } from '../model/agreement.ts';
import type { Heading } from '../model/heading.ts';
import type { Instant } from '../model/instant.ts';
import type { Purpose } from '../model/kind.ts';
import { includes } from '../model/period.ts';

/** The headings that executed agreements in date allow for one purpose. */
export function agreed(agreements: readonly Agreement[], purpose: Purpose, now: Instant): ReadonlySet<Heading> {
  const inForce = agreements.filter(
    (agreement) => agreement.executed && includes(agreement.period, now) && agreement.purposes.includes(purpose),
  );
  return new Set(inForce.flatMap((agreement) => agreement.headings));
}
