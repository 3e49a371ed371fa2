import { Arch, hostArch, parseArch } from '@slipway/protocol';
import { z } from 'zod';

/** For help texts. */
export const ARCH_NAMES = `${Arch.options.slice(0, -1).join(', ')} or ${Arch.options.at(-1)}`;

/** An architecture by any of its names, such as `linux/arm/v7` or `armhf`. */
export const ArchOption = z.string().transform((text, context): Arch => {
  const arch = parseArch(text);
  if (arch !== undefined) return arch;
  context.addIssue(`expected ${ARCH_NAMES}, found ${text}`);
  return z.NEVER;
});

/** What images are built for unless somebody says otherwise: this machine. */
export const HOST_ARCH = hostArch(process.arch);
