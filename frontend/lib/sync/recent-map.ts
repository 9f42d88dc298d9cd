/** A map that keeps only the entries that were set last. */
export class RecentMap<K, V> {
  readonly #entries = new Map<K, V>();
  readonly #kept: number;

  constructor(kept: number) {
    this.#kept = kept;
  }

  get(key: K): V | undefined {
    return this.#entries.get(key);
  }

  set(key: K, value: V): void {
    this.#entries.delete(key);
    this.#entries.set(key, value);
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= this.#kept) return;
      this.#entries.delete(oldest);
    }
  }
}
