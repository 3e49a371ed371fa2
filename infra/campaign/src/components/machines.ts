import { execFile } from 'node:child_process';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { WholeChainArch } from '@slipway/protocol';
import { freePort, startVm, type Vm } from '@slipway/vm';
import { holdUdpPort } from './held-port.ts';
import { NETWORK } from './image-files.ts';
import { buildDevice, buildHub } from './images.ts';
import { provisionData } from './provision-data.ts';
import { makeWireguardKeys } from './wireguard-keys.ts';

const run = promisify(execFile);
/** For everything together: two machines under emulation, on a machine that may have other work. */
const PATIENCE_MS = 30 * 60_000;
const HOUR_MS = 3_600_000;

/** A device with all components, and the other end of its tunnel. */
export type Machines = {
  readonly device: Vm;
  readonly hub: Vm;
  /** of the containers that were probed */
  readonly names: readonly string[];
  /** of this machine, which lead to the device */
  readonly ports: { readonly ssh: number; readonly app: number };
  /** file with the private key of who may log in */
  readonly loginKey: string;
  /** how long they may take still */
  readonly timeLeftMs: () => number;
  /** ends both */
  readonly stop: () => Promise<void>;
};

export type MachinesOptions = {
  readonly arch: WholeChainArch;
  /** everything is made here */
  readonly folder: string;
  readonly cacheDir: string;
  readonly say: (line: string) => void;
};

/** What the device says of itself, which the hub must know: who it is, by the key that it has made. */
const publicKeyOf = async (device: Vm, timeoutMs: number): Promise<string> => {
  const [, key = ''] = await device.waitForConsole(/wireguard: wg0 is up; public key (\S{43}=)/, {
    timeoutMs,
  });
  return key;
};

/**
 * Builds and starts both. The device's clock is an hour behind; it is provisioned with the key of who may log in and nothing
 * more, makes its own key, and the hub is told the public one.
 *
 * @throws {SlipwayError} TOOL_MISSING, VM_FAILED
 */
export const startMachines = async ({ arch, folder, cacheDir, say }: MachinesOptions): Promise<Machines> => {
  await mkdir(folder, { recursive: true });
  const loginKey = join(folder, 'login');
  await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', loginKey]);
  const hubKeys = makeWireguardKeys();
  const machine = (name: string) => ({
    arch,
    varsFile: join(folder, `${name}.vars`),
    consoleLog: join(folder, `${name}.console.log`),
  });
  const started: Vm[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(started.map((vm) => vm.kill()));
  };
  // It is in the image of the device long before the hub starts.
  const hubPort = await holdUdpPort();
  try {
    const building = { arch, folder, cacheDir, tunnel: { hubKey: hubKeys.publicKey, hubPort: hubPort.port } };
    say('building both images');
    const { names, disk } = await buildDevice(building);
    await provisionData(disk, { 'ssh/authorized_keys': await readFile(`${loginKey}.pub`, 'utf8') });
    const end = Date.now() + PATIENCE_MS;
    const timeLeftMs = (): number => Math.max(0, end - Date.now());
    const ports = { ssh: await freePort(), app: await freePort() };
    const device = await startVm({
      ...machine('device'),
      disk,
      memoryMb: 768,
      rtcBase: new Date(Date.now() - HOUR_MS).toISOString().slice(0, 19),
      forwards: [
        { hostPort: ports.ssh, guestPort: 22 },
        { hostPort: ports.app, guestPort: 8080 },
      ],
    });
    started.push(device);
    const hubDisk = await buildHub(building);
    say('the device boots; each of its containers is probed');
    const deviceKey = await publicKeyOf(device, timeLeftMs());
    await provisionData(hubDisk, {
      'wireguard/private.key': `${hubKeys.privateKey}\n`,
      'wireguard/address': `${NETWORK.hub}/24\n`,
      'wireguard/peers.conf': `[Peer]\nPublicKey = ${deviceKey}\nAllowedIPs = ${NETWORK.device}/32\n`,
    });
    say('the hub boots');
    await hubPort.letGo();
    const hub = await startVm({
      ...machine('hub'),
      disk: hubDisk,
      memoryMb: 384,
      forwards: [{ hostPort: hubPort.port, guestPort: NETWORK.wireguardPort, protocol: 'udp' }],
    });
    started.push(hub);
    return { device, hub, names, ports, loginKey, timeLeftMs, stop };
  } catch (error) {
    await stop();
    throw error;
  } finally {
    await hubPort.letGo();
  }
};
