/**
 * What is in an image, told to others: packages found in file trees, CycloneDX and SPDX documents, provenance, licences
 * and their notices. Called by the builder and the CLI. Everything it reads, package databases, programs and documents,
 * comes from outside and is not trusted; nothing here looks at a clock, so that the same image gives the same bytes.
 */
export { makeCycloneDx } from './cyclonedx.ts';
export { licensesOfCopyright, toSpdx } from './debian-licenses.ts';
export {
  componentName,
  diffSboms,
  isSame,
  type PackageName,
  type Placed,
  type SbomDiff,
} from './diff-sboms.ts';
export type { Distro, FoundPackage, ScannedFile, ScanResult, ScanWarning } from './found-package.ts';
export { licenseReport, obligesSource, type LicenseReport, type ReportedPackage } from './license-report.ts';
export { makeNotices, NOTICES_PATH, type NoticeSource } from './notices.ts';
export { parseSbom } from './parse-sbom.ts';
export {
  BUILD_TYPE,
  inputsOf,
  LOCAL_BUILDER,
  makeProvenance,
  PROVENANCE_TYPE,
  STATEMENT_TYPE,
  type BuildInput,
  type NamedDigest,
  type ProvenanceInput,
} from './provenance.ts';
export { apkPurl, debPurl, golangPurl, npmPurl, ociPurl } from './purl.ts';
export type { Sbom, SbomComponent } from './sbom.ts';
export { SCAN_VERSION, scanFiles } from './scan/scan-files.ts';
export { sourcePlace } from './source-places.ts';
export { makeSpdx } from './spdx.ts';
export { listPackages, type ListedPackage, type ListedSbom } from './normalise.ts';
export { uuidOf } from './uuid.ts';
