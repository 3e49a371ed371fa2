import { Anchor, Button, Code, Group, List, Text } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { Link } from 'react-router';
import { api } from '../../api.ts';
import { counted } from '../../parts/numbers.ts';
import { useAction } from '../../parts/use-action.ts';
import { useMay } from '../../session/session.tsx';
import { Problem, Unless } from './parts.tsx';
import type { StepProps } from './page.tsx';

export const ImagesStep = ({ firstRun: { images } }: StepProps) => {
  const isAdmin = useMay('admin');
  const queries = useQueryClient();
  const put = useAction({
    run: () => api.exampleImages.put(),
    done: ({ files, packed }) =>
      files === 0
        ? `${counted(packed.length, 'component')} packed`
        : `${counted(files, 'file')} put into the image repository, ${counted(packed.length, 'component')} packed`,
    onDone: () => void queries.invalidateQueries({ queryKey: ['classes'] }),
    stale: ['first-run'],
  });
  return (
    <>
      <Text size="sm">
        An <b>image file</b> names what goes into an image: a kernel and services, from OCI images and Debian
        packages. A <b>device class</b> says for which hardware it is built. Both are files in the image
        repository, reviewed and versioned like code.
      </Text>
      {images.problem === null ? null : (
        <Problem title="A file of the image repository cannot be read">{images.problem}</Problem>
      )}
      {images.example ? (
        <>
          <Text size="sm">
            It is empty. The example makes a small system with a web server, for two classes:
          </Text>
          <List size="sm">
            <List.Item>
              <Code>edge-x86</Code> and <Code>edge-arm64</Code>, machines with UEFI, such as QEMU has them
            </List.Item>
            <List.Item>
              services <Code>dhcp</Code>, <Code>web</Code> and <Code>ticker</Code>, and a health gate that
              asks the web server
            </List.Item>
          </List>
        </>
      ) : images.unpacked.length > 0 ? (
        <Text size="sm">
          {counted(images.classes, 'class', 'classes')} are there, but{' '}
          {counted(images.unpacked.length, 'component')} of the repository must be packed before an image can
          hold them: {images.unpacked.join(', ')}.
        </Text>
      ) : null}
      <Unless isAllowed={isAdmin} access="admin">
        <Group gap="sm">
          {images.example || images.unpacked.length > 0 ? (
            <Button onClick={() => put.mutate()} loading={put.isPending}>
              {images.example ? 'Use the example' : 'Pack the components'}
            </Button>
          ) : null}
          <Anchor component={Link} to="/classes" size="sm">
            Write files of your own
          </Anchor>
        </Group>
      </Unless>
      {put.isPending ? (
        <Text size="sm" c="dimmed" role="status">
          Packing components; some megabytes are downloaded from Debian …
        </Text>
      ) : null}
    </>
  );
};
