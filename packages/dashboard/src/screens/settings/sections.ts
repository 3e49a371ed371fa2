import type { Access } from '@slipway/protocol';
import {
  IconBolt,
  IconCalendarTime,
  IconCertificate,
  IconDeviceDesktop,
  IconKey,
  IconQrcode,
  IconServer,
  IconUser,
  IconUsers,
  IconWebhook,
} from '@tabler/icons-react';
import type { ComponentType } from 'react';

export type Section = {
  /** as it stands in the address */
  readonly name: string;
  readonly label: string;
  readonly icon: ComponentType<{ size?: number | string; stroke?: number | string }>;
  readonly about: string;
  /** whoever may not is not shown it; absent: it is about oneself */
  readonly access?: Access;
  readonly load: () => Promise<{ readonly default: ComponentType }>;
};

export const SECTIONS: readonly Section[] = [
  {
    name: 'profile',
    label: 'Profile',
    icon: IconUser,
    about: 'Your password, your tokens, and where you are logged in.',
    load: () => import('./profile.tsx'),
  },
  {
    name: 'users',
    label: 'Users',
    icon: IconUsers,
    about: 'Who may log in, and what they may do: on the whole fleet, or on groups of devices.',
    access: 'admin',
    load: () => import('./users.tsx'),
  },
  {
    name: 'tokens',
    label: 'API tokens',
    icon: IconKey,
    about: 'What programs ask with. A token does what its scopes say, as far as its user still may.',
    access: 'admin',
    load: () => import('./tokens.tsx'),
  },
  {
    name: 'sessions',
    label: 'Sessions',
    icon: IconDeviceDesktop,
    about: 'Who is logged in. A session lasts 7 days, and 12 hours if it is not used.',
    access: 'admin',
    load: () => import('./sessions.tsx'),
  },
  {
    name: 'keys',
    label: 'Keys',
    icon: IconCertificate,
    about:
      'What this instance signs with and is trusted by. Certificates only: private keys are not in the database.',
    access: 'read',
    load: () => import('./keys.tsx'),
  },
  {
    name: 'claims',
    label: 'Claim tokens',
    icon: IconQrcode,
    about: 'A claim token lets one device of a class, or a batch, into the fleet.',
    access: 'read',
    load: () => import('./claims.tsx'),
  },
  {
    name: 'triggers',
    label: 'Triggers',
    icon: IconBolt,
    about: 'Builds that are made by themselves: by a push, a pushed image, a time, what changed upstream.',
    access: 'read',
    load: () => import('./triggers.tsx'),
  },
  {
    name: 'webhooks',
    label: 'Webhooks',
    icon: IconWebhook,
    about: 'Other servers that are told of events, signed and tried again until they answer.',
    access: 'admin',
    load: () => import('./webhooks.tsx'),
  },
  {
    name: 'retention',
    label: 'Retention',
    icon: IconCalendarTime,
    about: 'For how long things are kept that nothing needs any more.',
    access: 'read',
    load: () => import('./retention.tsx'),
  },
  {
    name: 'instance',
    label: 'Instance',
    icon: IconServer,
    about: 'Whose fleet this is, how the server is, emergency stop, backup, virtual devices.',
    access: 'read',
    load: () => import('./instance.tsx'),
  },
];
