import type { Network } from '../port.ts';
import { parseAnswer, type Answer } from './http-answer.ts';
import { join } from './join.ts';
import { os } from './machine.ts';
import { openStream, type Connecting } from './stream.ts';

/** HTTP/1.1 with one request for each connection. */
export const quickjsRequest =
  (connecting: Connecting): Network['request'] =>
  async (method, url, { ca, client, json, timeoutMs, maxBytes }) => {
    const { protocol, hostname, host, port, pathname, search } = new URL(url);
    const isSecure = protocol === 'https:';
    if (!isSecure && protocol !== 'http:') throw new Error(`expected http or https, found ${protocol}`);
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    let received = new Uint8Array();
    const judge = (isOver: boolean): void => {
      try {
        const answer = parseAnswer(received, maxBytes, isOver);
        if (answer !== undefined) resolve(answer);
      } catch (error) {
        reject(error);
      }
    };
    const stream = openStream(
      connecting,
      {
        host: hostname.replace(/^\[|\]$/g, ''),
        port: port === '' ? (isSecure ? 443 : 80) : Number(port),
        tls: isSecure ? { ca, client } : undefined,
      },
      (bytes) => {
        received = join([received, bytes], received.length + bytes.length);
        judge(false);
      },
    );
    const body = json === undefined ? new Uint8Array() : new TextEncoder().encode(JSON.stringify(json));
    const head = [
      `${method} ${pathname}${search} HTTP/1.1`,
      `host: ${host}`,
      'connection: close',
      ...(json === undefined ? [] : ['content-type: application/json', `content-length: ${body.length}`]),
      '',
      '',
    ].join('\r\n');
    const timer = os.setTimeout(() => {
      reject(new Error(`no answer within ${timeoutMs} ms`));
    }, timeoutMs);
    stream.write(new TextEncoder().encode(head)).catch(() => undefined);
    stream.write(body).catch(() => undefined);
    void stream.ended.then(({ reason, isWhole }) => {
      judge(isWhole);
      reject(new Error(received.length === 0 ? reason : `the answer was cut short: ${reason}`));
    });
    try {
      return await promise;
    } finally {
      os.clearTimeout(timer);
      stream.stop();
    }
  };
