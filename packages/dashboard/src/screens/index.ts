import { audit } from './audit/screen.ts';
import { builds } from './builds/screen.ts';
import { classes } from './classes/screen.ts';
import { components } from './components/screen.ts';
import { devices } from './devices/screen.ts';
import { field } from './field/screen.ts';
import { overview } from './overview/screen.ts';
import { releases } from './releases/screen.ts';
import { rollouts } from './rollouts/screen.ts';
import type { Screen } from './screen.ts';
import { settings } from './settings/screen.ts';
import { start } from './start/screen.ts';

/** In the order of the navigation. */
export const SCREENS: readonly Screen[] = [
  overview,
  devices,
  classes,
  components,
  builds,
  releases,
  rollouts,
  field,
  audit,
  settings,
  start,
];
