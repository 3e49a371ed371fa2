/** Where everything the agent touches lies. In an image `root` is empty; a test of the whole agent gives a directory. */
export type AgentConfig = {
  readonly dataDir: string;
  readonly etcDir: string;
  readonly runDir: string;
  readonly esp: {
    /** null: `directory` is the ESP already, nothing is mounted */
    readonly device: string | null;
    readonly directory: string;
  };
  readonly sysDir: string;
  readonly efivarsDir: string;
  readonly slots: { readonly a: string; readonly b: string };
  readonly procDir: string;
  readonly devDir: string;
  /** null: the page cache is left alone, because the machine is not the agent's own */
  readonly dropCaches: string | null;
  /** null: the process ends instead */
  readonly rebootCommand: readonly string[] | null;
  readonly setsClock: boolean;
  /** milliseconds that the first failure of a step of an install costs at most */
  readonly retryBaseMs: number;
};

/** @param root directory to put before every path; then nothing outside it is touched */
export const agentConfig = (root = ''): AgentConfig => ({
  dataDir: `${root}/data/slipway`,
  etcDir: `${root}/etc/slipway`,
  runDir: `${root}/run/slipway`,
  esp:
    root === ''
      ? { device: '/dev/disk/by-partlabel/esp', directory: '/run/slipway/esp' }
      : { device: null, directory: `${root}/esp` },
  sysDir: `${root}/sys`,
  efivarsDir: `${root}/sys/firmware/efi/efivars`,
  slots: { a: `${root}/dev/disk/by-partlabel/root-a`, b: `${root}/dev/disk/by-partlabel/root-b` },
  procDir: `${root}/proc`,
  devDir: `${root}/dev`,
  dropCaches: root === '' ? '/proc/sys/vm/drop_caches' : null,
  rebootCommand: root === '' ? ['reboot', '-f'] : null,
  setsClock: root === '',
  retryBaseMs: root === '' ? 30_000 : 50,
});

/**
 * `SLIPWAY_AGENT_ROOT`: see `agentConfig`; not set on a device. `PATH`: where tools are found.
 */
export const readEnvironment = (
  environment: (name: string) => string | undefined,
): { readonly root: string; readonly searchPath: string } => ({
  root: environment('SLIPWAY_AGENT_ROOT') ?? '',
  searchPath: environment('PATH') ?? '/usr/sbin:/usr/bin:/sbin:/bin',
});
