import { collect } from './collect.ts';
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

/** A connection to a server, held by a program, because QuickJS has neither sockets nor TLS. */
export type Stream = {
  readonly write: (bytes: Uint8Array) => Promise<void>;
  /** Ends it, whatever is under way. */
  readonly stop: () => void;
  /** The program has started for good: the files with its keys are no longer needed. */
  readonly forgetKeys: () => void;
  /** Resolves with what the program said once nothing more comes. */
  readonly ended: Promise<string>;
};

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

const isAddress = (host: string): boolean => /^[\d.]+$/.test(host) || host.includes(':');

const clientArguments = (files: SecretFiles, { client }: Credentials): readonly string[] => {
  if (client === undefined) return [];
  const [own = '', ...chain] = client.certificate.match(CERTIFICATE) ?? [];
  const intermediates = chain.length === 0 ? [] : ['-cert_chain', files.put('chain.pem', chain.join('\n'))];
  return [
    '-cert',
    files.put('certificate.pem', own),
    '-key',
    files.put('key.pem', client.key),
    ...intermediates,
  ];
};

/**
 * The certificate must come from `ca` and carry the name, or the address, that was asked for; a server of another is
 * refused before a byte is sent to it.
 */
const tlsCommand = (
  host: string,
  port: number,
  files: SecretFiles,
  credentials: Credentials,
): readonly string[] => {
  const { ca } = credentials;
  const address = host.includes(':') ? `[${host}]` : host;
  const base = ['openssl', 's_client', '-quiet', '-nocommands', '-connect', `${address}:${port}`];
  // Images leave out what certificates could be unpacked with.
  const plain = ['-no_tx_cert_comp', '-no_rx_cert_comp'];
  const rules = ['-verify_return_error', '-min_protocol', 'TLSv1.2', ...plain];
  const name = isAddress(host)
    ? ['-verify_ip', host, '-noservername']
    : ['-verify_hostname', host, '-servername', host];
  const anchor = ca === undefined ? [] : ['-no-CApath', '-no-CAstore', '-CAfile', files.put('ca.pem', ca)];
  return [...base, ...rules, ...name, ...anchor, ...clientArguments(files, credentials)];
};

/** What `openssl s_client` or `nc` wrote, as a reason. */
const reasonIn = (text: string): string => {
  const refused = /verify error:num=\d+:(.*)/.exec(text)?.[1];
  if (refused !== undefined) return `the certificate of the server is refused: ${refused}`;
  const lines = text
    .split('\n')
    .map((line) => line.replace(/^[0-9A-F]+:error:[0-9A-F]*:/, '').trim())
    .filter((line) => line !== '' && !/^(?:Connecting to|depth=|verify return:)/.test(line));
  return lines.slice(-3).join('; ').slice(-300) || 'the server closed the connection';
};

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
  const stop = (): void => {
    os.kill(pid, SIGKILL);
  };
  const end = async (): Promise<string> => {
    await promise;
    // It has no output any more and is of no use.
    stop();
    await reap(pid);
    await errors.ended;
    writer.stop();
    files.remove();
    return `${host}:${port}: ${reasonIn(errors.text())}`;
  };
  return { write: writer.write, stop, forgetKeys: files.remove, ended: end() };
};
