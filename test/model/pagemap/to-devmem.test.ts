// migrate_to_devmem and populate_mm: bytes, zero-filled holes, own and peer pages, ownership of the allocation (§4.2, §4.3).
import { describe, expect, it } from 'vitest';
import { NS_PER_MS } from '../../../src/base/units.ts';
import { populate } from '../../../src/model/mm/access.ts';
import type { DevmemOps } from '../../../src/model/pagemap/devmem.ts';
import { populateMm } from '../../../src/model/pagemap/populate.ts';
import { STALE, TEST_CAUSE } from '../../support/fake-devmem.ts';
import { allocate, END, expected, into, setUp, START } from '../../support/to-devmem.ts';

describe('success', () => {
  it('I45, I49: all pages are device pages with their bytes; RAM is free again', async () => {
    const m = await setUp();
    const free = m.world.pages.freeSystem;
    const a = allocate(m);
    expect(await m.run(into(m, a, START, END, { timesliceNs: 5 * NS_PER_MS }))).toBe(0);
    expect(m.onDevice(START, END)).toBe(16);
    expect(m.contents(START, END)).toEqual(expected());
    expect(m.world.pages.freeSystem).toBe(free + 16);
    expect(a.timesliceExpiration).toBe(16_000 + 5 * NS_PER_MS); // from the end of the copy
    expect(m.device.copies).toEqual(['to-vram 16 holes 0']);
  });

  it('reports what moved and why', async () => {
    const m = await setUp();
    await m.run(m.migrate(START, 0x220));
    expect(m.migrations()).toEqual([
      expect.objectContaining({
        direction: 'to-vram',
        device: 0,
        startVpn: START,
        pages: 32,
        moved: 16,
        zeroFilled: 16,
        startNs: 0,
        status: 0,
        cause: TEST_CAUSE,
      }),
    ]);
  });

  it('I40: one zdd reference a page once the creator is done', async () => {
    const m = await setUp();
    await m.run(m.migrate(START, END));
    expect([m.state.zdds.live, m.state.zdds.refcount(0)]).toEqual([1, 16]);
  });

  it('S16: holes and zero pages read as zero, whatever VRAM held', async () => {
    const m = await setUp();
    await m.run(m.read(0x215)); // maps the zero page
    expect(await m.run(m.migrate(START, 0x220))).toBe(0);
    expect(m.onDevice(START, 0x220)).toBe(32);
    expect(m.contents(0x210, 0x220)).toEqual(Array(16).fill(0));
    expect(await m.run(m.read(0x21f))).toBe(0);
  });

  it('S16, negative control: an allocation that is not cleared shows its last owner', async () => {
    const m = await setUp();
    m.device.skipClear = true;
    await m.run(m.migrate(START, 0x220));
    expect(m.contents(0x210, 0x220)).toEqual(Array(16).fill(STALE));
  });

  it('a span that is ours already: 0, nothing copied, allocation released', async () => {
    const m = await setUp();
    await m.run(m.migrate(START, END));
    const words = m.words(START, END);
    expect(await m.run(m.migrate(START, END, NS_PER_MS))).toBe(0);
    expect(m.words(START, END)).toEqual(words);
    expect(m.device.copies).toHaveLength(1);
    expect(m.device.releases).toBe(1);
    expect(m.device.allocations[1]?.timesliceExpiration).toBe(0);
  });

  it('without device-to-device selection the same span is EBUSY', async () => {
    const m = await setUp();
    await m.run(m.migrate(START, END));
    m.state.options.deviceToDevice = false;
    expect(await m.run(m.migrate(START, END))).toBe('EBUSY');
    expect(m.onDevice(START, END)).toBe(16);
  });

  it('canMigrateSamePagemap gathers a fragmented span into one allocation', async () => {
    const m = await setUp();
    await m.run(m.migrate(START, 0x204));
    expect(await m.run(into(m, allocate(m), START, END, { canMigrateSamePagemap: true }))).toBe(0);
    expect(m.contents(START, END)).toEqual(expected());
    expect(m.state.zdds.live).toBe(1);
    expect(m.device.copies.slice(1)).toEqual(['to-ram 4 holes 0', 'to-vram 12 holes 0']);
  });

  it('a peer with the same owner is copied by its own device; a foreign one is not collected', async () => {
    const same = await setUp({ devicePages: [64, 64] });
    const [, peer] = same.devices;
    await same.run(same.migrate(START, 0x208, 0, peer));
    expect(await same.run(same.migrate(START, END))).toBe(0);
    expect(same.contents(START, END)).toEqual(expected());
    expect([peer?.releases, peer?.copies.at(-1)]).toEqual([1, 'to-ram 8 holes 0']);
    const apart = await setUp({ devicePages: [64, 64], separate: true });
    await apart.run(apart.migrate(START, 0x208, 0, apart.devices[1]));
    expect(await apart.run(apart.migrate(START, END))).toBe('EBUSY');
  });

  it('allocates nothing per page once warm: same vectors, same copy vector', async () => {
    const m = await setUp();
    const seen = new Set<unknown>();
    const ops: DevmemOps = {
      devmemRelease: (a) => m.device.devmemRelease(a),
      populateDevmemPfn: (a, pfns) => (seen.add(pfns.buffer), m.device.populateDevmemPfn(a, pfns)),
      copyToDevmem: (a, v) => (seen.add(v), m.device.copyToDevmem(a, v)),
      copyToRam: (a, v) => m.device.copyToRam(a, v),
    };
    for (let i = 0; i < 3; i++) {
      expect(await m.run(into(m, allocate(m, 16, ops)))).toBe(0);
      await m.run(m.read(START));
    }
    expect(seen.size).toBe(2);
  });
});

describe('populate_mm (§4.3)', () => {
  it('0, and the user of the address space is given back', async () => {
    const m = await setUp();
    expect(await m.run(populateMm(m.pagemap, START, END, m.mm, 0, TEST_CAUSE))).toBe(0);
    expect(m.mm.users).toBe(1);
  });

  it('EFAULT: address space gone; the driver is not asked', async () => {
    const m = await setUp();
    await m.run(m.mm.exit());
    expect(await m.run(populateMm(m.pagemap, START, END, m.mm, 0, TEST_CAUSE))).toBe('EFAULT');
    expect(m.device.allocations).toHaveLength(0);
  });

  it('ENOMEM of the driver is passed on', async () => {
    const m = await setUp({ devicePages: [8] });
    expect(await m.run(populateMm(m.pagemap, START, END, m.mm, 0, TEST_CAUSE))).toBe('ENOMEM');
  });

  it('a span in the middle of larger populated memory needs no range', async () => {
    const m = await setUp();
    await m.run(populate(m.mm, 0x210, 0x400, true));
    expect(await m.run(populateMm(m.pagemap, 0x300, 0x340, m.mm, 0, TEST_CAUSE))).toBe(0);
    expect([m.onDevice(START, 0x300), m.onDevice(0x300, 0x340), m.onDevice(0x340, 0x400)]).toEqual([0, 64, 0]);
  });
});
