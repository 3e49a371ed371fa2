import { z } from 'zod';
import { DebianSource, GENERATE_RULES } from './debian-source.ts';

const strings = z.array(z.string());

/** How a component made of packages starts; the names are those of LinuxKit's and Docker's YAML. */
export const PackageConfig = z.strictObject({
  entrypoint: strings.optional().describe('What is run.'),
  cmd: strings.optional().describe('Its arguments.'),
  env: strings.optional().describe('NAME=VALUE of its environment.'),
  cwd: z.string().optional().describe('Its working directory.'),
  user: z.string().optional().describe('The user it runs as.'),
});

export const PACKAGE_NAME = /^[a-z0-9][a-z0-9+.-]*(?:\$\{arch\}[a-z0-9+.-]*)?(?:=[A-Za-z0-9.+:~-]+)?$/;

const RELATIVE_PATH = /^(?!.*(?:^|\/)\.{0,2}(?:\/|$))[^\0]+$/;

/** A component made of Debian packages, used as `deb:NAME`. */
export const PackageSet = z
  .strictObject({
    install: z
      .array(z.string().regex(PACKAGE_NAME, 'the name of a Debian package, optionally =version'))
      .min(1)
      .describe(
        'Names of packages; ${arch} becomes what Debian calls the architecture, such as arm64 or armhf; NAME=VERSION pins.',
      ),
    dependencies: z
      .union([z.enum(['full', 'none']), strings], {
        error: 'full, none, or a list of globs over names of packages',
      })
      .default('full')
      .describe(
        'full: with everything they depend on; none: just these; a list of globs: those of everything they depend on whose names match.',
      ),
    include: strings
      .optional()
      .describe('Globs over paths without leading /; if given, only what matches is kept.'),
    exclude: strings
      .optional()
      .describe('Globs of what is dropped besides documentation, manual pages and translations.'),
    debian: z
      .array(DebianSource)
      .min(1, 'at least one source')
      .optional()
      .describe('Where the packages come from; by default what `debian` of the image file says.'),
    generate: z
      .array(z.enum(GENERATE_RULES))
      .optional()
      .describe(
        "What is made that packages' own scripts would make; by default all that they call for, but nothing if `include` chooses files.",
      ),
    alternatives: z
      .record(
        z.string().regex(RELATIVE_PATH, 'a path without leading / and without ..'),
        z.string().regex(RELATIVE_PATH, 'a path without leading / and without ..'),
      )
      .optional()
      .describe('Of names that several packages can provide, the one that does: usr/bin/awk: usr/bin/mawk.'),
    config: PackageConfig.optional().describe('How it starts as a container.'),
  })
  .meta({ id: 'packageSet', description: 'A component made of Debian packages, used as deb:NAME.' });
export type PackageSet = z.infer<typeof PackageSet>;
