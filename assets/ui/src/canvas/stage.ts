// A canvas that shows a scene larger than itself: sharp at any pixel density, moved by drag, two fingers and wheel. It knows neither what is drawn nor what a click means.

import { Hand, wipe } from "./hand";

export interface Scene {
  width: number;
  height: number;
  paint(brush: CanvasRenderingContext2D): void;
  /** Somebody pointed at this place and lifted the finger there. */
  press(x: number, y: number): void;
  /** A mouse stands at this place of it. */
  hover?(x: number, y: number): void;
}

const MARGIN = 16;
const SCALE = { least: 0.15, most: 2, readable: 0.75 };

export class Stage {
  #brush: CanvasRenderingContext2D;
  #view = { x: 0, y: 0, scale: 1 };
  #gone = new AbortController();

  constructor(
    private canvas: HTMLCanvasElement,
    private scene: Scene,
  ) {
    this.#brush = canvas.getContext("2d")!;
    const placed = (x: number, y: number) => [(x - this.#view.x) / this.#view.scale, (y - this.#view.y) / this.#view.scale] as const;
    const grip = {
      drag: (dx: number, dy: number) => this.#drag(dx, dy),
      zoom: (by: number, x: number, y: number) => this.zoom(by, x, y),
      press: (x: number, y: number) => scene.press(...placed(x, y)),
      hover: (x: number | undefined, y: number) => x !== undefined && scene.hover?.(...placed(x, y)),
    };
    new Hand(canvas, grip, this.#gone.signal);
    const watch = new ResizeObserver(() => this.paint());
    watch.observe(canvas);
    this.#gone.signal.addEventListener("abort", () => watch.disconnect());
  }

  leave() {
    this.#gone.abort();
  }

  /** The whole scene if it stays readable, else the place around a point of it. */
  fit(x: number, y: number, whole = false) {
    const { clientWidth, clientHeight } = this.canvas;
    const fits = Math.min((clientWidth - 2 * MARGIN) / this.scene.width, (clientHeight - 2 * MARGIN) / this.scene.height, 1);
    const scale = Math.max(whole ? SCALE.least : SCALE.readable, fits);
    // The asked point in the middle, but no room left empty at an end of the scene.
    const place = (size: number, room: number, at: number) => (size * scale <= room - 2 * MARGIN ? (room - size * scale) / 2 : Math.min(MARGIN, Math.max(room - MARGIN - size * scale, room / 2 - at * scale)));
    this.#view = { scale, x: place(this.scene.width, clientWidth, x), y: place(this.scene.height, clientHeight, y) };
    this.paint();
  }

  /** Moves just so far that a place is seen. */
  show(x: number, y: number) {
    const { clientWidth, clientHeight } = this.canvas;
    const into = (at: number, room: number) => Math.min(Math.max(at, MARGIN * 4), room - MARGIN * 4) - at;
    this.#view.x += into(this.#view.x + x * this.#view.scale, clientWidth);
    this.#view.y += into(this.#view.y + y * this.#view.scale, clientHeight);
    this.paint();
  }

  zoom(by: number, x = this.canvas.clientWidth / 2, y = this.canvas.clientHeight / 2) {
    const scale = Math.min(SCALE.most, Math.max(SCALE.least, this.#view.scale * by));
    const grow = scale / this.#view.scale;
    this.#view = { scale, x: x - (x - this.#view.x) * grow, y: y - (y - this.#view.y) * grow };
    this.paint();
  }

  paint() {
    const density = wipe(this.canvas, this.#brush);
    const { x, y, scale } = this.#view;
    this.#brush.setTransform(scale * density, 0, 0, scale * density, x * density, y * density);
    this.scene.paint(this.#brush);
  }

  #drag(dx: number, dy: number) {
    this.#view.x += dx;
    this.#view.y += dy;
    this.paint();
  }
}
