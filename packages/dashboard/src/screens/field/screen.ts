import { IconRadar2 } from '@tabler/icons-react';
import type { Screen } from '../screen.ts';

export const field: Screen = {
  name: 'field',
  place: { label: 'In the field', section: 'delivery', to: '/field', key: 'f', icon: IconRadar2 },
  routes: [{ path: '/field', load: () => import('./page.tsx') }],
};
