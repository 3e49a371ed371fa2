import { Button, Group, List, Menu, Modal, Stack, Text, Textarea, TextInput, Tooltip } from '@mantine/core';
import { consequencesOf, isOverRollout, type Rollout, type RolloutStep } from '@slipway/protocol';
import {
  IconArrowBackUp,
  IconCheck,
  IconDots,
  IconGauge,
  IconPlayerPause,
  IconPlayerPlay,
  IconPlayerStop,
} from '@tabler/icons-react';
import { useState } from 'react';
import { api } from '../../api.ts';
import { useAction } from '../../parts/use-action.ts';
import { rolesFor, useMay, useMe } from '../../session/session.tsx';
import { ChangeDialog } from './change-dialog.tsx';
import { consequenceLines } from './consequence-lines.ts';
import { nameOfWave } from './stages.ts';

type Look = {
  readonly label: string;
  readonly title: string;
  readonly action: string;
  readonly done: string;
  readonly icon: typeof IconCheck;
  readonly access: 'release' | 'approve';
  /** what is asked to be written down with it */
  readonly words?: 'reason' | 'comment';
  readonly isDangerous?: boolean;
};

const LOOKS: Record<RolloutStep, Look> = {
  approve: {
    label: 'Approve',
    title: 'Approve what it waits for?',
    action: 'Approve',
    done: 'Approved',
    icon: IconCheck,
    access: 'approve',
    words: 'comment',
  },
  pause: {
    label: 'Pause',
    title: 'Pause this rollout?',
    action: 'Pause the rollout',
    done: 'Paused: nothing more is offered',
    icon: IconPlayerPause,
    access: 'release',
    words: 'reason',
  },
  resume: {
    label: 'Resume',
    title: 'Let this rollout go on?',
    action: 'Resume the rollout',
    done: 'It goes on',
    icon: IconPlayerPlay,
    access: 'release',
  },
  abort: {
    label: 'Abort',
    title: 'Abort this rollout for good?',
    action: 'Abort the rollout',
    done: 'Aborted: nothing is offered any more',
    icon: IconPlayerStop,
    access: 'release',
    isDangerous: true,
  },
  rollback: {
    label: 'Roll back',
    title: 'Roll the release back?',
    action: 'Roll back',
    done: 'Devices that committed it go back',
    icon: IconArrowBackUp,
    access: 'release',
    words: 'reason',
    isDangerous: true,
  },
};

type Asked = { readonly step: RolloutStep; readonly words: string };

/** What can be done with a rollout now. Each step says first what it does to which devices. */
export const Steps = ({ rollout }: { readonly rollout: Rollout }) => {
  const [step, setStep] = useState<RolloutStep>();
  const [isOpen, setOpen] = useState(false);
  const [isChanging, setChanging] = useState(false);
  const mayRelease = useMay('release');
  const mayApprove = useMay('approve');
  const { name } = useMe();
  const may = (one: RolloutStep): string | undefined => {
    const { access } = LOOKS[one];
    if (!(access === 'approve' ? mayApprove : mayRelease)) return `Needs the role ${rolesFor(access)}.`;
    return one === 'approve' && rollout.createdBy === name
      ? 'You created this rollout, so somebody else must approve it.'
      : undefined;
  };
  const mayChange = mayRelease && !isOverRollout(rollout.state);
  const { steps } = consequencesOf(rollout);
  const shown = steps.filter(({ allowed }) => allowed);
  const [first, ...others] = shown.filter(({ step: one }) => LOOKS[one].isDangerous !== true);
  const dangerous = shown.filter(({ step: one }) => LOOKS[one].isDangerous === true);
  const ask = (one: RolloutStep) => (): void => {
    setStep(one);
    setOpen(true);
  };
  return (
    <>
      {[first, ...others].map((one, at) => {
        if (one === undefined) return null;
        const { label, icon: Icon } = LOOKS[one.step];
        const why = may(one.step);
        return (
          <Tooltip key={one.step} label={why} disabled={why === undefined}>
            <Button
              variant={at === 0 && one.step !== 'pause' ? 'filled' : 'default'}
              leftSection={<Icon size={16} />}
              data-disabled={why === undefined ? undefined : true}
              aria-disabled={why !== undefined}
              onClick={why === undefined ? ask(one.step) : undefined}
            >
              {label}
            </Button>
          </Tooltip>
        );
      })}
      {dangerous.length === 0 && !mayChange ? null : (
        <Menu position="bottom-end">
          <Menu.Target>
            <Button variant="default" leftSection={<IconDots size={16} />}>
              More
            </Button>
          </Menu.Target>
          <Menu.Dropdown>
            {mayChange ? (
              <Menu.Item leftSection={<IconGauge size={16} />} onClick={() => setChanging(true)}>
                Change how it goes on …
              </Menu.Item>
            ) : null}
            {dangerous.map(({ step: one }) => {
              const { label, icon: Icon } = LOOKS[one];
              const why = may(one);
              return (
                <Menu.Item
                  key={one}
                  color="red"
                  disabled={why !== undefined}
                  leftSection={<Icon size={16} />}
                  onClick={ask(one)}
                >
                  {label} …
                  {why === undefined ? null : (
                    <Text size="xs" c="dimmed">
                      {why}
                    </Text>
                  )}
                </Menu.Item>
              );
            })}
          </Menu.Dropdown>
        </Menu>
      )}
      {isChanging ? <ChangeDialog rollout={rollout} isOpen close={() => setChanging(false)} /> : null}
      {step === undefined ? null : (
        <StepDialog key={step} rollout={rollout} step={step} isOpen={isOpen} close={() => setOpen(false)} />
      )}
    </>
  );
};

const run = (rollout: Rollout, { step, words }: Asked): Promise<Rollout> => {
  const { id } = rollout;
  const reason = words === '' ? {} : { reason: words };
  const steps = {
    approve: () => api.rollouts.approve(id, words === '' ? {} : { comment: words }),
    pause: () => api.rollouts.pause(id, reason),
    resume: () => api.rollouts.resume(id),
    abort: () => api.rollouts.abort(id),
    rollback: () => api.rollouts.rollback(id, reason),
  };
  return steps[step]();
};

const StepDialog = ({
  rollout,
  step,
  isOpen,
  close,
}: {
  readonly rollout: Rollout;
  readonly step: RolloutStep;
  readonly isOpen: boolean;
  readonly close: () => void;
}) => {
  const { title, action, done, words: wanted, isDangerous = false } = LOOKS[step];
  const [words, setWords] = useState('');
  const [typed, setTyped] = useState('');
  const told = consequencesOf(rollout).steps.find((one) => one.step === step);
  const effects = told?.effects ?? [];
  const strikes = step === 'rollback' && effects.some(({ fate }) => fate === 'back');
  const take = useAction({
    run: () => run(rollout, { step, words: words.trim() }),
    done,
    stale: ['rollouts', 'executions', 'overview'],
    onDone: close,
  });
  const mayDo = !strikes || typed === rollout.version;
  return (
    <Modal opened={isOpen} onClose={close} title={<Text fw={600}>{title}</Text>} size="lg">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (mayDo) take.mutate();
        }}
      >
        <Stack gap="sm">
          <Text size="sm">
            {rollout.version} of {rollout.deviceClass}
            {step === 'approve' ? `: ${waitedFor(rollout)}` : ''}. As things stand now:
          </Text>
          <List size="sm" spacing={4}>
            {consequenceLines(effects).map((line) => (
              <List.Item key={line}>{line}</List.Item>
            ))}
            {effects.length === 0 ? <List.Item>No device is touched.</List.Item> : null}
            {told?.forgives === true ? (
              <List.Item>What failed so far counts for no threshold any more.</List.Item>
            ) : null}
            {told?.final === true ? <List.Item fw={600}>It cannot be undone.</List.Item> : null}
          </List>
          {wanted === undefined ? null : (
            <Textarea
              label={wanted === 'reason' ? 'Reason' : 'Comment'}
              description="Stands in the rollout and in the audit log"
              placeholder={wanted === 'reason' ? 'such as a ticket' : 'such as: the canaries look good'}
              autosize
              minRows={2}
              maxLength={500}
              value={words}
              onChange={({ currentTarget }) => setWords(currentTarget.value)}
              {...(strikes ? {} : { 'data-autofocus': true })}
            />
          )}
          {strikes ? (
            <TextInput
              label={`Type ${rollout.version} to go on`}
              value={typed}
              onChange={({ currentTarget }) => setTyped(currentTarget.value)}
              autoComplete="off"
              data-autofocus
            />
          ) : null}
          <Group justify="flex-end">
            <Button variant="default" onClick={close}>
              Leave it
            </Button>
            <Button
              type="submit"
              color={isDangerous ? 'red' : undefined}
              disabled={!mayDo}
              loading={take.isPending}
            >
              {action}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
};

const waitedFor = ({ state, waves }: Rollout): string => {
  const wave = waves.find((one) => one.state === 'pending');
  if (state === 'pending' || wave === undefined) return 'its start';
  return `wave ${nameOfWave(wave)}`;
};
