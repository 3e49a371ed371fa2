import {
  CLAIM_ESP_PATH,
  FORGET_ESP_PATH,
  IDENTITY_ESP_PATH,
  messageOf,
  RESET_ESP_PATH,
  WIPE_ESP_PATH,
} from '@slipway/protocol';
import type { Esp } from '../boot/esp.ts';
import type { AgentConfig } from '../config.ts';
import type { Runtime } from '../runtime/port.ts';

type Where = { readonly runtime: Runtime; readonly config: AgentConfig; readonly esp: Esp };

/** The data partition's own root; the agent owns a directory of it. */
const dataRoot = ({ dataDir }: AgentConfig): string => dataDir.slice(0, dataDir.lastIndexOf('/'));

/**
 * Overwrites the keys, then removes what lies in a directory. On flash the old bytes may live on until their blocks are
 * erased: `fstrim` asks for that; a data partition that is made anew discards all of its blocks.
 */
const empty = async ({ runtime, config }: Where, directory: string): Promise<void> => {
  const { files, processes } = runtime;
  for (const name of await files.list(`${config.dataDir}/identity`)) {
    const path = `${config.dataDir}/identity/${name}`;
    const size = await files.size(path);
    if (size === undefined || size === 0) continue;
    const file = await files.open(path, 'write');
    try {
      await file.write(0, new Uint8Array(size));
      await file.sync();
    } finally {
      await file.close();
    }
  }
  const names = (await files.list(directory)).filter((name) => name !== 'lost+found');
  // One by one: a file that cannot be removed must not spare the others.
  for (const name of names) await processes.run(['rm', '-rf', '--', `${directory}/${name}`]);
  // Only where the machine is ours.
  if (config.esp.device !== null) await processes.run(['fstrim', dataRoot(config)]).catch(() => undefined);
};

/** Not before what was removed is gone for good: after it nothing would finish a reset that was cut. */
const forgetMarker = async ({ runtime, esp }: Where, path: string): Promise<void> => {
  await runtime.processes.run(['sync']);
  await esp.use((directory) => runtime.files.remove(`${directory}/${path}`));
};

/**
 * The device forgets who it is. A marker on the ESP says so first, so that a cut anywhere is finished at the next start:
 * `slipway/wipe` by init, which makes the data partition anew, or by the agent where init does not; `slipway/forget` by
 * the agent. Neither slot is touched.
 *
 * @throws {SlipwayError} TOOL_FAILED where the ESP cannot be mounted; then nothing is lost yet
 */
export const beginReset = async (where: Where, wipeData: boolean): Promise<void> => {
  const { runtime, config, esp } = where;
  const marker = wipeData ? WIPE_ESP_PATH : FORGET_ESP_PATH;
  await esp.use((directory) => runtime.files.replace(`${directory}/${marker}`, ''));
  await empty(where, wipeData ? dataRoot(config) : config.dataDir);
};

/** What was found on the ESP at a start, in the one visit there is to it. */
export type FoundAtStart = {
  /** restart: applications run on data that is gone, so the machine must start again */
  readonly reset: 'none' | 'forgotten' | 'restart';
  /** there is a claim or an identity of the factory, or it is not known */
  readonly provisioned: boolean;
};

/** Finishes, or begins, what a marker on the ESP asks for, before the agent reads anything of its own. */
export const finishReset = async (where: Where): Promise<FoundAtStart> => {
  const { runtime, config, esp } = where;
  const { files } = runtime;
  let provisioned = true;
  const asked = await esp.use(async (directory) => {
    const isThere = async (path: string): Promise<boolean> =>
      (await files.size(`${directory}/${path}`)) !== undefined;
    provisioned = (await isThere(CLAIM_ESP_PATH)) || (await isThere(IDENTITY_ESP_PATH));
    if (await isThere(WIPE_ESP_PATH)) return 'left by init';
    if (await isThere(RESET_ESP_PATH)) {
      // One marker from here on.
      await files.rename(`${directory}/${RESET_ESP_PATH}`, `${directory}/${WIPE_ESP_PATH}`);
      return 'everything';
    }
    return (await isThere(FORGET_ESP_PATH)) ? 'keep data' : 'nothing';
  });
  switch (asked) {
    case 'nothing':
      return { reset: 'none', provisioned };
    case 'everything':
      // Init makes the partition anew at the next start; whatever can be gone before is.
      await empty(where, dataRoot(config));
      runtime.log('factory reset asked for on the ESP: everything on the data partition goes');
      return { reset: 'restart', provisioned };
    case 'left by init':
      await empty(where, dataRoot(config));
      await forgetMarker(where, WIPE_ESP_PATH);
      runtime.log('factory reset done');
      return { reset: 'restart', provisioned };
    case 'keep data':
      await empty(where, config.dataDir);
      await forgetMarker(where, FORGET_ESP_PATH);
      runtime.log('factory reset done, the data of applications is kept');
      return { reset: 'forgotten', provisioned };
    default:
      return asked satisfies never;
  }
};

/** Like `finishReset`, but never in the way of a device that cannot reach its ESP. */
export const finishResetIfAsked = async (where: Where): Promise<FoundAtStart> =>
  finishReset(where).catch((error: unknown) => {
    where.runtime.log(`looking for a factory reset on the ESP: ${messageOf(error)}`);
    return { reset: 'none', provisioned: true } as const;
  });
