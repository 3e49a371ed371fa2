import { Progress, SimpleGrid, Text } from '@mantine/core';
import type { Device, Telemetry } from '@slipway/protocol';
import { bytes, counted, percent, span } from '../../../parts/numbers.ts';
import { Panel } from '../../../parts/panel.tsx';

type Gauge = {
  readonly label: string;
  readonly value: string;
  readonly about: string;
  /** 0 to 100; absent: there is no whole that it is a part of */
  readonly share?: number;
  /** from here on somebody should look */
  readonly warnFrom?: number;
};

const used = (
  label: string,
  free: number | undefined,
  whole: number | undefined,
  warnFrom: number,
): Gauge[] =>
  free === undefined || whole === undefined || whole === 0
    ? []
    : [
        {
          label,
          value: percent(whole - free, whole),
          about: `${bytes(free)} free of ${bytes(whole)}`,
          share: ((whole - free) / whole) * 100,
          warnFrom,
        },
      ];

const linkOf = (link: NonNullable<Telemetry['link']>): Gauge => ({
  label: 'Link',
  value: link.kind,
  about:
    `${link.interface ?? ''}${link.metered ? ', metered' : ''}, ${counted(link.reconnects, 'reconnection')}`.replace(
      /^, /,
      '',
    ),
});

const gaugesOf = (telemetry: Telemetry): Gauge[] => [
  ...(telemetry.cpuBusy === undefined
    ? []
    : [
        {
          label: 'CPU',
          value: percent(telemetry.cpuBusy, 1),
          about: `load ${telemetry.load1.toFixed(2)}`,
          share: telemetry.cpuBusy * 100,
          warnFrom: 95,
        },
      ]),
  ...used('Memory', telemetry.memoryAvailable, telemetry.memoryTotal, 95),
  ...used('Disk', telemetry.diskFree, telemetry.diskTotal, 90),
  ...(telemetry.temperature === undefined
    ? []
    : [
        {
          label: 'Temperature',
          value: `${Math.round(telemetry.temperature)} °C`,
          about: 'hottest zone',
          share: telemetry.temperature,
          warnFrom: 85,
        },
      ]),
  ...(telemetry.link === undefined ? [] : [linkOf(telemetry.link)]),
  {
    label: 'Uptime',
    value: span(telemetry.uptime * 1000),
    about: telemetry.bootTime === undefined ? 'since boot' : `boot took ${span(telemetry.bootTime * 1000)}`,
  },
];

/** What it said last. */
export const Now = ({ device }: { readonly device: Device }) => (
  <Panel title="Now">
    {device.telemetry === undefined ? (
      <Text size="sm" c="dimmed">
        It has not said anything yet.
      </Text>
    ) : (
      <SimpleGrid cols={{ base: 2, sm: 3 }} spacing="md">
        {gaugesOf(device.telemetry).map(({ label, value, about, share, warnFrom = 100 }) => (
          <div key={label}>
            <Text size="sm" c="dimmed">
              {label}
            </Text>
            <Text fz="lg" fw={650}>
              {value}
            </Text>
            {share === undefined ? null : (
              <Progress
                value={share}
                size={5}
                my={4}
                color={share >= warnFrom ? 'red' : undefined}
                aria-label={label}
              />
            )}
            <Text size="xs" c="dimmed">
              {about}
            </Text>
          </div>
        ))}
      </SimpleGrid>
    )}
  </Panel>
);
