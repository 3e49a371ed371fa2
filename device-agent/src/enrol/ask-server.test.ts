import { expect, test } from 'vitest';
import { askServer, type EnrolWork } from './ask-server.ts';

test.each(['http://server/', 'HTTP://server/', 'ftp://server/'])(
  '%s is asked nothing: the claim would be read',
  async (enrolUrl) => {
    const asked: string[] = [];
    // eslint-disable-next-line typescript/no-unsafe-type-assertion -- it must not come to anything else
    const work = {
      enrolUrl,
      runtime: { network: { request: async (_: string, url: string) => asked.push(url) } },
    } as unknown as EnrolWork;
    await expect(askServer(work, '/v1/enrol', { token: 'secret' })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
    });
    expect(asked).toEqual([]);
  },
);
