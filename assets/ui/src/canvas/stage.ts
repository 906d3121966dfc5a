// A canvas that shows a scene larger than itself: sharp at any pixel density, moved by drag, two fingers and wheel. It knows neither what is drawn nor what a click means.

export interface Scene {
  width: number;
  height: number;
  paint(brush: CanvasRenderingContext2D): void;
  /** Somebody pointed at this place and lifted the finger there. */
  press(x: number, y: number): void;
}

const MARGIN = 16;
const SCALE = { least: 0.15, most: 2, readable: 0.75 };
/** A finger that moved less meant to press. */
const SLACK = 6;

export class Stage {
  #brush: CanvasRenderingContext2D;
  #view = { x: 0, y: 0, scale: 1 };
  #gone = new AbortController();
  #fingers = new Map<number, { x: number; y: number }>();
  #moved = 0;

  constructor(
    private canvas: HTMLCanvasElement,
    private scene: Scene,
  ) {
    this.#brush = canvas.getContext("2d")!;
    const on = { signal: this.#gone.signal };
    canvas.addEventListener("pointerdown", (event) => this.#down(event), on);
    canvas.addEventListener("pointermove", (event) => this.#move(event), on);
    canvas.addEventListener("pointerup", (event) => this.#up(event), on);
    canvas.addEventListener("pointercancel", (event) => this.#fingers.delete(event.pointerId), on);
    canvas.addEventListener("wheel", (event) => this.#wheel(event), { ...on, passive: false });
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
    const place = (size: number, room: number, at: number) => (size * scale <= room - 2 * MARGIN ? (room - size * scale) / 2 : room / 2 - at * scale);
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
    const { canvas } = this;
    const density = devicePixelRatio;
    const [width, height] = [Math.round(canvas.clientWidth * density), Math.round(canvas.clientHeight * density)];
    if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
    const { x, y, scale } = this.#view;
    this.#brush.setTransform(1, 0, 0, 1, 0, 0);
    this.#brush.clearRect(0, 0, width, height);
    this.#brush.setTransform(scale * density, 0, 0, scale * density, x * density, y * density);
    this.scene.paint(this.#brush);
  }

  #down(event: PointerEvent) {
    this.canvas.setPointerCapture(event.pointerId);
    this.#fingers.set(event.pointerId, { x: event.offsetX, y: event.offsetY });
    this.#moved = 0;
  }

  #move(event: PointerEvent) {
    const finger = this.#fingers.get(event.pointerId);
    if (!finger) return;
    const other = [...this.#fingers].find(([id]) => id !== event.pointerId)?.[1];
    const [dx, dy] = [event.offsetX - finger.x, event.offsetY - finger.y];
    this.#moved += Math.abs(dx) + Math.abs(dy);
    if (other) {
      const apart = (x: number, y: number) => Math.max(1, Math.hypot(x - other.x, y - other.y));
      this.zoom(apart(event.offsetX, event.offsetY) / apart(finger.x, finger.y), other.x, other.y);
    } else {
      this.#view.x += dx;
      this.#view.y += dy;
      this.paint();
    }
    this.#fingers.set(event.pointerId, { x: event.offsetX, y: event.offsetY });
  }

  #up(event: PointerEvent) {
    this.#fingers.delete(event.pointerId);
    if (this.#moved > SLACK) return;
    const { x, y, scale } = this.#view;
    this.scene.press((event.offsetX - x) / scale, (event.offsetY - y) / scale);
  }

  /** With a key it zooms, so that a page with a drawing still scrolls. */
  #wheel(event: WheelEvent) {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    this.zoom(Math.exp(-event.deltaY / 300), event.offsetX, event.offsetY);
  }
}
