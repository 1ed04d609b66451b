// Random processes that map, fork, write, move and truncate while their pages migrate, are swapped and pinned: every byte
// equals the oracle, invariants hold after every step of every task, and no frame stays in use.
import { describe, expect, it } from 'vitest';
import { Life, SPAN, type Process } from './random-life.ts';

/** Checks after every step of every task, whoever drives. */
function checkEveryStep(life: Life, label: string): void {
  const { sched } = life.machine.world;
  const run = sched.run.bind(sched);
  sched.run = (now) =>
    run(now, () => {
      const problems = life.problems();
      if (problems.length > 0) throw new Error(`${label}: ${problems.join('; ')}`);
      return true;
    });
}

/** The words that are not the first one's, so that a difference can be read. */
function describePage(page: Uint32Array | string): string {
  if (typeof page === 'string') return page;
  const common = page[1023] as number;
  const others = [...page].flatMap((word, i) => (word === common ? [] : [`${i}: ${word}`]));
  return `all ${common}${others.length > 0 ? `, but ${others.join(', ')}` : ''}`;
}

async function compare(life: Life, label: string): Promise<void> {
  for (const { mm, oracle } of life.processes) {
    for (let vpn = 0; vpn < SPAN; vpn++) {
      const page = await life.machine.run(life.machine.page(mm, vpn));
      expect(describePage(page), `${label}: ${mm.name} page ${vpn}`).toEqual(describePage(oracle.page(vpn)));
    }
  }
}

async function live(seed: number, options: { explore: boolean; files: boolean; system?: number }): Promise<Life> {
  const label = `seed ${seed} (npx vitest run test/model/mm/random-processes.test.ts -t "seed ${seed} ")`;
  const life = new Life(seed, options.explore, options.system ?? 400);
  const { machine } = life;
  checkEveryStep(life, label);
  machine.start('first', life.program(life.processes[0] as Process, options.files ? 150 : 80, options.files));
  for (let i = 0; i < 2; i++) machine.start(`weather ${i}`, life.weather(80, !options.files));
  await machine.finish();
  await compare(life, label);
  await machine.end([life.file]);
  return life;
}

describe('random processes', () => {
  it.each(Array.from({ length: 30 }, (_, i) => i + 101))('files too, seed %i ', async (seed) => {
    await live(seed, { explore: true, files: true });
  });

  it.each(Array.from({ length: 20 }, (_, i) => i + 1))(
    'private and shared memory in all orders, seed %i ',
    async (seed) => {
      await live(seed, { explore: true, files: false });
    },
  );

  it('control: the operations do what they are for', async () => {
    const counts: Record<string, number> = {};
    for (let seed = 1; seed < 17; seed++) {
      const life = await live(seed, { explore: true, files: false });
      for (const [what, count] of Object.entries(life.counts)) counts[what] = (counts[what] ?? 0) + count;
    }
    const expected = ['word', 'SEGV'].map((result) => `add ${result}`);
    expected.push(
      'fork',
      'pin',
      'pin EFAULT',
      'mremap moved',
      'mremap EINVAL',
      'mremap EFAULT',
      'resize -1',
      'resize 1',
    );
    expected.push(
      'map private',
      'map shared',
      'munmap',
      'mprotect 0',
      'DONTNEED 0',
      'FREE 0',
      'kept',
      'freed',
      'mlock 0',
    );
    expected.push('toDevice 0', 'toDevice EBUSY', 'evicted', 'mirror mapped', 'mirror EPERM', 'mirror EFAULT');
    expect(expected.filter((what) => (counts[what] ?? 0) === 0)).toEqual([]);
  });
});
