import { Anchor, Box, Group, Stack, Text } from '@mantine/core';
import type { Activity } from '@slipway/protocol';
import { IconHammer, IconHistory, IconPackage, IconRocket } from '@tabler/icons-react';
import { Link } from 'react-router';
import { Empty } from '../../parts/empty.tsx';
import { StateBadge } from '../../parts/state-badge.tsx';
import { Time } from '../../parts/time.tsx';
import { activityPath } from './targets.ts';

const ICONS = { build: IconHammer, release: IconPackage, rollout: IconRocket } as const;
const WORDS = { build: 'Build', release: 'Release', rollout: 'Rollout' } as const;

export const RecentActivity = ({ activity }: { readonly activity: readonly Activity[] }) =>
  activity.length === 0 ? (
    <Empty icon={IconHistory} title="Nothing has happened yet">
      Builds, releases and rollouts stand here as they come to their end.
    </Empty>
  ) : (
    <Stack component="ul" gap={10} m={0} p={0} style={{ listStyle: 'none' }}>
      {activity.map((item) => {
        const Icon = ICONS[item.kind];
        return (
          <Group key={`${item.kind} ${item.id}`} component="li" gap="sm" wrap="nowrap" align="flex-start">
            <Icon size={16} style={{ marginTop: 3, flexShrink: 0 }} aria-hidden />
            <Box miw={0} flex={1}>
              <Group gap={6}>
                <Anchor component={Link} to={activityPath(item)} size="sm" c="inherit">
                  {WORDS[item.kind]} {item.version} of {item.deviceClass}
                </Anchor>
                <StateBadge state={item.state} />
              </Group>
              <Text size="xs" c="dimmed" component="div">
                <Time value={item.at} />
                {item.by === null ? null : `, by ${item.by}`}
              </Text>
            </Box>
          </Group>
        );
      })}
    </Stack>
  );
