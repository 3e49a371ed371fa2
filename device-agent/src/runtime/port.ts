import type { CmsShape } from '@slipway/bundle/cms-shape';

/**
 * Everything the agent needs of the machine below it, implemented twice: `runtime/node` (development, boards that have
 * Node) and `runtime/quickjs` (the default in images). One suite holds both against the promises made here. Paths are
 * absolute, sizes bytes, times seconds unless the name says otherwise.
 *
 * What code above this port may use, because both have it:
 * - ES2023 and `Promise.withResolvers`; of regular expressions no flag `v`; no `Intl`, so no locale and no time zone in `Date`;
 * - `TextEncoder`, `TextDecoder` (UTF-8 only, not streaming), `URL` (parts of an absolute URL; `new URL(path, base)`),
 *   `AbortController`, `AbortSignal` (`abort`, `reason`, `throwIfAborted`, `addEventListener('abort')`), `setTimeout`,
 *   `clearTimeout`, `queueMicrotask`, `atob`, `btoa`; nothing else of Node or the web, no `Buffer`, no `process`;
 * - no loop over many bytes: QuickJS interprets, at 50 times the cost of V8 (SHA-256 takes it 0.7 s per MiB). Hashing is
 *   `digest`; decompression, signatures and the like are programs, run on files. To move bytes is cheap: `subarray`, `set`.
 * - of a promise that nobody awaits QuickJS does not tell that it was rejected: give it a `catch`;
 * - little memory: a device has 16 MB for the whole agent while it installs.
 */
export type Runtime = {
  readonly files: Files;
  readonly processes: Processes;
  readonly network: Network;
  readonly time: Time;
  /** in [0, 1) */
  readonly random: () => number;
  /** `sha256:…` */
  readonly digest: (bytes: Uint8Array) => Promise<string>;
  readonly crypto: Crypto;
  /** one line for the console */
  readonly log: (line: string) => void;
};

/** Keys, certificates and signatures. Keys that lie in files stay there. */
export type Crypto = {
  /** a P-256 private key, PKCS #8 in PEM */
  readonly newKey: () => Promise<string>;
  /** PEM of the public half of a private key in PEM. Throws where it is none. */
  readonly publicKey: (key: string) => Promise<string>;
  /** A request for a certificate, PKCS #10 in PEM. @param name common name: letters, digits, `-`, `.`, `_` */
  readonly newRequest: (keyPath: string, name: string) => Promise<string>;
  /** A signature over the SHA-256 of a text, in base64; by an EC key it is a DER sequence. */
  readonly sign: (keyPath: string, text: string) => Promise<string>;
  /** Of a certificate in PEM whose subject is a common name and nothing else; throws for any other. */
  readonly certificate: (pem: string) => Promise<CertificateFacts>;
  /**
   * Whether the signed attributes of a CMS are signed by the first of its certificates, and whether that one has a path
   * to the root and may sign code. Form of the CMS and digest of its content have been seen to before.
   */
  readonly verifySigner: (message: SignedMessage, rootPath: string, at: number) => Promise<SignerVerdict>;
};

export type CertificateFacts = {
  /** seconds since 1970 */
  readonly endsAt: number;
  readonly commonName: string;
  /** PEM, as `publicKey` gives it */
  readonly publicKey: string;
};

export type SignedMessage = {
  readonly signature: Uint8Array;
  readonly shape: CmsShape;
  /** the same bytes as files, for programs that read nothing else */
  readonly signaturePath: string;
  readonly contentPath: string;
};

export type SignerVerdict =
  | { readonly kind: 'good' }
  /** the bytes are not what the enclosed certificate signed */
  | { readonly kind: 'signature-invalid'; readonly reason: string }
  /** they are, by somebody who is not trusted to */
  | { readonly kind: 'signer-untrusted'; readonly reason: string };

export type Files = {
  /** Never waits for who writes a pipe. @returns undefined where there is no such file */
  readonly read: (path: string) => Promise<Uint8Array | undefined>;
  /** Replaces the file as one: temporary name, fsync, rename, fsync of the directory. Makes the directory. */
  readonly replace: (path: string, bytes: Uint8Array | string, mode?: number) => Promise<void>;
  /**
   * One `write` call on the file as it is, which is made where it is missing: for files of the kernel. Never waits: a pipe
   * that nobody reads, or that is full, is an error.
   */
  readonly poke: (path: string, bytes: Uint8Array | string) => Promise<void>;
  /** Removes it; well if it is not there. */
  readonly remove: (path: string) => Promise<void>;
  /** Rename, then fsync of the directory. */
  readonly rename: (from: string, to: string) => Promise<void>;
  /** names; empty where there is no such directory */
  readonly list: (directory: string) => Promise<readonly string[]>;
  /** of a regular file, not of a device; undefined where there is none */
  readonly size: (path: string) => Promise<number | undefined>;
  /** Makes it and those above it; well if it is there. */
  readonly makeDirectory: (path: string) => Promise<void>;
  /**
   * `sha256:…` of a range of a file or block device, without its bytes passing through the agent. Where the file ends
   * early it is that of the bytes that are there.
   */
  readonly digest: (path: string, offset: number, length: number) => Promise<string>;
  /** bytes free on the file system of a path */
  readonly free: (path: string) => Promise<number>;
  /** `write` makes the file where it does not exist and never cuts it short */
  readonly open: (path: string, mode: 'read' | 'write') => Promise<OpenFile>;
};

/** A file or block device; of anything else an error, at the latest when it is read. */
export type OpenFile = {
  /** @returns fewer bytes than asked for only at the end */
  readonly read: (offset: number, length: number) => Promise<Uint8Array>;
  readonly write: (offset: number, bytes: Uint8Array) => Promise<void>;
  readonly truncate: (size: number) => Promise<void>;
  /** what was written is on the medium */
  readonly sync: () => Promise<void>;
  readonly close: () => Promise<void>;
};

export type RunOptions = {
  /** then the program is killed, its status is `NO_STATUS` */
  readonly timeoutMs?: number;
  readonly input?: Uint8Array | string;
  /** beside `PATH`, the only variable that programs get of the agent */
  readonly environment?: Readonly<Record<string, string>>;
};

/** Status of a program that a signal ended. */
export const NO_STATUS = -1;
/** Of each output the first bytes are kept; the program may write on. */
export const MAX_OUTPUT_BYTES = 64 * 1024;

export type Processes = {
  /** Waits for the end, without a shell. Throws only where the program cannot be started. */
  readonly run: (
    command: readonly string[],
    options?: RunOptions,
  ) => Promise<{ readonly status: number; readonly stdout: string; readonly stderr: string }>;
  /**
   * Restarts the machine, does not return. In a test of the whole agent: ends the process.
   *
   * @param argument for the firmware, as `0 tryboot`; the last word of the command
   */
  readonly reboot: (argument?: string) => Promise<never>;
};

export type Network = {
  readonly request: (
    method: 'GET' | 'POST',
    url: string,
    options: {
      /** PEM; trusted instead of what the system trusts */
      readonly ca?: string;
      /** PEM; who is asking */
      readonly client?: { readonly key: string; readonly certificate: string };
      readonly json?: unknown;
      readonly timeoutMs: number;
      readonly maxBytes: number;
    },
  ) => Promise<{ readonly status: number; readonly body: string }>;
  /** Resolves once connected, and closes. */
  readonly probeTcp: (host: string, port: number, timeoutMs: number) => Promise<void>;
  readonly mqtt: (options: MqttOptions) => Promise<MqttConnection>;
};

export const KEEPALIVE_S = 30;
/** The broker sends nothing larger, so that nobody fills the memory of a device. */
export const MAX_PACKET_BYTES = 4 * 1024 * 1024;

export type MqttOptions = {
  readonly url: string;
  readonly clientId: string;
  /** PEM */
  readonly key: string;
  readonly certificate: string;
  readonly ca: string;
  readonly will: { readonly topic: string; readonly payload: string; readonly delaySeconds: number };
  readonly sessionExpirySeconds: number;
  /** `KEEPALIVE_S` where it is absent; a connection on which nothing was heard for so long is given up */
  readonly keepaliveSeconds?: number;
  readonly onMessage: (message: MqttMessage) => void;
};

export type MqttMessage = {
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly retained: boolean;
  /** correlation data as text */
  readonly correlation: string | undefined;
  /** user property `code` */
  readonly code: string | undefined;
};

export type MqttConnection = {
  /** QoS 1: resolves when the broker has it. */
  readonly publish: (
    topic: string,
    payload: string,
    options: { readonly qos: 0 | 1; readonly retain?: boolean; readonly expirySeconds?: number },
  ) => Promise<void>;
  readonly subscribe: (topics: readonly { readonly topic: string; readonly qos: 0 | 1 }[]) => Promise<void>;
  /** Resolves with the reason once the connection is gone. */
  readonly closed: Promise<string>;
  readonly end: () => Promise<void>;
};

export type Time = {
  /** seconds since 1970 */
  readonly now: () => number;
  /** seconds since the kernel started */
  readonly uptime: () => number;
  /** Ends early, without an error, when the signal comes. */
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
  /** Seconds that the clocks of a zone are ahead of UTC at a time. @param zone POSIX `TZ`, as `CET-1CEST,M3.5.0,M10.5.0/3` */
  readonly zoneOffset: (zone: string, at: number) => Promise<number>;
};
