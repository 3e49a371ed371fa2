import {
  blockTransfer,
  type Blocks,
  type Event,
  type Job,
  type State,
  type Uplink,
} from '@slipway/device-agent/simulation';
import type { DeviceId } from '@slipway/protocol';
import { uptime } from './clock.ts';
import type { Connection } from './connection.ts';
import type { Context } from './context.ts';
import { runJob, type Bench } from './jobs.ts';
import type { Ledger } from './ledger.ts';
import type { Machine } from './machine.ts';

const PROGRESS_S = 1;

/** The device that the work is done on. */
export type WorkOwner = {
  readonly id: DeviceId;
  readonly machine: Machine;
  readonly ledger: Ledger;
  readonly connection: Connection;
  readonly execution: State['saved']['execution'];
  readonly telemetry: () => Uplink['telemetry'];
  readonly dispatch: (event: Event) => void;
  readonly boot: () => void;
};

/** The one job that a device is at, and the blocks that it fetches for it. */
export class Work {
  private readonly owner: WorkOwner;
  private readonly context: Context;
  private isServerThere = true;
  private progressAt: number | null = null;
  private running: { readonly job: Job; readonly controller: AbortController } | null = null;
  private blocks: Blocks | null = null;

  constructor(owner: WorkOwner, context: Context) {
    this.owner = owner;
    this.context = context;
  }

  /** The device has booted. */
  beginAnew(): void {
    this.progressAt = null;
  }

  start(job: Job): void {
    this.stop();
    const mine = { job, controller: new AbortController() };
    this.running = mine;
    void runJob(job, this.bench(), this.context, mine.controller.signal).then((result) => {
      if (this.running !== mine) return;
      this.running = null;
      this.blocks = null;
      if (result !== undefined) this.owner.dispatch({ kind: 'job', id: job.id, result });
    });
  }

  stop(): void {
    this.running?.controller.abort(new Error('the job was stopped'));
    this.running = null;
    this.blocks = null;
  }

  onBlock(message: Parameters<Blocks['deliver']>[0]): void {
    const { seen } = this.context;
    if (message.code !== undefined) seen.blocksRefused += 1;
    else seen.blocks += 1;
    seen.blockBytes += message.payload.length;
    // It is looked at later, and the buffer it lies in is read into again.
    this.blocks?.deliver({ ...message, payload: Buffer.from(message.payload) });
  }

  onServer(isThere: boolean): void {
    this.isServerThere = isThere;
    this.relink();
  }

  /** Bulk transfer only while both broker and server are there. */
  relink(): void {
    const { connection } = this.owner;
    this.blocks?.link(
      connection.isOpen && this.isServerThere
        ? (get) => {
            connection.send('stream/get', get);
          }
        : null,
    );
  }

  private bench(): Bench {
    const { id, machine, ledger, connection } = this.owner;
    return {
      id,
      machine,
      wanted: () => {
        const { execution } = this.owner;
        if (execution === null) throw new Error('nothing is being installed');
        return execution;
      },
      read: async (bundle, offset, length, signal) => {
        if (this.blocks === null) {
          this.blocks = blockTransfer({
            time: {
              uptime,
              sleep: async (ms) => {
                await new Promise((resolve) => setTimeout(resolve, ms));
              },
            },
          });
          this.relink();
        }
        await this.blocks.reader(bundle, signal).read(offset, length);
      },
      progressed: (bytes) => this.progress(bytes),
      armed: () => {
        const { execution } = this.owner;
        if (execution !== null) ledger.onArmed(execution.id);
      },
      proveBroker: async (signal) => connection.prove(() => this.owner.telemetry(), signal),
      leave: async () => connection.leave(),
      reboot: () => {
        this.stop();
        connection.later(this.context.waitMs(this.context.options.bootSeconds), () => this.owner.boot());
      },
    };
  }

  private progress(bytes: number): void {
    const { execution, connection } = this.owner;
    if (execution === null) return;
    if (this.progressAt !== null && uptime() - this.progressAt < PROGRESS_S) return;
    this.progressAt = uptime();
    connection.send('progress', {
      v: 1,
      execution: execution.id,
      phase: 'DOWNLOADING',
      bytesDone: bytes,
      bytesTotal: execution.bundle.size,
      bytesReceived: bytes,
      bytesReused: 0,
    });
  }
}
