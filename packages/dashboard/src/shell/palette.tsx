import { useMantineColorScheme } from '@mantine/core';
import { Spotlight, spotlight, type SpotlightActionData } from '@mantine/spotlight';
import { IconArrowRight, IconCpu, IconMoon, IconSearch, IconSun } from '@tabler/icons-react';
import { useEffect, useState } from 'react';
import { useNavigate } from 'react-router';
import { usePlaces } from './navigation.tsx';
import { OPEN_PALETTE } from './palette-host.tsx';

const DEVICE_ID = /^[a-z0-9][a-z0-9._-]{1,62}$/i;

/** Everything that can be gone to or done, by name. What is typed is looked for among devices, too. */
export default function Palette() {
  const navigate = useNavigate();
  const places = usePlaces();
  const { setColorScheme } = useMantineColorScheme();
  const [typed, setTyped] = useState('');
  useEffect(() => {
    spotlight.open();
    window.addEventListener(OPEN_PALETTE, spotlight.open);
    return () => window.removeEventListener(OPEN_PALETTE, spotlight.open);
  }, []);
  const search = typed.trim();
  const go = (to: string) => (): void => void navigate(to);
  const actions: SpotlightActionData[] = [
    ...places.map(({ name, place: { label, to, icon: Icon } }) => ({
      id: name,
      label,
      onClick: go(to),
      leftSection: <Icon size={18} />,
    })),
    {
      id: 'new-rollout',
      label: 'New rollout',
      onClick: go('/rollouts/new'),
      leftSection: <IconArrowRight size={18} />,
    },
    {
      id: 'light',
      label: 'Show it light',
      onClick: () => setColorScheme('light'),
      leftSection: <IconSun size={18} />,
    },
    {
      id: 'dark',
      label: 'Show it dark',
      onClick: () => setColorScheme('dark'),
      leftSection: <IconMoon size={18} />,
    },
    ...(search === ''
      ? []
      : [
          ...(DEVICE_ID.test(search)
            ? [
                {
                  id: 'device',
                  label: `Device ${search}`,
                  keywords: search,
                  onClick: go(`/devices/${encodeURIComponent(search)}`),
                  leftSection: <IconCpu size={18} />,
                },
              ]
            : []),
          {
            id: 'find-devices',
            label: `Find devices: ${search}`,
            keywords: search,
            onClick: go(`/devices?query=${encodeURIComponent(search)}`),
            leftSection: <IconSearch size={18} />,
          },
        ]),
  ];
  return (
    <Spotlight
      actions={actions}
      query={typed}
      onQueryChange={setTyped}
      shortcut={null}
      highlightQuery
      limit={12}
      nothingFound="Nothing has this name"
      searchProps={{
        leftSection: <IconSearch size={18} />,
        placeholder: 'Go to a screen, a device, or do something',
        'aria-label': 'Search and commands',
      }}
    />
  );
}
