import { describe, expect, it } from 'vitest';
import { SceneModel } from '../../src/app/scene/scene-model.ts';
import { composeTiles, TILE } from '../../src/app/scene/tile-kinds.ts';
import { FakeMemory } from '../support/fake-session.ts';

const VMAS = [{ name: 'fake', startVpn: 0x7f0000000, pages: 16 * 512, firstPage: 0 }];

describe('tiles', () => {
  it('show what is going on before what is most', () => {
    const kinds = Uint8Array.from([
      TILE.system,
      TILE.system,
      TILE.system,
      TILE.faulting,
      TILE.system,
      TILE.system,
      TILE.away,
      TILE.away,
    ]);
    const [kind, height] = [new Uint8Array(2), new Float32Array(2)];
    expect(composeTiles(kinds, 4, kind, height)).toBe(true);
    expect([...kind]).toEqual([TILE.faulting, TILE.system]);
    expect(height[0]).toBe(1);
    expect(height[1]).toBeCloseTo(0.54);
    expect(composeTiles(kinds, 4, kind, height)).toBe(false);
  });
});

describe('the model of the scene', () => {
  it('keeps a page in flight until its span has landed', () => {
    const model = new SceneModel({ mostTiles: 1000, flights: 8 });
    const memory = new FakeMemory(16, 8, 0);
    model.update(memory.step(), VMAS, 0);
    expect(model.decks?.vram.tileKinds[0]).toBe(TILE.toVram);
    expect(model.decks?.system.tileKinds[0]).toBe(TILE.away);
    model.flights.land(1e6);
    model.compose();
    expect(model.decks?.vram.tileKinds[0]).toBe(TILE.vram);
    expect(model.changed).toBe(true);
  });

  it('tells the page and the frame under a point of either deck', () => {
    const model = new SceneModel({ mostTiles: 1000, flights: 8 });
    model.update(new FakeMemory(16, 8, 0).step(), VMAS, 0);
    const { system, vram } = model.decks ?? expect.fail('no decks');
    expect(model.under(system.left + 0.01, system.top + 0.01)).toMatchObject({ page: 0, frame: -1, kind: TILE.away });
    expect(model.under(vram.left + 0.01, vram.top + 0.01)).toMatchObject({ page: 0, frame: 0 });
    expect(model.under(vram.left + 2.5, vram.top + 0.5)).toMatchObject({ page: -1 });
    expect(model.under(0, 99)).toBeNull();
  });

  it('flies nothing when motion is reduced', () => {
    const model = new SceneModel({ mostTiles: 1000, flights: 8 });
    model.still = true;
    expect(model.update(new FakeMemory(16, 8, 0).step(), VMAS, 0)).toEqual([]);
    expect(model.decks?.vram.tileKinds[0]).toBe(TILE.vram);
  });
});
