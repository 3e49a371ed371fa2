import { ClassName, DeviceId, Digest, RootHash, SlotName } from '@slipway/protocol';
import { z } from 'zod';
import { DemoArch } from './demo-classes.ts';

/** One step, and what was seen of it from outside the agent. */
export const Step = z.object({
  name: z.enum(['build', 'sign', 'boot', 'enrol', 'update', 'break']),
  version: z.string(),
  ok: z.boolean(),
  /** seconds since the demo began, and how long the step took */
  startedAt: z.number(),
  seconds: z.number(),
  /** what was observed, by name */
  evidence: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
  error: z.object({ code: z.string(), message: z.string() }).optional(),
});
export type Step = z.infer<typeof Step>;

export const DeviceSummary = z.object({
  deviceClass: ClassName,
  arch: DemoArch,
  deviceId: DeviceId.optional(),
  ok: z.boolean(),
  steps: z.array(Step),
  /** bytes */
  releases: z.array(
    z.object({
      version: z.string(),
      rootHash: RootHash,
      uki: z.int(),
      root: z.int(),
      bundle: z.int(),
      bundleDigest: Digest,
    }),
  ),
  finalSlot: SlotName.optional(),
});
export type DeviceSummary = z.infer<typeof DeviceSummary>;

/** What `npm run demo -- --json FILE` writes. `ok` is true only if every step was observed from outside. */
export const Summary = z.object({
  v: z.literal(1),
  ok: z.boolean(),
  seconds: z.number(),
  devices: z.array(DeviceSummary),
  /** set while the server is up (`--keep`) */
  apiDocs: z.string().optional(),
  logs: z.string(),
});
export type Summary = z.infer<typeof Summary>;

const mib = (bytes: number): string => `${(bytes / 1024 / 1024).toFixed(1)} MiB`;

/** The summary as a person reads it. */
export const renderSummary = (summary: Summary): string => {
  const lines: string[] = [''];
  for (const device of summary.devices) {
    lines.push(
      `${device.deviceClass} (${device.arch})${device.deviceId === undefined ? '' : `  device ${device.deviceId}`}`,
    );
    for (const step of device.steps) {
      const at = `${step.startedAt.toFixed(1)} s`.padStart(8);
      const took = `${step.seconds.toFixed(1)} s`.padStart(8);
      lines.push(
        `  ${step.ok ? '✓' : '✗'} ${at} ${took}  ${`${step.name} ${step.version}`.padEnd(14)} ${sentence(step)}`,
      );
    }
    for (const release of device.releases) {
      lines.push(
        `    release ${release.version}: root ${mib(release.root)}, UKI ${mib(release.uki)}, bundle ${mib(release.bundle)}`,
      );
    }
    lines.push('');
  }
  lines.push(
    `${summary.ok ? 'Everything was seen from outside to work' : 'NOT everything worked'}, in ${summary.seconds.toFixed(0)} s.`,
  );
  if (summary.apiDocs !== undefined) lines.push(`API reference: ${summary.apiDocs}`);
  lines.push(`Logs and consoles: ${summary.logs}`);
  return lines.join('\n');
};

const sentence = (step: Step): string =>
  step.error === undefined
    ? Object.entries(step.evidence)
        .map(
          ([name, value]) =>
            `${name}: ${typeof value === 'string' && value.length > 40 ? `${value.slice(0, 16)}…` : value}`,
        )
        .join(', ')
    : `${step.error.code}: ${step.error.message}`;
