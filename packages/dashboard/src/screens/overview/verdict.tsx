import { Card, Group, SimpleGrid, Text, ThemeIcon } from '@mantine/core';
import type { Overview } from '@slipway/protocol';
import { IconCircleCheck } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { Link } from 'react-router';
import { count, counted, percent } from '../../parts/numbers.ts';
import { LOOKS } from './attention-list.tsx';
import { devicesPath } from './targets.ts';

const Tile = ({
  to,
  value,
  label,
  about,
}: {
  readonly to: string;
  readonly value: string;
  readonly label: string;
  readonly about: ReactNode;
}) => (
  <Card component={Link} to={to} padding="sm" className="slipway-tile">
    <Text size="sm" c="dimmed">
      {label}
    </Text>
    <Text fz={26} fw={650} lh={1.2}>
      {value}
    </Text>
    <Text size="xs" c="dimmed">
      {about}
    </Text>
  </Card>
);

/** Whether anything needs somebody, in one look. */
const Sentence = ({ attention }: Pick<Overview, 'attention'>) => {
  const [worst] = attention;
  const { color, icon: Icon } =
    worst === undefined ? { color: 'green', icon: IconCircleCheck } : LOOKS[worst.severity];
  const many = (severity: keyof typeof LOOKS): number =>
    attention.filter((item) => item.severity === severity).length;
  const parts = [
    ...(many('critical') > 0 ? [`${many('critical')} critical`] : []),
    ...(many('warning') > 0 ? [counted(many('warning'), 'warning')] : []),
    ...(many('info') > 0 ? [`${many('info')} to decide`] : []),
  ];
  return (
    <Card padding="sm" className={`slipway-verdict slipway-verdict-${color}`} role="status">
      <Group gap="sm" wrap="nowrap">
        <ThemeIcon size={40} radius="xl" color={color} variant="light" aria-hidden>
          <Icon size={24} />
        </ThemeIcon>
        <div>
          <Text fw={650} fz="lg" lh={1.25}>
            {worst === undefined
              ? 'Nothing needs you'
              : `${counted(attention.length, 'thing')} ${attention.length === 1 ? 'needs' : 'need'} you`}
          </Text>
          <Text size="sm" c="dimmed">
            {worst === undefined ? 'All is as it should be.' : parts.join(', ')}
          </Text>
        </div>
      </Group>
    </Card>
  );
};

export const Verdict = ({ overview }: { readonly overview: Overview }) => {
  const { counts, rollouts, attention } = overview;
  const healthy = counts.byHealth.find(({ value }) => value === 'ok')?.count ?? 0;
  const running = rollouts.filter(({ state }) => state === 'running' || state === 'rolling_back').length;
  return (
    <>
      <Sentence attention={attention} />
      <SimpleGrid cols={{ base: 2, md: 4 }} spacing="sm">
        <Tile
          to="/devices"
          label="Devices"
          value={count(counts.total)}
          about={`of ${counted(counts.byClass.length, 'class', 'classes')}`}
        />
        <Tile
          to={devicesPath('online')}
          label="Online"
          value={counts.total === 0 ? '–' : percent(counts.online, counts.total)}
          about={`${counted(counts.online, 'device')}, ${count(counts.total - counts.online)} not`}
        />
        <Tile
          to={devicesPath('health = ok')}
          label="Healthy"
          value={counts.total === 0 ? '–' : percent(healthy, counts.total)}
          about={`${counted(healthy, 'device')} say so`}
        />
        <Tile
          to="/rollouts"
          label="Rollouts"
          value={count(running)}
          about={`under way, ${count(rollouts.length - running)} waiting or paused`}
        />
      </SimpleGrid>
    </>
  );
};
