/**
 * What is in an image, told to others: packages found in file trees, CycloneDX and SPDX documents, provenance, licences
 * and their notices. Called by the builder and the CLI. Everything it reads, package databases, programs and documents,
 * comes from outside and is not trusted; nothing here looks at a clock, so that the same image gives the same bytes.
 */
export type {
  Distro,
  FoundPackage,
  PackageType,
  ScannedFile,
  ScanResult,
  ScanWarning,
} from './found-package.ts';
export type { Sbom, SbomComponent } from './sbom.ts';
