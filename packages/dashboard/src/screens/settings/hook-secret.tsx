import { Button, Modal, Stack, Text } from '@mantine/core';
import { Copyable } from '../../parts/copyable.tsx';
import { Once } from '../../parts/once.tsx';

/** What a forge or registry is to be told. */
export type ToldHook = {
  readonly name: string;
  readonly hook: string | null;
  readonly secret: string | null;
};

export const HookSecretDialog = ({
  told,
  close,
}: {
  readonly told: ToldHook | undefined;
  readonly close: () => void;
}) => (
  <Modal
    opened={told !== undefined}
    onClose={close}
    title={<Text fw={600}>Tell the sender of {told?.name}</Text>}
    size="lg"
    closeOnClickOutside={false}
  >
    <Stack>
      {told?.hook == null ? null : (
        <Stack gap={4}>
          <Text size="sm">The address of the hook, as it is seen from here:</Text>
          <Copyable text={`${location.origin}${told.hook}`} what="the address of the hook" />
        </Stack>
      )}
      {told?.secret == null ? null : <Once what="secret" secret={told.secret} />}
      <Text size="sm" c="dimmed">
        Where each forge and registry wants them is in docs/triggers.md. Only addresses below /hooks/ have to
        be reachable from outside.
      </Text>
      <Button onClick={close}>I have put it away</Button>
    </Stack>
  </Modal>
);
