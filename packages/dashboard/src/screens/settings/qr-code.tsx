import { encode } from 'uqr';
import { pathOf } from './qr-path.ts';

/** Text for a camera. Always black on white: many readers take nothing else. */
export const QrCode = ({
  text,
  label,
  size = 200,
}: {
  readonly text: string;
  readonly label: string;
  readonly size?: number | string;
}) => {
  const { data, size: modules } = encode(text, { ecc: 'M', border: 4 });
  return (
    <svg
      role="img"
      aria-label={label}
      viewBox={`0 0 ${modules} ${modules}`}
      width={size}
      height={size}
      shapeRendering="crispEdges"
    >
      <rect width={modules} height={modules} fill="#fff" />
      <path d={pathOf(data)} fill="#000" />
    </svg>
  );
};
