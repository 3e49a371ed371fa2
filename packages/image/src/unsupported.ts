import type { Container, ImageFile } from '@slipway/image-spec';
import { SlipwayError } from '@slipway/protocol';

/** Keys that mean something to LinuxKit's init and that the init of A/B images does not do. */
const unsupported = (container: Container): string[] => [
  ...(['userns', 'uidMappings', 'gidMappings'] as const).filter((key) => {
    const value = container[key];
    return value !== undefined && value !== '' && value.length > 0;
  }),
  ...(['interfaces', 'bindNS', 'namespace'] as const)
    .filter((key) => {
      const value = container.runtime?.[key];
      return typeof value === 'object' ? Object.keys(value).length > 0 : value !== undefined && value !== '';
    })
    .map((key) => `runtime.${key}`),
];

/**
 * Says what an A/B image cannot do before it is built, instead of leaving it out.
 *
 * @param containers merged with the labels of their images
 * @throws {SlipwayError} SPEC_INVALID
 */
export const refuseUnsupported = (
  spec: Pick<ImageFile, 'volumes'>,
  containers: readonly Container[],
): void => {
  const found = [
    ...(spec.volumes.length > 0 ? ['volumes'] : []),
    ...containers.flatMap((container) => unsupported(container).map((key) => `${container.name}: ${key}`)),
  ];
  if (found.length === 0) return;
  throw new SlipwayError(
    'SPEC_INVALID',
    `an A/B image does not support ${found.join(', ')}; take them out, or build tar or kernel+initrd with "slipway build"`,
    { details: { found } },
  );
};
