import { SlipwayError } from '@slipway/protocol';

export type ConsoleWait = {
  readonly timeoutMs: number;
  /** only what came after this position counts; absent: everything still in memory */
  readonly from?: number;
};

const KEPT_CHARACTERS = 1024 * 1024;
const QUOTED_LINES = 40;

/** Colours and cursor movements of firmware and boot loader. */
// oxlint-disable-next-line no-control-regex -- the escape character is what is looked for
const ESCAPES = /\u001b(?:\[[0-9;?=]*[A-Za-z]|[()][A-Z0-9]|[=>])/g;

// oxlint-disable-next-line no-control-regex -- as above
const CUT_ESCAPE = /\u001b[[()]?[0-9;?=]*$/;

type Waiter = { readonly check: () => void; readonly fail: (why: string) => void };

/** What a machine printed on its serial port: the last megabyte as text, and waiting for a line. */
export class ConsoleText {
  #text = '';
  #held = '';
  #dropped = 0;
  #ended: string | undefined;
  readonly #waiters = new Set<Waiter>();

  text(): string {
    return this.#text;
  }

  /** Characters printed so far, dropped ones included; what `from` counts in. */
  position(): number {
    return this.#dropped + this.#text.length;
  }

  append(chunk: string): void {
    const raw = this.#held + chunk;
    // A sequence may be cut by the end of a chunk; it waits for its rest.
    const cut = CUT_ESCAPE.exec(raw)?.index ?? raw.length;
    this.#held = raw.slice(cut);
    this.#text += raw.slice(0, cut).replaceAll(ESCAPES, '').replaceAll('\r', '');
    const excess = this.#text.length - KEPT_CHARACTERS;
    if (excess > 0) {
      this.#text = this.#text.slice(excess);
      this.#dropped += excess;
    }
    for (const waiter of this.#waiters) waiter.check();
  }

  /** Nothing more will be printed: everyone who waits is told why. */
  end(why: string): void {
    this.#ended = why;
    for (const waiter of this.#waiters) waiter.fail(why);
  }

  lastLines(): string {
    return this.#text.trimEnd().split('\n').slice(-QUOTED_LINES).join('\n');
  }

  /** @throws {SlipwayError} VM_FAILED on timeout or end of the machine, quoting the last lines */
  async waitFor(pattern: RegExp, { timeoutMs, from = 0 }: ConsoleWait): Promise<RegExpExecArray> {
    const once = new RegExp(pattern.source, pattern.flags.replaceAll(/[gy]/g, ''));
    const find = () => once.exec(this.#text.slice(Math.max(0, from - this.#dropped)));
    const present = find();
    if (present !== null) return present;
    const failure = (why: string) =>
      new SlipwayError(
        'VM_FAILED',
        `expected ${String(pattern)} on the console; ${why}. Last lines of the console:\n${this.lastLines()}`,
        { details: { pattern: pattern.source, timeoutMs } },
      );
    if (this.#ended !== undefined) throw failure(this.#ended);
    return await new Promise<RegExpExecArray>((resolve, reject) => {
      const done = () => {
        clearTimeout(timer);
        this.#waiters.delete(waiter);
      };
      const waiter: Waiter = {
        check: () => {
          const found = find();
          if (found === null) return;
          done();
          resolve(found);
        },
        fail: (why) => {
          done();
          reject(failure(why));
        },
      };
      const timer = setTimeout(() => {
        waiter.fail(`it did not appear within ${timeoutMs / 1000} s`);
      }, timeoutMs);
      this.#waiters.add(waiter);
    });
  }
}
