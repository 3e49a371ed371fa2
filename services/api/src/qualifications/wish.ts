import type { QualificationWish } from '@slipway/fleet';
import { parseClassFile, parseClassImage } from '@slipway/image-spec';
import type { BuildRequest } from '@slipway/protocol';

type Asked = Pick<BuildRequest, 'classFile' | 'imageFiles'>;

/** Why a device of the class cannot be started here. */
export const cannotStart = (asked: Asked): string | undefined => {
  const { deviceClass, spec } = parseClassImage(asked);
  const { bootLoader } = deviceClass;
  if (bootLoader !== 'systemd-boot')
    return `devices of the class start by ${bootLoader}; a virtual device starts by the UEFI firmware of QEMU`;
  return spec.agent.enabled ? undefined : 'its image has no agent that could tell how it is';
};

/** What the class of a build says of its releases. */
export const qualificationWish = (request: Asked | null): QualificationWish => {
  if (request === null) return { state: 'skipped', reason: 'there is no record of what was built' };
  const { qualification } = parseClassFile(request.classFile.text, request.classFile.name);
  if (qualification === 'off') return { state: 'skipped', reason: 'its class says qualification: off' };
  const reason = cannotStart(request);
  return reason === undefined ? { state: 'pending' } : { state: 'skipped', reason };
};
