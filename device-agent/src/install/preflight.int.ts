import { mkdir, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SlotName } from '@slipway/protocol';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openEsp } from '../boot/esp.ts';
import { agentConfig } from '../config.ts';
import { nodeRuntime } from '../runtime/node/index.ts';
import type { Runtime } from '../runtime/port.ts';
import { preflight } from './preflight.ts';
import { stagedUki } from './stage-uki.ts';
import type { Plan } from './stored-manifest.ts';

const MIB = 1024 * 1024;
const UKI_BYTES = 8 * MIB;

let root: string;
let config: ReturnType<typeof agentConfig>;
/** what `df` says of /data */
let freeOnData: number;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'slipway-preflight-'));
  config = agentConfig(root);
  await mkdir(join(root, 'dev/disk/by-partlabel'), { recursive: true });
  for (const slot of ['a', 'b'] satisfies SlotName[]) {
    await writeFile(config.slots[slot], '');
    await truncate(config.slots[slot], 4 * MIB);
  }
  await mkdir(config.runDir, { recursive: true });
  await writeFile(join(config.runDir, 'slot'), 'a\n');
  await mkdir(config.esp.directory, { recursive: true });
  await mkdir(join(config.dataDir, 'install'), { recursive: true });
});
afterEach(async () => {
  await rm(root, { recursive: true, force: true });
});

const look = async (): Promise<void> => {
  const real = nodeRuntime({ searchPath: '/usr/bin:/bin', rebootCommand: null, log: () => undefined });
  const runtime: Runtime = {
    ...real,
    files: {
      ...real.files,
      free: async (path) => (path === config.dataDir ? freeOnData : 1024 * MIB),
    },
  };
  const file = (name: string, size: number) => ({ name, size, digest: 'sha256:', chunks: [] });
  // eslint-disable-next-line typescript/no-unsafe-type-assertion -- sizes are all that is looked at
  const plan = {
    manifest: { files: [file('uki.efi', UKI_BYTES), file('root.img', MIB)] },
  } as unknown as Plan;
  await preflight({ runtime, config, esp: openEsp(runtime, config) }, plan);
};

test('a UKI that does not fit on /data is refused', async () => {
  freeOnData = UKI_BYTES / 2;
  await expect(look()).rejects.toMatchObject({ code: 'DISK_FULL' });
});

test('what an earlier install has staged counts as room, because it is written over', async () => {
  freeOnData = UKI_BYTES / 2;
  await writeFile(stagedUki(config), Buffer.alloc(UKI_BYTES));
  await expect(look()).resolves.toBeUndefined();
});
