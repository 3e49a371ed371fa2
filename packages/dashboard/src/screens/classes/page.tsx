import { Anchor, Badge, Button, Card, Group, SimpleGrid, Skeleton, Stack, Text, Title } from '@mantine/core';
import type { DeviceClass } from '@slipway/protocol';
import { useQuery } from '@tanstack/react-query';
import { IconFileCode, IconStack2 } from '@tabler/icons-react';
import { Link } from 'react-router';
import { api } from '../../api.ts';
import { Empty } from '../../parts/empty.tsx';
import { Failure } from '../../parts/failure.tsx';
import { Loaded } from '../../parts/loaded.tsx';
import { Page } from '../../parts/page.tsx';
import { StateBadge } from '../../parts/state-badge.tsx';
import { Time } from '../../parts/time.tsx';
import { editorOf } from './addresses.ts';
import { Partitions } from './partitions.tsx';
import { takenBy } from './taken-by.ts';

export default function Screen() {
  const classes = useQuery({
    queryKey: ['device-classes', null],
    queryFn: ({ signal }) => api.deviceClasses.list({ signal }),
  });
  return (
    <Page
      title="Classes"
      about="Devices that take the same image: what they are, and what their image is made of"
      actions={
        <Button component={Link} to="/repository" variant="default" leftSection={<IconFileCode size={16} />}>
          Image repository
        </Button>
      }
    >
      {classes.error !== null && classes.data === undefined ? (
        <Stack gap="sm">
          <Failure
            error={classes.error}
            title="The class files could not be read"
            retry={() => void classes.refetch()}
          />
          <Text size="sm">
            Until it is mended, no class is listed.{' '}
            <Anchor component={Link} to="/repository" size="sm">
              Open the image repository
            </Anchor>{' '}
            to edit the file.
          </Text>
        </Stack>
      ) : (
        <Loaded
          query={classes}
          skeleton={
            <Cards>
              {[0, 1].map((at) => (
                <Skeleton key={at} h={190} />
              ))}
            </Cards>
          }
        >
          {(all) =>
            all.length === 0 ? (
              <Empty
                icon={IconStack2}
                title="No class yet"
                action={
                  <Button component={Link} to={editorOf('classes/edge.yml')}>
                    Write the first class file
                  </Button>
                }
              >
                A class file says what devices are: their architecture, their partitions, and the image files
                that their image is made of. It lies under classes/ of the image repository.
              </Empty>
            ) : (
              <Cards>
                {all.map((one) => (
                  <ClassCard key={one.name} deviceClass={one} />
                ))}
              </Cards>
            )
          }
        </Loaded>
      )}
    </Page>
  );
}

const Cards = ({ children }: { readonly children: React.ReactNode }) => (
  <SimpleGrid cols={{ base: 1, md: 2, xl: 3 }}>{children}</SimpleGrid>
);

const ClassCard = ({ deviceClass: { name, arch, images } }: { readonly deviceClass: DeviceClass }) => {
  const detail = useQuery({
    queryKey: ['device-classes', 'one', name],
    queryFn: ({ signal }) => api.deviceClasses.get(name, { signal }),
  });
  const builds = useQuery({
    queryKey: ['builds', 'last', name],
    queryFn: ({ signal }) => api.builds.list({ deviceClass: name, limit: 20 }, { signal }).all(20),
  });
  const devices = useQuery({
    queryKey: ['devices', 'count', name],
    queryFn: async ({ signal }) =>
      (await api.devices.list({ deviceClass: name, limit: 1, count: true }, { signal }).page()).total ?? 0,
  });
  const last = builds.data?.[0];
  return (
    <Card component="article" aria-label={name}>
      <Stack gap="xs" h="100%">
        <Group justify="space-between" wrap="nowrap">
          <Title order={2} size="h4">
            <Link className="slipway-row-link" style={{ fontWeight: 650 }} to={`/classes/${name}`}>
              {name}
            </Link>
          </Title>
          <Group gap={6}>
            {detail.data?.secureBoot === true ? (
              <Badge variant="light" color="green" radius="sm" tt="none" autoContrast>
                Secure Boot
              </Badge>
            ) : null}
            <Badge variant="default" radius="sm" tt="none">
              {arch}
            </Badge>
          </Group>
        </Group>
        {detail.data === undefined ? (
          <Skeleton height={14} />
        ) : (
          <Partitions sizes={detail.data.partitions} used={takenBy(builds.data)} isBrief />
        )}
        {detail.data?.problem == null ? null : (
          <Text size="sm" c="red" lineClamp={2}>
            {detail.data.problem}
          </Text>
        )}
        <Text size="sm" c="dimmed">
          {images.join(', ')}
        </Text>
        <Group justify="space-between" mt="auto">
          <Text size="sm">
            {devices.data === undefined ? (
              ' '
            ) : (
              <Anchor
                component={Link}
                to={`/devices?query=${encodeURIComponent(`class = ${name}`)}`}
                size="sm"
              >
                {devices.data === 1 ? 'one device' : `${devices.data} devices`}
              </Anchor>
            )}
          </Text>
          {last === undefined ? (
            <Text size="sm" c="dimmed">
              {builds.data === undefined ? ' ' : 'never built'}
            </Text>
          ) : (
            <Group gap={6}>
              <Anchor component={Link} to={`/builds/${last.id}`} size="sm">
                {last.version}
              </Anchor>
              <StateBadge state={last.state} />
              <Text size="xs" c="dimmed">
                <Time value={last.createdAt} />
              </Text>
            </Group>
          )}
        </Group>
      </Stack>
    </Card>
  );
};
