import { Anchor, Badge, Group, Stack, Text } from '@mantine/core';
import type { Device, SlotName } from '@slipway/protocol';
import { IconCircuitSwitchOpen } from '@tabler/icons-react';
import { Link } from 'react-router';
import { Copyable } from '../../../parts/copyable.tsx';
import { Empty } from '../../../parts/empty.tsx';
import { StateBadge } from '../../../parts/state-badge.tsx';
import { slotRole } from './slot-role.ts';

type Slots = NonNullable<Device['slots']>;

const Slot = ({
  name,
  slots,
  active,
}: {
  readonly name: SlotName;
  readonly slots: Slots;
  readonly active: SlotName;
}) => {
  const slot = slots[name];
  const isActive = name === active;
  const role = slotRole(name, active, slots);
  return (
    <div className="slipway-slot" data-active={isActive}>
      <Group gap="sm" wrap="nowrap" align="flex-start">
        <div className="slipway-slot-letter" aria-hidden>
          {name.toUpperCase()}
        </div>
        <Stack gap={4} miw={0}>
          <Group gap={6}>
            <Text fw={650} component="h3" m={0}>
              Slot {name.toUpperCase()}
            </Text>
            {isActive ? (
              <Badge radius="sm" tt="none" variant="filled">
                booted
              </Badge>
            ) : null}
            <StateBadge state={slot.state} label={role.word} tone={role.tone} />
          </Group>
          {slot.version === undefined ? (
            <Text size="sm" c="dimmed">
              nothing in it
            </Text>
          ) : slot.release === undefined ? (
            <Text fz={22} fw={650} lh={1.2}>
              {slot.version}
            </Text>
          ) : (
            <Anchor component={Link} to={`/releases/${slot.release}`} fz={22} fw={650} lh={1.2} c="inherit">
              {slot.version}
            </Anchor>
          )}
          <Text size="sm" c="dimmed">
            {role.about}
          </Text>
          {slot.code === undefined ? null : (
            <Text size="sm" c="red">
              Last outcome: {slot.code}
            </Text>
          )}
          {slot.rootHash === undefined ? null : (
            <Copyable text={slot.rootHash} shown={`${slot.rootHash.slice(0, 16)}…`} what="root hash" />
          )}
        </Stack>
      </Group>
    </div>
  );
};

/** Both slots of the disk: what is in them, which is booted, and which the device goes back to. */
export const SlotsView = ({ device }: { readonly device: Device }) =>
  device.slots === null || device.activeSlot === null ? (
    <Empty icon={IconCircuitSwitchOpen} title="Not known yet">
      The device says what is in its two slots when it connects for the first time.
    </Empty>
  ) : (
    <div className="slipway-slots">
      <Slot name="a" slots={device.slots} active={device.activeSlot} />
      <Slot name="b" slots={device.slots} active={device.activeSlot} />
    </div>
  );
