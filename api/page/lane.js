// A browser asks a server for six things at once. What is looked at goes first; the rest keeps to narrow lanes.

export class Lane {
  #free;
  /** @type {{task: () => Promise<any>, resolve: (value: any) => void, reject: (why: unknown) => void}[]} */
  #waiting = [];

  /** @param {number} width */
  constructor(width) {
    this.#free = width;
  }

  /**
   * Run when there is room, the last that came first; what has waited longest is likely wanted least.
   * @param {() => Promise<any>} task
   */
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
    const next = this.#free ? this.#waiting.pop() : undefined;
    if (!next) return;
    this.#free--;
    const { task, resolve, reject } = next;
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
