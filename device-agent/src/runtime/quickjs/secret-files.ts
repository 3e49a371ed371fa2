import { check, O_CLOEXEC, os } from './machine.ts';

export type SecretFiles = {
  /** @returns its path */
  readonly put: (name: string, text: string) => string;
  readonly remove: () => void;
};

let made = 0;

/**
 * Files with keys for one program: its arguments and its environment can be read by others, these only by their owner.
 *
 * @param directory made where it is missing, for the owner alone
 */
export const secretFiles = (directory: string): SecretFiles => {
  const prefix = `${directory}/${os.getpid()}-${made++}`;
  const paths: string[] = [];
  return {
    put: (name, text) => {
      const path = `${prefix}-${name}`;
      os.mkdir(directory, 0o700);
      os.remove(path); // of an earlier process with the same number
      const fd = check(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | O_CLOEXEC, 0o600), path);
      paths.push(path);
      const bytes = new TextEncoder().encode(text);
      try {
        for (let at = 0; at < bytes.length;) {
          at += check(os.write(fd, bytes.buffer, at, bytes.length - at), path);
        }
      } finally {
        os.close(fd);
      }
      return path;
    },
    remove: () => {
      for (const path of paths.splice(0)) os.remove(path);
    },
  };
};
