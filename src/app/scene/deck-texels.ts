// A deck of very many pages as one rectangle: one texel a page, nearest filter, no geometry.
import { DataTexture, Mesh, MeshBasicNodeMaterial, NearestFilter, PlaneGeometry, RGBAFormat } from 'three/webgpu';
import { texture, uv, vec4 } from 'three/tsl';
import { placeTile, type TilePlace } from './deck-layout.ts';
import { rgbOf, type Palette } from './palette.ts';
import type { Deck } from './scene-model.ts';

export class DeckTexels {
  readonly mesh: Mesh;
  readonly #texture: DataTexture;
  readonly #texelOfTile: Uint32Array;
  #colours: Uint32Array;

  constructor(deck: Deck, palette: Palette) {
    const { layout } = deck;
    const width = layout.cellColumns * layout.tileColumns;
    const height = layout.cellRows * layout.tileRows;
    this.#texture = new DataTexture(new Uint8Array(width * height * 4), width, height, RGBAFormat);
    this.#texture.magFilter = this.#texture.minFilter = NearestFilter;
    this.#texelOfTile = texels(deck, width);
    this.#colours = packed(palette);
    const geometry = new PlaneGeometry(layout.width, layout.depth).rotateX(-Math.PI / 2);
    const material = new MeshBasicNodeMaterial();
    // Row 0 of the texture is the far row of the deck.
    material.colorNode = vec4(texture(this.#texture, uv().flipY()).xyz, 1);
    this.mesh = new Mesh(geometry, material);
    this.mesh.position.set(deck.left + layout.width / 2, 0.01, deck.top + layout.depth / 2);
  }

  show(deck: Deck): void {
    const texelWords = new Uint32Array((this.#texture.image.data as Uint8Array).buffer);
    for (let tile = 0; tile < deck.tileKinds.length; tile++)
      texelWords[this.#texelOfTile[tile] as number] = this.#colours[deck.tileKinds[tile] as number] as number;
    this.#texture.needsUpdate = true;
  }

  recolour(palette: Palette): void {
    this.#colours = packed(palette);
  }

  dispose(): void {
    this.mesh.geometry.dispose();
    (this.mesh.material as MeshBasicNodeMaterial).dispose();
    this.#texture.dispose();
  }
}

function texels({ layout }: Deck, width: number): Uint32Array {
  const place: TilePlace = { x: 0, z: 0, column: 0, row: 0 };
  return Uint32Array.from({ length: layout.tiles }, (_, tile) => {
    placeTile(layout, tile, place);
    return place.row * width + place.column;
  });
}

/** Little-endian RGBA. */
function packed({ tile }: Palette): Uint32Array {
  return Uint32Array.from(tile, (colour) => {
    const [red, green, blue] = rgbOf(colour);
    return ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;
  });
}
