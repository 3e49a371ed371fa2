import { Text, Timeline } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { api } from '../../api.ts';
import { Loaded } from '../../parts/loaded.tsx';
import { Panel } from '../../parts/panel.tsx';
import { colorOfTone } from '../../parts/state-badge.tsx';
import { Time } from '../../parts/time.tsx';
import { eventText } from './event-text.ts';

/** What became of the release, and by whom. */
export const History = ({ release }: { readonly release: string }) => {
  const query = useQuery({
    queryKey: ['releases', 'history', release],
    queryFn: ({ signal }) => api.releases.listHistory(release, { signal }),
  });
  return (
    <Panel title="What became of it">
      <Loaded query={query} title="The history could not be read">
        {(events) => (
          <Timeline bulletSize={14} lineWidth={2} active={events.length}>
            {events.toReversed().map((event) => {
              const { title, tone } = eventText(event);
              return (
                <Timeline.Item
                  key={`${event.at} ${title}`}
                  color={colorOfTone(tone)}
                  styles={{ itemBullet: { backgroundColor: 'var(--mantine-color-default)' } }}
                  title={
                    <Text size="sm" fw={500}>
                      {title}
                    </Text>
                  }
                >
                  <Text size="xs" c="dimmed">
                    {event.actor === null ? '' : `by ${event.actor}, `}
                    <Time value={event.at} />
                  </Text>
                </Timeline.Item>
              );
            })}
          </Timeline>
        )}
      </Loaded>
    </Panel>
  );
};
