import { Button, Group, Modal, SimpleGrid, Stack, Text } from '@mantine/core';
import type { Rollout } from '@slipway/protocol';
import { useState } from 'react';
import { api } from '../../api.ts';
import { useAction } from '../../parts/use-action.ts';
import type { Typed } from './draft.ts';
import { NumberField } from './number-field.tsx';

type LimitsProps = { readonly rollout: Rollout; readonly isOpen: boolean; readonly close: () => void };

/** How fast it goes and what stops it, changed while it runs. */
export const Limits = ({ rollout, isOpen, close }: LimitsProps) => {
  const [inFlight, setInFlight] = useState<Typed>(rollout.maxInFlight);
  const [perMinute, setPerMinute] = useState<Typed>(rollout.maxPerMinute ?? '');
  const [threshold, setThreshold] = useState<Typed>(rollout.failureThreshold);
  const [percent, setPercent] = useState<Typed>(rollout.failurePercent ?? '');
  const [priority, setPriority] = useState<Typed>(rollout.priority);
  const change = useAction({
    run: () =>
      api.rollouts.update(rollout.id, {
        ...(inFlight === '' ? {} : { maxInFlight: inFlight }),
        maxPerMinute: perMinute === '' ? null : perMinute,
        ...(threshold === '' ? {} : { failureThreshold: threshold }),
        failurePercent: percent === '' ? null : percent,
        ...(priority === '' ? {} : { priority }),
      }),
    done: 'The new limits hold from now on',
    stale: ['rollouts'],
    onDone: close,
  });
  return (
    <Modal opened={isOpen} onClose={close} title={<Text fw={600}>Change the limits</Text>}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          change.mutate();
        }}
      >
        <Stack gap="sm">
          <Text size="sm">
            What is under way goes on. A threshold that is reached already ends the rollout at once.
          </Text>
          <SimpleGrid cols={2}>
            <NumberField label="At once" unit="devices" value={inFlight} onChange={setInFlight} min={1} />
            <NumberField
              label="Offers"
              unit="a minute"
              placeholder="no limit"
              value={perMinute}
              onChange={setPerMinute}
              min={1}
            />
            <NumberField label="Ends at" unit="failed" value={threshold} onChange={setThreshold} min={1} />
            <NumberField
              label="or"
              unit="% failed"
              placeholder="no share"
              isDecimal
              value={percent}
              onChange={setPercent}
              max={100}
            />
            <NumberField label="Priority" unit="of 100" value={priority} onChange={setPriority} max={100} />
          </SimpleGrid>
          <Group justify="flex-end">
            <Button variant="default" onClick={close}>
              Leave it
            </Button>
            <Button type="submit" loading={change.isPending}>
              Change them
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
};
