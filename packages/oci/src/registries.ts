/** Everything about the registries of one process: configuration, connections, tokens. */
export type Registries = { readonly [registries]: true };
declare const registries: unique symbol;
