import { IconFlag } from '@tabler/icons-react';
import type { Screen } from '../screen.ts';

export const start: Screen = {
  name: 'start',
  place: { label: 'First steps', section: 'instance', to: '/start', key: 'h', icon: IconFlag },
  routes: [{ path: '/start', load: () => import('./page.tsx') }],
};
