import type { QualificationWish } from '@slipway/fleet';
import { parseClassFile } from '@slipway/image-spec';
import type { BuildRequest } from '@slipway/protocol';

type Asked = Pick<BuildRequest, 'classFile'>;

/** Why a device of the class cannot be started here. */
export const cannotStart = ({ classFile }: Asked): string | undefined => {
  const { bootLoader } = parseClassFile(classFile.text, classFile.name);
  return bootLoader === 'systemd-boot'
    ? undefined
    : `devices of the class start by ${bootLoader}; a virtual device starts by the UEFI firmware of QEMU`;
};

/** What the class of a build says of its releases. */
export const qualificationWish = (request: Asked | null): QualificationWish => {
  if (request === null) return { state: 'skipped', reason: 'there is no record of what was built' };
  const { qualification } = parseClassFile(request.classFile.text, request.classFile.name);
  if (qualification === 'off') return { state: 'skipped', reason: 'its class says qualification: off' };
  const reason = cannotStart(request);
  return reason === undefined ? { state: 'pending' } : { state: 'skipped', reason };
};
