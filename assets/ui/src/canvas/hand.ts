// What a hand does to a canvas: it drags, spreads two fingers, turns the wheel, points, presses. It knows nothing of what is drawn.

export interface Grip {
  drag(dx: number, dy: number): void;
  zoom(by: number, x: number, y: number): void;
  /** Somebody pointed at this place and lifted the finger there. */
  press(x: number, y: number): void;
  /** A mouse stands here, or has left. */
  hover?(x: number | undefined, y: number): unknown;
  /** A mouse begins to drag here, or a finger rests here; answers whether something is taken along. It is then carried until it is dropped, or let go. */
  take?(x: number, y: number): boolean;
  carry?(x: number, y: number): void;
  drop?(): void;
  letGo?(): void;
  /** The wheel without a key; answers whether anything moved, else the page scrolls on. */
  scroll?(dx: number, dy: number): boolean;
}

/** A finger that moved less meant to press. */
const SLACK = 6;
/** A finger that rests so long takes hold; one that moves sooner moves the drawing. */
const REST = 350;

export class Hand {
  #fingers = new Map<number, { x: number; y: number }>();
  #moved = 0;
  #began = { x: 0, y: 0 };
  /** Undecided as long as the hand has not moved far enough. */
  #hold: "open" | "none" | "carries" = "none";
  #rest: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private canvas: HTMLCanvasElement,
    private grip: Grip,
    signal: AbortSignal,
  ) {
    const on = { signal };
    canvas.addEventListener("pointerdown", (event) => this.#down(event), on);
    canvas.addEventListener("pointermove", (event) => this.#move(event), on);
    canvas.addEventListener("pointerup", (event) => this.#up(event), on);
    canvas.addEventListener("pointercancel", (event) => this.#cancel(event), on);
    signal.addEventListener("abort", () => clearTimeout(this.#rest));
    canvas.addEventListener("pointerleave", () => this.grip.hover?.(undefined, 0), on);
    canvas.addEventListener("wheel", (event) => this.#wheel(event), { ...on, passive: false });
  }

  #down(event: PointerEvent) {
    this.canvas.setPointerCapture(event.pointerId);
    this.#fingers.set(event.pointerId, { x: event.offsetX, y: event.offsetY });
    this.#moved = 0;
    this.#began = { x: event.offsetX, y: event.offsetY };
    clearTimeout(this.#rest);
    if (this.#hold === "carries") this.grip.letGo?.();
    this.#hold = this.grip.take && this.#fingers.size === 1 ? "open" : "none";
    if (this.#hold === "open" && event.pointerType !== "mouse") this.#rest = setTimeout(() => this.#moved <= SLACK && this.#decide(), REST);
  }

  #decide() {
    if (this.#hold === "open") this.#hold = this.grip.take?.(this.#began.x, this.#began.y) ? "carries" : "none";
  }

  #cancel(event: PointerEvent) {
    this.#fingers.delete(event.pointerId);
    clearTimeout(this.#rest);
    if (this.#hold === "carries") this.grip.letGo?.();
    this.#hold = "none";
  }

  #move(event: PointerEvent) {
    const finger = this.#fingers.get(event.pointerId);
    if (!finger) return void this.grip.hover?.(event.offsetX, event.offsetY);
    const other = [...this.#fingers].find(([id]) => id !== event.pointerId)?.[1];
    const [dx, dy] = [event.offsetX - finger.x, event.offsetY - finger.y];
    this.#moved += Math.abs(dx) + Math.abs(dy);
    this.#fingers.set(event.pointerId, { x: event.offsetX, y: event.offsetY });
    if (this.#hold === "open" && this.#moved > SLACK) {
      if (event.pointerType === "mouse") this.#decide();
      else this.#hold = "none";
    }
    if (this.#hold === "carries") return this.grip.carry?.(event.offsetX, event.offsetY);
    if (other) {
      const apart = (x: number, y: number) => Math.max(1, Math.hypot(x - other.x, y - other.y));
      this.grip.zoom(apart(event.offsetX, event.offsetY) / apart(finger.x, finger.y), other.x, other.y);
    } else {
      this.grip.drag(dx, dy);
    }
  }

  #up(event: PointerEvent) {
    this.#fingers.delete(event.pointerId);
    clearTimeout(this.#rest);
    const carried = this.#hold === "carries";
    this.#hold = "none";
    if (carried && this.#moved > SLACK) return this.grip.drop?.();
    if (carried) this.grip.letGo?.();
    if (this.#moved <= SLACK) this.grip.press(event.offsetX, event.offsetY);
  }

  /** With a key it zooms, so that a page with a drawing still scrolls. */
  #wheel(event: WheelEvent) {
    if (event.ctrlKey || event.metaKey) {
      event.preventDefault();
      return this.grip.zoom(Math.exp(-event.deltaY / 300), event.offsetX, event.offsetY);
    }
    const [dx, dy] = event.shiftKey && !event.deltaX ? [event.deltaY, 0] : [event.deltaX, event.deltaY];
    if (this.grip.scroll?.(dx, dy)) event.preventDefault();
  }
}

/** Makes the canvas as sharp as its screen and clears it; answers the pixel density. */
export function wipe(canvas: HTMLCanvasElement, brush: CanvasRenderingContext2D): number {
  const density = devicePixelRatio;
  const [width, height] = [Math.round(canvas.clientWidth * density), Math.round(canvas.clientHeight * density)];
  if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
  brush.setTransform(1, 0, 0, 1, 0, 0);
  brush.clearRect(0, 0, width, height);
  return density;
}
