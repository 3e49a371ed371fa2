import { Claim, type ClaimToken } from '@slipway/protocol';
import { useEffect } from 'react';
import { createPortal } from 'react-dom';
import { localTime, utcTime } from '../../parts/times.ts';
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
      <h1 style={{ fontSize: '16pt', margin: 0 }}>Slipway claim: {claim.deviceClass}</h1>
      <QrCode text={claimFile(token)} label="Claim token" size="60mm" />
      <p style={{ fontFamily: 'monospace', fontSize: '10pt', overflowWrap: 'anywhere' }}>{token}</p>
      <p style={{ fontSize: '10pt' }}>
        {claim.deviceId === null
          ? `${claim.uses} devices${claim.idPattern === null ? '' : `, ids ${claim.idPattern}`}`
          : `Device ${claim.deviceId}`}
        <br />
        Good until {localTime(ends)} ({utcTime(ends)})
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
      <p style={{ fontSize: '9pt' }}>
        The code is the content of slipway/claim.json on the ESP. Whoever has it can enrol a device: keep it
        under lock.
      </p>
    </div>,
    document.body,
  );
};
