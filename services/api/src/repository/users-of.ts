import { parseClassFile } from '@slipway/image-spec';
import type { ClassName } from '@slipway/protocol';

/** Which classes a file is part of; a class file that does not parse is part of none. */
export const usersOf = (classes: readonly { readonly path: string; readonly text: string }[]) => {
  const users = new Map<string, ClassName[]>();
  for (const { path, text } of classes) {
    try {
      const { name, images } = parseClassFile(text, path);
      for (const used of [path, ...images]) users.set(used, [...(users.get(used) ?? []), name]);
    } catch {
      continue;
    }
  }
  return users;
};
