import { messageOf, type AgentConfig as AgentSettings } from '@slipway/protocol';
import type { AgentConfig } from '../config.ts';
import type { Runtime } from '../runtime/port.ts';
import type { BootControl } from './boot-control.ts';
import { isSalvaged } from './check-fat.ts';
import { efiVariables } from './efi-variables.ts';
import type { Esp } from './esp.ts';
import { grub } from './grub.ts';
import { ownBootEntry } from './own-boot-entry.ts';
import { systemdBoot } from './systemd-boot.ts';
import { tryboot } from './tryboot.ts';
import { uBoot } from './u-boot.ts';

/**
 * Boot control of the loader that `agent.json` names. Scripts of the image read `confirmed` in `runDir`, where no EFI
 * variable tells them the default.
 */
export const openBoot = (
  runtime: Pick<Runtime, 'files' | 'processes'>,
  config: Pick<AgentConfig, 'efivarsDir' | 'sysDir' | 'runDir'>,
  settings: Pick<AgentSettings, 'bootControl' | 'uBootEnvironment' | 'trybootPartitions'>,
  esp: Esp,
): BootControl => {
  const control = open(runtime, config, settings, esp);
  if (control.loader === 'systemd-boot') return control;
  return {
    ...control,
    setDefault: async (slot) => {
      const warning = await control.setDefault(slot);
      await runtime.files.replace(`${config.runDir}/confirmed`, `${slot}\n`).catch(() => undefined);
      return warning;
    },
  };
};

const open = (
  runtime: Pick<Runtime, 'files' | 'processes'>,
  config: Pick<AgentConfig, 'efivarsDir' | 'sysDir' | 'runDir'>,
  settings: Pick<AgentSettings, 'bootControl' | 'uBootEnvironment' | 'trybootPartitions'>,
  esp: Esp,
): BootControl => {
  const { files } = runtime;
  const loader = settings.bootControl ?? 'systemd-boot';
  switch (loader) {
    case 'systemd-boot': {
      const variables = efiVariables(runtime, config.efivarsDir);
      return systemdBoot(files, variables, esp, ownBootEntry(files, variables, config));
    }
    case 'u-boot':
      return uBoot(files, esp, settings.uBootEnvironment);
    case 'tryboot':
      return tryboot(files, esp, config.runDir, settings.trybootPartitions);
    case 'grub':
      return grub(files, esp);
    default:
      return loader satisfies never;
  }
};

/** Where files are written under a temporary name on the ESP. */
const ESP_DIRECTORIES = ['EFI/Linux', 'loader', 'slipway'];

/** Files on the ESP that a cut left under their temporary names, and what was salvaged of it. */
export const orphans = async (
  files: Pick<Runtime['files'], 'list'>,
  directory: string,
): Promise<string[]> => {
  const found: string[] = [];
  for (const folder of ESP_DIRECTORIES) {
    for (const name of await files.list(`${directory}/${folder}`)) {
      if (name.toLowerCase().endsWith('.tmp')) found.push(`${folder}/${name}`);
    }
  }
  found.push(...(await files.list(directory)).filter(isSalvaged));
  return found;
};

export const removeOrphans = async (
  { files }: Pick<Runtime, 'files'>,
  esp: Esp,
): Promise<readonly string[]> =>
  esp.use(async (directory) => {
    const found = await orphans(files, directory);
    for (const name of found) await files.remove(`${directory}/${name}`);
    return found;
  });

/**
 * Before anything else at each start of the agent. A device whose ESP or firmware refuses runs on: what does not work
 * is said in the log.
 */
export const prepareBoot = async (
  runtime: Pick<Runtime, 'files' | 'log'>,
  esp: Esp,
  boot: BootControl,
): Promise<void> => {
  try {
    for (const name of await removeOrphans(runtime, esp)) runtime.log(`${name} was left by a cut; removed`);
    for (const line of await boot.prepare()) runtime.log(line);
  } catch (error) {
    runtime.log(`boot control: ${messageOf(error)}`);
  }
};
