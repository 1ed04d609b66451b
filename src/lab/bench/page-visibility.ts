// Whether the page can be seen, as its main thread says: browsers throttle what is hidden, so nothing is measured then.

export class PageVisibility {
  #hidden = false;
  #disturbances = 0;
  #waiting: (() => void)[] = [];

  /** Rises with every change, and with every reading while the page is hidden: two equal readings had it visible between. */
  disturbances(): number {
    if (this.#hidden) this.#disturbances++;
    return this.#disturbances;
  }

  set(hidden: boolean): void {
    if (hidden === this.#hidden) return;
    this.#hidden = hidden;
    this.#disturbances++;
    if (!hidden) this.release();
  }

  /** Resolves when the page is visible or the wait is given up; says whether there was a wait. */
  async shown(): Promise<boolean> {
    if (!this.#hidden) return false;
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
    return true;
  }

  /** Gives all waits up. */
  release(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
