import { entry, type ErrorEntry } from './entry.ts';

/** Of registries that images are taken from. */
export const REGISTRIES = {
  REGISTRY_UNAUTHORIZED: entry(
    77,
    502,
    'A registry does not give an image with the credentials there are, or to nobody in particular.',
    'Check the name; log in with docker login or name a credential helper.',
  ),
  REGISTRY_UNREACHABLE: entry(
    69,
    502,
    'A registry or its storage does not answer, or breaks off.',
    'Check the network and the proxy; try again; configure a mirror.',
  ),
  REGISTRY_UNTRUSTED: entry(
    69,
    502,
    'The certificate of a registry is not signed by an authority that is trusted.',
    'Name the authority as ca in registries.yml.',
  ),
  REGISTRY_INSECURE: entry(
    77,
    422,
    'A registry, mirror or redirect would be spoken to without TLS beyond this machine.',
    'Give it a certificate, or reach it through a tunnel on loopback.',
  ),
  REGISTRY_RATE_LIMITED: entry(
    75,
    502,
    'A registry allows no more requests for now.',
    'Log in for a higher limit, use a mirror, or wait.',
  ),
  REGISTRIES_INVALID: entry(
    78,
    500,
    'registries.yml or a certificate that it names is not in its form.',
    'Mend the line named; the message lists what is allowed.',
  ),
  CREDENTIALS_FAILED: entry(
    77,
    502,
    'The docker config cannot be read, or a credential helper failed.',
    'Mend the file or run the helper named by hand; log in again.',
  ),
} as const satisfies Record<string, ErrorEntry>;
