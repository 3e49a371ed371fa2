import { List, Stack, Text } from '@mantine/core';
import type { RolloutPreview } from '@slipway/protocol';
import { counted } from '../../parts/numbers.ts';
import type { Draft } from './draft.ts';
import { windowText } from './windows.ts';

const THEN = {
  stop: 'it ends, and devices on trial finish',
  pause: 'it pauses and waits for a person',
  rollback: 'it ends, and devices that committed go back to the release before',
} as const;

/** What is about to happen, in sentences. */
export const PlanReview = ({
  draft,
  preview,
}: {
  readonly draft: Draft;
  readonly preview: RolloutPreview | undefined;
}) => {
  const approvals = draft.waves.filter(({ approval }) => approval).length;
  const [first] = preview?.waves ?? [];
  const limits = [
    ...(draft.failureThreshold === '' ? [] : [counted(draft.failureThreshold, 'failed device')]),
    ...(draft.failurePercent === '' ? [] : [`${draft.failurePercent} % failed`]),
  ];
  return (
    <Stack gap="sm">
      {preview === undefined ? null : (
        <Text size="sm">
          <b>
            {preview.version} of {preview.deviceClass}
          </b>{' '}
          to {counted(preview.devices - preview.current, 'device')}.
        </Text>
      )}
      <List size="sm" spacing={6}>
        <List.Item>
          {draft.approval
            ? 'It waits until somebody else with the role approver has approved it.'
            : draft.startAt === ''
              ? 'It starts at once.'
              : `It starts ${draft.startAt.replace('T', ' at ')}, your time.`}
        </List.Item>
        {first === undefined ? null : (
          <List.Item>
            {draft.waves.length < 2 ? 'All of them are one wave' : 'The first wave has'}{' '}
            {draft.waves.length < 2 ? '' : counted(first.devices - first.current, 'device')}
            {draft.waves.length < 2
              ? `: ${counted(first.devices - first.current, 'device')} from the first moment on.`
              : '; nobody else is touched before it has passed.'}
          </List.Item>
        )}
        <List.Item>
          At {limits.join(' or ') || '1 failed device'} {THEN[draft.onFailure]}.
        </List.Item>
        {approvals === 0 ? null : (
          <List.Item>{counted(approvals, 'wave')} must be approved by somebody else than you.</List.Item>
        )}
        <List.Item>
          {draft.windows.length === 0
            ? 'Devices restart as soon as they are ready.'
            : `Devices restart ${draft.windows.map(windowText).join('; ')}, in their own time.`}
        </List.Item>
        <List.Item>You can pause, abort and roll it back at any time.</List.Item>
      </List>
    </Stack>
  );
};
