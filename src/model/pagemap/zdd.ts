// Zone-device data: which allocation a device page belongs to. One zdd a migration, counted exactly, freed exactly once.
import { assert, present } from '../../base/assert.ts';
import { type DevmemAllocation, releaseDevmem } from './devmem.ts';

/** Id of a zdd, as PageStore.zdd holds it; −1 is none. */
export type ZddId = number;
export const NO_ZDD: ZddId = -1;

/**
 * All zdds, struct of arrays (gpusvm-and-pagemap.md §1.10). A live zdd owns the allocation's reference and one on its
 * pagemap. Ids are reused, but only after the last page that carried them is free.
 */
export class ZddTable {
  private refcounts = new Int32Array(64);
  /** 1 while the migration that made the zdd runs (I40). */
  private creators = new Uint8Array(64);
  private readonly allocations: (DevmemAllocation | null)[] = [];
  private readonly freeIds: ZddId[] = [];

  /** A new zdd with the creator's reference. From here on the zdd, not the caller, releases the allocation. */
  create(allocation: DevmemAllocation): ZddId {
    const id = this.freeIds.pop() ?? this.allocations.length;
    if (id >= this.refcounts.length) this.grow();
    this.refcounts[id] = 1;
    this.creators[id] = 1;
    this.allocations[id] = allocation;
    allocation.dpagemap.get();
    return id;
  }

  /** One more device page refers to it. */
  get(id: ZddId): void {
    const count = this.refcount(id);
    assert(count > 0, () => `zdd ${id}: get while dead`);
    this.refcounts[id] = count + 1;
  }

  /** A device page is free again. */
  put(id: ZddId): void {
    const count = this.refcount(id);
    assert(count > 0, () => `zdd ${id}: more puts than gets`);
    this.refcounts[id] = count - 1;
    if (count === 1) this.destroy(id);
  }

  /** The migration that made it is over. */
  putCreator(id: ZddId): void {
    assert(this.creators[id] === 1, () => `zdd ${id}: the creator's reference was put twice`);
    this.creators[id] = 0;
    this.put(id);
  }

  /** The allocation behind a live zdd. */
  allocation(id: ZddId): DevmemAllocation {
    return present(this.allocations[id], `allocation of zdd ${id}`);
  }

  refcount(id: ZddId): number {
    return this.refcounts[id] ?? 0;
  }

  hasCreator(id: ZddId): boolean {
    return this.creators[id] === 1;
  }

  /** Ids handed out so far lie below this; dead ones have refcount 0. */
  get capacity(): number {
    return this.allocations.length;
  }

  /** Zdds alive. */
  get live(): number {
    return this.allocations.length - this.freeIds.length;
  }

  private destroy(id: ZddId): void {
    const allocation = this.allocation(id);
    this.allocations[id] = null;
    this.freeIds.push(id);
    allocation.detachedDone = true;
    allocation.detached.wakeAll();
    releaseDevmem(allocation);
    allocation.dpagemap.put();
  }

  private grow(): void {
    const refcounts = new Int32Array(this.refcounts.length * 2);
    refcounts.set(this.refcounts);
    this.refcounts = refcounts;
    const creators = new Uint8Array(this.creators.length * 2);
    creators.set(this.creators);
    this.creators = creators;
  }
}
