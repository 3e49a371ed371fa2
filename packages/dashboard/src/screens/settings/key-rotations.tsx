import { Badge, Box, Divider, Group, Progress, Stack, Text, Title } from '@mantine/core';
import {
  DEFAULT_PROFILE,
  KEY_ROTATION,
  type Key,
  type KeyPurpose,
  type RotationProgress,
  type SigningProfile,
} from '@slipway/protocol';
import { IconPlugConnectedX } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { api } from '../../api.ts';
import { Copyable } from '../../parts/copyable.tsx';
import { count, counted } from '../../parts/numbers.ts';
import { Panel } from '../../parts/panel.tsx';
import { StateBadge } from '../../parts/state-badge.tsx';
import { useMay } from '../../session/session.tsx';
import { endOf } from './key-days.ts';
import { followersOf, ROTATED, ROTATED_BY_PROFILE, stageOf } from './rotation-words.ts';

/** How each key gets its next one: what that means, how far it is, and the command. */
export const KeyRotations = ({ keys }: { readonly keys: readonly Key[] }) => {
  // Of whom the whole fleet is none of their business the server tells nothing.
  const mayAsk = useMay('read');
  const { data: progress = [] } = useQuery({
    queryKey: ['devices', 'key-rotations'],
    queryFn: ({ signal }) => api.keys.listRotations({ signal }),
    enabled: mayAsk,
  });
  const profiles = [...new Set(progress.flatMap(({ profile }) => profile ?? []))];
  const rotations = [
    ...ROTATED.map((one) => [one, DEFAULT_PROFILE] as const),
    ...profiles
      .filter((profile) => profile !== DEFAULT_PROFILE)
      .flatMap((profile) => ROTATED_BY_PROFILE.map((one) => [one, profile] as const)),
  ];
  return (
    <Panel title="Rotation">
      <Stack gap="md">
        <Text size="sm" maw={760}>
          Keys are replaced at a shell of the machine that holds them, as a server holds no key that would let
          it replace its own. Make a backup first, and restart the instance after each step. With{' '}
          <code className="slipway-mono">--dry-run</code> the command only says what the next step means.
        </Text>
        {rotations.map(([[name, purposes], profile]) => {
          const title = profile === DEFAULT_PROFILE ? name : `${name} of ${profile}`;
          return (
            <Stack key={title} gap="md">
              <Divider />
              <Rotation
                title={title}
                purposes={purposes}
                profile={profile}
                keys={keys}
                progress={progress.find(
                  (one) => purposes.some((purpose) => purpose === one.purpose) && isOf(profile, one.profile),
                )}
              />
            </Stack>
          );
        })}
      </Stack>
    </Panel>
  );
};

const isOf = (profile: SigningProfile, named: SigningProfile | undefined): boolean =>
  (named ?? DEFAULT_PROFILE) === profile;

type RotationProps = {
  readonly title: string;
  readonly purposes: readonly [KeyPurpose, ...KeyPurpose[]];
  readonly profile: SigningProfile;
  readonly keys: readonly Key[];
  /** absent: it is rotated in one step, or is not known yet */
  readonly progress: RotationProgress | undefined;
};

const Rotation = ({ title, purposes, profile, keys, progress }: RotationProps) => {
  const { command, effect, trustedBy, isOffline = false } = KEY_ROTATION[purposes[0]];
  const ends = keys
    .filter((key) => purposes.includes(key.purpose) && key.state === 'current' && isOf(profile, key.profile))
    .sort((a, b) => a.notAfter.localeCompare(b.notAfter))[0];
  return (
    <Stack gap={6}>
      <Group gap="xs">
        <Title order={3} size="h6">
          {title}
        </Title>
        {progress === undefined || progress.step === 'steady' ? null : (
          <StateBadge
            state={progress.step}
            tone="busy"
            label={`step ${stageOf(progress).step} of ${stageOf(progress).steps} done`}
          />
        )}
        {isOffline ? (
          <Badge
            variant="default"
            radius="sm"
            tt="none"
            fw={600}
            leftSection={<IconPlugConnectedX size={12} aria-hidden />}
          >
            its key belongs offline
          </Badge>
        ) : null}
      </Group>
      <Text size="sm" c="dimmed">
        Believed by {trustedBy}.{ends === undefined ? '' : ` Ends ${endOf(ends, Date.now())}.`}
      </Text>
      <Text size="sm" maw={760}>
        {effect}
        {isOffline
          ? ' The private key is on a medium that is attached for the command and detached after it; MEDIUM is its folder.'
          : ''}
      </Text>
      {progress === undefined ? null : <Followers progress={progress} />}
      <Box>
        <Copyable
          text={profile === DEFAULT_PROFILE ? command : `${command} --profile ${profile}`}
          what={`the command that rotates: ${title}`}
        />
      </Box>
    </Stack>
  );
};

const Followers = ({ progress }: { readonly progress: RotationProgress }) => {
  const { purpose, step, devices, following, unknown } = progress;
  const { due, waits } = stageOf(progress);
  const share = devices === 0 ? 100 : (following / devices) * 100;
  const words = `${count(following)} of ${counted(devices, 'device')} ${followersOf(purpose, step === 'begun')}`;
  return (
    <Stack gap={6}>
      {step === 'steady' ? null : (
        <Progress.Root size="sm" maw={420}>
          <Progress.Section value={share} aria-label={words} color={waits ? 'blue' : 'green'} />
        </Progress.Root>
      )}
      <Text size="sm">
        {devices === 0 ? 'There is no device yet that would have to follow' : words}
        {unknown === 0 ? '' : `; of ${count(unknown)} it is not known`}.
      </Text>
      {step === 'steady' ? null : (
        <Text size="sm">
          <Text span fw={600}>
            Next: {due}.
          </Text>{' '}
          {waits
            ? 'The command refuses it until all have followed.'
            : 'All have followed: the command does it now.'}
        </Text>
      )}
    </Stack>
  );
};
