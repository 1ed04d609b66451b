// Finds accesses that fault for ever: the driver answers "served" and nothing changes (quirk Q1, X83, design.md §8).
import type { FaultRecord } from './fault-record.ts';
import type { OutcomeKind } from './service-outcome.ts';

interface Suspect {
  repeats: number;
  /** Batch of the last repeat: the records of one batch count once. */
  batch: number;
}

/**
 * Counts, per page and access kind of one VM, services that brought nothing. A swallowed error counts until that page is
 * bound; a service that found the range mapped counts until anything of the VM is bound. So oversubscription, where
 * pages leave and come back, never counts.
 */
export class LivelockDetector {
  private readonly errors = new Map<number, Suspect>();
  private readonly idle = new Map<number, Suspect>();

  /** Looks at a service that was answered with success; returns the repeats so far, 0 = progress. */
  observe(kind: OutcomeKind, record: FaultRecord, batch: number): number {
    if (kind === 'bound') {
      this.progress(record);
      return 0;
    }
    const suspects = kind === 'swallowed' ? this.errors : this.idle;
    const key = keyOf(record);
    const suspect = suspects.get(key);
    if (suspect === undefined) {
      suspects.set(key, { repeats: 1, batch });
      return 1;
    }
    if (suspect.batch !== batch) suspect.repeats++;
    suspect.batch = batch;
    return suspect.repeats;
  }

  /** Starts afresh for this page and access kind. */
  forget(record: FaultRecord): void {
    const key = keyOf(record);
    this.errors.delete(key);
    this.idle.delete(key);
  }

  private progress(record: FaultRecord): void {
    if (this.errors.size > 0) this.errors.delete(keyOf(record));
    if (this.idle.size > 0) this.idle.clear();
  }
}

function keyOf(record: FaultRecord): number {
  return record.vpn * 4 + record.access;
}
