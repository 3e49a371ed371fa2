import type { BulkAction } from '@slipway/protocol';
import type { FORMS } from './bulk-forms.tsx';

export type BulkItem = {
  readonly id: string;
  /** in a menu */
  readonly label: string;
  /** on the button, before the number of devices */
  readonly verb: string;
  readonly section: 'organise' | 'command' | 'enrolment';
  /** asked first; absent: it says all already */
  readonly form?: keyof typeof FORMS;
  readonly action?: BulkAction;
  readonly consequences: readonly string[];
  readonly isDangerous?: boolean;
};

const command = (name: 'reboot' | 'rollback' | 'rebirth'): BulkAction => ({
  kind: 'command',
  command: { name },
});

export const BULK: readonly BulkItem[] = [
  { id: 'tags', label: 'Tags …', verb: 'Change', section: 'organise', form: 'tags', consequences: [] },
  {
    id: 'attribute',
    label: 'Attribute …',
    verb: 'Change',
    section: 'organise',
    form: 'attribute',
    consequences: [],
  },
  {
    id: 'join',
    label: 'Add to a group …',
    verb: 'Add',
    section: 'organise',
    form: 'join',
    consequences: ['Rollouts that are to the group reach them, too.'],
  },
  {
    id: 'leave',
    label: 'Take out of a group …',
    verb: 'Take out',
    section: 'organise',
    form: 'leave',
    consequences: ['Rollouts that are to the group offer them nothing more.'],
  },
  {
    id: 'channel',
    label: 'Follow a channel …',
    verb: 'Change',
    section: 'organise',
    form: 'channel',
    consequences: ['Rollouts to the followers of the channel reach them, too.'],
  },
  {
    id: 'identify',
    label: 'Identify',
    verb: 'Identify',
    section: 'command',
    action: { kind: 'command', command: { name: 'identify', seconds: 15 } },
    consequences: ['Each blinks an LED for 15 s.'],
  },
  {
    id: 'reboot',
    label: 'Reboot',
    verb: 'Reboot',
    section: 'command',
    action: command('reboot'),
    consequences: [
      'What they do stops until they have started again.',
      'Those that try a release at the moment refuse.',
    ],
    isDangerous: true,
  },
  {
    id: 'rollback',
    label: 'Go back a release',
    verb: 'Send back',
    section: 'command',
    action: command('rollback'),
    consequences: [
      'Each tries the release that is in its other slot, and restarts for it.',
      'Only images that allow it do so.',
    ],
    isDangerous: true,
  },
  {
    id: 'accept',
    label: 'Accept',
    verb: 'Accept',
    section: 'enrolment',
    action: { kind: 'accept' },
    consequences: ['They get their certificate, and are of the fleet.'],
  },
  {
    id: 'reject',
    label: 'Reject',
    verb: 'Reject',
    section: 'enrolment',
    action: { kind: 'reject' },
    consequences: ['They get nothing, whatever they ask. Their claim has a use more again.'],
    isDangerous: true,
  },
  {
    id: 'revoke',
    label: 'Revoke',
    verb: 'Revoke',
    section: 'enrolment',
    action: { kind: 'revoke' },
    consequences: ['Their sessions end, and they get no certificate until they are enrolled anew.'],
    isDangerous: true,
  },
  {
    id: 'decommission',
    label: 'Decommission',
    verb: 'Decommission',
    section: 'enrolment',
    action: { kind: 'decommission' },
    consequences: [
      'They leave the fleet for good: sessions end, certificates are revoked, updates under way are given up.',
      'Their history stays. To come back each needs a claim for its id.',
    ],
    isDangerous: true,
  },
];
