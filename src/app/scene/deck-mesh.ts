// A deck as one draw call: a box a tile, with height, colour and pattern as attributes of the instance.
import {
  BoxGeometry,
  BufferAttribute,
  BufferGeometry,
  DynamicDrawUsage,
  InstancedBufferAttribute,
  InstancedBufferGeometry,
  Mesh,
  MeshBasicNodeMaterial,
  type Node,
  Vector3,
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
  uv,
  varying,
  vec2,
  vec3,
  vec4,
} from 'three/tsl';
import { placeTile, type TilePlace } from './deck-layout.ts';
import { PATTERN, rgbOf, TILE_PATTERN, type Palette } from './palette.ts';
import type { Deck } from './scene-model.ts';

/** Height of a full page, in cell widths. */
export const PAGE_HEIGHT = 0.11;
/** Share of a tile's pitch that the box covers. */
const COVER = 0.82;

export class DeckMesh {
  readonly mesh: Mesh;
  readonly #tint: BufferAttribute;
  readonly #height: BufferAttribute;
  readonly #colours: Uint8Array;
  /** What shows through hollow tiles. */
  readonly #plate = uniform(new Vector3());
  /** How often each tile's values stand in the attributes. */
  readonly #copies: number;

  /** `merged`: software drivers draw every instance as a draw call of its own, so there a tile is vertices like any other. */
  constructor(deck: Deck, palette: Palette, merged: boolean) {
    const { tiles } = deck.layout;
    const box = tileBox();
    this.#copies = merged ? box.vertices : 1;
    const geometry = merged ? mergedBoxes(box, tiles) : instancedBoxes(box, tiles);
    const add = (name: string, array: Uint8Array | Float32Array, size: number): BufferAttribute => {
      const normalized = array instanceof Uint8Array;
      const made = merged
        ? new BufferAttribute(array, size, normalized)
        : new InstancedBufferAttribute(array, size, normalized);
      geometry.setAttribute(name, made);
      return made;
    };
    add('corner', cornersOf(deck, this.#copies), 2);
    this.#tint = add('tint', new Uint8Array(tiles * this.#copies * 4), 4).setUsage(DynamicDrawUsage);
    this.#height = add('tileHeight', new Float32Array(tiles * this.#copies), 1).setUsage(DynamicDrawUsage);
    this.#colours = coloursOf(palette);
    this.recolour(palette);
    this.mesh = new Mesh(geometry, tileMaterial(deck, this.#plate));
    this.mesh.frustumCulled = false;
    this.mesh.position.set(deck.left, 0, deck.top);
  }

  show(deck: Deck): void {
    const tint = new Uint32Array(this.#tint.array.buffer);
    const height = this.#height.array as Float32Array;
    const colours = new Uint32Array(this.#colours.buffer);
    const copies = this.#copies;
    for (let tile = 0; tile < deck.tileKinds.length; tile++) {
      tint.fill(colours[deck.tileKinds[tile] as number] as number, tile * copies, (tile + 1) * copies);
      height.fill((deck.tileHeights[tile] as number) * PAGE_HEIGHT, tile * copies, (tile + 1) * copies);
    }
    this.#tint.needsUpdate = this.#height.needsUpdate = true;
  }

  recolour(palette: Palette): void {
    this.#colours.set(coloursOf(palette));
    this.#plate.value.fromArray(rgbOf(palette.plate)).divideScalar(255);
  }

  dispose(): void {
    this.mesh.geometry.dispose();
    (this.mesh.material as MeshBasicNodeMaterial).dispose();
  }
}

interface TileBox {
  readonly vertices: number;
  readonly position: Float32Array;
  readonly normal: Float32Array;
  readonly uv: Float32Array;
  readonly index: readonly number[];
}

/** A unit box without floor and back, which are never seen. Faces come as +x −x +y −y +z −z, four vertices each. */
function tileBox(): TileBox {
  const box = new BoxGeometry(1, 1, 1).translate(0.5, 0.5, 0.5);
  const faces = [0, 1, 2, 4];
  const pick = (name: string, size: number): Float32Array => {
    const all = box.getAttribute(name).array;
    return Float32Array.from(faces.flatMap((face) => Array.from(all.slice(face * 4 * size, (face + 1) * 4 * size))));
  };
  const index = faces.flatMap((_, face) => [0, 2, 1, 2, 3, 1].map((corner) => face * 4 + corner));
  return {
    vertices: faces.length * 4,
    position: pick('position', 3),
    normal: pick('normal', 3),
    uv: pick('uv', 2),
    index,
  };
}

function instancedBoxes(box: TileBox, tiles: number): BufferGeometry {
  const geometry = withVertices(new InstancedBufferGeometry(), box, 1);
  geometry.setIndex([...box.index]);
  geometry.instanceCount = tiles;
  return geometry;
}

function mergedBoxes(box: TileBox, tiles: number): BufferGeometry {
  const geometry = withVertices(new BufferGeometry(), box, tiles);
  const index = new Uint32Array(tiles * box.index.length);
  for (let tile = 0; tile < tiles; tile++)
    box.index.forEach((vertex, i) => (index[tile * box.index.length + i] = tile * box.vertices + vertex));
  geometry.setIndex(new BufferAttribute(index, 1));
  return geometry;
}

function withVertices<G extends BufferGeometry>(geometry: G, box: TileBox, times: number): G {
  const repeat = (values: Float32Array): Float32Array => {
    const all = new Float32Array(values.length * times);
    for (let i = 0; i < times; i++) all.set(values, i * values.length);
    return all;
  };
  geometry.setAttribute('position', new BufferAttribute(repeat(box.position), 3));
  geometry.setAttribute('normal', new BufferAttribute(repeat(box.normal), 3));
  geometry.setAttribute('uv', new BufferAttribute(repeat(box.uv), 2));
  return geometry;
}

function cornersOf({ layout }: Deck, copies: number): Float32Array {
  const corners = new Float32Array(layout.tiles * copies * 2);
  const place: TilePlace = { x: 0, z: 0, column: 0, row: 0 };
  for (let tile = 0; tile < layout.tiles; tile++) {
    placeTile(layout, tile, place);
    const x = place.x + (0.5 * (1 - COVER)) / layout.tileColumns;
    const z = place.z + (0.5 * (1 - COVER)) / layout.tileRows;
    for (let i = 0; i < copies; i++) corners.set([x, z], (tile * copies + i) * 2);
  }
  return corners;
}

function tileMaterial({ layout }: Deck, plate: Node<'vec3'>): MeshBasicNodeMaterial {
  const material = new MeshBasicNodeMaterial();
  const size = vec2(COVER / layout.tileColumns, COVER / layout.tileRows);
  const corner = attribute<'vec2'>('corner', 'vec2');
  const height = attribute<'float'>('tileHeight', 'float');
  const there = step(0.0005, height);
  material.positionNode = vec3(
    positionGeometry.x.mul(size.x).mul(there).add(corner.x),
    positionGeometry.y.mul(height),
    positionGeometry.z.mul(size.y).mul(there).add(corner.y),
  );
  const tint = varying(attribute<'vec4'>('tint', 'vec4'));
  const up = varying(normalLocal.y);
  const side = varying(normalLocal.x.abs());
  material.colorNode = Fn(() => {
    const shade = mix(float(0.66).sub(side.mul(0.14)), float(1), step(0.5, up));
    const code = tint.w.mul(255).round();
    const top = step(0.5, up);
    const lit = tint.xyz.mul(shade).mul(patternAt(code).mul(top).mul(-0.55).add(1));
    return vec4(mix(lit, plate, hollowAt(code).mul(top)), 1);
  })();
  return material;
}

/** 0 to 1: how much darker the pattern is here on the top of a tile. */
const patternAt = Fn(([code]: [Node<'float'>]) => {
  const at = uv();
  const is = (pattern: number) => step(pattern - 0.5, code).mul(step(code, pattern + 0.5));
  const edge = at.x.min(at.x.oneMinus()).min(at.y.min(at.y.oneMinus()));
  const hatch = step(0.5, at.x.add(at.y).mul(3).fract());
  const stripes = step(0.5, at.x.mul(3).fract()).mul(0.75);
  const ring = step(0.14, edge).mul(step(edge, 0.3)).mul(1.5);
  const dots = step(at.sub(0.5).length(), 0.22);
  return is(PATTERN.hatch)
    .mul(hatch)
    .add(is(PATTERN.stripes).mul(stripes))
    .add(is(PATTERN.ring).mul(ring))
    .add(is(PATTERN.dots).mul(dots));
});

/** 0 to 1: how much of the plate shows through the top of a tile here. */
const hollowAt = Fn(([code]: [Node<'float'>]) => {
  const at = uv();
  const edge = at.x.min(at.x.oneMinus()).min(at.y.min(at.y.oneMinus()));
  const is = step(PATTERN.hollow - 0.5, code).mul(step(code, PATTERN.hollow + 0.5));
  return is.mul(step(0.14, edge)).mul(0.75);
});

/** Red, green, blue and pattern of each kind. */
function coloursOf({ tile }: Palette): Uint8Array {
  const bytes = new Uint8Array(tile.length * 4);
  tile.forEach((colour, kind) => bytes.set([...rgbOf(colour), TILE_PATTERN[kind] as number], kind * 4));
  return bytes;
}
