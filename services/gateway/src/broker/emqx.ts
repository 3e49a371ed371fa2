import { readFile } from 'node:fs/promises';
import { SlipwayError } from '@slipway/protocol';
import { z } from 'zod';
import type { BrokerControl } from './control.ts';

export type EmqxControl = {
  readonly kind: 'emqx';
  /** of its HTTP API, such as `https://emqx.example:18083/api/v5` */
  readonly apiUrl: string;
  /** `KEY:SECRET` of an API key */
  readonly apiKeyFile: string;
};

const TIMEOUT_MS = 10_000;
const PAGE = 1000;
/** Marks what we put there, so that bans of people stay. */
const BY = 'slipway';

const Banned = z.object({
  data: z.array(z.object({ as: z.string(), who: z.string(), by: z.string().optional() })),
  meta: z.object({ hasnext: z.boolean().optional(), count: z.number().optional() }).optional(),
});

/**
 * EMQX 5: devices that are out are on its list of banned client ids (which are the common names of certificates), and
 * their sessions are ended, both by its HTTP API. Lists of certificates are not used: EMQX fetches those by an address
 * in the certificate.
 */
export const emqxControl = ({ apiUrl, apiKeyFile }: EmqxControl): BrokerControl => {
  const base = apiUrl.replace(/\/+$/, '');

  const ask = async (method: string, path: string, body?: unknown): Promise<Response> => {
    const key = (await readFile(apiKeyFile, 'utf8')).trim();
    return fetch(`${base}${path}`, {
      method,
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT_MS),
      headers: {
        authorization: `Basic ${Buffer.from(key).toString('base64')}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  };
  const expect = async (answer: Response, what: string, also: readonly number[] = []): Promise<string> => {
    const text = await answer.text();
    if (answer.ok || also.includes(answer.status)) return text;
    throw new SlipwayError(
      'TOOL_FAILED',
      `EMQX at ${base} answered ${answer.status} to ${what}: ${text.slice(0, 300)}. Check its API key and address.`,
    );
  };

  const bannedByUs = async (): Promise<Set<string>> => {
    const ours = new Set<string>();
    for (let page = 1; ; page += 1) {
      const text = await expect(await ask('GET', `/banned?page=${page}&limit=${PAGE}`), 'a look at its bans');
      const { data } = Banned.parse(JSON.parse(text));
      for (const { as, who, by } of data) if (as === 'clientid' && by === BY) ours.add(who);
      if (data.length < PAGE) return ours;
    }
  };

  return {
    shutOut: async (_list, out) => {
      const before = await bannedByUs();
      const wanted = new Set<string>(out);
      for (const who of wanted) {
        if (before.has(who)) continue;
        const ban = { as: 'clientid', who, by: BY, reason: 'let out of the fleet', until: 'infinity' };
        // 400 ALREADY_EXISTED: a person has banned it.
        await expect(await ask('POST', '/banned', ban), `a ban of ${who}`, [400]);
      }
      for (const who of before) {
        if (wanted.has(who)) continue;
        await expect(
          await ask('DELETE', `/banned/clientid/${encodeURIComponent(who)}`),
          `the end of the ban of ${who}`,
          [404],
        );
      }
    },
    drop: async (device) => {
      await expect(
        await ask('DELETE', `/clients/${encodeURIComponent(device)}`),
        `the end of the session of ${device}`,
        [404],
      );
    },
  };
};
