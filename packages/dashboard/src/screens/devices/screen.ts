import { IconCpu } from '@tabler/icons-react';
import type { Screen } from '../screen.ts';

export const devices: Screen = {
  name: 'devices',
  place: { label: 'Devices', section: 'fleet', to: '/devices', key: 'd', icon: IconCpu },
  routes: [
    { path: '/devices', load: () => import('./page.tsx') },
    { path: '/devices/:id', load: () => import('./device.tsx') },
  ],
};
