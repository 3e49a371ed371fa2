import { Accordion, Anchor, Badge, Code, Group, ScrollArea, Stack, Text } from '@mantine/core';
import { ERRORS, isErrorCode, type RolloutFailures } from '@slipway/protocol';
import { IconMoodCheck } from '@tabler/icons-react';
import { Link } from 'react-router';
import { Empty } from '../../parts/empty.tsx';
import { counted, percent } from '../../parts/numbers.ts';
import { StateBadge } from '../../parts/state-badge.tsx';
import { Time } from '../../parts/time.tsx';

type FailuresProps = {
  readonly groups: readonly RolloutFailures[];
  /** devices that are decided, which a share is one of */
  readonly decided: number;
  readonly onChoose: (code: string) => void;
};

/** Why devices failed, what that means, and some of them with what their boot said. */
export const Failures = ({ groups, decided, onChoose }: FailuresProps) => {
  if (groups.length === 0)
    return (
      <Empty icon={IconMoodCheck} title="Nothing has failed">
        Devices that refuse the release, roll it back, or take too long are listed here by the reason they
        gave, with the log of the boot that failed.
      </Empty>
    );
  return (
    <Accordion variant="contained" multiple defaultValue={groups.slice(0, 1).map(({ code }) => code)}>
      {groups.map((group) => (
        <Accordion.Item key={group.code} value={group.code}>
          <Accordion.Control>
            <Group gap="sm" justify="space-between" pr="sm">
              <Code fw={600}>{group.code}</Code>
              <Badge
                color="red"
                variant="light"
                radius="sm"
                tt="none"
                className="slipway-tone slipway-tone-red"
              >
                {counted(group.devices, 'device')} · {percent(group.devices, decided)}
              </Badge>
            </Group>
          </Accordion.Control>
          <Accordion.Panel>
            <FailureGroup group={group} onChoose={onChoose} />
          </Accordion.Panel>
        </Accordion.Item>
      ))}
    </Accordion>
  );
};

const FailureGroup = ({
  group,
  onChoose,
}: {
  readonly group: RolloutFailures;
  readonly onChoose: (code: string) => void;
}) => {
  const { code, devices, examples } = group;
  return (
    <Stack gap="sm">
      {isErrorCode(code) ? (
        <Text size="sm">
          {ERRORS[code].meaning} <b>{ERRORS[code].mend}</b>
        </Text>
      ) : null}
      {examples.map(({ device, state, message, log, at, wave }) => (
        <div key={device}>
          <Group gap="xs">
            <Anchor component={Link} to={`/devices/${device}`} size="sm" fw={500}>
              {device}
            </Anchor>
            <StateBadge state={state} />
            <Text size="xs" c="dimmed">
              wave {wave + 1} · <Time value={at} />
            </Text>
          </Group>
          {message === null ? null : (
            <Text size="sm" style={{ overflowWrap: 'anywhere' }}>
              {message}
            </Text>
          )}
          {log === null || log === undefined || log === '' ? null : (
            <details>
              <summary>
                <Text span size="xs" c="dimmed">
                  End of the log of the boot that failed
                </Text>
              </summary>
              <ScrollArea.Autosize mah={240} mt={4}>
                <Code block className="slipway-mono">
                  {log}
                </Code>
              </ScrollArea.Autosize>
            </details>
          )}
        </div>
      ))}
      <Anchor component="button" type="button" size="sm" ta="left" onClick={() => onChoose(code)}>
        {devices > examples.length
          ? `All ${counted(devices, 'device')} with this code`
          : 'In the list of devices'}
      </Anchor>
    </Stack>
  );
};
