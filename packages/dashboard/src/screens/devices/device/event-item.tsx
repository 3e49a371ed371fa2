import { ActionIcon, Box, Code, Group, Stack, Text, Timeline } from '@mantine/core';
import { ERRORS, isErrorCode, isTerminal, type DeviceCommand, type DeviceEvent } from '@slipway/protocol';
import {
  IconCertificate,
  IconChevronRight,
  IconDownload,
  IconPencil,
  IconPlugConnected,
  IconPlugConnectedX,
  IconTerminal2,
} from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { FactList } from '../../../parts/fact-list.tsx';
import { span } from '../../../parts/numbers.ts';
import { colorOfTone, StateBadge } from '../../../parts/state-badge.tsx';
import { Time } from '../../../parts/time.tsx';
import { wordsOf } from './event-words.ts';
import { UpdateBar, UpdateDetails } from './update-details.tsx';

const iconOf = (event: DeviceEvent): typeof IconPencil => {
  if (event.kind === 'presence') return event.online ? IconPlugConnected : IconPlugConnectedX;
  return {
    update: IconDownload,
    command: IconTerminal2,
    certificate: IconCertificate,
    change: IconPencil,
  }[event.kind];
};

const actorOf = (event: DeviceEvent): string | null => {
  if (event.kind === 'update' || event.kind === 'presence') return null;
  const { actor } = event;
  return actor === null || actor.startsWith('device:') ? null : actor;
};

const stateOf = (event: DeviceEvent): string | undefined =>
  event.kind === 'update'
    ? event.execution.state
    : event.kind === 'command'
      ? event.command.state
      : undefined;

const CommandDetails = ({ command }: { readonly command: DeviceCommand }) => {
  const { code, message, output, finishedAt, id } = command;
  return (
    <Stack gap="xs">
      {code === null ? null : (
        <Text size="sm">
          <Code>{code}</Code> {isErrorCode(code) ? ERRORS[code].mend : ''}
        </Text>
      )}
      {message === null ? null : <Text size="sm">{message}</Text>}
      {output === null || output === '' ? null : (
        <pre
          className="slipway-log"
          style={{ height: 'auto', maxHeight: 240 }}
          tabIndex={0}
          aria-label="What it printed"
        >
          {output}
        </pre>
      )}
      <FactList
        facts={[
          ['Command', <Code key="id">{id}</Code>],
          ['Answered', <Time key="at" value={finishedAt} as="local" none="not yet" />],
        ]}
      />
    </Stack>
  );
};

const valueOf = (value: unknown): ReactNode =>
  typeof value === 'string' ? value : <Code>{JSON.stringify(value)}</Code>;

/** What more there is to say; undefined: nothing. */
const detailsOf = (event: DeviceEvent, now: number): ReactNode | undefined => {
  switch (event.kind) {
    case 'update':
      return <UpdateDetails execution={event.execution} now={now} />;
    case 'command':
      return <CommandDetails command={event.command} />;
    case 'certificate':
    case 'change': {
      const facts = Object.entries(event.details).map(([name, value]) => [name, valueOf(value)] as const);
      return facts.length === 0 ? undefined : <FactList facts={facts} />;
    }
    case 'presence':
      return undefined;
    default:
      return event satisfies never;
  }
};

type EventItemProps = {
  readonly event: DeviceEvent;
  readonly now: number;
  readonly isOpen: boolean;
  readonly toggle: () => void;
};

/**
 * One event: what it was, how long it took and why it ended so; all else on demand. No component of its own: a timeline
 * tells its items how far it is.
 */
export const eventItem = ({ event, now, isOpen, toggle }: EventItemProps) => {
  const { title, tone, about, ms } = wordsOf(event, now);
  const Icon = iconOf(event);
  const state = stateOf(event);
  const details = detailsOf(event, now);
  const actor = actorOf(event);
  const said = [about ?? '', actor === null ? '' : `by ${actor}`].filter((part) => part !== '').join(' · ');
  const isUnderWay = event.kind === 'update' && !isTerminal(event.execution.state);
  return (
    <Timeline.Item
      key={event.id}
      color={colorOfTone(tone)}
      bullet={<Icon size={13} aria-hidden />}
      title={
        <Group gap="xs" wrap="nowrap" align="flex-start" justify="space-between" component="span">
          <Group gap="xs" component="span">
            <Text span size="sm" fw={600}>
              {title}
            </Text>
            {state === undefined ? null : <StateBadge state={state} />}
            {ms === undefined ? null : (
              <Text span size="xs" c="dimmed">
                {event.kind === 'presence' ? 'for' : isUnderWay ? 'since' : 'took'} {span(ms)}
              </Text>
            )}
          </Group>
          <Group gap={4} wrap="nowrap" component="span">
            <Text span size="xs" c="dimmed" style={{ whiteSpace: 'nowrap' }}>
              <Time value={event.at} as="clock" />
            </Text>
            {details === undefined ? (
              <Box component="span" w={22} />
            ) : (
              <ActionIcon
                variant="subtle"
                color="gray"
                size="sm"
                aria-expanded={isOpen}
                aria-label={`${isOpen ? 'Hide' : 'Show'} details of: ${title}`}
                onClick={toggle}
              >
                <IconChevronRight
                  size={16}
                  style={{ transform: isOpen ? 'rotate(90deg)' : undefined }}
                  aria-hidden
                />
              </ActionIcon>
            )}
          </Group>
        </Group>
      }
    >
      {said === '' ? null : (
        <Text size="sm" c="dimmed" mt={2} style={{ overflowWrap: 'anywhere' }}>
          {said}
        </Text>
      )}
      {event.kind === 'update' ? (
        <Box mt={6}>
          <UpdateBar execution={event.execution} now={now} />
        </Box>
      ) : null}
      {isOpen && details !== undefined ? <Box mt="sm">{details}</Box> : null}
    </Timeline.Item>
  );
};
