import { IconHammer } from '@tabler/icons-react';
import type { Screen } from '../screen.ts';

export const builds: Screen = {
  name: 'builds',
  place: { label: 'Builds', section: 'software', to: '/builds', key: 'b', icon: IconHammer },
  routes: [
    { path: '/builds', load: () => import('./page.tsx') },
    { path: '/builds/:id', load: () => import('./build.tsx') },
  ],
};
