// Spans in the air: slabs on arcs with a fading trail, moved by the vertex shader from start times alone.
import {
  BoxGeometry,
  BufferAttribute,
  DynamicDrawUsage,
  InstancedBufferAttribute,
  InstancedBufferGeometry,
  Mesh,
  MeshBasicNodeMaterial,
  type Node,
} from 'three/webgpu';
import {
  attribute,
  float,
  Fn,
  mix,
  normalLocal,
  positionGeometry,
  step,
  uniform,
  varying,
  vec3,
  vec4,
} from 'three/tsl';
import { FLIGHT_MS, type Flight } from './flights.ts';
import { rgbOf, STATE_COLOURS } from './palette.ts';
import type { SceneModel } from './scene-model.ts';

const TRAIL_SEGMENTS = 20;
/** Height of the arc over the length of its ground line. */
const LIFT = 0.16;

export class FlightMesh {
  readonly slabs: Mesh;
  readonly trails: Mesh;
  readonly #from: InstancedBufferAttribute;
  readonly #to: InstancedBufferAttribute;
  readonly #start: InstancedBufferAttribute;
  readonly #tint: InstancedBufferAttribute;
  readonly #now = uniform(0);
  /** Shader times are seconds from here: floats lose the milliseconds of a long session. */
  #epochMs = 0;

  constructor(capacity: number) {
    this.#from = made(capacity, 3);
    this.#to = made(capacity, 3);
    // Start and side length of the slab.
    this.#start = made(capacity, 2);
    this.#tint = made(capacity, 3);
    (this.#start.array as Float32Array).fill(-1e6);
    this.slabs = new Mesh(this.#geometry(slab(), capacity), this.#slabMaterial());
    this.trails = new Mesh(this.#geometry(strip(), capacity), this.#trailMaterial());
    for (const mesh of [this.slabs, this.trails]) mesh.frustumCulled = false;
    this.trails.renderOrder = 1;
  }

  launch(model: SceneModel, places: readonly number[], nowMs: number): void {
    if (places.length === 0) return;
    if (nowMs - this.#epochMs > 600_000) this.#restart(model, nowMs);
    for (const place of places) this.#put(model, place, model.flights.pool[place] as Flight);
    this.#from.needsUpdate = this.#to.needsUpdate = this.#start.needsUpdate = this.#tint.needsUpdate = true;
  }

  clear(): void {
    (this.#start.array as Float32Array).fill(-1e6);
    this.#start.needsUpdate = true;
  }

  at(nowMs: number): void {
    this.#now.value = (nowMs - this.#epochMs) / 1000;
  }

  dispose(): void {
    for (const mesh of [this.slabs, this.trails]) {
      mesh.geometry.dispose();
      (mesh.material as MeshBasicNodeMaterial).dispose();
    }
  }

  #restart(model: SceneModel, nowMs: number): void {
    this.#epochMs = nowMs;
    this.clear();
    model.flights.pool.forEach((flight, place) => flight.active && this.#put(model, place, flight));
  }

  #put(model: SceneModel, place: number, flight: Flight): void {
    const home = model.homeOf(flight.firstPage, flight.pages);
    const frame = model.frameAt(flight.frame, flight.pages);
    const [from, to] = flight.toVram ? [home, frame] : [frame, home];
    this.#from.setXYZ(place, from.x, 0.06, from.z);
    this.#to.setXYZ(place, to.x, 0.06, to.z);
    // Area follows bytes: 2 MiB is most of a cell; a single page stays visible.
    const side = Math.max(0.08, 0.56 * Math.sqrt(flight.pages / 512));
    this.#start.setXY(place, (flight.startMs - this.#epochMs) / 1000, side);
    const [red, green, blue] = rgbOf(flight.toVram ? STATE_COLOURS.toVram : STATE_COLOURS.toRam);
    this.#tint.setXYZ(place, red / 255, green / 255, blue / 255);
  }

  #geometry(geometry: InstancedBufferGeometry, capacity: number): InstancedBufferGeometry {
    geometry.setAttribute('flyFrom', this.#from);
    geometry.setAttribute('flyTo', this.#to);
    geometry.setAttribute('flyStart', this.#start);
    geometry.setAttribute('flyTint', this.#tint);
    geometry.instanceCount = capacity;
    return geometry;
  }

  /** How far along the way the slab is, eased, and 1 while it is in the air. */
  #progress() {
    const raw = this.#now.sub(attribute<'vec2'>('flyStart', 'vec2').x).div(FLIGHT_MS / 1000);
    const airborne = step(0, raw).mul(step(raw, 1));
    const t = raw.clamp(0, 1);
    return { t: t.mul(t).mul(t.mul(-2).add(3)), airborne };
  }

  #slabMaterial(): MeshBasicNodeMaterial {
    const material = new MeshBasicNodeMaterial();
    const { t, airborne } = this.#progress();
    const side = attribute<'vec2'>('flyStart', 'vec2').y.mul(airborne);
    const shape = vec3(side, float(0.07).mul(airborne), side);
    material.positionNode = arc(t).add(positionGeometry.mul(shape));
    const shade = varying(normalLocal.y.mul(0.35).add(0.65));
    material.colorNode = vec4(varying(attribute<'vec3'>('flyTint', 'vec3')).mul(shade), 1);
    return material;
  }

  #trailMaterial(): MeshBasicNodeMaterial {
    const material = new MeshBasicNodeMaterial({ transparent: true, depthWrite: false, side: 2 });
    const { t, airborne } = this.#progress();
    const along = positionGeometry.x;
    const width = attribute<'vec2'>('flyStart', 'vec2').y.mul(0.3).max(0.04).mul(airborne);
    material.positionNode = arc(t.mul(along)).add(vec3(0, 0, positionGeometry.z.mul(width)));
    const fade = varying(along.mul(along).mul(0.85));
    material.colorNode = Fn(() => vec4(varying(attribute<'vec3'>('flyTint', 'vec3')), fade))();
    return material;
  }
}

/** The point at `t` of this instance's arc. */
const arc = Fn(([t]: [Node<'float'>]) => {
  const from = attribute<'vec3'>('flyFrom', 'vec3');
  const to = attribute<'vec3'>('flyTo', 'vec3');
  const lift = to.sub(from).length().mul(LIFT).add(0.25);
  return mix(from, to, t).add(vec3(0, lift.mul(4).mul(t).mul(t.oneMinus()), 0));
});

function slab(): InstancedBufferGeometry {
  const box = new BoxGeometry(1, 1, 1);
  const geometry = new InstancedBufferGeometry();
  geometry.setAttribute('position', box.getAttribute('position'));
  geometry.setAttribute('normal', box.getAttribute('normal'));
  geometry.setIndex(box.getIndex());
  return geometry;
}

/** A strip from x = 0 to 1 with z at ±½; the shader bends it along the arc. */
function strip(): InstancedBufferGeometry {
  const positions: number[] = [];
  const index: number[] = [];
  for (let i = 0; i <= TRAIL_SEGMENTS; i++) {
    positions.push(i / TRAIL_SEGMENTS, 0, -0.5, i / TRAIL_SEGMENTS, 0, 0.5);
    if (i < TRAIL_SEGMENTS) index.push(2 * i, 2 * i + 1, 2 * i + 2, 2 * i + 1, 2 * i + 3, 2 * i + 2);
  }
  const geometry = new InstancedBufferGeometry();
  geometry.setAttribute('position', new BufferAttribute(new Float32Array(positions), 3));
  geometry.setIndex(index);
  return geometry;
}

function made(capacity: number, size: number): InstancedBufferAttribute {
  const attributeMade = new InstancedBufferAttribute(new Float32Array(capacity * size), size);
  attributeMade.setUsage(DynamicDrawUsage);
  return attributeMade;
}
