/**
 * Keeps one running thing a user, through pages that come and go.
 *
 * When one page is replaced by another, React takes the first away before it mounts the second, within one turn of
 * the event loop. What the first let go the second takes up again: the socket stays open and the tasks on the screen.
 */
export class Keeper {
  private kept: { key: string; stop: () => void; holders: number } | null = null;

  /**
   * @param defer - Calls a function after the present turn of the event loop.
   */
  constructor(private readonly defer: (run: () => void) => void) {}

  /**
   * Holds what belongs to `key`; it is started if it does not run yet.
   *
   * @param key - Whose it is; what runs for another key is stopped first.
   * @param start - Starts it; returns the way to stop it.
   * @returns Lets go. What nobody holds at the end of the turn is stopped.
   */
  hold(key: string, start: () => () => void): () => void {
    if (this.kept?.key !== key) {
      this.kept?.stop();
      this.kept = { key, stop: start(), holders: 0 };
    }
    const held = this.kept;
    held.holders += 1;
    return () => {
      held.holders -= 1;
      this.defer(() => {
        if (held.holders > 0 || this.kept !== held) return;
        this.kept = null;
        held.stop();
      });
    };
  }
}
