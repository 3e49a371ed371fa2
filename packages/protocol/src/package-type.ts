import { z } from 'zod';

/** Where a package comes from, as package URLs call it. */
export const PackageType = z.enum(['deb', 'apk', 'npm', 'golang', 'oci', 'generic']);
export type PackageType = z.infer<typeof PackageType>;
