// Ends and neighbours: process exit at any moment, VM close in any order, and two devices over one process (S12, S25).
import { describe, expect, it } from 'vitest';
import { createTwinExecutor } from '../../../src/engine/twin/twin-executor.ts';
import { SILENT } from '../../../src/model/event/event.ts';
import { cpuFault, populate } from '../../../src/model/mm/access.ts';
import { createMm } from '../../../src/model/mm/mm.ts';
import { Sched } from '../../../src/model/sched/sched.ts';
import type { Op } from '../../../src/model/sched/op.ts';
import { createWorld } from '../../../src/model/world.ts';
import { createXeDevice } from '../../../src/model/xe/device.ts';
import { blankFault, encodeFault } from '../../../src/model/xe/fault-record.ts';
import { serviceFault } from '../../../src/model/xe/fault-service.ts';
import { checkDevice, checkXe } from '../../../src/model/xe/invariants.ts';
import { makeXeOptions } from '../../../src/model/xe/options.ts';
import { closeXeVm, createXeVm, type XeVm } from '../../../src/model/xe/vm.ts';
import { createRng } from '../../../src/base/rng.ts';
import { mix32 } from '../../../src/base/mix.ts';
import { runOp } from '../../support/drive.ts';
import { Machine } from './machine.ts';

describe('S25, RC13 process exit', () => {
  it('at any moment: every fault is answered, nothing leaks, later faults get EFAULT', async () => {
    let early = 0;
    for (let seed = 1; seed <= 40; seed++) {
      const xe = { chunkPages: [16, 1], timeslice: { overrideMs: seed % 3 } };
      const m = new Machine({ explore: seed, twin: true, systemPages: 1024, vramPages: 512, dataPages: 48, xe });
      await m.mapped(0x200, 0x280);
      const words = new Uint32Array(64 * 4);
      for (let i = 0; i < 64; i++)
        encodeFault({ ...blankFault(), asid: m.vm.asid, vpn: 0x200 + 2 * i, access: i % 3 }, words, i * 4);
      m.world.sched.spawn('exit', exitLater(m, seed % 16));
      m.world.sched.spawn('touch', touches(m));
      expect(await m.run(m.queue.serve(words))).toBe(64);
      const failures = m.queue.takeFailures();
      early += failures.length > 0 ? 1 : 0;
      expect(
        failures.every((f) => f.error === 'EFAULT' || f.error === 'ENOENT'),
        `seed ${seed}`,
      ).toBe(true);
      expect([m.device.vram.dataUsed, m.device.pagemap.state.zdds.live, m.world.pages.freeSystem]).toEqual([
        0, 0, 1023,
      ]);
      expect(await m.fault(0x200)).toSatisfy((s) => s === 'EFAULT' || s === 'ENOENT');
      await m.run(closeXeVm(m.vm));
    }
    expect(early).toBeGreaterThan(5);
  });

  function* exitLater(m: Machine, steps: number): Op<void> {
    for (let i = 0; i < steps; i++) yield* m.world.sched.point('exit');
    yield* m.mm.exit();
  }

  function* touches(m: Machine): Op<void> {
    for (let i = 0; i < 8; i++) {
      yield* cpuFault(m.mm, 0x200 + 16 * i, true);
      yield* m.world.sched.point('touch');
    }
  }
});

describe('VM close', () => {
  it('RC14: while unmaps run, in any schedule, the callback ends and no range is left', async () => {
    for (let seed = 1; seed <= 25; seed++) {
      const m = new Machine({ explore: seed, twin: true, xe: { chunkPages: [16, 1] } });
      await m.mapped(0x200, 0x300);
      for (let vpn = 0x200; vpn < 0x300; vpn += 16) await m.fault(vpn);
      m.world.sched.spawn('unmap', unmapAll(m));
      await m.run(closeXeVm(m.vm));
      expect([m.vm.svm.notifiers.size, m.vm.gcList.length]).toEqual([0, 0]);
      expect(await m.fault(0x2f0)).toBe('ENOENT');
    }
  });

  function* unmapAll(m: Machine): Op<void> {
    for (let vpn = 0x200; vpn < 0x2f0; vpn += 24) yield* m.mm.munmap(vpn, vpn + 24);
  }
});

describe('S12, S17 two devices over one process', () => {
  for (const shared of [false, true]) {
    it(`pages follow the device that faults (${shared ? 'one owner: peer copies' : 'two owners: through RAM'})`, async () => {
      for (let seed = 1; seed <= 20; seed++) {
        const sched = new Sched({ explore: createRng(mix32(seed)) });
        const world = createWorld({ systemPages: 512, devicePages: [256, 256], sched, events: SILENT });
        const group = {};
        const xe = { copyMode: 'physical', chunkPages: [16, 1] } as const;
        const devices = [0, 1].map((index) => {
          const options = makeXeOptions(xe);
          return createXeDevice(world, { index, vramPages: 256, options, owner: shared ? group : {} });
        });
        const mm = createMm(world, 'app');
        mm.mmap(0x200, 64, { write: true });
        const vms = devices.map((device) => createXeVm(device, mm, { startVpn: 0, endVpn: 4096 }) as XeVm);
        const spaces = ['system', 'vram0', 'vram1'].map((name, i) => ({ name, pages: i === 0 ? 512 : 256 }));
        const executor = createTwinExecutor({ spaces, accessCapacity: 16, faultCapacity: 16, tlbLines: 0 });
        const run = <T>(op: Op<T>): Promise<T> => runOp(sched, world.jobs, op, executor);
        expect(await run(populate(mm, 0x200, 0x240, true))).toBe(0);
        yield_: for (let round = 0; round < 3; round++) {
          for (const vm of vms) sched.spawn(`faults ${vm.asid}`, faults(vm, round));
          await run(mm.discard(0, 1));
          for (const vm of vms) if (checkXe(vm).length > 0) break yield_;
        }
        expect([...vms.flatMap(checkXe), ...devices.flatMap(checkDevice)], `seed ${seed}`).toEqual([]);
        const [a = 0, b = 0] = devices.map((device) => device.vram.dataUsed);
        expect(a + b).toBeLessThanOrEqual(128);
        await run(mm.exit());
        expect(devices.map((device) => device.vram.dataUsed)).toEqual([0, 0]);
      }
    });
  }

  function* faults(vm: XeVm, round: number): Op<void> {
    for (let i = 0; i < 4; i++) {
      const vpn = 0x200 + 16 * ((i + round + vm.asid) % 4);
      const status = yield* serviceFault(vm, { vpn, access: 1, faultType: 0, level: 0 });
      expect([0, 'EBUSY', 'EOPNOTSUPP']).toContain(status);
    }
  }
});
