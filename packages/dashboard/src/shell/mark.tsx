/** The sign of Slipway. */
export const Mark = ({ size = 24 }: { readonly size?: number }) => (
  <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden focusable="false">
    <rect width="32" height="32" rx="7" fill="#0b6e8f" />
    <path d="M6 20h20l-3.5 5h-13z" fill="#fff" />
    <path d="M9 18V9l7-3v12zM18 18V8l5 3v7z" fill="#bfe6f2" />
  </svg>
);
