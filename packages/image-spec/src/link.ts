import { Diagnostic, LinkPolicy } from '@slipway/protocol';
import { z } from 'zod';
import { Size } from './size.ts';

/** How devices treat their link. */
export const Link = z.strictObject({
  metered: LinkPolicy.shape.metered.describe(
    'Whether bytes cost; by default auto: by the interface that the default route goes over.',
  ),
  interfaces: LinkPolicy.shape.interfaces.describe(
    'Interfaces that count as metered, by name or beginning and *; by default wwan*, wwp* and ppp*.',
  ),
  maxRate: Size.optional().describe('Bytes per second of a download while the link is metered.'),
  maxRateUnmetered: Size.optional().describe('Bytes per second of a download while it is not.'),
  telemetryInterval: LinkPolicy.shape.telemetryInterval.describe(
    'Seconds between two looks that are sent; by default 30. While the link is metered ten go in one message.',
  ),
  logBudgetPerDay: Size.optional().describe('Bytes of logs sent on demand in a day; by default 16M.'),
});

/** Programs that operators may have run on devices. */
export const Diagnostics = z.array(
  z
    .strictObject({
      name: Diagnostic.shape.name.describe('What slipway devices diagnose calls it by.'),
      command: z
        .array(z.string())
        .min(1)
        .describe('The program and its arguments, run in the root of the image.'),
      timeout: Diagnostic.shape.timeout.describe('Seconds until it is ended; by default 30.'),
    })
    .meta({ id: 'diagnostic', description: 'A program that an operator may have run on a device.' }),
);
