import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Recorder } from '@slipway/fleet-sim/conformance';
import type { WholeChainArch } from '@slipway/protocol';
import { OverlayDisk, type Disk } from '../../block/overlay-disk.ts';
import type { LogEntry, WriteLog } from '../../block/write-log.ts';
import { startCloud } from '../cloud/cloud.ts';
import type { Authorities } from '../ground/authorities.ts';
import { powerOn } from '../machine/machine.ts';
import { recordedExport } from './exports.ts';
import type { Scenario } from './scenario.ts';

export type Disks = { readonly disk: Disk; readonly vars: Disk };

/** From this mark on the device knows of the update; before it nothing is cut. */
export const DESIRED = 'desired';
export const STATUS = 'status';

const BOOT_MS = 900_000;
const UPDATE_MS = 1_800_000;
/** After the outcome the device still writes: acknowledgements, the journal of its file system. */
const AFTERWARDS_MS = 8_000;

export type RecordOptions = {
  readonly folder: string;
  readonly arch: WholeChainArch;
  readonly authorities: Authorities;
  readonly scenario: Scenario;
  readonly base: Disks;
  /** called with the length of the log after every entry; a kill comes from here */
  readonly onEntry?: (entries: number) => void;
  /** writes down what goes over the wire */
  readonly wire?: Recorder;
  /** pulls the plug; what was written by then is returned */
  readonly signal?: AbortSignal;
};

/** Plays an update from the base to its outcome, and writes down all that the machine does to its storage. */
export const recordUpdate = async (options: RecordOptions): Promise<WriteLog> => {
  const { folder, arch, authorities, scenario, base } = options;
  const log: LogEntry[] = [];
  const record = (entry: LogEntry): void => {
    log.push(entry);
    options.onEntry?.(log.length);
  };
  const cloud = await startCloud({
    folder: join(folder, 'cloud'),
    authorities,
    releases: [scenario.newRelease],
    ...(options.wire === undefined ? {} : { wire: options.wire }),
    onStatus: (status) => record({ kind: 'mark', what: STATUS, detail: status }),
  });
  try {
    const machine = await powerOn(
      arch,
      {
        disk: recordedExport('disk', new OverlayDisk(base.disk), record),
        vars: recordedExport('vars', new OverlayDisk(base.vars), record),
      },
      cloud,
      join(folder, 'console.log'),
    );
    const ended = new AbortController();
    void machine.vm.exited.then(() => ended.abort(new Error('QEMU ended')));
    options.signal?.addEventListener('abort', () => ended.abort(new Error('the plug was pulled')));
    const { signal } = ended;
    try {
      const isUp = (): boolean => cloud.births.length > 0;
      await cloud.until('the device to be online', isUp, { timeoutMs: BOOT_MS, signal });
      record({ kind: 'mark', what: DESIRED, detail: null });
      await cloud.desire(scenario.wish);
      await cloud.until('the outcome', () => cloud.outcome(scenario.wish) !== undefined, {
        timeoutMs: UPDATE_MS,
        signal,
      });
      await delay(AFTERWARDS_MS, undefined, { signal });
    } catch (error) {
      // Whoever pulled the plug wants what was written until then.
      if (options.signal?.aborted !== true) throw error;
    } finally {
      await machine.pullPlug();
    }
    if (machine.faults.length > 0)
      throw new Error(`the disks of the machine failed: ${machine.faults.join('; ')}`);
    return log;
  } finally {
    await cloud.stop();
  }
};
