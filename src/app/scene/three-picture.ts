// The picture in three.js: both decks, what flies between them, the mark on a chosen page. Draws only when told to.
import {
  Color,
  LinearSRGBColorSpace,
  LineBasicNodeMaterial,
  LineSegments,
  Mesh,
  MeshBasicNodeMaterial,
  NoToneMapping,
  PerspectiveCamera,
  Plane,
  PlaneGeometry,
  Raycaster,
  EdgesGeometry,
  Scene,
  Vector2,
  Vector3,
  WebGPURenderer,
} from 'three/webgpu';
import { DeckMesh } from './deck-mesh.ts';
import { DeckTexels } from './deck-texels.ts';
import { FlightMesh } from './flight-mesh.ts';
import type { Palette } from './palette.ts';
import type { GroundPoint, LossListener, Picture } from './picture.ts';
import type { Deck, SceneModel } from './scene-model.ts';
import { StreamMesh } from './stream-mesh.ts';
import { fittingDistance, startView, turned, zoomed } from './view-angle.ts';

const FOV = 24;
/** Above this many tiles a deck is one texel a page. */
const MOST_BOXES = 100_000;
const MOST_PIXEL_RATIO = 2;

/** Backends differ in what they tell; only this much is asked of them. */
interface BackendFacts {
  readonly isWebGPUBackend?: boolean;
  readonly device?: GPUDevice;
}

export class ThreePicture implements Picture {
  readonly canvas: HTMLCanvasElement;
  kind = 'WebGL2';
  readonly #renderer: WebGPURenderer;
  readonly #scene = new Scene();
  readonly #camera = new PerspectiveCamera(FOV, 1, 0.1, 500);
  readonly #flights: FlightMesh;
  readonly #frames: LineSegments[] = [];
  readonly #plates: Mesh[] = [];
  readonly #marks = new Mesh(new PlaneGeometry(1, 1).rotateX(-Math.PI / 2));
  #decks: (DeckMesh | DeckTexels)[] = [];
  #streams: StreamMesh | null = null;
  #generation = -1;
  #palette: Palette;
  readonly #software: boolean;
  #view = startView();
  #extent = { width: 10, depth: 6 };
  #device: GPUDevice | null = null;

  private constructor(canvas: HTMLCanvasElement, palette: Palette, capacity: number, software: boolean) {
    this.canvas = canvas;
    this.#palette = palette;
    this.#software = software;
    this.#renderer = new WebGPURenderer({ canvas, antialias: !software });
    // Colours of the palette are meant as they stand.
    this.#renderer.outputColorSpace = LinearSRGBColorSpace;
    this.#renderer.toneMapping = NoToneMapping;
    this.#flights = new FlightMesh(capacity);
    this.#scene.add(this.#flights.slabs, this.#flights.trails);
    this.#scene.background = linear(palette.ground);
  }

  /** Rejects when three can start neither on WebGPU nor on WebGL2. */
  static async start(palette: Palette, capacity: number, software: boolean, lost: LossListener): Promise<ThreePicture> {
    const canvas = document.createElement('canvas');
    const picture = new ThreePicture(canvas, palette, capacity, software);
    await picture.#renderer.init();
    const backend = picture.#renderer.backend as BackendFacts;
    picture.#device = backend.device ?? null;
    picture.kind = backend.isWebGPUBackend === true ? 'WebGPU' : 'WebGL2';
    picture.#renderer.setPixelRatio(software ? 1 : Math.min(MOST_PIXEL_RATIO, devicePixelRatio));
    canvas.addEventListener('webglcontextlost', () => lost('the WebGL context was lost'));
    void picture.#device?.lost.then(({ reason, message }) => reason !== 'destroyed' && lost(message));
    return picture;
  }

  show(model: SceneModel, launched: readonly number[], nowMs: number): void {
    const { decks } = model;
    if (decks === null) return;
    if (model.generation !== this.#generation) this.#rebuild(model);
    [decks.system, decks.vram].forEach((deck, i) => this.#decks[i]?.show(deck));
    this.#flights.launch(model, launched, nowMs);
    this.#flights.slabs.visible = this.#flights.trails.visible = model.flights.airborne;
  }

  recolour(palette: Palette, model: SceneModel): void {
    this.#palette = palette;
    this.#scene.background = linear(palette.ground);
    for (const deck of this.#decks) deck.recolour(palette);
    for (const frame of this.#frames) (frame.material as LineBasicNodeMaterial).color = linear(palette.line);
    for (const plate of this.#plates) (plate.material as MeshBasicNodeMaterial).color = linear(palette.plate);
    this.show(model, [], performance.now());
  }

  resize(width: number, height: number): void {
    this.#camera.aspect = width / Math.max(1, height);
    this.#renderer.setSize(width, height, false);
    this.#aim();
  }

  async draw(model: SceneModel, nowMs: number): Promise<void> {
    this.#flights.at(nowMs);
    this.#streams?.show(model, nowMs);
    this.#renderer.render(this.#scene, this.#camera);
    // Without this, a slow device would queue frames faster than it draws them, and the session's work behind them.
    await this.#device?.queue.onSubmittedWorkDone();
  }

  groundAt(x: number, y: number): GroundPoint | null {
    const { clientWidth, clientHeight } = this.canvas;
    const pointer = new Vector2((x / clientWidth) * 2 - 1, 1 - (y / clientHeight) * 2);
    const ray = new Raycaster();
    ray.setFromCamera(pointer, this.#camera);
    // Half the height of a page: what people point at is the side or the top of a tile, rarely the ground.
    return ray.ray.intersectPlane(new Plane(new Vector3(0, 1, 0), -0.06), new Vector3());
  }

  select(spots: readonly GroundPoint[], tile: { width: number; depth: number }): void {
    this.#marks.visible = spots.length > 0;
    this.#marks.clear();
    const material = new LineBasicNodeMaterial({ color: linear(this.#palette.text), depthTest: false });
    for (const { x, z } of spots) {
      const outline = new LineSegments(new EdgesGeometry(new PlaneGeometry(1, 1).rotateX(-Math.PI / 2)), material);
      outline.scale.set(Math.max(0.16, tile.width * 1.6), 1, Math.max(0.16, tile.depth * 1.6));
      outline.position.set(x, 0.13, z);
      outline.renderOrder = 3;
      this.#marks.add(outline);
    }
  }

  turn(dx: number, dy: number): void {
    this.#view = turned(this.#view, dx, dy);
    this.#aim();
  }

  zoom(factor: number): void {
    this.#view = zoomed(this.#view, factor);
    this.#aim();
  }

  resetView(): void {
    this.#view = startView();
    this.#aim();
  }

  dispose(): void {
    this.#clear();
    this.#flights.dispose();
    void this.#renderer.dispose();
    this.canvas.remove();
  }

  #aim(): void {
    const { turn, tilt, zoom } = this.#view;
    const { width, depth } = this.#extent;
    const fov = (FOV * Math.PI) / 180;
    const distance = fittingDistance(width + 0.8, depth + 1.0, this.#camera.aspect, fov, tilt) * zoom;
    const flat = Math.cos(tilt) * distance;
    this.#camera.position.set(Math.sin(turn) * flat, Math.sin(tilt) * distance, Math.cos(turn) * flat);
    this.#camera.lookAt(0, 0.12, 0);
    this.#camera.updateProjectionMatrix();
  }

  #rebuild(model: SceneModel): void {
    this.#clear();
    this.#generation = model.generation;
    const { decks } = model;
    if (decks === null) return;
    const both = [decks.system, decks.vram];
    const boxes = both.reduce((sum, { layout }) => sum + layout.tiles, 0) <= MOST_BOXES;
    this.#decks = both.map((deck) =>
      boxes ? new DeckMesh(deck, this.#palette, this.#software) : new DeckTexels(deck, this.#palette),
    );
    for (const deck of both) this.#plate(deck);
    this.#streams = new StreamMesh(decks);
    this.#scene.add(...this.#decks.map(({ mesh }) => mesh), this.#streams.up.mesh, this.#streams.down.mesh);
    this.#marks.material = new MeshBasicNodeMaterial({ visible: false });
    this.#scene.add(this.#marks);
    this.#flights.clear();
    this.#extent = { width: decks.width, depth: decks.depth };
    this.#aim();
  }

  /** The ground of a deck, with a thin line around it. */
  #plate({ layout, left, top }: Deck): void {
    const ground = new PlaneGeometry(layout.width + 0.24, layout.depth + 0.24).rotateX(-Math.PI / 2);
    const plate = new Mesh(ground, new MeshBasicNodeMaterial({ color: linear(this.#palette.plate) }));
    const frame = new LineSegments(
      new EdgesGeometry(ground),
      new LineBasicNodeMaterial({ color: linear(this.#palette.line) }),
    );
    for (const object of [plate, frame]) object.position.set(left + layout.width / 2, -0.012, top + layout.depth / 2);
    plate.position.y = -0.02;
    this.#plates.push(plate);
    this.#frames.push(frame);
    this.#scene.add(plate, frame);
  }

  #clear(): void {
    for (const deck of this.#decks) {
      this.#scene.remove(deck.mesh);
      deck.dispose();
    }
    for (const object of [...this.#plates, ...this.#frames]) {
      this.#scene.remove(object);
      object.geometry.dispose();
    }
    this.#plates.length = this.#frames.length = 0;
    if (this.#streams !== null) this.#scene.remove(this.#streams.up.mesh, this.#streams.down.mesh);
    this.#streams?.dispose();
    this.#streams = null;
  }
}

/** A colour whose numbers reach the screen unchanged. */
function linear(colour: string): Color {
  return new Color().setStyle(colour, LinearSRGBColorSpace);
}
