import { Alert, Anchor, Button, Group, Progress, Stack, Text } from '@mantine/core';
import type { FirstRun, FirstRunStepName } from '@slipway/protocol';
import { IconConfetti } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import type { ComponentType } from 'react';
import { Link } from 'react-router';
import { api } from '../../api.ts';
import { Lines, Loaded } from '../../parts/loaded.tsx';
import { Page } from '../../parts/page.tsx';
import { BuildStep } from './build-step.tsx';
import { DeviceStep } from './device-step.tsx';
import { ImagesStep } from './images-step.tsx';
import { PublishStep } from './publish-step.tsx';
import { Step } from './step.tsx';
import { UpdateStep } from './update-step.tsx';

export type StepProps = { readonly firstRun: FirstRun };

type Told = {
  readonly title: string;
  /** what it was, once it is done */
  readonly done: string;
  readonly to: (subject: string) => string;
  readonly body: ComponentType<StepProps>;
};

const STEPS: Readonly<Record<FirstRunStepName, Told>> = {
  user: {
    title: 'You can log in',
    done: 'The first user is',
    to: () => '/settings/users',
    body: () => (
      <Text size="sm">
        You are here by a token of the server. Make a user for yourself in{' '}
        <Anchor component={Link} to="/settings/users" size="sm" underline="always">
          Settings
        </Anchor>
        , so that the audit log names you.
      </Text>
    ),
  },
  images: {
    title: 'Say what a device is made of',
    done: 'The image repository has the class',
    to: (name) => `/classes/${name}`,
    body: ImagesStep,
  },
  build: {
    title: 'Build an image',
    done: 'Built:',
    to: (id) => `/builds/${id}`,
    body: BuildStep,
  },
  publish: {
    title: 'Publish a release',
    done: 'Published:',
    to: (id) => `/releases/${id}`,
    body: PublishStep,
  },
  device: {
    title: 'Bring a device into the fleet',
    done: 'In the fleet:',
    to: (id) => `/devices/${id}`,
    body: DeviceStep,
  },
  update: {
    title: 'Update it',
    done: 'Updated by the rollout',
    to: (id) => `/rollouts/${id}`,
    body: UpdateStep,
  },
};

export default function StartPage() {
  const query = useQuery({
    queryKey: ['first-run'],
    queryFn: ({ signal }) => api.firstRun.get({ signal }),
  });
  return (
    <Page
      title="First steps"
      about="From an installation with nothing in it to a device that was updated, in about a quarter of an hour."
    >
      <Loaded
        query={query}
        title="How far it is could not be read"
        skeleton={<Lines count={6} height={56} />}
      >
        {(firstRun) => <Steps firstRun={firstRun} />}
      </Loaded>
    </Page>
  );
}

const Steps = ({ firstRun }: StepProps) => {
  const { steps, done } = firstRun;
  const finished = steps.filter((step) => step.done).length;
  const current = steps.find((step) => !step.done)?.name;
  return (
    <Stack gap="sm" maw={860}>
      <Group gap="sm" wrap="nowrap">
        <Progress
          value={(finished / steps.length) * 100}
          flex={1}
          size="lg"
          aria-label={`${finished} of ${steps.length} steps are done`}
        />
        <Text size="sm" c="dimmed" style={{ whiteSpace: 'nowrap' }}>
          {finished} of {steps.length}
        </Text>
      </Group>
      {done ? <AllDone /> : null}
      <Stack component="ol" gap="sm" p={0} m={0} style={{ listStyle: 'none' }}>
        {steps.map((step, at) => {
          const { title, done: said, to, body: Body } = STEPS[step.name];
          return (
            <Step
              key={step.name}
              number={at + 1}
              title={title}
              state={step.done ? 'done' : step.name === current ? 'current' : 'later'}
              summary={
                step.subject === null ? null : (
                  <>
                    {said}{' '}
                    <Anchor component={Link} to={to(step.subject)} size="sm" underline="always">
                      {step.subject}
                    </Anchor>
                  </>
                )
              }
            >
              <Body firstRun={firstRun} />
            </Step>
          );
        })}
      </Stack>
    </Stack>
  );
};

const AllDone = () => (
  <Alert
    color="green"
    icon={<IconConfetti />}
    title="A device was updated, and proved that the new system works"
  >
    <Text size="sm" mb="xs">
      That is the whole chain. Had the new release not come up, the device would be back on the old one by
      itself. From here on: let builds be made by themselves, try releases on few devices first, bring real
      devices in.
    </Text>
    <Group gap="xs">
      <Button component={Link} to="/" size="xs">
        To the overview
      </Button>
      <Button component={Link} to="/settings/triggers" size="xs" variant="default">
        Build by itself
      </Button>
      <Button component={Link} to="/settings/claims" size="xs" variant="default">
        Bring devices in
      </Button>
      <Button component={Link} to="/rollouts/new" size="xs" variant="default">
        Plan a rollout in waves
      </Button>
    </Group>
  </Alert>
);
