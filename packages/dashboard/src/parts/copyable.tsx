import { ActionIcon, Code, Group, Tooltip } from '@mantine/core';
import { useClipboard } from '@mantine/hooks';
import { IconCheck, IconCopy } from '@tabler/icons-react';

/** Text that is copied rather than typed: ids, digests, commands. */
export const Copyable = ({
  text,
  shown = text,
  what,
}: {
  readonly text: string;
  readonly shown?: string;
  readonly what: string;
}) => {
  const { copy, copied } = useClipboard();
  return (
    <Group gap={4} wrap="nowrap" display="inline-flex" maw="100%">
      <Code className="slipway-mono" style={{ overflowWrap: 'anywhere' }} title={text}>
        {shown}
      </Code>
      <Tooltip label={copied ? 'Copied' : `Copy ${what}`}>
        <ActionIcon variant="subtle" size="sm" aria-label={`Copy ${what}`} onClick={() => copy(text)}>
          {copied ? <IconCheck size={14} /> : <IconCopy size={14} />}
        </ActionIcon>
      </Tooltip>
    </Group>
  );
};
