import { Button, Stack, Tabs } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import { lazy, Suspense } from 'react';
import { Page } from '../../parts/page.tsx';
import { useSearch } from '../../parts/use-search.ts';
import { useMay } from '../../session/session.tsx';
import { BuildList } from './build-list.tsx';
import { Queues } from './queues.tsx';
import { TriggerHistory } from './trigger-history.tsx';

const NewBuild = lazy(() => import('./new-build.tsx'));

export default function Screen() {
  const mayBuild = useMay('release');
  const [tab, setTab] = useSearch('tab', 'builds');
  const [isNew, setNew] = useSearch('new');
  const [deviceClass] = useSearch('class');
  const open = (): void => setNew('1');
  return (
    <Page
      title="Builds"
      about="Images made from image files, each with a signed release at its end"
      actions={
        mayBuild ? (
          <Button leftSection={<IconPlus size={16} />} onClick={open}>
            New build
          </Button>
        ) : undefined
      }
    >
      <Tabs value={tab} onChange={(value) => setTab(value ?? 'builds')} keepMounted={false}>
        <Tabs.List mb="md">
          <Tabs.Tab value="builds">Builds</Tabs.Tab>
          <Tabs.Tab value="triggers">Trigger history</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="builds">
          <Stack gap="md">
            <Queues />
            <BuildList newBuild={mayBuild ? open : undefined} />
          </Stack>
        </Tabs.Panel>
        <Tabs.Panel value="triggers">
          <TriggerHistory />
        </Tabs.Panel>
      </Tabs>
      {mayBuild && isNew === '1' ? (
        <Suspense>
          <NewBuild isOpen close={() => setNew('')} deviceClass={deviceClass} />
        </Suspense>
      ) : null}
    </Page>
  );
}
