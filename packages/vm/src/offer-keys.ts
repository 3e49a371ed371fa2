import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { espRead, espWrite } from './esp.ts';

const LOADER_CONF = 'loader/loader.conf';
const ENROL = 'secure-boot-enroll force';

/**
 * Has systemd-boot enrol keys at a boot with firmware in setup mode; from then on the machine starts nothing unsigned.
 *
 * @param keysDir holds `PK.auth`, `KEK.auth` and `db.auth`
 * @throws {SlipwayError} VM_FAILED, TOOL_MISSING, TOOL_FAILED
 * @see loader.conf(5)
 */
export const offerKeys = async (disk: string, keysDir: string): Promise<void> => {
  const conf = (await espRead(disk, LOADER_CONF)).toString();
  for (const name of ['PK.auth', 'KEK.auth', 'db.auth'])
    await espWrite(disk, `loader/keys/auto/${name}`, await readFile(join(keysDir, name)));
  if (!conf.includes(ENROL)) await espWrite(disk, LOADER_CONF, Buffer.from(`${conf.trimEnd()}\n${ENROL}\n`));
};
