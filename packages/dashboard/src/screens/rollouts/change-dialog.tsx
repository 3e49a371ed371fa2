import './change-dialog.css';
import {
  Alert,
  Button,
  Fieldset,
  Group,
  List,
  Modal,
  SimpleGrid,
  Stack,
  Text,
  TextInput,
} from '@mantine/core';
import type { Rollout } from '@slipway/protocol';
import { useState } from 'react';
import { api } from '../../api.ts';
import { Failure } from '../../parts/failure.tsx';
import { useAction } from '../../parts/use-action.ts';
import { consequencesOfChange, draftOf, faultOf, limitsOf, policyOf, type ChangeDraft } from './change.ts';
import { FailureChoice } from './failure-choice.tsx';
import { ModeChoice } from './mode-choice.tsx';
import { NumberField } from './number-field.tsx';
import { PaceFields } from './pace-fields.tsx';
import { WindowFields } from './window-fields.tsx';
import { ZONE } from './zone.ts';

type ChangeProps = { readonly rollout: Rollout; readonly isOpen: boolean; readonly close: () => void };

/** How fast a rollout goes, what ends it and when devices take it, changed while it is under way. */
export const ChangeDialog = ({ rollout, isOpen, close }: ChangeProps) => {
  // As it was when the dialog was opened: what others change meanwhile is not taken back.
  const [before] = useState(() => draftOf(rollout));
  const [draft, setDraft] = useState(before);
  const set = (change: Partial<ChangeDraft>): void => setDraft({ ...draft, ...change });
  const now = Date.now();
  const told = consequencesOfChange(rollout, before, draft, now);
  const limits = limitsOf(before, draft);
  const policy = policyOf(rollout, before, draft);
  const isChanged = Object.keys(limits).length > 0 || policy !== undefined;
  const fault = faultOf(draft, before, now);
  const isGoingBack = rollout.state === 'rolling_back';
  const change = useAction({
    run: async () => {
      if (policy !== undefined) await api.rollouts.replacePolicy(rollout.id, policy);
      if (Object.keys(limits).length > 0) await api.rollouts.update(rollout.id, limits);
    },
    done: 'It holds from now on',
    stale: ['rollouts'],
    onDone: close,
  });
  return (
    <Modal opened={isOpen} onClose={close} size="xl" title={<Text fw={600}>Change how it goes on</Text>}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (isChanged && fault === undefined) change.mutate();
        }}
      >
        <Stack gap="md">
          <Fieldset legend="Pace" p="sm">
            <SimpleGrid cols={{ base: 2, sm: 4 }}>
              <PaceFields pace={draft} set={set} />
            </SimpleGrid>
          </Fieldset>
          <Fieldset legend="Failures" p="sm">
            <Stack gap="sm">
              <SimpleGrid cols={2}>
                <NumberField
                  label="Too many are"
                  unit="failed"
                  value={draft.failureThreshold}
                  onChange={(failureThreshold) => set({ failureThreshold })}
                  min={1}
                  max={1_000_000}
                />
                <NumberField
                  label="or"
                  unit="% failed"
                  placeholder="no share"
                  isDecimal
                  value={draft.failurePercent}
                  onChange={(failurePercent) => set({ failurePercent })}
                  max={100}
                />
              </SimpleGrid>
              <FailureChoice value={draft.onFailure} onChange={(onFailure) => set({ onFailure })} />
            </Stack>
          </Fieldset>
          {isGoingBack ? null : (
            <>
              <ModeChoice value={draft.mode} onChange={(mode) => set({ mode })} />
              <WindowFields windows={draft.windows} onChange={(windows) => set({ windows })} />
              <SimpleGrid cols={{ base: 1, xs: 2 }}>
                <TextInput
                  type="datetime-local"
                  label="Offers end"
                  description={`never if empty; ${ZONE}`}
                  value={draft.endAt}
                  onChange={({ currentTarget }) => set({ endAt: currentTarget.value })}
                />
                <TextInput
                  type="datetime-local"
                  label="Deadline"
                  description={`after it nothing holds devices back; ${ZONE}`}
                  value={draft.deadline}
                  onChange={({ currentTarget }) => set({ deadline: currentTarget.value })}
                />
              </SimpleGrid>
            </>
          )}
          <Stack gap="sm" className="rollout-change-end">
            <Alert
              color={told.some(({ isGrave }) => isGrave === true) ? 'red' : 'blue'}
              title="What follows"
              role="status"
              className="rollout-change-told"
            >
              {told.length === 0 ? (
                <Text size="sm">Nothing is changed yet. What is under way goes on in any case.</Text>
              ) : (
                <List size="sm" spacing={4}>
                  {told.map(({ text, isGrave }) => (
                    <List.Item key={text} fw={isGrave === true ? 600 : undefined}>
                      {text}
                    </List.Item>
                  ))}
                </List>
              )}
            </Alert>
            {change.error === null ? null : <Failure error={change.error} title="It was not changed" />}
            <Group justify="flex-end" gap="xs">
              {fault === undefined ? null : (
                <Text size="sm" c="red.8" role="alert">
                  {fault}
                </Text>
              )}
              <Button variant="default" onClick={close}>
                Leave it
              </Button>
              <Button type="submit" disabled={!isChanged || fault !== undefined} loading={change.isPending}>
                Change it
              </Button>
            </Group>
          </Stack>
        </Stack>
      </form>
    </Modal>
  );
};
