// A browser asks a server for six things at once. What is looked at goes first; the rest keeps to narrow lanes.

export class Lane {
  #free;
  #waiting = [];

  constructor(width) {
    this.#free = width;
  }

  /** Run when there is room, the last that came first; what has waited longest is likely wanted least. */
  run(task) {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ task, resolve, reject });
      this.#next();
    });
  }

  /** Forget what has not begun. */
  clear() {
    for (const { reject } of this.#waiting.splice(0)) reject(new DOMException('not wanted any more', 'AbortError'));
  }

  async #next() {
    if (!this.#free || !this.#waiting.length) return;
    this.#free--;
    const { task, resolve, reject } = this.#waiting.pop();
    try {
      resolve(await task());
    } catch (error) {
      reject(error);
    } finally {
      this.#free++;
      this.#next();
    }
  }
}
