import { IconPackage } from '@tabler/icons-react';
import type { Screen } from '../screen.ts';

export const releases: Screen = {
  name: 'releases',
  place: { label: 'Releases', section: 'software', to: '/releases', key: 'r', icon: IconPackage },
  routes: [
    { path: '/releases', load: () => import('./page.tsx') },
    { path: '/releases/:id', load: () => import('./release.tsx') },
  ],
};
