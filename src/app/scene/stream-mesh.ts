// Two bands between the decks for rates too high to follow: the width is bytes per second, the dashes run with the bytes.
import { BufferAttribute, BufferGeometry, Mesh, MeshBasicNodeMaterial } from 'three/webgpu';
import { float, Fn, positionGeometry, step, uniform, varying, vec3, vec4 } from 'three/tsl';
import { rgbOf, STATE_COLOURS } from './palette.ts';
import type { Decks, SceneModel } from './scene-model.ts';

const SEGMENTS = 48;

interface Band {
  readonly mesh: Mesh;
  readonly width: { value: number };
}

export class StreamMesh {
  readonly up: Band;
  readonly down: Band;
  readonly #clock = uniform(0);
  /** The fastest seen so far fills the band. */
  #most = 1;

  constructor(decks: Decks) {
    const home = { x: decks.system.left + decks.system.layout.width * 0.5, z: 0 };
    const away = { x: decks.vram.left + decks.vram.layout.width * 0.5, z: 0 };
    const most = Math.min(decks.system.layout.depth, decks.vram.layout.depth) * 0.36;
    this.up = this.#band(home.x, away.x, -most * 0.62, most, STATE_COLOURS.toVram);
    this.down = this.#band(away.x, home.x, most * 0.62, most, STATE_COLOURS.toRam);
  }

  show(model: SceneModel, nowMs: number): void {
    const { upBytes, downBytes, flights } = model;
    this.#most = Math.max(this.#most * 0.999, upBytes, downBytes);
    this.up.mesh.visible = this.down.mesh.visible = flights.streaming;
    this.up.width.value = upBytes / this.#most;
    this.down.width.value = downBytes / this.#most;
    this.#clock.value = model.still ? 0 : (nowMs / 1000) % 1000;
  }

  dispose(): void {
    for (const { mesh } of [this.up, this.down]) {
      mesh.geometry.dispose();
      (mesh.material as MeshBasicNodeMaterial).dispose();
    }
  }

  #band(from: number, to: number, z: number, most: number, colour: string): Band {
    const width = uniform(0);
    const material = new MeshBasicNodeMaterial({ transparent: true, depthWrite: false, side: 2 });
    const t = positionGeometry.x;
    const lift = Math.abs(to - from) * 0.18;
    material.positionNode = vec3(
      t.mul(to - from).add(from),
      t
        .mul(t.oneMinus())
        .mul(4 * lift)
        .add(0.12),
      positionGeometry.z.mul(width).mul(most).add(z),
    );
    const along = varying(t);
    const [red, green, blue] = rgbOf(colour);
    material.colorNode = Fn(() => {
      const dash = step(0.45, along.mul(14).sub(this.#clock.mul(2.5)).fract());
      const ends = along.mul(along.oneMinus()).mul(8).clamp(0, 1);
      return vec4(vec3(red / 255, green / 255, blue / 255), float(0.28).add(dash.mul(0.5)).mul(ends));
    })();
    const mesh = new Mesh(band(), material);
    mesh.frustumCulled = false;
    mesh.visible = false;
    return { mesh, width };
  }
}

function band(): BufferGeometry {
  const positions: number[] = [];
  const index: number[] = [];
  for (let i = 0; i <= SEGMENTS; i++) {
    positions.push(i / SEGMENTS, 0, -0.5, i / SEGMENTS, 0, 0.5);
    if (i < SEGMENTS) index.push(2 * i, 2 * i + 1, 2 * i + 2, 2 * i + 1, 2 * i + 3, 2 * i + 2);
  }
  const geometry = new BufferGeometry();
  geometry.setAttribute('position', new BufferAttribute(new Float32Array(positions), 3));
  geometry.setIndex(index);
  return geometry;
}
