import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import { dirname, join } from 'node:path';

/** A Debian archive that takes every request and answers none: whoever asks it waits for as long as it pleases. */
export const startSlowArchive = async () => {
  const asked: ServerResponse[] = [];
  const server = createServer((_, response) => void asked.push(response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    uri: `http://127.0.0.1:${port}/debian`,
    /** how many wait for an answer */
    waiting: () => asked.filter(({ closed }) => !closed).length,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
};

type Program = { readonly pid: string; readonly command: string; readonly aptFolder: string };

/** Programs of apt that ask an archive, wherever on this machine they run. */
export const programsThatAsk = async (uri: string): Promise<readonly Program[]> => {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    pids.map(async (pid): Promise<Program | undefined> => {
      // It may end while it is looked at.
      const read = (name: string) => readFile(join('/proc', pid, name), 'utf8').catch(() => '');
      const [environment, command] = await Promise.all([read('environ'), read('cmdline')]);
      const config = /(?:^|\0)APT_CONFIG=([^\0]+)/.exec(environment)?.[1];
      if (config === undefined) return undefined;
      const aptFolder = dirname(config);
      const sources = await readFile(join(aptFolder, 'etc', 'sources', 'debian.sources'), 'utf8').catch(
        () => '',
      );
      return sources.includes(uri) ? { pid, command: command.split('\0')[0] ?? '', aptFolder } : undefined;
    }),
  );
  return found.filter((program) => program !== undefined);
};
