// The migrate address space (xe.md §4.1): identity map of exactly the VRAM, self map, windows, made by commands alone.
import { describe, expect, test } from 'vitest';
import type { Command } from '../../../src/engine/plan/commands.ts';
import { SILENT } from '../../../src/model/event/event.ts';
import { Sched } from '../../../src/model/sched/sched.ts';
import { VramManager } from '../../../src/model/vram/vram.ts';
import {
  IDENTITY_VPN,
  LARGE_WINDOW_VPN,
  MigrateVm,
  NULL_VPN,
  PT_BO,
  WINDOW_VPN,
} from '../../../src/model/xe/migrate-vm.ts';
import { walk, type Translation } from './pt-world.ts';

const GIB = 2 ** 18;
/** Tables lie below this frame, so that a test of a large VRAM needs only a small image of it. */
const TABLE_FRAMES = 64;

/** Runs page-table commands on `words`; says when a job stores a word twice. */
export function storeAll(words: Uint32Array, commands: readonly Command[]): void {
  const seen = new Set<number>();
  for (const command of commands) {
    if (command.op === 'tlbInval') continue;
    if (command.op !== 'pteWrite' && command.op !== 'zap') throw new Error(command.op);
    const count = command.op === 'zap' ? command.count : command.entries.length / 2;
    if (command.index + count > 512 || (command.op === 'pteWrite' && count > 510)) throw new Error(`${count} entries`);
    for (let i = 0; i < 2 * count; i++) {
      const at = command.table * 1024 + 2 * command.index + i;
      if (seen.has(at)) throw new Error(`word ${at} is stored twice`);
      seen.add(at);
      words[at] = command.op === 'zap' ? 0 : (command.entries[i] as number);
    }
  }
}

function makeVm(pages: number, need64k = false): { vm: MigrateVm; words: Uint32Array; vram: VramManager } {
  const world = { sched: new Sched(), events: SILENT };
  const vram = new VramManager(world, { device: 0, pages, dataPages: 0, tableLimitPages: TABLE_FRAMES });
  const vm = MigrateVm.create({ vram, space: 1, need64k });
  if (typeof vm === 'string') throw new Error(vm);
  const words = new Uint32Array(TABLE_FRAMES * 1024).fill(0xdeadbeef);
  storeAll(words, vm.setup);
  return { vm, words, vram };
}

/** All frames of a small VRAM; of a large one those around every boundary. */
function frames(pages: number): number[] {
  if (pages <= 20_000) return Array.from({ length: pages }, (_, i) => i);
  const around = [0, 512, GIB, 2 * GIB, pages - (pages % 512), pages - (pages % GIB), pages];
  const list = around.flatMap((at) => Array.from({ length: 40 }, (_, i) => at - 20 + i));
  return [...list, 12_345, 333_333].filter((frame) => frame >= 0 && frame < pages);
}

describe('I-M4: the identity map is the linear formula for all of VRAM and nothing behind it', () => {
  test.each([
    ['4 MiB', 1024],
    ['64 MiB', 16_384],
    ['a partial 2M at the end', 1024 + 300],
    ['less than 2M', 100],
    ['exactly 1 GiB', GIB],
    ['1 GiB and a bit', GIB + 5],
    ['3 GiB, 7 times 2M, 9 pages', 3 * GIB + 7 * 512 + 9],
    ['256 GiB', 256 * GIB],
  ])('%s', (_, pages) => {
    const { vm, words } = makeVm(pages);
    for (const frame of frames(pages)) {
      const hit = walk(words, vm.root, vm.vramVpn(frame));
      if (hit.kind !== 'vram' || hit.frame !== frame) throw new Error(`frame ${frame}: ${JSON.stringify(hit)}`);
    }
    const behind = [0, 1, 15, 511, 512, 513, GIB - 1, GIB].map((i) => pages + i).filter((i) => i < 256 * GIB);
    for (const frame of behind) expect(walk(words, vm.root, vm.vramVpn(frame)).kind, `frame ${frame}`).toBe('absent');
    expect(walk(words, vm.root, IDENTITY_VPN - 1).kind).not.toBe('vram');
  });

  test('leaves are 1G, in the last GiB 2M, in a last partial 2M 4K', () => {
    const pages = 2 * GIB + 512 + 3;
    const { vm, words } = makeVm(pages);
    const level = (frame: number): number => walk(words, vm.root, vm.vramVpn(frame)).level;
    expect([0, GIB, 2 * GIB, 2 * GIB + 511, 2 * GIB + 512, pages - 1].map(level)).toEqual([2, 2, 1, 1, 0, 0]);
    const exact = makeVm(GIB);
    expect(walk(exact.words, exact.vm.root, exact.vm.vramVpn(GIB - 1)).level).toBe(1);
  });
});

test.each([false, true])(
  'self map: slot i of pt_bo is at page i, and nothing else below 2M (need64k %s)',
  (need64k) => {
    const { vm, words } = makeVm(1024, need64k);
    expect(vm.base % 16).toBe(0);
    for (let i = 0; i < PT_BO.pages; i++) {
      expect(walk(words, vm.root, i)).toMatchObject({ kind: 'vram', frame: vm.base + i });
    }
    for (let i = PT_BO.pages; i < 512; i++) expect(walk(words, vm.root, i).kind).toBe('absent');
  },
);

test('windows are empty at first; the NULL leaf at 255G reads zero', () => {
  const { vm, words } = makeVm(1024);
  for (const vpn of [WINDOW_VPN, WINDOW_VPN + 2047, 25 * 512, LARGE_WINDOW_VPN, LARGE_WINDOW_VPN + 2047]) {
    expect(walk(words, vm.root, vpn).kind).toBe('absent');
  }
  expect(walk(words, vm.root, NULL_VPN)).toMatchObject({ kind: 'null', level: 2 });
});

describe('windows', () => {
  /** Index and count of every packet. */
  const packets = (commands: Command[]): number[][] =>
    commands.map((c) => (c.op === 'pteWrite' ? [c.table, c.index, c.entries.length / 2] : []));

  test('512 pages are [510, 2]; 2048 are that in each of four slots (xe.md §4.2)', () => {
    const { vm } = makeVm(1024);
    const list = new Uint32Array(2048);
    const small: Command[] = [];
    vm.mapWindow(list, 0, 512, small);
    expect(packets(small)).toEqual([
      [vm.base, 0, 510],
      [vm.base, 510, 2],
    ]);
    const whole: Command[] = [];
    vm.mapWindow(list, 0, 2048, whole);
    expect(packets(whole)).toEqual(
      [0, 1, 2, 3].flatMap((s) => [510, 2].map((n) => [vm.base + s, n === 2 ? 510 : 0, n])),
    );
  });

  test('page i of the window is the frame that was given; later windows replace earlier ones', () => {
    const { vm, words } = makeVm(1024);
    for (const [from, to] of [
      [0, 2048],
      [7, 700],
    ] as const) {
      const list = Uint32Array.from({ length: 2048 }, (_, i) => 3 * i + from);
      const commands: Command[] = [];
      vm.mapWindow(list, from, to, commands);
      storeAll(words, commands);
      for (let i = from; i < to; i++) {
        const hit = walk(words, vm.root, WINDOW_VPN + i - from);
        expect(hit).toMatchObject({ kind: 'system', frame: 3 * i + from });
      }
    }
  });

  test('2M folios through the large window: four leaves at most', () => {
    const { vm, words } = makeVm(1024);
    const list = Uint32Array.from({ length: 2048 }, (_, i) => [4, 1, 9, 2][Math.floor(i / 512)]! * 512 + (i % 512));
    const commands: Command[] = [];
    vm.mapLargeWindow(list, 0, 2048, commands);
    expect(commands).toHaveLength(1);
    storeAll(words, commands);
    for (let i = 0; i < 2048; i += 17) {
      const hit: Translation = walk(words, vm.root, LARGE_WINDOW_VPN + i);
      expect(hit).toMatchObject({ kind: 'system', frame: list[i], level: 1 });
    }
  });
});

test('create answers ENOMEM and takes nothing without 33 pages', () => {
  const world = { sched: new Sched(), events: SILENT };
  for (const pages of [16, 32]) {
    const vram = new VramManager(world, { device: 0, pages, dataPages: pages });
    expect(MigrateVm.create({ vram, space: 1 })).toBe('ENOMEM');
    expect(vram.free).toBe(pages);
  }
});
