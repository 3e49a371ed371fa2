import type { Socket } from 'node:net';

/** Bytes of a connection, taken in pieces of exactly the wanted length. */
export class NbdStream {
  #chunks: Buffer[] = [];
  #available = 0;
  #wanted = 0;
  #wake: (() => void) | undefined;
  #ended = false;

  constructor(socket: Socket) {
    socket.on('data', (chunk: Buffer) => {
      this.#chunks.push(chunk);
      this.#available += chunk.length;
      if (this.#available >= this.#wanted) this.#wake?.();
    });
    socket.on('close', () => {
      this.#ended = true;
      this.#wake?.();
    });
  }

  isEnded(): boolean {
    return this.#ended;
  }

  /** @throws where the connection ended before; what it sent half is lost, as it is with a cut */
  async take(length: number): Promise<Buffer> {
    if (this.#available < length && !this.#ended) {
      this.#wanted = length;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = undefined;
    }
    if (this.#available < length) throw new Error('the connection ended');
    return this.#cut(length);
  }

  #cut(length: number): Buffer {
    const [first] = this.#chunks;
    const whole =
      this.#chunks.length === 1 && first !== undefined ? first : Buffer.concat(this.#chunks, this.#available);
    this.#available = whole.length - length;
    this.#chunks = this.#available === 0 ? [] : [whole.subarray(length)];
    return whole.subarray(0, length);
  }
}
