import { Claim, type ClaimToken } from '@slipway/protocol';
import { useEffect } from 'react';
import { createPortal } from 'react-dom';
import { counted } from '../../parts/numbers.ts';
import { bothTimes } from '../../parts/times.ts';
import { QrCode } from './qr-code.tsx';
import './claims.css';

/** What stands in `slipway/claim.json` on the ESP of a device, and so in the code. */
export const claimFile = (token: string): string => JSON.stringify(Claim.parse({ v: 1, token }));

type ClaimLabelProps = {
  readonly claim: ClaimToken;
  readonly token: string;
  /** called once the printer has it, or nobody wants it printed */
  readonly done: () => void;
};

/** A label for a production line, on paper only. */
export const ClaimLabel = ({ claim, token, done }: ClaimLabelProps) => {
  useEffect(() => {
    document.body.classList.add('slipway-printing');
    addEventListener('afterprint', done, { once: true });
    print();
    return () => {
      document.body.classList.remove('slipway-printing');
      removeEventListener('afterprint', done);
    };
  }, [done]);
  const ends = new Date(claim.expiresAt);
  return createPortal(
    <div className="slipway-label">
      <QrCode text={claimFile(token)} label="Claim token" size="44mm" />
      <div>
        <h1>{claim.deviceClass}</h1>
        <p className="slipway-label-token">{token}</p>
        <p>
          {claim.deviceId === null
            ? `For ${counted(claim.uses, 'device')}${claim.idPattern === null ? '' : `, ids ${claim.idPattern}`}`
            : `For the device ${claim.deviceId}`}
          <br />
          Good until {bothTimes(ends)}
          {claim.approval === 'required' ? (
            <>
              <br />
              Each device waits until an operator accepts it
            </>
          ) : null}
          {claim.note === null ? null : (
            <>
              <br />
              {claim.note}
            </>
          )}
        </p>
        <p className="slipway-label-small">
          Slipway claim: the code is the content of slipway/claim.json on the ESP. Whoever has it can enrol a
          device: keep it under lock.
        </p>
      </div>
    </div>,
    document.body,
  );
};
