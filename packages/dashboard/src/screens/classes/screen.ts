import { IconStack2 } from '@tabler/icons-react';
import type { Screen } from '../screen.ts';

export const classes: Screen = {
  name: 'classes',
  place: { label: 'Classes', section: 'software', to: '/classes', key: 'c', icon: IconStack2 },
  routes: [
    { path: '/classes', load: () => import('./page.tsx') },
    { path: '/classes/:name', load: () => import('./class.tsx') },
    { path: '/repository', load: () => import('./repository.tsx') },
  ],
};
