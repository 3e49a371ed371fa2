import { Anchor, Stack, Table, Text } from '@mantine/core';
import { isBuildOver, type Build, type BuildCause } from '@slipway/protocol';
import { Link } from 'react-router';
import { Copyable } from '../../parts/copyable.tsx';
import { span } from '../../parts/numbers.ts';
import { Panel } from '../../parts/panel.tsx';
import { Time } from '../../parts/time.tsx';
import { durationMs, whyBuilt } from './why.ts';

/** Who asked, who built, from what. */
export const Facts = ({ build }: { readonly build: Build }) => {
  const took = durationMs(build, Date.now());
  const rows: readonly (readonly [string, React.ReactNode])[] = [
    ['Asked for', <Time key="at" value={build.createdAt} as="local" />],
    [
      'Why',
      <Stack key="why" gap={2}>
        {build.causes.map((cause, at) => (
          <Cause key={at} cause={cause} isFirst={at === 0} />
        ))}
      </Stack>,
    ],
    ['Priority', build.priority],
    ['Architecture', [build.arch ?? 'unknown', ...build.needs].join(' + ')],
    ['Worker', build.worker === null ? 'none yet' : `${build.worker}, ${attempts(build.attempts)}`],
    ['Took', took === undefined ? '–' : span(took)],
    [
      'Class',
      <Anchor key="class" component={Link} to={`/classes/${build.deviceClass}`} size="sm">
        {build.deviceClass}
      </Anchor>,
    ],
    [
      'Release',
      build.state === 'succeeded' ? (
        <Anchor key="release" component={Link} to={`/releases/${build.release}`} size="sm">
          {build.version}
        </Anchor>
      ) : (
        noRelease(build)
      ),
    ],
    ...(build.retryOf === null
      ? []
      : [
          [
            'Once more',
            <Anchor key="retry" component={Link} to={`/builds/${build.retryOf}`} size="sm">
              {build.retryOf}
            </Anchor>,
          ] as const,
        ]),
    ['Image repository', digest(build.source, 'digest of the image repository')],
    ['Inputs', digest(build.inputDigest, 'digest of all inputs')],
    ['Id', <Copyable key="id" text={build.id} what="id of the build" />],
  ];
  return (
    <Panel title="About this build" isFlush>
      <Table verticalSpacing={6} horizontalSpacing="md" layout="auto">
        <Table.Tbody>
          {rows.map(([name, value]) => (
            <Table.Tr key={name}>
              <Table.Th scope="row" fw={500} c="dimmed" fz="sm" w={130}>
                {name}
              </Table.Th>
              <Table.Td fz="sm" style={{ overflowWrap: 'anywhere' }}>
                {value}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Panel>
  );
};

const noRelease = (build: Build): string =>
  isBuildOver(build) ? 'none: only a build that succeeds has one' : 'once it has succeeded';

const attempts = (number: number): string => (number === 1 ? 'first attempt' : `attempt ${number}`);

const digest = (value: string | null, what: string) =>
  value === null ? 'unknown' : <Copyable text={value} shown={`${value.slice(0, 19)}…`} what={what} />;

const Cause = ({ cause, isFirst }: { readonly cause: BuildCause; readonly isFirst: boolean }) => (
  <Text size="sm">
    {isFirst ? '' : 'also '}
    {whyBuilt({ causes: [cause] })}
    {isFirst ? null : (
      <>
        , <Time value={cause.at} />
      </>
    )}
  </Text>
);
