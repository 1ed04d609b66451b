// What the last service of a VM came to, with the rule behind it: kept apart from its status, because quirk Q1 hides errors.
import type { Errno } from '../../base/errno.ts';

/**
 * `bound`: new page-table entries · `valid`: the range was mapped already · `swallowed`: an error that the driver's
 * common exit turns into success (Q1) · `refused`: an error that the device gets to see.
 */
export type OutcomeKind = 'none' | 'bound' | 'valid' | 'swallowed' | 'refused';

export class ServiceOutcome {
  kind: OutcomeKind = 'none';
  error: Errno | null = null;
  /** In words: the rule that decided. */
  rule = '';

  set(kind: OutcomeKind, error: Errno | null, rule: string): void {
    this.kind = kind;
    this.error = error;
    this.rule = rule;
  }
}
