import { Text } from '@mantine/core';
import { PublishNewest } from './publish-newest.tsx';
import { useReleases } from './use-newest.ts';

export const PublishStep = () => {
  const release = useReleases().data?.find(({ state }) => state === 'draft');
  return (
    <>
      <Text size="sm">
        A successful build is a release, as a draft. Before it may be published it proves itself: a device in
        QEMU boots it, and it must come up healthy. What is published can be rolled out, nothing else.
      </Text>
      {release === undefined ? null : <PublishNewest release={release} />}
    </>
  );
};
