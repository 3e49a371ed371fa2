import { z } from 'zod';

/** Of SLSA provenance v1 in an in-toto statement, what is shown; all else is in the file. */
const Statement = z.object({
  predicateType: z.string(),
  subject: z.array(z.object({ name: z.string(), digest: z.record(z.string(), z.string()) })),
  predicate: z.object({
    buildDefinition: z.object({
      buildType: z.string(),
      externalParameters: z.record(z.string(), z.unknown()).default({}),
      internalParameters: z.record(z.string(), z.unknown()).default({}),
      resolvedDependencies: z
        .array(
          z.object({
            uri: z.string().optional(),
            name: z.string().optional(),
            digest: z.record(z.string(), z.string()).optional(),
          }),
        )
        .default([]),
    }),
    runDetails: z.object({
      builder: z.object({ id: z.string(), version: z.record(z.string(), z.string()).optional() }),
      metadata: z.record(z.string(), z.unknown()).optional(),
    }),
  }),
});
export type Statement = z.infer<typeof Statement>;

export const parseStatement = (text: string): Statement => Statement.parse(JSON.parse(text));

/** Where a dependency is from: `Debian packages`, `OCI images`, `files`. */
export const kindOfDependency = (uri: string | undefined): string => {
  if (uri === undefined) return 'files';
  const type = /^pkg:([a-z]+)\//.exec(uri)?.[1];
  const known: Readonly<Record<string, string>> = {
    deb: 'Debian packages',
    oci: 'OCI images',
    npm: 'npm packages',
    golang: 'Go modules',
    apk: 'Alpine packages',
  };
  return type === undefined ? 'files' : (known[type] ?? `${type} packages`);
};
