/** What others say of themselves, or was said of them. Nothing of it was measured here. */
export const PUBLISHED: readonly (readonly [name: string, figure: string])[] = [
  ['Mender', 'up to 10,000 devices on 8 processors and 16 GB'],
  ['hawkBit', '20,000 targets in a group of a rollout'],
  ['NervesHub', 'nodes of 4 processors ended when 5,000 to 6,000 devices disconnected at once'],
  ['AWS IoT Jobs', '1,000 devices a minute'],
  ['EMQX', '100,000,000 connections on 23 nodes; a broker, which records nothing'],
];
