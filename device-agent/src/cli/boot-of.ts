import type { BootControl } from '../boot/boot-control.ts';
import { cliEsp } from '../boot/esp.ts';
import { openBoot } from '../boot/open-boot.ts';
import type { AgentConfig } from '../config.ts';
import { readImageFiles } from '../image-files.ts';
import type { Runtime } from '../runtime/port.ts';

/** Boot control as the running agent has it, for a command that works without one. */
export const bootOf = async (runtime: Runtime, config: AgentConfig): Promise<BootControl> => {
  const { settings } = await readImageFiles(runtime, config);
  return openBoot(runtime, config, settings, cliEsp(runtime, config));
};
