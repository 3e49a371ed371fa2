import { IconSettings } from '@tabler/icons-react';
import type { Screen } from '../screen.ts';

export const settings: Screen = {
  name: 'settings',
  place: { label: 'Settings', section: 'instance', to: '/settings', key: 's', icon: IconSettings },
  routes: [
    { path: '/settings', load: () => import('./page.tsx') },
    { path: '/settings/:section', load: () => import('./page.tsx') },
  ],
};
