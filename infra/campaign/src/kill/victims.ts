/** What is killed: everything that runs, but the second builder, which goes on with what the first has left. */
export const VICTIMS = [
  'broker',
  'redis',
  'database',
  'api',
  'gateway-a',
  'gateway-b',
  'builder-a',
  'signer',
] as const;
export type Victim = (typeof VICTIMS)[number];
