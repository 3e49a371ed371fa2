import type { HostOptions } from '../../main.ts';
import { rebootBy } from '../reboot.ts';
import type { Runtime } from '../port.ts';
import { zoneOffset } from '../zone-offset.ts';
import { random, sleep, uptime } from './clock.ts';
import { quickjsCrypto } from './crypto.ts';
import { digestIn, quickjsFiles } from './files.ts';
import { quickjsRequest } from './http.ts';
import { std } from './machine.ts';
import { quickjsMqtt } from './mqtt.ts';
import { runWith } from './processes.ts';

/** One at a time: each program begins as a copy of this process, and what is written meanwhile is there twice. */
const inTurn = <T>(work: (bytes: Uint8Array) => Promise<T>): ((bytes: Uint8Array) => Promise<T>) => {
  let last: Promise<unknown> = Promise.resolve();
  return async (bytes) => {
    const mine = last.then(async () => work(bytes));
    last = mine.catch(() => undefined);
    return mine;
  };
};

/** The runtime of the agent on QuickJS, and on busybox and slipway-crypto for what QuickJS cannot do or does slowly. */
export const quickjsRuntime = ({ searchPath, rebootCommand, privateDir, log }: HostOptions): Runtime => {
  const run: Runtime['processes']['run'] = async (command, options) => runWith(searchPath, command, options);
  const connecting = { searchPath, privateDir };
  const files = quickjsFiles(searchPath, run);
  const mustRun = async (command: readonly string[], input?: Uint8Array): Promise<string> => {
    const { status, stdout, stderr } = await run(command, input === undefined ? {} : { input });
    if (status === 0) return stdout;
    throw new Error(`${command.slice(0, 2).join(' ')}: status ${status}: ${stderr.trim().slice(-500)}`);
  };
  const processes = {
    run,
    reboot: async (argument?: string) =>
      rebootBy(run, rebootCommand, argument, (status) => {
        std.exit(status);
      }),
  };
  return {
    files,
    processes,
    network: {
      request: quickjsRequest(connecting),
      probeTcp: async (host, port, timeoutMs) => {
        const { status, stderr } = await run(['busybox', 'nc', host, `${port}`, '-e', 'busybox', 'true'], {
          timeoutMs,
        });
        if (status === 0) return;
        throw new Error(stderr.trim() || `no connection within ${timeoutMs} ms`);
      },
      mqtt: quickjsMqtt(connecting),
    },
    time: {
      now: () => Math.floor(Date.now() / 1000),
      uptime,
      sleep,
      zoneOffset: async (zone, at) => zoneOffset(processes, zone, at),
    },
    random,
    digest: inTurn(async (bytes) => digestIn(await mustRun(['busybox', 'sha256sum'], bytes), 0)),
    crypto: quickjsCrypto(run),
    log,
  };
};
