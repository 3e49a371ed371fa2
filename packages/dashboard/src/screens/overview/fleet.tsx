import { SimpleGrid, Text } from '@mantine/core';
import type { DeviceCounts } from '@slipway/protocol';
import { Panel } from '../../parts/panel.tsx';
import { colorOfTone } from '../../parts/state-badge.tsx';
import { toneOfState } from '../../parts/states.ts';
import { Shares } from './shares.tsx';
import { devicesPath } from './targets.ts';

const HEALTH: Readonly<Record<string, string>> = { ok: 'healthy', failed: 'unhealthy', starting: 'starting' };
const MOST = 6;

const colorOf = (state: string): string => `var(--mantine-color-${colorOfTone(toneOfState(state))}-6)`;

/** What the fleet is, by class, state, health and version. */
export const Fleet = ({ counts }: { readonly counts: DeviceCounts }) => (
  <SimpleGrid cols={{ base: 1, sm: 2, lg: 4 }} spacing="md">
    <Panel title="By class">
      <Shares
        total={counts.total}
        shares={counts.byClass.slice(0, MOST).map(({ value, count }) => ({
          key: value ?? '',
          label: value ?? 'unknown',
          to: devicesPath(`class = ${value ?? ''}`),
          count,
        }))}
      />
    </Panel>
    <Panel title="By state">
      <Shares
        total={counts.total}
        shares={counts.byState.map(({ value, count }) => ({
          key: value ?? '',
          label: value ?? 'unknown',
          to: devicesPath(`state = ${value ?? ''}`),
          count,
          color: colorOf(value ?? ''),
        }))}
      />
    </Panel>
    <Panel title="By health">
      <Shares
        total={counts.total}
        shares={counts.byHealth.map(({ value, count }) => ({
          key: value ?? '',
          label: value === null ? 'never heard of' : (HEALTH[value] ?? value),
          to: devicesPath(value === null ? 'not has health' : `health = ${value}`),
          count,
          color: colorOf(value ?? ''),
        }))}
      />
    </Panel>
    <Panel title="By version">
      <Shares
        total={counts.total}
        shares={counts.byVersion.slice(0, MOST).map(({ value, count }) => ({
          key: value ?? '',
          label: value ?? 'unknown',
          to: devicesPath(value === null ? 'not has version' : `version = ${value}`),
          count,
        }))}
      />
      {counts.byVersion.length > MOST ? (
        <Text size="xs" c="dimmed" mt="xs">
          and {counts.byVersion.length - MOST} more
        </Text>
      ) : null}
    </Panel>
  </SimpleGrid>
);
