// The CLI talks to the API through @slipway/client (createClient), which also the demo and tests use.
export {};
