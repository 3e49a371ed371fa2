import { IconRocket } from '@tabler/icons-react';
import type { Screen } from '../screen.ts';

export const rollouts: Screen = {
  name: 'rollouts',
  place: { label: 'Rollouts', section: 'delivery', to: '/rollouts', key: 'u', icon: IconRocket },
  routes: [
    { path: '/rollouts', load: () => import('./page.tsx') },
    { path: '/rollouts/new', load: () => import('./planner.tsx') },
    { path: '/rollouts/:id', load: () => import('./rollout.tsx') },
  ],
};
