import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect } from 'node:net';
import type { Network } from '../port.ts';
import { nodeMqtt } from './mqtt.ts';

const tlsClient = (client: Parameters<Network['request']>[2]['client']) =>
  client === undefined ? {} : { key: client.key, cert: client.certificate };

const request: Network['request'] = async (method, url, options) => {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; body: string }>();
  const body = options.json === undefined ? undefined : JSON.stringify(options.json);
  const secure = url.startsWith('https:');
  const call = (secure ? httpsRequest : httpRequest)(
    url,
    {
      method,
      signal: AbortSignal.timeout(options.timeoutMs),
      ...(secure ? { ca: options.ca, ...tlsClient(options.client) } : {}),
      headers:
        body === undefined
          ? {}
          : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
      agent: false,
    },
    (response) => {
      const parts: Buffer[] = [];
      let size = 0;
      response.on('data', (part: Buffer) => {
        size += part.length;
        if (size > options.maxBytes)
          response.destroy(new Error(`answer larger than ${options.maxBytes} bytes`));
        else parts.push(part);
      });
      response.on('error', reject);
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(parts).toString() });
      });
    },
  );
  call.on('error', reject);
  call.end(body);
  return promise;
};

const probeTcp: Network['probeTcp'] = async (host, port, timeoutMs) => {
  const { promise, resolve, reject } = Promise.withResolvers<undefined>();
  const socket = connect({ host, port });
  socket.setTimeout(timeoutMs, () => socket.destroy(new Error(`no connection within ${timeoutMs} ms`)));
  socket.on('error', reject);
  socket.on('connect', () => {
    socket.destroy();
    resolve(undefined);
  });
  await promise;
};

export const nodeNetwork: Network = { request, probeTcp, mqtt: nodeMqtt };
