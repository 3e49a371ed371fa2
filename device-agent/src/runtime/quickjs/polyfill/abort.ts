type Listener = () => void;

/** Only `abort`, and listeners that are functions. */
export class AbortSignal {
  aborted = false;
  reason: unknown = undefined;
  private readonly listeners = new Map<Listener, { readonly once: boolean }>();

  throwIfAborted(): void {
    if (this.aborted) throw this.reason;
  }

  addEventListener(_type: 'abort', listener: Listener, options: { readonly once?: boolean } = {}): void {
    this.listeners.set(listener, { once: options.once === true });
  }

  removeEventListener(_type: 'abort', listener: Listener): void {
    this.listeners.delete(listener);
  }

  /** For the controller only. */
  dispatch(reason: unknown): void {
    if (this.aborted) return;
    [this.aborted, this.reason] = [true, reason];
    for (const [listener, { once }] of this.listeners) {
      if (once) this.listeners.delete(listener);
      listener();
    }
  }
}

export class AbortController {
  readonly signal = new AbortSignal();

  abort(reason: unknown = new Error('aborted')): void {
    this.signal.dispatch(reason);
  }
}
