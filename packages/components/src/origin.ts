import { Digest } from '@slipway/protocol';
import { z } from 'zod';

/** One thing that went into a component, as the SBOM lists it. */
export const Origin = z.object({
  type: z.enum(['deb', 'oci', 'npm']),
  name: z.string(),
  version: z.string(),
  purl: z.string(),
  /** of the package file, the OCI manifest or the layer */
  digest: Digest,
  /** SPDX identifiers where known, else the names the package uses */
  licenses: z.array(z.string()).optional(),
  /** the source package, if it has another name or version */
  source: z.object({ name: z.string(), version: z.string() }).optional(),
});
export type Origin = z.infer<typeof Origin>;

/** Label by which a packed component tells what it was made of: a JSON list of origins. */
export const ORIGINS_LABEL = 'org.slipway.origins';
