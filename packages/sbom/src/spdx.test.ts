import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { makeSpdx } from './spdx.ts';
import { isSpdxExpression } from './spdx-expression.ts';
import { arbitrarySbom } from './testing/arbitrary-sbom.ts';
import { LIBC, SAMPLE } from './testing/sample-sbom.ts';

const SpdxId = z.string().regex(/^SPDXRef-[A-Za-z0-9.-]+$/);
const Created = z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
const Tool = z.string().regex(/^Tool: \S+$/);
/** Annex D: an expression; clauses 7.13 and 7.15 also allow two words. */
const License = z
  .string()
  .refine((text) => text === 'NOASSERTION' || text === 'NONE' || isSpdxExpression(text));

/** The clauses of SPDX 2.3 about what we write, and no other field; names and enumerations as in its JSON schema. */
const Document = z
  .strictObject({
    spdxVersion: z.literal('SPDX-2.3'), // 6.1
    dataLicense: z.literal('CC0-1.0'), // 6.2
    SPDXID: z.literal('SPDXRef-DOCUMENT'), // 6.3
    name: z.string().min(1), // 6.4
    documentNamespace: z.url().regex(/^[^#]+$/), // 6.5
    creationInfo: z.strictObject({ created: Created, creators: z.array(Tool).min(1) }), // 6.8, 6.9
    packages: z.array(
      z.strictObject({
        name: z.string().min(1), // 7.1
        SPDXID: SpdxId, // 7.2
        versionInfo: z.string().optional(), // 7.3
        supplier: z
          .string()
          .regex(/^Organization: \S/)
          .optional(), // 7.5
        downloadLocation: z.literal('NOASSERTION'), // 7.7
        filesAnalyzed: z.literal(false), // 7.8
        checksums: z
          .array(
            z.strictObject({
              algorithm: z.literal('SHA256'),
              checksumValue: z.string().regex(/^[0-9a-f]{64}$/),
            }),
          )
          .optional(), // 7.10
        licenseConcluded: License, // 7.13
        licenseDeclared: License, // 7.15
        copyrightText: z.literal('NOASSERTION'), // 7.17
        externalRefs: z
          .array(
            z.strictObject({
              referenceCategory: z.literal('PACKAGE-MANAGER'),
              referenceType: z.literal('purl'),
              referenceLocator: z.string().regex(/^pkg:\S+$/),
            }),
          )
          .optional(), // 7.21, Annex F.3.5
        primaryPackagePurpose: z.enum(['OPERATING_SYSTEM', 'CONTAINER', 'LIBRARY']), // 7.24
        annotations: z
          .array(
            z.strictObject({
              annotator: Tool, // 12.1
              annotationDate: Created, // 12.2
              annotationType: z.literal('OTHER'), // 12.3
              comment: z.string().min(1), // 12.5
            }),
          )
          .optional(),
      }),
    ),
    relationships: z.array(
      z.strictObject({
        spdxElementId: SpdxId,
        relationshipType: z.enum(['DESCRIBES', 'CONTAINS']),
        relatedSpdxElement: SpdxId,
      }),
    ), // 11.1
    hasExtractedLicensingInfos: z
      .array(
        z.strictObject({
          licenseId: z.string().regex(/^LicenseRef-[A-Za-z0-9.-]+$/), // 10.1
          extractedText: z.string().min(1), // 10.2
          name: z.string().min(1), // 10.3
        }),
      )
      .optional(),
  })
  .superRefine((document, context) => {
    const fail = (message: string) => context.addIssue({ code: 'custom', message });
    const ids = [document.SPDXID, ...document.packages.map(({ SPDXID }) => SPDXID)];
    if (new Set(ids).size !== ids.length) fail('7.2: an identifier twice');
    for (const { spdxElementId, relatedSpdxElement } of document.relationships)
      if (!ids.includes(spdxElementId) || !ids.includes(relatedSpdxElement)) fail('11.1: an unknown element');
    if (!document.relationships.some(({ relationshipType }) => relationshipType === 'DESCRIBES'))
      fail('11.1: nothing is described');
    const infos = (document.hasExtractedLicensingInfos ?? []).map(({ licenseId }) => licenseId);
    if (new Set(infos).size !== infos.length) fail('10.1: a licence twice');
    for (const { licenseDeclared } of document.packages)
      for (const [ref] of licenseDeclared.matchAll(/LicenseRef-[A-Za-z0-9.-]+/g))
        if (!infos.includes(ref)) fail(`10.1: ${ref} is not explained`);
  });

test('the sample holds to the clauses and says what CycloneDX says', () => {
  const value: unknown = JSON.parse(makeSpdx(SAMPLE));
  expect(Document.safeParse(value).error?.issues).toBeUndefined();
  expect(value).toMatchObject({
    name: 'edge-1.2.3',
    creationInfo: { created: '2023-11-14T22:13:20Z', creators: ['Tool: slipway-0.1.0'] },
    packages: expect.arrayContaining([
      expect.objectContaining({
        name: 'libc6',
        versionInfo: '2.41-12',
        supplier: 'Organization: GNU Libc Maintainers (debian-glibc@lists.debian.org)',
        licenseDeclared: expect.stringMatching(
          /^LicenseRef-BSD-like-Spencer-[0-9a-f]{16} AND GPL-2.0-only WITH Linux-syscall-note AND LGPL-2.1-or-later$/,
        ) as unknown,
        checksums: [{ algorithm: 'SHA256', checksumValue: '1'.repeat(64) }],
        externalRefs: [
          { referenceCategory: 'PACKAGE-MANAGER', referenceType: 'purl', referenceLocator: LIBC.purl },
        ],
      }),
    ]) as unknown,
    hasExtractedLicensingInfos: expect.arrayContaining([
      expect.objectContaining({ name: 'BSD-like Spencer' }),
      expect.objectContaining({ licenseId: 'LicenseRef-public-domain' }),
    ]) as unknown,
  });
});

test('whatever an image holds, the document holds to the clauses', () => {
  fc.assert(
    fc.property(arbitrarySbom, (sbom) => {
      expect(Document.safeParse(JSON.parse(makeSpdx(sbom))).error?.issues).toBeUndefined();
    }),
  );
});
