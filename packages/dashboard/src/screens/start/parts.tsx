import { Alert, Anchor, Group, Progress, Text } from '@mantine/core';
import { isBuildOver, type Access, type Build } from '@slipway/protocol';
import { IconAlertTriangle } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { Link } from 'react-router';
import { StateBadge } from '../../parts/state-badge.tsx';
import { rolesFor } from '../../session/session.tsx';

/** What somebody may do, or who could. */
export const Unless = ({
  isAllowed,
  access,
  children,
}: {
  readonly isAllowed: boolean;
  readonly access: Access;
  readonly children: ReactNode;
}) =>
  isAllowed ? (
    <>{children}</>
  ) : (
    <Text size="sm" c="dimmed">
      This takes the role {rolesFor(access)}; ask somebody who has it, this page shows when it is done.
    </Text>
  );

export const Problem = ({ title, children }: { readonly title: string; readonly children: ReactNode }) => (
  <Alert color="red" icon={<IconAlertTriangle />} title={title}>
    <Text size="sm" style={{ overflowWrap: 'anywhere', whiteSpace: 'pre-wrap' }}>
      {children}
    </Text>
  </Alert>
);

/** A build under way, or how it ended. */
export const BuildProgress = ({ build }: { readonly build: Build }) => {
  const { id, deviceClass, version, state, step, percent, code, message } = build;
  return (
    <>
      <Group gap="sm">
        <StateBadge state={state} />
        <Text size="sm">
          {deviceClass} {version}
          {isBuildOver(build) ? '' : `, ${step}`}
        </Text>
        <Anchor component={Link} to={`/builds/${id}`} size="sm">
          {isBuildOver(build) ? 'What it did' : 'Watch its log'}
        </Anchor>
      </Group>
      {isBuildOver(build) ? null : (
        <Progress value={percent} animated aria-label={`${step}, ${Math.round(percent)} percent`} />
      )}
      {state === 'failed' ? <Problem title={code ?? 'It failed'}>{message ?? ''}</Problem> : null}
    </>
  );
};
