import { entry, type ErrorEntry } from './entry.ts';

/** Of devices: enrolled, identified, and told what to do. */
export const DEVICES = {
  CLAIM_INVALID: entry(
    77,
    403,
    'A claim token is unknown, used up, revoked, expired or for another class, or an operator rejected the device.',
    'Create a new claim token.',
  ),
  ENROL_PENDING: entry(
    75,
    409,
    'The device waits to be let in by an operator.',
    'Compare its key and serial number; run slipway devices accept or reject. The device asks again by itself.',
  ),
  IMPORT_INVALID: entry(
    65,
    422,
    'Rows of a list of devices are wrong or contradict what is known; none was taken.',
    'Mend the lines named and import the list again.',
  ),
  CERTIFICATE_INVALID: entry(
    77,
    403,
    'A device certificate is not one of ours, not for that device, or the request is not proven by its key.',
    'Enrol the device anew: create a claim for its id.',
  ),
  ROTATION_TOO_EARLY: entry(
    75,
    409,
    'A key would be taken out of use that devices still need.',
    'Wait until the devices have followed; slipway keys rotations says how many have.',
  ),
  KEY_MISMATCH: entry(
    65,
    400,
    'A private key does not belong to the certificate beside it, or an image does not trust the key that signs it.',
    'Attach the medium with the keys of this instance, or rotate what stands above it; where a build is refused, give API and signer the same keys and start a new one.',
  ),
  CERTIFICATE_EXPIRED: entry(
    77,
    403,
    'A device certificate expired longer ago than may be mended by a renewal.',
    'Create a claim for the same device id and put it onto the device.',
  ),
  DEVICE_REVOKED: entry(
    77,
    403,
    'The device was revoked by an operator.',
    'Find out why; create a claim for its id if it is to come back.',
  ),
  IDENTITY_INVALID: entry(
    65,
    422,
    'An identity made in the factory does not hold together: form, certificate, key or name.',
    'Make it anew by slipway provision --certificate.',
  ),
  CSR_INVALID: entry(
    65,
    400,
    'A certificate request is malformed, not self-signed or not P-256.',
    'Make a new key and request.',
  ),
  MESSAGE_INVALID: entry(
    65,
    400,
    'A message on the device channel does not have the form of the protocol.',
    'Update the agent or the server.',
  ),

  DEVICE_OFFLINE: entry(
    69,
    409,
    'A command is for a device that is not connected; commands are never kept for later.',
    'Wait until slipway devices show says online, then ask again.',
  ),
  COMMAND_EXPIRED: entry(
    75,
    409,
    'A command had no answer in time, or reached the device after it had expired.',
    'Check that the device is online and its clock right, then ask again.',
  ),
  COMMAND_REFUSED: entry(
    75,
    409,
    'A device does not do what a command asks for, as it is now.',
    'Read the reason; a trial must end first, for instance.',
  ),
  COMMAND_FAILED: entry(
    1,
    502,
    'A device did what a command asks for, and it ended badly.',
    'Read what the diagnostic printed.',
  ),
} as const satisfies Record<string, ErrorEntry>;
