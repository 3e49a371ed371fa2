// Before anything that makes a schema.
import './under-policy.ts';
import '@mantine/core/styles.css';
import '@mantine/spotlight/styles.css';
import './app.css';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app.tsx';
import { styleNonce } from './nonce.ts';

// What holds the page still behind a dialog adds a style of its own, and looks here for the nonce.
Object.assign(globalThis, { __webpack_nonce__: styleNonce() });

const root = document.querySelector('#root');
if (root !== null)
  createRoot(root).render(
    <StrictMode>
      <App />
    </StrictMode>,
  );
