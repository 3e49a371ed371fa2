import { request } from 'node:https';
import { Problem } from '@slipway/protocol';

export type Answer = {
  readonly status: number;
  readonly body: unknown;
  readonly retryAfter: string | undefined;
};

/** Posts JSON as a device does: with the server CA as its only anchor. */
export const post = async (
  url: string,
  body: unknown,
  ca: string,
  type = 'application/json',
): Promise<Answer> => {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const sent = request(
    url,
    { method: 'POST', ca, headers: { 'content-type': type }, agent: false },
    (answer) => {
      let text = '';
      answer.on('data', (chunk: Buffer) => (text += chunk.toString()));
      answer.on('end', () => {
        resolve({
          status: answer.statusCode ?? 0,
          body: JSON.parse(text),
          retryAfter: answer.headers['retry-after'],
        });
      });
    },
  );
  sent.on('error', reject);
  sent.end(JSON.stringify(body));
  return promise;
};

export const codeOfAnswer = (body: unknown): string => Problem.parse(body).code;
