type Wait = { readonly of: string; readonly ms: number; readonly until: number };

/** When what failed is tried again: each time after twice as long, at once where it is about something else. */
export type BackOff = {
  /** @param of what it is about */
  readonly isWaiting: (key: string, of: string, nowMs: number) => boolean;
  readonly failed: (key: string, of: string, nowMs: number) => void;
  readonly forget: (key: string) => void;
};

export const backOff = (firstMs: number, mostMs: number): BackOff => {
  const waits = new Map<string, Wait>();
  const waitOf = (key: string, of: string): Wait | undefined => {
    const wait = waits.get(key);
    return wait?.of === of ? wait : undefined;
  };
  return {
    isWaiting: (key, of, nowMs) => nowMs < (waitOf(key, of)?.until ?? nowMs),
    failed: (key, of, nowMs) => {
      const before = waitOf(key, of);
      const ms = before === undefined ? firstMs : Math.min(mostMs, before.ms * 2);
      waits.set(key, { of, ms, until: nowMs + ms });
    },
    forget: (key) => {
      waits.delete(key);
    },
  };
};
