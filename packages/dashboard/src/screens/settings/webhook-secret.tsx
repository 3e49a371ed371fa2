import { Button, Modal, Stack, Text } from '@mantine/core';
import { Once } from '../../parts/once.tsx';

export const WebhookSecretDialog = ({
  told,
  close,
}: {
  readonly told: { readonly url: string; readonly secret: string } | undefined;
  readonly close: () => void;
}) => (
  <Modal
    opened={told !== undefined}
    onClose={close}
    title={<Text fw={600}>Secret of the webhook</Text>}
    size="lg"
    closeOnClickOutside={false}
  >
    <Stack>
      <Text size="sm" style={{ overflowWrap: 'anywhere' }}>
        {told?.url}
      </Text>
      <Once what="secret" secret={told?.secret ?? ''}>
        <Text size="sm">
          The receiver checks by it that an event is ours: Standard Webhooks, HMAC-SHA256; docs/webhooks.md
          has the code.
        </Text>
      </Once>
      <Button onClick={close}>I have put it away</Button>
    </Stack>
  </Modal>
);
