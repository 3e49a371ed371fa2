import { CopyButton, Button, SimpleGrid } from '@mantine/core';
import type { Device } from '@slipway/protocol';
import { useQuery } from '@tanstack/react-query';
import { api } from '../../../api.ts';
import { Loaded } from '../../../parts/loaded.tsx';
import { Panel } from '../../../parts/panel.tsx';

const Json = ({ title, value }: { readonly title: string; readonly value: unknown }) => {
  const text = JSON.stringify(value, null, 2);
  return (
    <Panel
      title={title}
      actions={
        <CopyButton value={text}>
          {({ copied, copy }) => (
            <Button variant="default" size="xs" onClick={copy}>
              {copied ? 'Copied' : 'Copy'}
            </Button>
          )}
        </CopyButton>
      }
    >
      <pre className="slipway-log" style={{ height: 520 }} tabIndex={0} aria-label={title}>
        {text}
      </pre>
    </Panel>
  );
};

/** What the server knows of it, and what it is told, as they are. */
export const Raw = ({ device }: { readonly device: Device }) => {
  const query = useQuery({
    queryKey: ['devices', 'desired', device.id],
    queryFn: ({ signal }) => api.devices.getDesired(device.id, { signal }),
  });
  return (
    <SimpleGrid cols={{ base: 1, lg: 2 }} spacing="md">
      <Json title="Reported state" value={device} />
      <Loaded query={query} title="The desired state could not be read">
        {({ desired }) => (
          <Json title="Desired state" value={desired ?? 'The device was never asked for anything.'} />
        )}
      </Loaded>
    </SimpleGrid>
  );
};
