import { IconLayoutDashboard } from '@tabler/icons-react';
import type { Screen } from '../screen.ts';

export const overview: Screen = {
  name: 'overview',
  place: { label: 'Overview', section: 'fleet', to: '/', key: 'o', icon: IconLayoutDashboard },
  routes: [{ path: '/', load: () => import('./page.tsx') }],
};
