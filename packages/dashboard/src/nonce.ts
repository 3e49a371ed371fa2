/** By which styles that scripts add are let in by the policy of the page; scripts may read it, the markup hides it. */
export const styleNonce = (): string =>
  document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce ?? '';
