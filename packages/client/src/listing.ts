import { z } from 'zod';
import { fit } from './fit.ts';
import { send, type Connection, type RequestOptions } from './request.ts';

/** One answer of a list. */
export type Page<T> = {
  readonly items: T[];
  /** path of the next page; undefined: this was the last */
  readonly next: string | undefined;
  /** how many there are in all, where `count: true` asked for it */
  readonly total: number | undefined;
};

/**
 * A list of the API, read page by page as it is walked: `for await (const build of client.builds.list()) …`. Nothing is
 * asked before.
 */
export class Listing<S extends z.ZodType> implements AsyncIterable<z.infer<S>> {
  readonly #connection: Connection;
  readonly #schema: S;
  readonly #path: string;
  readonly #options: RequestOptions;

  constructor(connection: Connection, schema: S, path: string, options: RequestOptions) {
    this.#connection = connection;
    this.#schema = schema;
    this.#path = path;
    this.#options = options;
  }

  /** One page: the first, or the one that an earlier page named. */
  async page(path?: string): Promise<Page<z.infer<S>>> {
    const { query, ...rest } = this.#options;
    const options = path === undefined ? { ...rest, query } : rest;
    const answer = await send(this.#connection, path ?? this.#path, options);
    const total = answer.headers.get('x-total-count');
    return {
      items: fit(z.array(this.#schema), this.#connection.url, await answer.json()),
      next: nextOf(answer.headers.get('link')),
      total: total === null ? undefined : Number(total),
    };
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<z.infer<S>> {
    for (let page = await this.page(); ; page = await this.page(page.next)) {
      yield* page.items;
      if (page.next === undefined) return;
    }
  }

  /** @param most no more than these */
  async all(most = Number.POSITIVE_INFINITY): Promise<z.infer<S>[]> {
    const items: z.infer<S>[] = [];
    if (most <= 0) return items;
    for await (const item of this) {
      items.push(item);
      if (items.length >= most) break;
    }
    return items;
  }
}

/** The target of `rel="next"` in a Link header (RFC 8288). */
const nextOf = (link: string | null): string | undefined =>
  /<([^>]*)>\s*;[^,]*\brel="?next"?/.exec(link ?? '')?.[1];
