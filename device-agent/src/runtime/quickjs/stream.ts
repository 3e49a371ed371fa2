import { collect } from './collect.ts';
import { CRYPTO } from './crypto.ts';
import { readPipe, writePipe } from './descriptors.ts';
import { os, SIGKILL } from './machine.ts';
import { secretFiles, type SecretFiles } from './secret-files.ts';
import { reap, spawn } from './spawn.ts';

export type Connecting = {
  readonly searchPath: string;
  /** for keys, see `secretFiles` */
  readonly privateDir: string;
};

/** PEM */
export type Credentials = {
  /** the only authority that the certificate of the server may come from; absent: those of the system */
  readonly ca?: string | undefined;
  readonly client?: { readonly key: string; readonly certificate: string } | undefined;
};

export type StreamEnd = {
  /** what the program said */
  readonly reason: string;
  /** the server has said that this is the end; without TLS nobody can tell */
  readonly isWhole: boolean;
};

/** A connection to a server, held by a program, because QuickJS has neither sockets nor TLS. */
export type Stream = {
  readonly write: (bytes: Uint8Array) => Promise<void>;
  /** Ends it, whatever is under way. */
  readonly stop: () => void;
  /** The program has started for good: the files with its keys are no longer needed. */
  readonly forgetKeys: () => void;
  /** Resolves once nothing more comes. */
  readonly ended: Promise<StreamEnd>;
};

/**
 * The certificate must come from `ca` and carry the name, or the address, that was asked for; a server of another is
 * refused before a byte is sent to it.
 */
const tlsCommand = (
  host: string,
  port: number,
  files: SecretFiles,
  { ca, client }: Credentials,
): readonly string[] => {
  const command = [CRYPTO, 'connect', host, `${port}`];
  if (ca !== undefined) command.push('--ca', files.put('ca.pem', ca));
  if (client !== undefined) {
    command.push('--certificate', files.put('certificate.pem', client.certificate));
    command.push('--key', files.put('key.pem', client.key));
  }
  return command;
};

/** What `slipway-crypto` or `nc` wrote, as a reason. */
const reasonIn = (text: string): string => text.trim().slice(-300) || 'the server closed the connection';

/** @param target without `tls` nothing is encrypted */
export const openStream = (
  connecting: Connecting,
  target: { readonly host: string; readonly port: number; readonly tls: Credentials | undefined },
  onBytes: (bytes: Uint8Array) => void,
): Stream => {
  const files = secretFiles(connecting.privateDir);
  const { host, port, tls } = target;
  let pipes;
  try {
    // Writes the keys, for which there may be no room.
    const command =
      tls === undefined ? ['busybox', 'nc', host, `${port}`] : tlsCommand(host, port, files, tls);
    pipes = spawn(command, connecting);
  } catch (error) {
    files.remove();
    throw error;
  }
  const { pid } = pipes;
  const writer = writePipe(pipes.stdin);
  const errors = collect(pipes.stderr);
  const { promise, resolve } = Promise.withResolvers<undefined>();
  readPipe(pipes.stdout, onBytes, () => {
    resolve(undefined);
  });
  let isThere = true;
  const stop = (): void => {
    // Its number may be another program's afterwards.
    if (isThere) os.kill(pid, SIGKILL);
  };
  const end = async (): Promise<StreamEnd> => {
    await promise;
    // It has no output any more and is of no use.
    stop();
    const status = await reap(pid);
    isThere = false;
    await errors.ended;
    writer.stop();
    files.remove();
    return {
      reason: `${host}:${port}: ${reasonIn(errors.text())}`,
      isWhole: tls === undefined || status === 0,
    };
  };
  return { write: writer.write, stop, forgetKeys: files.remove, ended: end() };
};
