import { Box, Button, Card, Grid, Group, Stack, Stepper, Text } from '@mantine/core';
import { useDebouncedCallback, useMediaQuery } from '@mantine/hooks';
import { IconRocket } from '@tabler/icons-react';
import { useState, type ComponentType } from 'react';
import { useNavigate, useSearchParams } from 'react-router';
import { api } from '../../api.ts';
import { Empty } from '../../parts/empty.tsx';
import { Failure } from '../../parts/failure.tsx';
import { Page } from '../../parts/page.tsx';
import { useAction } from '../../parts/use-action.ts';
import { rolesFor, useMaySomewhere } from '../../session/session.tsx';
import { check, encodeDraft, readDraft, type Draft, type Step } from './draft.ts';
import { PlanDevices } from './plan-devices.tsx';
import { PlanPace } from './plan-pace.tsx';
import { PlanRelease } from './plan-release.tsx';
import { PlanReview } from './plan-review.tsx';
import { PlanSafety } from './plan-safety.tsx';
import { Preview, usePreview } from './preview.tsx';
import { WaveEditor } from './wave-editor.tsx';

export type StepProps = { readonly draft: Draft; readonly set: (change: Partial<Draft>) => void };

const PlanWaves = ({ draft, set }: StepProps) => (
  <WaveEditor waves={draft.waves} onChange={(waves) => set({ waves })} />
);

const STEPS: readonly {
  readonly step: Step;
  readonly label: string;
  readonly Fields: ComponentType<StepProps>;
}[] = [
  { step: 'release', label: 'Release', Fields: PlanRelease },
  { step: 'devices', label: 'Devices', Fields: PlanDevices },
  { step: 'waves', label: 'Waves', Fields: PlanWaves },
  { step: 'safety', label: 'Failures', Fields: PlanSafety },
  { step: 'pace', label: 'Pace', Fields: PlanPace },
];
const LABELS = [...STEPS.map(({ label }) => label), 'Review'];
/** Written into the address after the last key. */
const SETTLE_MS = 500;

export default function Screen() {
  const navigate = useNavigate();
  const [search, setSearch] = useSearchParams();
  const [draft, setDraft] = useState(() => readDraft(search));
  const may = useMaySomewhere('release');
  const isNarrow = useMediaQuery('(max-width: 48em)');
  const at = Math.min(Math.max(0, Number(search.get('step') ?? 0) || 0), LABELS.length - 1);
  const go = (next: number): void =>
    setSearch({ plan: encodeDraft(draft), ...(next === 0 ? {} : { step: String(next) }) });
  const keep = useDebouncedCallback(
    (next: Draft) =>
      setSearch(
        (before) => {
          const step = before.get('step');
          return { plan: encodeDraft(next), ...(step === null ? {} : { step }) };
        },
        { replace: true },
      ),
    SETTLE_MS,
  );
  const set = (change: Partial<Draft>): void => {
    const next = { ...draft, ...change };
    setDraft(next);
    keep(next);
  };
  const checked = check(draft);
  const create = useAction({
    run: () => {
      if (checked.body === undefined) throw new TypeError('the plan is not complete');
      return api.rollouts.create(checked.body);
    },
    done: ({ state }) => (state === 'running' ? 'The rollout runs' : `The rollout is ${state}`),
    stale: ['rollouts', 'overview'],
    onDone: ({ id }) => void navigate(`/rollouts/${id}`),
  });
  // From then on the rollout itself would be in the way of its preview.
  const preview = usePreview(checked, create.isIdle || create.isError);
  if (!may)
    return (
      <Page title="New rollout" crumbs={[{ label: 'Rollouts', to: '/rollouts' }]}>
        <Card>
          <Empty icon={IconRocket} title="Not with your role">
            To plan and begin a rollout takes the role {rolesFor('release')}. Ask somebody who has it, or an
            admin to give it to you.
          </Empty>
        </Card>
      </Page>
    );
  const problemsAt = (step: Step): boolean => checked.problems?.some((one) => one.step === step) ?? false;
  const isLast = at === LABELS.length - 1;
  const Fields = STEPS[at]?.Fields;
  const { data, error, isFetching } = preview;
  const isReady = checked.body !== undefined && error === null && data !== undefined && !isFetching;
  return (
    <Page
      title="New rollout"
      crumbs={[{ label: 'Rollouts', to: '/rollouts' }]}
      about="Nothing begins before the last step. The address holds the plan: send it to somebody, or come back to it."
    >
      <Grid gap="md">
        <Grid.Col span={{ base: 12, lg: 8 }}>
          <Stack>
            {isNarrow ? (
              <Text fw={600}>
                Step {at + 1} of {LABELS.length}: {LABELS[at]}
              </Text>
            ) : (
              <Stepper
                active={at}
                onStepClick={go}
                size="xs"
                iconSize={28}
                wrap={false}
                aria-label="Steps of the plan"
              >
                {LABELS.map((label, n) => {
                  const step = STEPS[n]?.step;
                  return (
                    <Stepper.Step
                      key={label}
                      label={label}
                      {...(n < at && step !== undefined && problemsAt(step) ? { color: 'red' } : {})}
                    />
                  );
                })}
              </Stepper>
            )}
            <Card>
              {Fields === undefined ? (
                <PlanReview draft={draft} preview={data} />
              ) : (
                <Fields draft={draft} set={set} />
              )}
              {create.error === null || !isLast ? null : (
                <Box mt="md">
                  <Failure error={create.error} title="The rollout was not made" />
                </Box>
              )}
              <Group justify="space-between" mt="lg">
                <Button variant="default" disabled={at === 0} onClick={() => go(at - 1)}>
                  Back
                </Button>
                {isLast ? (
                  <Button
                    leftSection={<IconRocket size={16} />}
                    disabled={!isReady}
                    loading={create.isPending}
                    onClick={() => create.mutate()}
                  >
                    {draft.approval
                      ? 'Ask for approval'
                      : draft.startAt === ''
                        ? 'Start the rollout'
                        : 'Plan the rollout'}
                  </Button>
                ) : (
                  <Button onClick={() => go(at + 1)}>Next</Button>
                )}
              </Group>
            </Card>
          </Stack>
        </Grid.Col>
        <Grid.Col span={{ base: 12, lg: 4 }}>
          <Box pos="sticky" top={72}>
            <Preview
              checked={checked}
              query={preview}
              go={(step) => go(STEPS.findIndex((one) => one.step === step))}
            />
          </Box>
        </Grid.Col>
      </Grid>
    </Page>
  );
}
