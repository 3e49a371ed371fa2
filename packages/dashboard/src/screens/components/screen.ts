import { IconPuzzle } from '@tabler/icons-react';
import type { Screen } from '../screen.ts';

export const components: Screen = {
  name: 'components',
  place: { label: 'Components', section: 'software', to: '/components', key: 'm', icon: IconPuzzle },
  routes: [
    { path: '/components', load: () => import('./page.tsx') },
    { path: '/components/:id', load: () => import('./component.tsx') },
  ],
};
