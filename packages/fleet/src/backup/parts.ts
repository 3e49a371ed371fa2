/**
 * What of a data directory goes into a backup, beside the database. What is left out is made anew or can be fetched
 * again: caches, logs, queues, what the broker keeps.
 */
export const PARTS = ['admin-token', 'secrets.key', 'ports.json', 'pki', 'signer', 'store'] as const;

/** Folders and files below the parts that are work in progress, or secrets of one process. */
const LEFT_OUT = [
  /^signer\/state\/staging(?:\/|$)/,
  /^store\/builds\/[^/]+\/attempts(?:\/|$)/,
  /^store\/cache(?:\/|$)/,
  /^store\/sources\/\.(?:new|gone)-/,
  /\.tmp$/,
  /\.new$/,
];

export const isLeftOut = (path: string): boolean => LEFT_OUT.some((pattern) => pattern.test(path));

/** What must be there, or the backup is none. */
export const REQUIRED = ['pki', 'signer', 'store'] as const;
