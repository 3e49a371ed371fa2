import { IconListCheck } from '@tabler/icons-react';
import type { Screen } from '../screen.ts';

export const audit: Screen = {
  name: 'audit',
  place: {
    label: 'Audit',
    section: 'instance',
    to: '/audit',
    key: 'a',
    icon: IconListCheck,
    access: 'admin',
  },
  routes: [{ path: '/audit', load: () => import('./page.tsx') }],
};
