import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A key and a request for it, made by openssl as a device would. */
export const newKeyAndCsr = async (): Promise<{ readonly key: string; readonly csr: string }> => {
  const directory = await mkdtemp(join(tmpdir(), 'slipway-csr-'));
  const [key, csr] = [join(directory, 'key'), join(directory, 'csr')];
  try {
    await run('openssl', ['genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256', '-out', key]);
    await run('openssl', ['req', '-new', '-key', key, '-subj', '/CN=device', '-out', csr]);
    return { key: await readFile(key, 'utf8'), csr: await readFile(csr, 'utf8') };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
};
