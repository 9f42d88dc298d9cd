/** What happens to a pushed event on its way: `late` is behind the next one. */
export type Fate = "through" | "lost" | "twice" | "late";

/** The way of events to a tab, on which they are lost, repeated and overtaken (the principle of SPEC.md). */
export class EventFates {
  #fates: readonly Fate[] = [];
  #passed = 0;
  #late: (() => void)[] = [];

  /** Sets what happens to the next events, over and over; with nothing set all come through. */
  set(fates: readonly Fate[]): void {
    this.#fates = fates;
    this.#passed = 0;
  }

  /** Takes an event that `deliver` would deliver. */
  pass(deliver: () => void): void {
    const fate = this.#fates[this.#passed % this.#fates.length] ?? "through";
    this.#passed += 1;
    if (fate === "lost") return;
    if (fate === "late") {
      this.#late.push(deliver);
      return;
    }
    deliver();
    if (fate === "twice") deliver();
    const late = this.#late;
    this.#late = [];
    for (const deliverLate of late) deliverLate();
  }
}
