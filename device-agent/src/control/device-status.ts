import {
  Arch,
  ClassName,
  ExecutionState,
  HealthState,
  isTerminal,
  ReleaseId,
  ServiceReport,
  SlotName,
  Version,
} from '@slipway/protocol';
import { z } from 'zod';
import type { Saved } from '../core/index.ts';
import type { Identity } from '../enrol/identity.ts';
import type { RenewalState } from '../enrol/renew.ts';
import type { Health } from '../health/monitor.ts';
import type { ImageFiles } from '../image-files.ts';
import type { InstallProgress } from '../install/installer.ts';
import { AGENT_VERSION } from '../version.ts';

const SlotStatus = z.object({
  state: z.enum(['EMPTY', 'WRITING', 'VERIFIED', 'TRIAL', 'GOOD', 'FAILED']),
  version: Version.optional(),
  release: ReleaseId.optional(),
  /** of a trial: which boot it is, and whether the boot loader was told */
  attempt: z.int().optional(),
  armed: z.boolean().optional(),
  /** of a failed one */
  code: z.string().optional(),
  message: z.string().optional(),
});

/** What `slipway-agent status --json` prints. Times are seconds since 1970. */
export const DeviceStatus = z.object({
  v: z.literal(1),
  /** false: read from the files that the agent left */
  running: z.boolean(),
  agent: z.string(),
  device: z.object({
    id: z.string().nullable(),
    tenant: z.string().nullable(),
    deviceClass: ClassName,
    arch: Arch,
  }),
  release: z.object({ release: ReleaseId, version: Version, counter: z.int() }),
  bootId: z.string(),
  /** booted slot, and the one that the boot loader starts by default */
  slot: SlotName,
  loaderDefault: SlotName.nullable(),
  /** this is a trial boot: neither committed nor gone back from yet */
  trial: z.boolean(),
  slots: z.object({ a: SlotStatus, b: SlotStatus }),
  execution: z
    .object({
      id: z.string(),
      release: ReleaseId,
      version: Version,
      state: ExecutionState,
      local: z.boolean(),
      /** what it waits for, and until when; null: for nothing, or nobody can say */
      waits: z.object({ code: z.string(), message: z.string(), until: z.int().nullable() }).nullable(),
      /** whether somebody here can accept, defer or refuse it */
      asks: z.boolean(),
      progress: z.object({ phase: z.string(), bytesDone: z.int(), bytesTotal: z.int() }).nullable(),
    })
    .nullable(),
  /** the last execution that ended, as long as its report is remembered */
  outcome: z
    .object({
      execution: z.string(),
      release: ReleaseId,
      state: ExecutionState,
      code: z.string().nullable(),
      message: z.string().nullable(),
    })
    .nullable(),
  connection: z.object({ connected: z.boolean(), broker: z.string().nullable() }),
  /** reports that the server has not acknowledged */
  outbox: z.int(),
  health: z.object({ state: HealthState.nullable(), services: z.array(ServiceReport) }),
  certificate: z
    .object({
      endsAt: z.int().nullable(),
      renewAt: z.int().nullable(),
      /** why the last renewal failed */
      renewal: z.object({ code: z.string(), message: z.string() }).nullable(),
    })
    .nullable(),
  floor: z.object({ counter: z.int(), time: z.int() }),
});
export type DeviceStatus = z.infer<typeof DeviceStatus>;
export type Outcome = NonNullable<DeviceStatus['outcome']>;

/** The last outcome in the outbox, where its report is still waiting. */
export const lastOutcome = ({ outbox }: Pick<Saved, 'outbox'>): Outcome | null => {
  const status = outbox.findLast(({ state }) => isTerminal(state));
  if (status === undefined) return null;
  const { execution, release, state, code = null, message = null } = status;
  return { execution, release, state, code, message };
};

const slotStatus = (record: Saved['slots']['a']): z.infer<typeof SlotStatus> => {
  if (record.state === 'EMPTY') return { state: 'EMPTY' };
  const { state, ref } = record;
  const told = { state, version: ref.version, release: ref.release };
  if (record.state === 'TRIAL') return { ...told, attempt: record.attempt, armed: record.armedIn !== null };
  return record.state === 'FAILED' ? { ...told, code: record.code, message: record.message } : told;
};

export type StatusParts = {
  readonly running: boolean;
  readonly saved: Saved;
  readonly image: ImageFiles;
  readonly slot: SlotName;
  readonly loaderDefault: SlotName | null;
  readonly identity: Identity | undefined;
  readonly connected: boolean;
  readonly health:
    | Pick<Health, 'state' | 'services'>
    | { readonly state: null; readonly services: readonly ServiceReport[] };
  readonly renewal: RenewalState;
  readonly progress: InstallProgress | undefined;
  readonly outcome: Outcome | null;
};

export const deviceStatus = (parts: StatusParts): DeviceStatus => {
  const { saved, image, identity, slot, loaderDefault, renewal, progress } = parts;
  const { release, version, counter, deviceClass, arch } = image.release;
  const { execution } = saved;
  return {
    v: 1,
    running: parts.running,
    agent: AGENT_VERSION,
    device: { id: identity?.deviceId ?? null, tenant: identity?.tenant ?? null, deviceClass, arch },
    release: { release, version, counter },
    bootId: image.bootId,
    slot,
    loaderDefault,
    trial: saved.slots[slot].state === 'TRIAL',
    slots: { a: slotStatus(saved.slots.a), b: slotStatus(saved.slots.b) },
    execution:
      execution === null
        ? null
        : {
            id: execution.id,
            release: execution.release,
            version: execution.version,
            state: execution.state,
            local: execution.local,
            waits: execution.hold,
            asks: execution.consent !== null && !execution.consent.given,
            progress:
              progress === undefined
                ? null
                : {
                    phase: progress.phase,
                    bytesDone: progress.bytesDone,
                    bytesTotal: progress.bytesTotal,
                  },
          },
    outcome: parts.outcome,
    connection: { connected: parts.connected, broker: identity?.mqttUrl ?? null },
    outbox: saved.outbox.length,
    health: { state: parts.health.state, services: [...parts.health.services] },
    certificate:
      identity === undefined
        ? null
        : {
            endsAt: identity.endsAt ?? null,
            renewAt: identity.renewAt ?? null,
            renewal: typeof renewal === 'object' ? renewal : null,
          },
    floor: saved.floor,
  };
};
