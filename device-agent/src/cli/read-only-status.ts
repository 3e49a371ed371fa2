import { freshState } from '../core/index.ts';
import { deviceStatus, lastOutcome, type DeviceStatus } from '../control/device-status.ts';
import type { BootControl } from '../boot/boot-control.ts';
import type { AgentConfig } from '../config.ts';
import { readIdentity } from '../enrol/identity.ts';
import { readServices } from '../health/observe.ts';
import { readImageFiles } from '../image-files.ts';
import { bootedSlot } from '../install/running.ts';
import type { Runtime } from '../runtime/port.ts';
import { stateFile } from '../state-file.ts';

/** What can be told of the device while no agent runs, from what it left on `/data`. Writes nothing. */
export const readOnlyStatus = async (
  runtime: Runtime,
  config: AgentConfig,
  boot: Pick<BootControl, 'readDefault'>,
): Promise<DeviceStatus> => {
  const image = await readImageFiles(runtime, config);
  const saved = (await stateFile(runtime, config).load()) ?? freshState(1);
  const services = await readServices(runtime, config);
  return deviceStatus({
    running: false,
    saved,
    image,
    slot: await bootedSlot(runtime, config),
    loaderDefault: await boot.readDefault().catch(() => null),
    identity: await readIdentity(runtime, config),
    connected: false,
    health: { state: null, services: services.map(({ name, state, starts }) => ({ name, state, starts })) },
    renewal: undefined,
    progress: undefined,
    outcome: lastOutcome(saved),
  });
};
