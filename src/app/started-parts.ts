/** The parts of a process that have been started, and how each is ended. */
export class StartedParts {
  readonly #ends: (() => Promise<unknown>)[] = [];

  /** @param end ends a part that has just been started */
  add(end: () => Promise<unknown>): void {
    this.#ends.push(end);
  }

  /** Ends all of them, the last one first. One that fails to end keeps no other open; its error is thrown after all. */
  async stop(): Promise<void> {
    const errors: unknown[] = [];
    for (const end of this.#ends.splice(0).toReversed()) {
      await end().catch((error: unknown) => errors.push(error));
    }
    if (errors.length > 0) throw errors[0];
  }
}
