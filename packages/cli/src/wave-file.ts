import { parseSpec } from '@slipway/image-spec';
import { DeviceId, QueryText, type Threshold, type WaveCreate } from '@slipway/protocol';
import { z } from 'zod';
import { DURATIONS, parseDuration } from './duration.ts';
import { parsePercent, parseThreshold, THRESHOLDS } from './threshold.ts';

const read = <T>(parse: (text: string) => T | undefined, expected: string) =>
  z.union([z.string(), z.number()], { error: expected }).transform((value, context): T => {
    const found = parse(String(value));
    if (found !== undefined) return found;
    context.addIssue({ code: 'custom', message: expected });
    return z.NEVER;
  });

const Limit = read<Threshold>(parseThreshold, THRESHOLDS);
const WHO = ['devices', 'percent', 'count', 'query'] as const;

const FileWave = z
  .strictObject({
    name: z.string().min(1).max(80).optional(),
    devices: z.array(DeviceId).min(1).optional(),
    percent: read(
      (text) => parsePercent(text) ?? parsePercent(`${text}%`),
      'a share above 0 % and up to 100 %, such as 10%',
    ).optional(),
    count: z.int().min(1).optional(),
    query: QueryText.min(1).optional(),
    soak: read(parseDuration, DURATIONS).optional(),
    failure: Limit.optional(),
    success: Limit.optional(),
    inFlight: z.int().min(1).optional(),
    approval: z.boolean().optional(),
  })
  .superRefine((wave, context) => {
    const said = WHO.filter((key) => wave[key] !== undefined);
    if (said.length > 1)
      context.addIssue({
        code: 'custom',
        path: [said[1] ?? ''],
        message: `one of ${WHO.join(', ')}: the wave has ${said[0] ?? ''} already`,
      });
  });

const WaveFile = z.strictObject({ waves: z.array(FileWave).min(1).max(50) });

/**
 * Waves as a file of YAML has them.
 *
 * @throws {SlipwayError} SPEC_SYNTAX, SPEC_INVALID, with line and column
 */
export const parseWaveFile = (text: string, fileName: string): WaveCreate[] =>
  parseSpec(text, fileName, WaveFile).waves.map(({ soak, inFlight, ...wave }) => ({
    ...wave,
    ...(soak === undefined ? {} : { soakSeconds: soak }),
    ...(inFlight === undefined ? {} : { maxInFlight: inFlight }),
  }));
